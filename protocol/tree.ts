import { equalBytes, toHex, type Hex } from "./bytes.ts";
import { sha256 } from "./hash.ts";

/**
 * RFC 6962 Merkle trees over leaf hashes that are already leaf@1 or anchor leaves (prefix 0x00).
 * node = SHA-256(0x01 ‖ left ‖ right); the left subtree of n leaves has the largest power of two below n.
 * No sorted pairs: proofs bind index and size, so "nothing is missing" can be said (RFC 6962 section 2.1, RFC 9162
 * sections 2.1.3 and 2.1.4 for the verifying side).
 */

const WIDTH = 32;

/** Root of no leaves: SHA-256 of nothing. */
export const EMPTY_ROOT: Uint8Array = sha256(new Uint8Array(0));

/** SHA-256(0x01 ‖ left ‖ right), 32 bytes. */
function nodeHash(left: Uint8Array, right: Uint8Array): Uint8Array {
  const message = new Uint8Array(1 + 2 * WIDTH);
  message[0] = 1;
  message.set(left, 1);
  message.set(right, 1 + WIDTH);
  return sha256(message);
}

/**
 * A tree over n leaves that keeps all its complete nodes in one flat array, level after level. A node of level h covers
 * 2^h leaves; only complete ones are kept, so the same array answers for every prefix of the leaves too: roots and
 * proofs of an earlier size need no second tree.
 */
export class Tree {
  readonly size: number;
  readonly #nodes: Uint8Array;
  /** Byte offset of each level in #nodes. */
  readonly #offsets: number[] = [];

  constructor(leaves: readonly Uint8Array[] | Uint8Array) {
    const flat = leaves instanceof Uint8Array ? leaves : flatten(leaves);
    if (flat.length % WIDTH !== 0) throw new RangeError("leaves are 32 bytes each");
    this.size = flat.length / WIDTH;
    let total = 0;
    for (let count = this.size; count > 0; count >>>= 1) {
      this.#offsets.push(total * WIDTH);
      total += count;
    }
    this.#nodes = new Uint8Array(total * WIDTH);
    this.#nodes.set(flat);
    this.#fill();
  }

  #fill(): void {
    const nodes = this.#nodes;
    const message = new Uint8Array(1 + 2 * WIDTH);
    message[0] = 1;
    for (let level = 1; level < this.#offsets.length; level++) {
      const below = this.#offset(level - 1);
      const here = this.#offset(level);
      const count = this.size >>> level;
      for (let i = 0; i < count; i++) {
        message.set(nodes.subarray(below + 2 * WIDTH * i, below + 2 * WIDTH * (i + 1)), 1);
        nodes.set(sha256(message), here + WIDTH * i);
      }
    }
  }

  #offset(level: number): number {
    return this.#offsets[level] ?? 0;
  }

  /** The complete node `i` of `level`, a view. */
  #node(level: number, i: number): Uint8Array {
    const at = this.#offset(level) + WIDTH * i;
    return this.#nodes.subarray(at, at + WIDTH);
  }

  /** Root over the leaves [from, until), `from` being where such a subtree of an RFC 6962 tree begins. */
  #range(from: number, until: number): Uint8Array {
    const count = until - from;
    const level = 31 - Math.clz32(count);
    const split = 2 ** level;
    if (count === split) return this.#node(level, from / split);
    return nodeHash(this.#node(level, from / split), this.#range(from + split, until));
  }

  /** Root over the first `size` leaves. */
  root(size = this.size): Uint8Array {
    within(size, 0, this.size, "size");
    return size === 0 ? EMPTY_ROOT : this.#range(0, size).slice();
  }

  /** Inclusion path of leaf `index` in the tree over the first `size` leaves, from the leaf upward. */
  path(index: number, size = this.size): Uint8Array[] {
    within(size, 1, this.size, "size");
    within(index, 0, size - 1, "index");
    const path: Uint8Array[] = [];
    let from = 0;
    let until = size;
    while (until - from > 1) {
      const middle = from + split(until - from);
      if (index < middle) {
        path.push(this.#range(middle, until));
        until = middle;
      } else {
        path.push(this.#range(from, middle));
        from = middle;
      }
    }
    return path.reverse();
  }

  /** Consistency path from the tree over the first `first` leaves to that over the first `second` (0 < first ≤ second). */
  consistency(first: number, second = this.size): Uint8Array[] {
    within(second, 1, this.size, "second size");
    within(first, 1, second, "first size");
    const path: Uint8Array[] = [];
    let from = 0;
    let until = second;
    // RFC 6962 section 2.1.2: walk to where the old tree ends; a complete old subtree is known to the verifier.
    let known = true;
    while (first !== until) {
      const middle = from + split(until - from);
      if (first <= middle) {
        path.push(this.#range(middle, until));
        until = middle;
      } else {
        path.push(this.#range(from, middle));
        from = middle;
        known = false;
      }
    }
    if (!known) path.push(this.#range(from, until));
    return path.reverse();
  }
}

/** Root over the leaves: 32 bytes each, as an array or one after the other. */
export function merkleRoot(leaves: readonly Uint8Array[] | Uint8Array): Uint8Array {
  return new Tree(leaves).root();
}

export function inclusionPath(leaves: readonly Uint8Array[] | Uint8Array, index: number): Uint8Array[] {
  return new Tree(leaves).path(index);
}

export function consistencyPath(leaves: readonly Uint8Array[] | Uint8Array, first: number): Uint8Array[] {
  return new Tree(leaves).consistency(first);
}

/** True when `path` proves that `leaf` is at `index` of the tree of `size` leaves with `root`. The length is exact. */
export function verifyInclusion(
  leaf: Uint8Array,
  index: number,
  size: number,
  path: readonly Uint8Array[],
  root: Uint8Array,
): boolean {
  if (!Number.isSafeInteger(index) || !Number.isSafeInteger(size) || index < 0 || index >= size) return false;
  if (leaf.length !== WIDTH || path.some((node) => node.length !== WIDTH)) return false;
  let at = index;
  let last = size - 1;
  let hash = leaf;
  for (const node of path) {
    if (last === 0) return false;
    if (at % 2 === 1 || at === last) {
      hash = nodeHash(node, hash);
      // A lonely node rises until it is a right child.
      while (at % 2 === 0 && at !== 0) {
        at = Math.floor(at / 2);
        last = Math.floor(last / 2);
      }
    } else {
      hash = nodeHash(hash, node);
    }
    at = Math.floor(at / 2);
    last = Math.floor(last / 2);
  }
  return last === 0 && equalBytes(hash, root);
}

/**
 * True when `path` proves that the tree of `second` leaves with `secondRoot` begins with that of `first` leaves with
 * `firstRoot` (0 < first ≤ second; equal sizes take an empty path and equal roots).
 */
export function verifyConsistency(
  first: number,
  second: number,
  path: readonly Uint8Array[],
  firstRoot: Uint8Array,
  secondRoot: Uint8Array,
): boolean {
  if (!Number.isSafeInteger(first) || !Number.isSafeInteger(second) || first < 1 || first > second) return false;
  if (path.some((node) => node.length !== WIDTH)) return false;
  if (first === second) return path.length === 0 && equalBytes(firstRoot, secondRoot);
  let at = first - 1;
  let last = second - 1;
  while (at % 2 === 1) {
    at = Math.floor(at / 2);
    last = Math.floor(last / 2);
  }
  // A power of two is a complete subtree: its root is the start, and the path leaves it out.
  const nodes = at === 0 ? [firstRoot, ...path] : path;
  let [older] = nodes;
  if (!older) return false;
  let newer = older;
  for (const node of nodes.slice(1)) {
    if (last === 0) return false;
    if (at % 2 === 1 || at === last) {
      older = nodeHash(node, older);
      newer = nodeHash(node, newer);
      while (at % 2 === 0 && at !== 0) {
        at = Math.floor(at / 2);
        last = Math.floor(last / 2);
      }
    } else {
      newer = nodeHash(newer, node);
    }
    at = Math.floor(at / 2);
    last = Math.floor(last / 2);
  }
  return last === 0 && equalBytes(older, firstRoot) && equalBytes(newer, secondRoot);
}

/** The growing edge of a tree: its peaks, largest first. What `AnchorLog` keeps per stream. */
export class Frontier {
  #size: number;
  readonly #peaks: Uint8Array[];

  /** An empty frontier, or one that goes on from `size` leaves with these peaks. */
  constructor(size = 0, peaks: readonly Uint8Array[] = []) {
    let ones = 0;
    for (let rest = size; rest > 0; rest = Math.floor(rest / 2)) ones += rest % 2;
    if (peaks.length !== ones) throw new RangeError(`a tree of ${size} leaves has ${ones} peaks`);
    this.#size = size;
    this.#peaks = [...peaks];
  }

  append(leaf: Uint8Array): void {
    let node = leaf;
    // Every trailing one bit of the old size is a peak of the same height as what grows: they join.
    for (let rest = this.#size; rest % 2 === 1; rest = Math.floor(rest / 2)) {
      const left = this.#peaks.pop();
      if (left) node = nodeHash(left, node);
    }
    this.#peaks.push(node);
    this.#size++;
  }

  get size(): number {
    return this.#size;
  }

  get peaks(): readonly Uint8Array[] {
    return this.#peaks;
  }

  root(): Uint8Array {
    let root: Uint8Array | undefined;
    for (const peak of this.#peaks.toReversed()) root = root ? nodeHash(peak, root) : peak;
    return root ?? EMPTY_ROOT;
  }
}

/** A path as it is written in JSON. */
export function toHexPath(path: readonly Uint8Array[]): Hex[] {
  return path.map(toHex);
}

/** The largest power of two below `count` (count > 1). */
function split(count: number): number {
  return 2 ** (31 - Math.clz32(count - 1));
}

function within(value: number, least: number, most: number, what: string): void {
  if (!Number.isInteger(value) || value < least || value > most) {
    throw new RangeError(`${what} ${value} is not in ${least}…${most}`);
  }
}

function flatten(leaves: readonly Uint8Array[]): Uint8Array {
  const flat = new Uint8Array(leaves.length * WIDTH);
  leaves.forEach((leaf, i) => {
    if (leaf.length !== WIDTH) throw new RangeError("leaves are 32 bytes each");
    flat.set(leaf, WIDTH * i);
  });
  return flat;
}
