import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { createInterface } from "node:readline";
import { fromHex, isHex, toHex, type Hex } from "../../../protocol/bytes.ts";
import { keccak256, sha256Hex } from "../../../protocol/hash.ts";
import type { Entry } from "../../chain/embedded/journal.ts";
import type { Lies } from "./lies.ts";
import type { AuditWorld } from "./world.ts";

/**
 * The file of raw transactions behind the embedded chain, from its first line on: a start reads only what came after the
 * newest snapshot, so what was changed before it would not show until the day on which the snapshot is lost. Every line has
 * its check, every block holds transactions that were taken, and blocks that hold any are the node's, where it can be asked.
 */
export async function auditJournal(file: string, lies: Lies, block?: AuditWorld["block"]): Promise<void> {
  const { size } = await stat(file);
  if (size === 0) return;
  const lines = createInterface({ input: createReadStream(file, { end: size - 1 }), crlfDelay: Infinity });
  const pending = new Set<Hex>();
  let number = 0;
  let last: { place: string; entry: Extract<Entry, { block: number }> } | undefined;
  let torn: string | undefined;
  let lineNumber = 0;
  for await (const line of lines) {
    lineNumber += 1;
    const place = `chain journal line ${lineNumber}`;
    if (torn !== undefined) lies.tell(torn, "it is not what was written there: its check does not fit");
    torn = undefined;
    const entry = readEntry(line);
    if (entry === undefined) torn = place;
    else if ("raw" in entry) pending.add(toHex(keccak256(fromHex(entry.raw))));
    else if ("refused" in entry) pending.delete(entry.refused);
    else {
      lies.hold(entry.block === number + 1, place, `it has block ${entry.block} after block ${number}`);
      number = entry.block;
      for (const hash of entry.transactions)
        lies.hold(pending.delete(hash), place, `block ${number} holds transaction ${hash}, which was never taken`);
      last = { place, entry };
      if (entry.transactions.length > 0) await holdAgainstNode(entry, place, lies, block);
    }
  }
  // The last line of a running chain may be half written. A chain that is opened cuts such a line off before it goes on.
  if (torn !== undefined && block !== undefined)
    lies.tell(torn, "it is not what was written there: its check does not fit");
  if (last) await holdAgainstNode(last.entry, last.place, lies, block);
  lies.count("chain journal", lineNumber);
}

function readEntry(line: string): Entry | undefined {
  const json = line.slice(9);
  if (line.slice(0, 9) !== `${sha256Hex(json).slice(2, 10)} `) return undefined;
  try {
    const entry = JSON.parse(json) as Record<string, unknown>;
    const whole =
      isHex(entry.raw) ||
      isHex(entry.refused, 32) ||
      (Number.isSafeInteger(entry.block) && isHex(entry.hash, 32) && Array.isArray(entry.transactions));
    return whole ? (entry as unknown as Entry) : undefined;
  } catch {
    return undefined;
  }
}

async function holdAgainstNode(
  entry: Extract<Entry, { block: number }>,
  place: string,
  lies: Lies,
  block: AuditWorld["block"] | undefined,
): Promise<void> {
  if (block === undefined) return;
  const found = await block(entry.block);
  const same = found !== undefined && found.hash === entry.hash && found.timestamp === entry.timestamp;
  lies.hold(same, place, `the chain has another block ${entry.block}`);
}
