import { join } from "node:path";
import type { Hex } from "../../../protocol/bytes.ts";
import { parsePresentation } from "../../../protocol/reading.ts";
import type { Purpose } from "../../../protocol/words.ts";
import type { Client } from "../../sdk/client.ts";
import { shortId } from "../print.ts";
import { say, step } from "./parts.ts";
import { runCommand } from "./server-process.ts";

/** The values are erased; that they were said, and that nobody changed them, is still proven. */
export async function playErasure(
  data: string,
  device: Hex,
  reader: { readonly client: Client; readonly twin: Hex; readonly purpose: Purpose },
): Promise<void> {
  step("Erasure: whose data it is wants it gone");
  const { client, twin, purpose } = reader;
  const assignment = (await client.twins()).find((one) => one.twin === twin)?.assignment;
  if (!assignment) throw new Error(`The twin of ${device} has no assignment.`);
  const server = join(data, "server");
  const erased = await runCommand(["erase", assignment, "--all", "--yes", "--data", server]);
  if (erased.code !== 0) throw new Error(`The erasure failed: ${erased.output}`);
  for (const line of erased.output.trim().split("\n").slice(0, 3)) say(line);
  const { readings } = await client.history(twin, { purpose, limit: 200 });
  const shown = readings.flatMap((one) => parsePresentation(one.reading).disclosures);
  if (readings.length === 0 || shown.length > 0) throw new Error("Something of it is still shown.");
  say(`clinician:  ${readings.length} readings of assignment ${shortId(assignment)} are there, without a value`);
  const audited = await runCommand(["audit", "--data", server]);
  if (audited.code !== 0) throw new Error(`The audit fails after the erasure: ${audited.output}`);
  say("audit:      passes: what was said, when and in which order is proven as before");
}
