import { join } from "node:path";
import type { Hex } from "../../../protocol/bytes.ts";
import type { DeviceModel } from "../../../protocol/device-model.ts";
import { noteHash, writeNote } from "../../../protocol/salted-note.ts";
import { createTwin } from "../commands/twin.ts";
import { endOpening, makeClaim, nameEmergencyTwin, openGlass, reviewOpening } from "../glass.ts";
import { fresh } from "../key-file.ts";
import { shortId } from "../print.ts";
import { openClient } from "../server.ts";
import { denialOf, say, step } from "./parts.ts";

const HOUR_MS = 3_600_000;

interface Plan {
  readonly url: string;
  /** The server's data directory: on one machine it has the keys of everybody. */
  readonly server: string;
  readonly stewardKey: string;
  readonly device: Hex;
  readonly model: DeviceModel;
}

/** Somebody reads without a grant, for once, in sight of everybody; somebody else looks at it. */
export async function playGlass({ url, server, stewardKey, device, model }: Plan): Promise<void> {
  step("Break-glass: an emergency, and nobody has given a grant");
  const segments = model.segments.map(({ name }) => name);
  const twin = await createTwin({ url, device, segments, name: "emergency", stewardKey });
  await nameEmergencyTwin({ url, key: stewardKey }, twin, 0);
  const [holder, reviewer] = ["holder-0", "reviewer"].map((name) => ({ url, key: join(server, `keys/${name}.key`) }));
  if (!holder || !reviewer) throw new Error("Nobody holds the role.");
  const asked = { client: openClient(url, holder.key), twin, purpose: "emergency" as const };
  if ((await denialOf(asked)) !== "NOT_FOUND") throw new Error("The holder is no stranger to the twin before.");

  const reason = hashOf("found unconscious, nobody of the ward can be reached");
  const claim = await makeClaim(holder, { twin, until: Date.now() + HOUR_MS, reason });
  const opening = await openGlass(holder, claim);
  const { readings } = await asked.client.history(twin, { purpose: "emergency", limit: 5 });
  say(`holder:     opens ${shortId(twin)} for an hour, with a reason; ${readings.length} readings come`);
  await endOpening(holder, opening);
  const denied = await denialOf(asked);
  if (denied !== "BREAK_GLASS_ENDED") throw new Error(`After its end the holder is denied otherwise: ${denied}.`);
  say(`holder:     ends it; denied from then on, ${denied}`);

  await reviewOpening(reviewer, opening, true, hashOf("it was an emergency"));
  const found = await openClient(url, reviewer.key).opening(opening);
  const read = found.reads.filter(({ record }) => record.reason === "Permitted").length;
  if (found.review?.justified !== true || read !== 1) throw new Error("The case is not what happened.");
  say(`reviewer:   finds it justified; case ${shortId(found.case)}: ${stepsOf(found.steps)}, and ${read} read between`);
}

const hashOf = (words: string): Hex => noteHash(writeNote(words, fresh));

const stepsOf = (steps: readonly { readonly step: string }[]): string => steps.map(({ step: name }) => name).join(", ");
