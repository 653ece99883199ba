import { hash } from "node:crypto";
import { TwinwardError } from "../../protocol/errors.ts";
import type { Hex } from "../../protocol/bytes.ts";
import type { Tx } from "../store/database.ts";
import { readLeaves, type StoredLeaf } from "../store/read-leaves.ts";
import { inSteps } from "./in-steps.ts";

/**
 * RFC 6962 root of leaves that are derived anew from kind, subject, sequence and content: the definition, written down a second
 * time on purpose. It shares no line with what sealed the batch (a log died of one flipped bit that nobody looked for: FACTS,
 * Yeti 2022). Throws
 * ANCHOR_ROOT_MISMATCH at the first leaf whose stored hash is another, or that is not where it must be from `firstLeaf` on.
 */
export function recomputeRoot(leaves: readonly StoredLeaf[], firstLeaf: number): Hex {
  return rootOf(derive(leaves, firstLeaf));
}

/** The same over stored leaves [first, first + count), some at a time. Throws ANCHOR_ROOT_MISMATCH also where one is missing. */
export async function recomputeStoredRoot(tx: Tx, first: number, count: number): Promise<Hex> {
  const digests: Buffer[] = [];
  await inSteps(first, count, async (from, until) => {
    digests.push(...derive(await readLeaves(tx, from, until - from), from));
  });
  if (digests.length !== count)
    throw new TwinwardError("ANCHOR_ROOT_MISMATCH", { first, count, found: digests.length });
  return rootOf(digests);
}

function derive(leaves: readonly StoredLeaf[], firstLeaf: number): Buffer[] {
  return leaves.map((leaf, index) => {
    const body = Buffer.alloc(74);
    body.writeUInt8(0, 0);
    body.writeUInt8(leaf.kind, 1);
    body.write(leaf.subject.slice(2), 2, "hex");
    body.writeBigUInt64BE(BigInt(leaf.sequence), 34);
    body.write(leaf.content.slice(2), 42, "hex");
    const digest = hash("sha256", body, "buffer");
    if (leaf.position !== firstLeaf + index || `0x${digest.toString("hex")}` !== leaf.hash) {
      throw new TwinwardError("ANCHOR_ROOT_MISMATCH", { position: leaf.position, stored: leaf.hash });
    }
    return digest;
  });
}

const rootOf = (digests: readonly Buffer[]): Hex => `0x${treeHash(digests).toString("hex")}`;

/** MTH of RFC 6962, section 2.1: the left part is the largest power of two that is smaller than the whole. */
function treeHash(digests: readonly Buffer[]): Buffer {
  const [only] = digests;
  if (only === undefined) return hash("sha256", Buffer.alloc(0), "buffer");
  if (digests.length === 1) return only;
  let left = 1;
  while (left * 2 < digests.length) left *= 2;
  const parts = [Buffer.of(1), treeHash(digests.slice(0, left)), treeHash(digests.slice(left))];
  return hash("sha256", Buffer.concat(parts), "buffer");
}
