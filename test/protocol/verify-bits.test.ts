import { expect } from "chai";
import { flipBits } from "./flip-bits.ts";
import { makeWorld, type TestWorld } from "./world.ts";

/** Each byte and, by turns, each of its bits: the slow test changes them all. */
const STEP = 9;

describe("any one bit of a receipt", () => {
  let world: TestWorld;
  before(async () => {
    world = await makeWorld("bits");
  });

  it("of a reading's receipt: failed with a named check, or unusable with its place; never anything else", async () => {
    const { failed, unusable, wrong } = await flipBits(world.receipt, world, STEP);
    expect(wrong).to.deep.equal([]);
    expect(failed).to.be.greaterThan(100);
    expect(unusable).to.be.greaterThan(100);
  });

  it("of a decision's receipt likewise", async () => {
    const { failed, unusable, wrong } = await flipBits(world.decision, world, STEP);
    expect(wrong).to.deep.equal([]);
    expect(failed).to.be.greaterThan(100);
    expect(unusable).to.be.greaterThan(100);
  });
});
