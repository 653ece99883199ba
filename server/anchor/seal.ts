import { toHex, type Hex } from "../../protocol/bytes.ts";
import { Tree } from "../../protocol/tree.ts";

/** Consecutive leaves that were sealed together. Numbers and positions count from 0. */
export interface SealedBatch {
  readonly number: number;
  readonly firstLeaf: number;
  readonly count: number;
  readonly root: Hex;
}

/**
 * Seals leaves, their hashes given as one array of 32 bytes each, into the next batch. Pure. Nothing becomes a batch of
 * nothing: then undefined.
 */
export function seal(number: number, firstLeaf: number, hashes: Uint8Array): SealedBatch | undefined {
  const count = hashes.length / 32;
  if (count === 0) return undefined;
  return { number, firstLeaf, count, root: toHex(new Tree(hashes).root()) };
}
