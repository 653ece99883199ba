import { concat, fromHex, u64be, type Hex } from "./bytes.ts";
import { sha256 } from "./hash.ts";

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
