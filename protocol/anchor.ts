import { concat, fromHex, toHex, u64be, type Hex } from "./bytes.ts";
import { sha256 } from "./hash.ts";
import { leafHash } from "./leaf.ts";
import { LEAF_KINDS } from "./words.ts";

/** A batch as the chain remembers it. Numbers and positions count from 0. */
export interface Batch {
  readonly stream: Hex;
  readonly number: number;
  readonly root: Hex;
  readonly count: number;
  /** Position in the stream of the batch's first leaf. */
  readonly firstLeaf: number;
}

/** SHA-256(0x00 ‖ stream ‖ number u64 ‖ root ‖ count u64 ‖ firstLeaf u64): the leaf of a stream's log. */
export function anchorLeaf(batch: Batch): Uint8Array {
  const { stream, number, root, count, firstLeaf } = batch;
  const body = concat(fromHex(stream, 32), u64be(number), fromHex(root, 32), u64be(count), u64be(firstLeaf));
  return sha256(new Uint8Array(1), body);
}

/**
 * The leaf that a successor's log begins with, batch 0 of one leaf: the fenced stream, how many batches it had, and the root of
 * its log. The chain itself anchors it, so the end of the one is bound into every state of the other.
 */
export function streamEndLeaf(stream: Hex, size: number, logRoot: Hex): Hex {
  return toHex(leafHash(LEAF_KINDS.end, stream, size, logRoot));
}
