import { expect } from "chai";
import type { Ack } from "../../protocol/ack.ts";
import type { Anchor } from "../../protocol/anchors.ts";
import { fromHex, toHex, ZERO_32, type Hex } from "../../protocol/bytes.ts";
import { sha256Hex } from "../../protocol/hash.ts";
import { leafHash } from "../../protocol/leaf.ts";
import { findContradiction, findMisplacement } from "../../protocol/misplacement.ts";
import type { Receipt } from "../../protocol/receipt.ts";
import { Tree, toHexPath, verifyInclusion } from "../../protocol/tree.ts";
import { anchorLeaf } from "../../protocol/anchor.ts";
import { logTree } from "../../protocol/anchors.ts";

const STREAM = sha256Hex("stream");
const content = (name: string): Hex => sha256Hex(name);
const leafOf = (name: string, sequence: number): Uint8Array => leafHash(1, ZERO_32, sequence, content(name));

/** A group of promised readings from `first` on; the ack of the one at `index`. */
function ackOf(names: readonly string[], first: number, index: number, stream = STREAM): Ack {
  const tree = new Tree(names.map((name, at) => leafOf(name, first + at + 1)));
  const promise = { chainId: 1, anchorLog: ZERO_32, stream, first, count: names.length, root: toHex(tree.root()) };
  const sequence = first + index + 1;
  return {
    ...{
      format: "ack@1",
      ...promise,
      acceptedAt: 0,
      anchorBy: 9,
      signature: "",
      index,
      path: toHexPath(tree.path(index)),
    },
    ...{ device: ZERO_32, sequence, expected: sequence + 1, prev: content(names[index] ?? ""), time: 0 },
  };
}

describe("findContradiction", () => {
  const ack = ackOf(["a", "b", "c"], 4, 1);
  const why = (other: Ack, one = ack): string => {
    const found = findContradiction(one, other);
    return "why" in found ? found.why : "shown";
  };

  it("shows nothing in the same promise, another position or stream, or a path that does not lead to its root", () => {
    expect(why(ack)).to.match(/same leaf/);
    expect(why(ackOf(["x", "b"], 4, 1))).to.match(/same leaf/);
    expect(why(ackOf(["x", "y"], 4, 0))).to.match(/two positions, 5 and 4/);
    expect(why(ackOf(["x", "y"], 4, 1, ZERO_32))).to.match(/two streams/);
    const lied = { ...ackOf(["x", "y"], 4, 1), prev: content("z") };
    expect(why(lied)).to.match(/does not lead/);
    expect(why(ack, lied)).to.match(/does not lead/);
  });

  it("shows two promises of one position, each with its leaf's place", () => {
    const other = ackOf(["x", "y"], 4, 1);
    const found = findContradiction(ack, other);
    expect(found).to.deep.equal({
      promised: { leaf: toHex(leafOf("b", 6)), index: 1, path: ack.path },
      other: { leaf: toHex(leafOf("y", 6)), index: 1, path: other.path },
    });
  });
});

describe("findMisplacement", () => {
  const anchored = ["p", "q", "r"].map((name, at) => leafOf(name, 4 + at));
  const tree = new Tree(anchored);
  const block = { number: 1, hash: ZERO_32, timestamp: 1 };
  const first: Anchor = { number: 0, root: ZERO_32, count: 3, firstLeaf: 0, transaction: ZERO_32, block };
  const anchors: Anchor[] = [
    first,
    { ...first, number: 1, root: toHex(tree.root()), firstLeaf: 3 },
    { ...first, number: 2, firstLeaf: 6 },
  ];
  const { number, root, count, firstLeaf } = anchors[1]!;
  const receipt = {
    leaf: { kind: 1, subject: ZERO_32, sequence: 5, content: content("q"), hash: toHex(anchored[1]!) },
    ...{ index: 1, path: toHexPath(tree.path(1)), batch: { stream: STREAM, number, root, count, firstLeaf } },
  } as unknown as Receipt;
  const ack = ackOf(["a", "b"], 3, 1);
  const why = (shown: Receipt, one = ack, log = anchors): string => {
    const found = findMisplacement(one, shown, log);
    return "why" in found ? found.why : "shown";
  };

  it("shows nothing where the leaf is where it was promised, or the receipt is of another place or of nothing anchored", () => {
    expect(why(receipt, ackOf(["p", "q"], 3, 1))).to.match(/where it was promised/);
    expect(why(receipt, ackOf(["a", "b"], 3, 0))).to.match(/position 3, the receipt of 4/);
    expect(why({ ...receipt, batch: { ...receipt.batch, stream: ZERO_32 } })).to.match(/two streams/);
    expect(why(receipt, ack, anchors.slice(0, 1))).to.match(/not anchored/);
    expect(why({ ...receipt, batch: { ...receipt.batch, root: ZERO_32 } })).to.match(/not anchored/);
    expect(why({ ...receipt, leaf: { ...receipt.leaf, hash: content("other") } })).to.match(/not in its batch/);
    expect(why(receipt, { ...ack, prev: ZERO_32 })).to.match(/does not lead/);
  });

  it("shows the other leaf in its batch, and the batch in the log as it is now", () => {
    const found = findMisplacement(ack, receipt, anchors);
    if ("why" in found) throw new Error(found.why);
    expect(found.promised).to.deep.equal({ leaf: toHex(leafOf("b", 5)), index: 1, path: ack.path });
    expect(found.anchored).to.deep.equal({ leaf: receipt.leaf.hash, index: 1, path: receipt.path });
    const log = logTree(STREAM, anchors);
    const path = found.batch.path.map((node) => fromHex(node, 32));
    expect(verifyInclusion(anchorLeaf({ stream: STREAM, ...found.batch }), 1, 3, path, log.root())).to.equal(true);
  });
});
