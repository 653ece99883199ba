import { expect } from "chai";
import fc from "fast-check";
import {
  EMPTY_ROOT,
  Frontier,
  merkleRoot,
  sha256,
  toHex,
  Tree,
  verifyConsistency,
  verifyInclusion,
} from "../../protocol/index.ts";
import { u64be } from "../../protocol/bytes.ts";

/** RFC 6962 section 2.1 word by word: slow, recursive, without any state. */
function naiveRoot(leaves: readonly Uint8Array[]): Uint8Array {
  const [first, ...rest] = leaves;
  if (!first) return sha256(new Uint8Array(0));
  if (rest.length === 0) return first;
  const k = below(leaves.length);
  return sha256(Uint8Array.of(1), naiveRoot(leaves.slice(0, k)), naiveRoot(leaves.slice(k)));
}

function naivePath(index: number, leaves: readonly Uint8Array[]): Uint8Array[] {
  if (leaves.length <= 1) return [];
  const k = below(leaves.length);
  return index < k
    ? [...naivePath(index, leaves.slice(0, k)), naiveRoot(leaves.slice(k))]
    : [...naivePath(index - k, leaves.slice(k)), naiveRoot(leaves.slice(0, k))];
}

function naiveConsistency(first: number, leaves: readonly Uint8Array[], known = true): Uint8Array[] {
  if (first === leaves.length) return known ? [] : [naiveRoot(leaves)];
  const k = below(leaves.length);
  return first <= k
    ? [...naiveConsistency(first, leaves.slice(0, k), known), naiveRoot(leaves.slice(k))]
    : [...naiveConsistency(first - k, leaves.slice(k), false), naiveRoot(leaves.slice(0, k))];
}

function below(count: number): number {
  let k = 1;
  while (k * 2 < count) k *= 2;
  return k;
}

const leavesOf = (seed: number, count: number): Uint8Array[] =>
  Array.from({ length: count }, (_, i) => sha256(u64be(seed), u64be(i)));
const hex = (path: readonly Uint8Array[]): string[] => path.map(toHex);
const flipped = (bytes: Uint8Array, bit: number): Uint8Array => {
  const changed = bytes.slice();
  changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
  return changed;
};
const sizes = fc.integer({ min: 1, max: 200 });
const seeds = fc.integer({ min: 0, max: 1_000_000 });
const options = { seed: 20261121, numRuns: 60 };

describe("the fast tree against the naive one", () => {
  it("has the same roots, paths and consistency paths", () => {
    fc.assert(
      fc.property(seeds, sizes, fc.nat(), (seed, size, pick) => {
        const leaves = leavesOf(seed, size);
        const tree = new Tree(leaves);
        const index = pick % size;
        expect(toHex(tree.root())).to.equal(toHex(naiveRoot(leaves)));
        expect(toHex(merkleRoot(leaves))).to.equal(toHex(naiveRoot(leaves)));
        expect(hex(tree.path(index))).to.deep.equal(hex(naivePath(index, leaves)));
        const first = index + 1;
        expect(hex(tree.consistency(first))).to.deep.equal(hex(naiveConsistency(first, leaves)));
        // One tree answers for each of its prefixes.
        expect(toHex(tree.root(first))).to.equal(toHex(naiveRoot(leaves.slice(0, first))));
        expect(hex(tree.path(0, first))).to.deep.equal(hex(naivePath(0, leaves.slice(0, first))));
      }),
      options,
    );
  });

  it("grows by its frontier to the same root", () => {
    const frontier = new Frontier();
    expect(toHex(frontier.root())).to.equal(toHex(EMPTY_ROOT));
    const leaves = leavesOf(1, 130);
    leaves.forEach((leaf, i) => {
      frontier.append(leaf);
      expect(toHex(frontier.root())).to.equal(toHex(naiveRoot(leaves.slice(0, i + 1))));
    });
  });
});

describe("inclusion", () => {
  it("proves every leaf at its place, and refuses it at any other, in any other size, and with any other length", () => {
    for (let size = 1; size <= 33; size++) {
      const leaves = leavesOf(size, size);
      const tree = new Tree(leaves);
      const root = tree.root();
      leaves.forEach((leaf, index) => {
        const path = tree.path(index);
        expect(verifyInclusion(leaf, index, size, path, root)).to.equal(true);
        for (let other = -1; other <= size; other++) {
          if (other !== index) expect(verifyInclusion(leaf, other, size, path, root)).to.equal(false);
        }
        expect(verifyInclusion(leaf, index, size, [...path, leaf], root)).to.equal(false);
        if (path.length > 0) expect(verifyInclusion(leaf, index, size, path.slice(0, -1), root)).to.equal(false);
      });
    }
  });

  it("binds the size: a path is refused in every size whose tree has another shape for it", () => {
    fc.assert(
      fc.property(seeds, sizes, sizes, fc.nat(), (seed, size, other, pick) => {
        const leaves = leavesOf(seed, size);
        const tree = new Tree(leaves);
        const index = pick % size;
        const path = tree.path(index);
        // The verifier takes a path of the right length and sides as it is: the size itself is in what commits to it
        // (an anchor leaf holds the count). So only another shape can be told from the path alone.
        const accepted = verifyInclusion(leaves[index] ?? EMPTY_ROOT, index, other, path, tree.root());
        if (accepted && other !== size) expect(shapeOf(index, other)).to.equal(shapeOf(index, size));
        if (other === size) expect(accepted).to.equal(true);
      }),
      options,
    );
  });

  it("refuses one flipped bit of leaf, path or root", () => {
    fc.assert(
      fc.property(
        seeds,
        fc.integer({ min: 2, max: 200 }),
        fc.nat(),
        fc.integer({ min: 0, max: 255 }),
        (seed, size, pick, bit) => {
          const leaves = leavesOf(seed, size);
          const tree = new Tree(leaves);
          const index = pick % size;
          const leaf = leaves[index] ?? EMPTY_ROOT;
          const path = tree.path(index);
          const root = tree.root();
          expect(verifyInclusion(flipped(leaf, bit), index, size, path, root)).to.equal(false);
          expect(verifyInclusion(leaf, index, size, path, flipped(root, bit))).to.equal(false);
          path.forEach((node, i) =>
            expect(verifyInclusion(leaf, index, size, path.with(i, flipped(node, bit)), root)).to.equal(false),
          );
        },
      ),
      options,
    );
  });

  it("takes no inner node for a leaf", () => {
    const leaves = leavesOf(7, 4);
    const tree = new Tree(leaves);
    const inner = new Tree(leaves.slice(0, 2)).root();
    const right = new Tree(leaves.slice(2)).root();
    expect(verifyInclusion(inner, 0, 4, [right], tree.root())).to.equal(false);
    expect(verifyInclusion(leaves[0]?.subarray(0, 31) ?? EMPTY_ROOT, 0, 4, tree.path(0), tree.root())).to.equal(false);
  });
});

describe("consistency", () => {
  it("holds for all pairs of sizes, and for no changed history", () => {
    const leaves = leavesOf(3, 40);
    const tree = new Tree(leaves);
    for (let second = 1; second <= 40; second++) {
      for (let first = 1; first <= second; first++) {
        const path = tree.consistency(first, second);
        const [older, newer] = [tree.root(first), tree.root(second)];
        expect(verifyConsistency(first, second, path, older, newer)).to.equal(true);
        expect(verifyConsistency(first, second, path, flipped(older, 5), newer)).to.equal(false);
        expect(verifyConsistency(first, second, path, older, flipped(newer, 5))).to.equal(false);
        expect(verifyConsistency(first, second, [...path, older], older, newer)).to.equal(false);
        if (path.length > 0) expect(verifyConsistency(first, second, path.slice(1), older, newer)).to.equal(false);
        path.forEach((node, i) =>
          expect(verifyConsistency(first, second, path.with(i, flipped(node, 9)), older, newer)).to.equal(false),
        );
      }
    }
  });

  it("refuses sizes out of order", () => {
    const tree = new Tree(leavesOf(4, 4));
    expect(verifyConsistency(0, 4, [], EMPTY_ROOT, tree.root())).to.equal(false);
    expect(verifyConsistency(4, 3, [], tree.root(4), tree.root(3))).to.equal(false);
    expect(() => tree.consistency(0)).to.throw(RangeError);
    expect(() => tree.path(4)).to.throw(RangeError);
    expect(() => new Frontier(3, [])).to.throw(RangeError);
  });
});

/** Length and sides of the path to `index` in a tree of `size`. */
function shapeOf(index: number, size: number): string {
  if (index >= size) return "none";
  if (size === 1) return "";
  const k = below(size);
  return index < k ? `${shapeOf(index, k)}R` : `${shapeOf(index - k, size - k)}L`;
}
