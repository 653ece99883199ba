import { fromHex, type Hex } from "../../protocol/bytes.ts";
import { LEAF_KINDS } from "../../protocol/words.ts";
import type { Tx } from "./database.ts";

/** A stretch of sequences, both ends inclusive. */
export interface Gap {
  readonly from: number;
  readonly to: number;
}

/**
 * For each of a device's readings, by sequence, the sequences directly before it that were never accepted. Asked only where its
 * neighbour is not at hand.
 */
export async function readGaps(tx: Tx, device: Hex, sequences: readonly number[]): Promise<Map<number, Gap>> {
  const present = new Set(sequences);
  const lonely = sequences.filter((sequence) => sequence > 1 && !present.has(sequence - 1));
  if (lonely.length === 0) return new Map();
  const found = await tx.query<{ sequence: number; before: number | null }>(
    `select s as sequence, (select max(sequence) from leaf where kind = $3 and subject = $1 and sequence < s) as before
     from unnest($2::bigint[]) as s`,
    [fromHex(device, 32), lonely, LEAF_KINDS.reading],
  );
  const gaps = new Map<number, Gap>();
  for (const { sequence, before } of found)
    if ((before ?? 0) + 1 < sequence) gaps.set(sequence, { from: (before ?? 0) + 1, to: sequence - 1 });
  return gaps;
}
