import { expect } from "chai";
import { TwinwardError, utf8, verifyReceipt, writeReceipt, type Receipt } from "../../protocol/index.ts";
import { makeWorld, trustOf, type TestWorld } from "./world.ts";

/** What came of every one-bit change of a receipt's bytes. */
async function flipAll(
  receipt: Receipt,
  world: TestWorld,
): Promise<{ failed: number; unusable: number; wrong: string[] }> {
  const trust = trustOf(world);
  const bytes = utf8(`${writeReceipt(receipt)}\n`);
  let failed = 0;
  let unusable = 0;
  const wrong: string[] = [];
  for (let at = 0; at < bytes.length * 8; at++) {
    const flipped = bytes.slice();
    flipped[at >> 3] = (flipped[at >> 3] ?? 0) ^ (1 << (at & 7));
    try {
      const { outcome, checks } = await verifyReceipt(flipped, trust);
      if (outcome === "failed" && checks.some(({ result, detail }) => result === "failed" && detail !== "")) failed++;
      else wrong.push(`bit ${at}: ${outcome}`);
    } catch (error) {
      if (
        !(error instanceof TwinwardError) ||
        error.code !== "UNUSABLE_RECEIPT" ||
        typeof error.facts.path !== "string"
      ) {
        throw error;
      }
      unusable++;
    }
  }
  return { failed, unusable, wrong };
}

describe("any one bit of a receipt", () => {
  let world: TestWorld;
  before(async () => {
    world = await makeWorld("bits");
  });

  it("of a reading's receipt: failed with a named check, or unusable with its place; never anything else", async () => {
    const { failed, unusable, wrong } = await flipAll(world.receipt, world);
    expect(wrong).to.deep.equal([]);
    expect(failed).to.be.greaterThan(1000);
    expect(unusable).to.be.greaterThan(1000);
  });

  it("of a decision's receipt likewise", async () => {
    const { failed, unusable, wrong } = await flipAll(world.decision, world);
    expect(wrong).to.deep.equal([]);
    expect(failed).to.be.greaterThan(1000);
    expect(unusable).to.be.greaterThan(1000);
  });
});
