import { join } from "node:path";
import type { Hex } from "../../../protocol/bytes.ts";
import type { Client } from "../../sdk/client.ts";
import { approveRequest } from "../answer-request.ts";
import { giveGrant, revokeGrant } from "../commands/grant.ts";
import { createAccountKey } from "../key-file.ts";
import { passGrant } from "../pass-grant.ts";
import { shortId } from "../print.ts";
import { openClient } from "../server.ts";
import { denialOf, say, step, until } from "./parts.ts";

const HOUR_MS = 3_600_000;

interface Plan {
  readonly url: string;
  readonly data: string;
  readonly stewardKey: string;
  /** One that shows every segment. */
  readonly twin: Hex;
}

/** Who was given what they asked for, or less. */
interface Asker {
  readonly client: Client;
  readonly twin: Hex;
  readonly purpose: "care";
}

/** Access that is asked for, narrowed, explained, passed on, and taken back. */
export async function playAsking(plan: Plan): Promise<Asker> {
  step("Asking: an app that nobody knows asks, and is given less");
  const family = await askForLess(plan);
  await passOnAndEnd(plan);
  return family;
}

async function askForLess({ url, data, stewardKey, twin }: Plan): Promise<Asker> {
  const key = join(data, "family.key");
  const reader = createAccountKey(key);
  const family = openClient(url, key);
  const { manifests } = await family.catalogue();
  const bedside = manifests.find(({ manifest }) => manifest.name === "clinician");
  if (!bedside) throw new Error("The catalogue does not offer what the clinician sees.");
  const { request } = await family.request({
    manifest: bedside.hash,
    purposes: ["care"],
    until: Date.now() + HOUR_MS,
    why: "to see from home how our father is",
  });
  say(
    `family app ${shortId(reader)} asks for "${bedside.manifest.name}", ${bedside.manifest.segments.length} segments, for care`,
  );
  await approveRequest({ request, twin, segments: ["heart"], stewardKey, url });
  const { state, answer } = await family.answer(request, { everyMs: 200 });
  if (state !== "narrowed" || answer?.step !== "narrowed") throw new Error(`The request is ${state}, not narrowed.`);
  const { segments, readings } = await family.history(twin, { purpose: "care", limit: 5 });
  if (segments.join() !== "heart") throw new Error(`The family is shown ${segments.join()}.`);
  say(
    `steward:    narrows it to the heart rate; grant ${shortId(answer.grant)} names the request; ${readings.length} readings come`,
  );
  const denied = await denialOf({ client: family, twin, purpose: "care", segments: ["spo2"] });
  const why = await family.explain({ twin, purpose: "care", segments: ["spo2"] });
  if (denied !== "SEGMENTS_NOT_GRANTED" || why.code !== denied) throw new Error(`SpO2 is denied otherwise: ${denied}.`);
  say(
    `explain:    SpO2 is denied, ${why.code}, by grant ${shortId(why.because.grant ?? "")} as of block ${why.because.block.number}`,
  );
  return { client: family, twin, purpose: "care" };
}

async function passOnAndEnd({ url, data, stewardKey, twin }: Plan): Promise<void> {
  const [consultantKey, colleagueKey] = [join(data, "consultant.key"), join(data, "colleague.key")];
  const [consultant, colleague] = [createAccountKey(consultantKey), createAccountKey(colleagueKey)];
  const until_ = Date.now() + HOUR_MS;
  const given = { url, twin, reader: consultant, purposes: ["care" as const], until: until_, depth: 1, stewardKey };
  const grant = await giveGrant(given);
  const child = await passGrant({ grant, to: colleague, segments: ["heart", "spo2"], key: consultantKey, url });
  const asked = { client: openClient(url, colleagueKey), twin, purpose: "care" as const };
  const page = await asked.client.history(twin, { purpose: "care", limit: 1 });
  if (page.segments.join() !== "heart,spo2") throw new Error(`The colleague is shown ${page.segments.join()}.`);
  say(`consultant: passes heart and SpO2 on to a colleague, who reads by grant ${shortId(child)}`);
  await revokeGrant(grant, { url, stewardKey });
  const denied = await until("what was passed on ends", () => denialOf(asked));
  if (denied !== "PARENT_REVOKED") throw new Error(`The colleague is denied otherwise: ${denied}.`);
  say(`steward:    revokes the consultant's grant; the colleague is denied too, ${denied}`);
}
