import { expect } from "chai";
import { fitWeights } from "../../../ml/detectors/residual/fit-weights.ts";
import { fuse, toStrength } from "../../../ml/detectors/residual/fuse.ts";
import { gramOf, lessGram, solveRidge } from "../../../ml/detectors/residual/gram.ts";
import { scaleInputs, shapeInputs, toInput } from "../../../ml/detectors/residual/inputs.ts";
import { tailOf } from "../../../ml/detectors/residual/relations.ts";
import { createHold, createMemory } from "../../../ml/detectors/residual/sequential.ts";
import { createRandom } from "../../../ml/random.ts";
import { frameOf } from "../../helpers/judges.ts";

const upTo = (rows: number): Int32Array => Int32Array.from({ length: rows }, (_, row) => row);

describe("a twin's parts", () => {
  it("round to the decimals that all files have, and know switches, magnitudes and signals that stand still", () => {
    const random = createRandom("decimals");
    const rows = 400;
    const fine = Float64Array.from({ length: rows }, () => random.normal());
    const mixed = fine.map((value, row) => (row < 200 ? value : Math.round(100 * value) / 100));
    const state = fine.map((value) => (value > 0 ? 7 : 3));
    const still = new Float64Array(rows).fill(2);
    const bytes = fine.map((value) => Math.exp(5 * value));
    const frame = frameOf({ fine, mixed, state, still, bytes }, [200, 200]);
    const shapes = shapeInputs(frame, upTo(rows));
    expect(shapes.map(({ kind, decimals, isLog }) => [kind, decimals, isLog])).to.deep.equal([
      ["moving", null, false],
      ["moving", 2, false],
      ["switch", null, false],
      ["still", null, false],
      ["moving", null, true],
    ]);
    const inputs = scaleInputs(shapes, frame, upTo(rows));
    expect(toInput(0.12345, inputs[1]!)).to.equal(toInput(0.12, inputs[1]!));
    expect([toInput(3, inputs[2]!), toInput(7, inputs[2]!)]).to.deep.equal([0, 1]);
    expect(toInput(NaN, inputs[0]!)).to.be.NaN;
    expect(toInput(1e300, inputs[0]!)).to.equal(30);
  });

  it("solve regressions from sums, with a block taken out of them as if it had never been there", () => {
    const random = createRandom("gram");
    const [rows, width] = [300, 4];
    const design = new Float64Array(rows * width);
    for (let row = 0; row < rows; row++) {
      const [a, b] = [random.normal(), random.uniform() < 0.5 ? 0 : random.normal()];
      design.set([1, a, b, 2 + 3 * a - b + (row < 100 ? 50 : 0)], row * width);
    }
    const later = upTo(rows).subarray(100);
    const direct = gramOf(design, width, later);
    const less = lessGram(gramOf(design, width, upTo(rows)), gramOf(design, width, upTo(100)));
    less.forEach((value, at) => expect(value).to.be.closeTo(direct[at]!, 1e-6));
    const { weights, squares } = solveRidge(direct, width, 3, [0, 1, 2]);
    [2, 3, -1].forEach((wanted, n) => expect(weights[n]).to.be.closeTo(wanted, 0.1));
    let left = 0;
    for (const row of later) {
      const [one, a, b, y] = design.subarray(row * width, (row + 1) * width);
      left += (y! - weights[0]! * one! - weights[1]! * a! - weights[2]! * b!) ** 2;
    }
    expect(squares).to.be.closeTo(left, 1e-6);
  });

  it("put limits where the tail is: further out for what is often far off than for what never is", () => {
    const even = Float64Array.from({ length: 10_000 }, (_, n) => n / 10_000);
    expect(tailOf(even)).to.be.within(0.99, 1.03);
    const random = createRandom("tail");
    const heavy = even.map((value) => (value > 0.998 ? 20 * random.exponential() : value));
    expect(tailOf(heavy)).to.be.greaterThan(10);
    // An exponential tail is met exactly, but for chance.
    const exponential = even.map(() => random.exponential());
    expect(tailOf(exponential)).to.be.closeTo(Math.log(10_000), 1);
  });

  it("remember by hand-computed averages and sums, soon forgotten", () => {
    const average = createMemory({ kind: "average", rate: 0.5 });
    expect([1, 1, 9, 0].map(average)).to.deep.equal([0.5, 0.75, 1.375, 0.6875]);
    const sum = createMemory({ kind: "sum", rate: 0.5 });
    // Bounded at two a row and three in all, on either side.
    expect([1, 1, -9, 9, 9, 9, 0, 0].map(sum)).to.deep.equal([0.5, 1, 1.5, 1.5, 3, 3, 2.5, 2]);
    const hold = createHold({ most: 1, fade: 0.25 });
    expect([0, 5, -1, -1, 0.8, -1].map(hold)).to.deep.equal([0, 5, 0.75, 0.5, 0.8, 0.55]);
    expect([0, 5, -1].map(createHold({ most: 0, fade: 0 }))).to.deep.equal([0, 5, -1]);
  });

  it("fuse by the strongest, by weights that are never negative, by trees", () => {
    const evidence = Float64Array.of(-4, 0.5, 0);
    const strengths = evidence.map((value) => toStrength(value, 0));
    expect(fuse({ kind: "strongest" }, strengths, evidence)).to.be.closeTo(Math.log(4), 1e-12);
    const tree = { signal: [0, -1, -1], limit: [-1, 0, 0], left: [1, -1, -1], value: [0, 3, -3] };
    expect(fuse({ kind: "trees", base: 0.5, trees: [tree, tree] }, strengths, evidence)).to.equal(6.5);
    const random = createRandom("weights");
    const labels = Uint8Array.from({ length: 2_000 }, () => Number(random.uniform() < 0.2));
    const rows = Array.from(labels, (label) =>
      Float64Array.of(2 * label + random.uniform(), random.uniform(), 1 - label + random.uniform(), 0),
    );
    const fusion = fitWeights(rows, labels, upTo(2_000));
    if (fusion.kind !== "weighed") throw new Error(fusion.kind);
    expect(fusion.weights[0]).to.be.greaterThan(2);
    // The third says that a row is clean, and is not listened to.
    expect([fusion.weights[2], fusion.weights[3]]).to.deep.equal([0, 0]);
    const chances = rows.map((own) => 1 / (1 + Math.exp(-fuse(fusion, own, own))));
    const attacked = labels.reduce((all, label) => all + label, 0);
    expect(chances.reduce((all, chance) => all + chance, 0)).to.be.closeTo(attacked, 0.03 * attacked);
  });
});
