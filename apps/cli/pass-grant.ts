import type { Hex } from "../../protocol/bytes.ts";
import { TwinwardError } from "../../protocol/errors.ts";
import { purposesMask, type Purpose } from "../../protocol/words.ts";
import { maskOf } from "./answer-request.ts";
import { seenByServer } from "./seen-by-server.ts";
import { actAs, openClient } from "./server.ts";

/** What a reader passes on of a grant; what is left out is all that the grant has. */
export interface PassPlan {
  readonly grant: Hex;
  readonly to: Hex;
  readonly segments?: readonly string[];
  readonly purposes?: readonly Purpose[];
  /** ms. */
  readonly until?: number;
  /** How often it may be passed on again; not at all without. */
  readonly depth?: number;
  /** The reader's. */
  readonly key: string;
  readonly url: string;
}

/** Passes a grant on, or a part of it, by its reader; the child's id. Throws GRANT_UNKNOWN, and what the contract refuses. */
export async function passGrant({ grant: id, to, key, url, ...part }: PassPlan): Promise<Hex> {
  const client = openClient(url, key);
  const twin = (await client.twins()).find(({ grants }) => grants.some(({ grant }) => grant === id));
  const given = twin?.grants.find(({ grant }) => grant === id);
  if (!twin || !given) throw new TwinwardError("GRANT_UNKNOWN", { detail: `${id} is no grant of yours.` });
  const named = part.segments === undefined ? -1n : await maskOf(client, twin.manifestHash, part.segments);
  const terms = {
    twin: twin.twin,
    reader: to,
    from: Math.max(given.from, Math.floor(Date.now() / 1000)),
    until: Math.min(given.until, Math.ceil((part.until ?? Infinity) / 1000)),
    segments: BigInt(given.segments) & named,
    purposes: purposesMask(part.purposes ?? given.purposes),
    depth: part.depth ?? 0,
  };
  const source = { grantor: given.grantor, parent: given.parent, nonce: BigInt(given.nonce) };
  const child = await actAs(client, key, async (acting) => acting.delegate(twin.device, terms, source, id));
  await seenByServer("the grant", async () =>
    (await client.twins()).some(({ grants }) => grants.some(({ grant }) => grant === child)),
  );
  return child;
}
