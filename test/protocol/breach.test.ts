import { expect } from "chai";
import fc from "fast-check";
import { ackArgument, findBreach, PERIOD_SECONDS, ZERO_32, type Anchor } from "../../protocol/index.ts";
import { makeWorld } from "./world.ts";

const ACK = { chainId: 1, anchorLog: ZERO_32, stream: ZERO_32, root: ZERO_32, acceptedAt: 0 };

/** Batches of these sizes at these times, seconds. */
function anchorsOf(batches: readonly (readonly [count: number, timestamp: number])[]): Anchor[] {
  let firstLeaf = 0;
  return batches.map(([count, timestamp], number) => {
    const block = { number, hash: ZERO_32, timestamp };
    const anchor = { number, root: ZERO_32, count, firstLeaf, transaction: ZERO_32, block };
    firstLeaf += count;
    return anchor;
  });
}

describe("findBreach", () => {
  const ack = { ...ACK, first: 2, count: 3, anchorBy: 10_000 };

  it("finds none in what is kept, and none in what is not due", () => {
    for (const [batches, now, why] of [
      [[[5, 10_000]], 99_999, /kept, 0 s before/],
      [[[4, 9_000], [1, 9_999]], 99_999, /kept, 1 s before/],
      [[[4, 9_000]], 10_000, /due in 0 s/],
      [[], 9_990, /due in 10 s/],
      [[[4, 9_000], [1, 10_199]], 99_999, /kept 199 s late/],
    ] as [[number, number][], number, RegExp][]) {
      const fate = findBreach(ack, anchorsOf(batches), now);
      expect(fate.kind).to.equal("none");
      expect("why" in fate && fate.why).to.match(why);
    } // prettier-ignore
  });

  it("finds what is overdue, and what came late into another ten minutes", () => {
    expect(findBreach(ack, anchorsOf([[4, 9_000]]), 10_001)).to.deep.equal({ kind: "overdue" });
    expect(findBreach(ack, [], 10_001)).to.deep.equal({ kind: "overdue" });
    const late = anchorsOf([[4, 9_000], [1, 10_200]]); // prettier-ignore
    expect(findBreach(ack, late, 10_300)).to.deep.equal({ kind: "late", period: 17 });
  });

  it("judges by ten minutes after a resume where that is later, and forgives what was due before it", () => {
    const few = anchorsOf([[4, 9_000]]);
    const late = anchorsOf([[4, 9_000], [1, 10_900]]); // prettier-ignore
    for (const [anchors, now, resumedAt, fate] of [
      [few, 99_999, 10_000, /forgave/],
      [few, 10_500, 9_901, /due in 1 s/],
      [few, 10_502, 9_901, "overdue"],
      [few, 10_001, 9_000, "overdue"],
      [late, 99_999, 9_999, "late"],
      [anchorsOf([[4, 9_000], [1, 10_599]]), 99_999, 9_999, /kept, 0 s before/],
    ] as const) {
      const found = findBreach(ack, anchors, now, resumedAt);
      if (typeof fate === "string") expect(found.kind).to.equal(fate);
      else expect("why" in found && found.why).to.match(fate);
    } // prettier-ignore
  });

  /** By the rule that the contract has: its record of a period is what the batches before its first one reached. */
  it("names only periods that the contract takes, and one for every delay of more than a period", () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 0, max: 900 })), { maxLength: 12 }),
        fc.integer({ min: 0, max: 10 }),
        fc.integer({ min: 1, max: 10 }),
        fc.integer({ min: 1_000, max: 6_000 }),
        (steps, first, count, anchorBy) => {
          let time = 900;
          const anchors = anchorsOf(steps.map(([size, wait]) => [size, (time += wait)]));
          const fate = findBreach({ ...ACK, first, count, anchorBy }, anchors, 100_000);
          const until = first + count;
          const last = anchors.find((anchor) => anchor.firstLeaf + anchor.count >= until);
          if (last && last.block.timestamp - anchorBy > PERIOD_SECONDS) expect(fate.kind).to.equal("late");
          if (fate.kind !== "late") return;
          const opening = anchors.find(({ block }) => Math.floor(block.timestamp / PERIOD_SECONDS) === fate.period);
          expect(fate.period * PERIOD_SECONDS).to.be.greaterThan(anchorBy);
          expect(opening?.firstLeaf).to.be.lessThan(until);
        },
      ),
      { seed: 42, numRuns: 2_000 },
    );
  });

  it("gives an ack as the contract takes it", async () => {
    const { receipt } = await makeWorld("breach");
    if (!receipt.ack) throw new Error("no ack");
    const given = ackArgument(receipt.ack);
    expect(given).to.include({ first: 1, count: 3, root: receipt.ack.root, anchorBy: receipt.ack.anchorBy });
    expect(Buffer.from(`${given.r}${given.s.slice(2)}`.slice(2), "hex").toString("base64url")).to.equal(
      receipt.ack.signature,
    );
  });
});
