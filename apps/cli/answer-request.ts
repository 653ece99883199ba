import type { Hex } from "../../protocol/bytes.ts";
import { readDeviceModel, segmentsMask } from "../../protocol/device-model.ts";
import { TwinwardError } from "../../protocol/errors.ts";
import { readManifest } from "../../protocol/manifest.ts";
import type { Asking } from "../../protocol/request.ts";
import { purposesMask, type Purpose } from "../../protocol/words.ts";
import type { ListedRequest, ListedTwin } from "../sdk/answers.ts";
import type { Client } from "../sdk/client.ts";
import { seenByServer } from "./seen-by-server.ts";
import { actAs, openClient } from "./server.ts";

/** What a steward gives in answer to a request; without limits of their own all that was asked. */
export interface Approval {
  readonly request: Hex;
  readonly twin?: Hex;
  readonly segments?: readonly string[];
  readonly purposes?: readonly Purpose[];
  /** ms. */
  readonly until?: number;
  readonly stewardKey: string;
  readonly url: string;
}

/**
 * Puts the grant on chain, its nonce the request, and answers with it. Dying in between costs nothing: asked again it finds
 * the grant, and the chain takes a nonce once. Throws NOT_FOUND, REQUEST_ANSWERED, REQUEST_EXPIRED, and what the chain refuses.
 */
export async function approveRequest(plan: Approval): Promise<ListedRequest> {
  const { request, url, stewardKey } = plan;
  const client = openClient(url, stewardKey);
  const [found] = (await client.requests({ request })).requests;
  if (!found) throw new TwinwardError("NOT_FOUND", { detail: `${request} is no request on a device of this steward.` });
  if (found.state !== "open") throw new TwinwardError("REQUEST_ANSWERED", { state: found.state });
  const { asked } = found;
  const twin = chooseTwin(await client.twins(), asked, plan.twin);
  const given = grantOf(twin, request, asked);
  if (given !== undefined) return client.approveRequest(request, given);

  const named = plan.segments === undefined ? -1n : await maskOf(client, twin.manifestHash, plan.segments);
  const purposes = purposesMask(asked.purposes) & (plan.purposes === undefined ? -1 : purposesMask(plan.purposes));
  const segments = BigInt(asked.segments) & BigInt(twin.segments) & named;
  if (segments === 0n || purposes === 0)
    throw new TwinwardError("UNUSABLE_INPUT", { detail: "Nothing of what was asked would be given." });
  const grant = await actAs(client, stewardKey, async (acting) =>
    acting.grant(twin.device, {
      twin: twin.twin,
      reader: asked.reader,
      from: Math.floor(Date.now() / 1000),
      until: Math.min(asked.until, Math.ceil((plan.until ?? Infinity) / 1000)),
      segments,
      purposes,
      nonce: BigInt(request),
    }),
  );
  await seenByServer("the grant", async () =>
    (await client.twins()).some((one) => grantOf(one, request, asked) === grant),
  );
  return client.approveRequest(request, grant);
}

/** A grant that was given to answer this request, by an earlier call that did not come to its end. */
const grantOf = (twin: ListedTwin, request: Hex, { reader }: Asking): Hex | undefined =>
  twin.grants.find((one) => one.nonce === BigInt(request).toString() && one.reader === reader && !one.revoked)?.grant;

function chooseTwin(twins: readonly ListedTwin[], asked: Asking, wanted: Hex | undefined): ListedTwin {
  const fitting = twins.filter(
    ({ twin, manifestHash, ended, security }) =>
      !ended && !security && (asked.twin === null ? manifestHash === asked.manifest : twin === asked.twin),
  );
  const [first, ...others] = fitting.filter(({ twin }) => wanted === undefined || twin === wanted);
  if (!first) throw new TwinwardError("TWIN_UNKNOWN", { detail: "No twin of this steward is what was asked for." });
  if (others.length > 0) {
    const names = fitting.map(({ twin }) => twin).join("\n  ");
    throw new TwinwardError("UNUSABLE_INPUT", { detail: `Several twins have this manifest; name one:\n  ${names}` });
  }
  return first;
}

/** Bitmap of named segments of a twin's device model. */
export async function maskOf(client: Client, manifestHash: Hex, names: readonly string[]): Promise<bigint> {
  const manifest = readManifest(await client.document(manifestHash));
  return segmentsMask(readDeviceModel(await client.document(manifest.model)), names);
}
