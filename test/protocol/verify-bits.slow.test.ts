import { expect } from "chai";
import { flipBits } from "./flip-bits.ts";
import { makeWorld, type TestWorld } from "./world.ts";

describe("every one bit of a receipt", () => {
  let world: TestWorld;
  before(async () => {
    world = await makeWorld("bits");
  });

  it("of a reading's receipt: failed with a named check, or unusable with its place; never anything else", async () => {
    const { failed, unusable, wrong } = await flipBits(world.receipt, world);
    expect(wrong).to.deep.equal([]);
    expect(failed).to.be.greaterThan(1000);
    expect(unusable).to.be.greaterThan(1000);
  });

  it("of a decision's receipt likewise", async () => {
    const { failed, unusable, wrong } = await flipBits(world.decision, world);
    expect(wrong).to.deep.equal([]);
    expect(failed).to.be.greaterThan(1000);
    expect(unusable).to.be.greaterThan(1000);
  });
});
