import { expect } from "chai";
import { createRandom } from "../../ml/random.ts";

describe("a seeded generator", () => {
  it("gives the same numbers for the same seed, others for another", () => {
    const a = createRandom("seed");
    const b = createRandom("seed");
    const c = createRandom("seed2");
    const drawn = [a, b, c].map((r) => Array.from({ length: 5 }, () => r.uniform()));
    expect(drawn[0]).to.deep.equal(drawn[1]);
    expect(drawn[0]).to.not.deep.equal(drawn[2]);
  });

  it("forks by label, whatever was drawn before", () => {
    const early = createRandom(7).fork("x").uniform();
    const parent = createRandom(7);
    parent.uniform();
    expect(parent.fork("x").uniform()).to.equal(early);
    expect(parent.fork("y").uniform()).to.not.equal(early);
  });

  it("draws uniform, normal and exponential numbers with the moments that they should have", () => {
    const random = createRandom("moments");
    const n = 50_000;
    const mean = (draw: () => number) => Array.from({ length: n }, draw).reduce((sum, x) => sum + x, 0) / n;
    expect(mean(() => random.uniform())).to.be.closeTo(0.5, 0.01);
    expect(mean(() => random.normal())).to.be.closeTo(0, 0.02);
    expect(mean(() => random.normal() ** 2)).to.be.closeTo(1, 0.03);
    expect(mean(() => random.exponential())).to.be.closeTo(1, 0.03);
    expect(mean(() => random.integer(6))).to.be.closeTo(2.5, 0.05);
  });
});
