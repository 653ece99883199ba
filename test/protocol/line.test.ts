import { expect } from "chai";
import { streamEndLeaf } from "../../protocol/anchor.ts";
import { logTree, type Anchor } from "../../protocol/anchors.ts";
import { toHex, type Hex } from "../../protocol/bytes.ts";
import {
  anchorsOf,
  lastOf,
  lineOf,
  lineTo,
  stretchOfBatch,
  stretchOfLeaf,
  succeeds,
  type LinkFact,
} from "../../protocol/line.ts";

const id = (n: number): Hex => `0x${n.toString(16).padStart(64, "0")}`;
const anchor = (number: number, firstLeaf: number, count: number, root = id(number)): Anchor => {
  return { number, firstLeaf, count, root, transaction: id(1), block: { number, hash: id(2), timestamp: number } };
};

describe("a line of streams", () => {
  // The first anchored leaves 0…4 in two batches, the second nothing of its own, the third has two batches so far.
  const first = [anchor(0, 0, 2), anchor(1, 2, 3)];
  const end = streamEndLeaf(id(1), 2, toHex(logTree(id(1), first).root()));
  const second = [anchor(0, 0, 1, end)];
  const its = streamEndLeaf(id(2), 1, toHex(logTree(id(2), second).root()));
  const third = [anchor(0, 0, 1, its), anchor(1, 1, 4), anchor(2, 5, 1)];
  const logs = new Map([first, second, third].map((anchors, n) => [id(n + 1), anchors]));
  const facts = new Map<Hex, LinkFact & { successor?: Hex }>([
    [id(1), { successor: id(2), fence: { size: 2, leaves: 5 } }],
    [id(2), { predecessor: id(1), successor: id(3), fence: { size: 1, leaves: 1 } }],
    [id(3), { predecessor: id(2) }],
  ]);
  const view = { anchors: (stream: Hex) => logs.get(stream) ?? [] };
  const line = lineTo(id(3), (stream) => facts.get(stream));

  it("refuses a predecessor of which nobody says where it ended", () => {
    const unsaid = (stream: Hex): LinkFact => (stream === id(3) ? { predecessor: id(1) } : {});
    expect(() => lineTo(id(3), unsaid)).to.throw(RangeError, "nobody says where");
  });

  it("counts leaves and batches through, without the ends that the chain wrote", () => {
    const counted = anchorsOf(line, view).map(({ number, firstLeaf, count }) => [number, firstLeaf, count]);
    expect(counted).to.deep.equal([[0, 0, 2], [1, 2, 3], [2, 5, 4], [3, 9, 1]]); // prettier-ignore
    expect(anchorsOf(line, view)).to.equal(anchorsOf(line, view));
    expect([0, 4, 5, 9, 100].map((leaf) => stretchOfLeaf(line, leaf).stream)).to.deep.equal(
      [1, 1, 3, 3, 3].map(id), // the second has no leaf that anybody stored
    );
    expect([0, 1, 2, 3].map((batch) => stretchOfBatch(line, batch).stream)).to.deep.equal([1, 1, 3, 3].map(id));
    const { firstLeaf, firstBatch } = stretchOfLeaf(line, 9);
    expect([9 - firstLeaf, 3 - firstBatch]).to.deep.equal([5, 2]);
  });

  it("begins at nothing where nothing was ever anchored", () => {
    const none = (stream: Hex): LinkFact =>
      stream === id(2) ? { predecessor: id(1) } : { fence: { size: 0, leaves: 0 } };
    expect(lineTo(id(2), none).stretches[1]).to.deep.equal({ stream: id(2), firstLeaf: -1, firstBatch: -1 });
    expect(stretchOfLeaf(lineTo(id(2), none), 0).stream).to.equal(id(2));
  });

  it("of one stream is that stream as it is", () => {
    expect(anchorsOf(lineOf(id(1)), view)).to.equal(first);
    expect(lastOf(id(1), (stream) => facts.get(stream))).to.equal(id(3));
    expect(lastOf(id(9), () => undefined)).to.equal(id(9));
  });

  it("is proven by the end with which a successor begins", () => {
    expect(succeeds(second, id(1), first)).to.equal(true);
    expect(succeeds(third, id(2), second)).to.equal(true);
    expect(succeeds(third, id(1), first)).to.equal(false);
    expect(succeeds(second, id(1), first.slice(0, 1))).to.equal(false);
    expect(succeeds([], id(1), first)).to.equal(false);
    expect(succeeds([anchor(0, 0, 2, end)], id(1), first)).to.equal(false);
  });
});
