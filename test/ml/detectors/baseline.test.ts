import { expect } from "chai";
import { withholdKinds } from "../../../ml/data/folds.ts";
import { binSignal } from "../../../ml/detectors/baseline/bins.ts";
import { fitBoostedTrees, scoreBoostedTrees, type BoostPlan } from "../../../ml/detectors/baseline/boosted-trees.ts";
import { combine, crossCombine, fitCombination } from "../../../ml/detectors/baseline/combine.ts";
import { fitIsolationForest, meanPath, scoreIsolationForest } from "../../../ml/detectors/baseline/isolation-forest.ts";
import { fitSubspace, scoreSubspace } from "../../../ml/detectors/baseline/subspace.ts";
import { rocArea, traceCurve } from "../../../ml/evaluate/ranking.ts";
import { createRandom } from "../../../ml/random.ts";
import { frameOf } from "../../helpers/judges.ts";
import { lessonOf } from "../../helpers/lesson.ts";

const upTo = (rows: number): Int32Array => Int32Array.from({ length: rows }, (_, row) => row);
const auc = (scores: Float64Array, labels: Uint8Array): number => rocArea(traceCurve(scores, labels));
const PLAN: BoostPlan = {
  rounds: 60,
  depth: 4,
  learningRate: 0.1,
  lambda: 1,
  leastWeight: 1,
  bins: 64,
  signalShare: 0.7,
  rowShare: 0.7,
  seed: "trees",
};
const silent = async (): Promise<void> => undefined;

describe("boosted trees", () => {
  it("come to what is computed by hand", async () => {
    // Two of four attacked: log-odds 0, gradients ±1/2, second derivatives 1/4. Cut between 2 and 3:
    // each leaf has G = ±1, H = 1/2, so with lambda 1/2 and rate 1 its value is -G / (H + 1/2) = ∓1.
    const values = [Float64Array.from([1, 2, 3, 4])];
    const labels = Uint8Array.from([0, 0, 1, 1]);
    const plan = {
      ...PLAN,
      rounds: 1,
      depth: 1,
      learningRate: 1,
      lambda: 0.5,
      leastWeight: 0,
      signalShare: 1,
      rowShare: 1,
    };
    const trees = await fitBoostedTrees(values, labels, upTo(4), plan, silent);
    expect(trees.base).to.equal(0);
    expect(trees.trees).to.deep.equal([
      { signal: [0, -1, -1], limit: [2.5, 0, 0], left: [1, -1, -1], value: [-0, -1, 1] },
    ]);
    expect([...scoreBoostedTrees(trees, values, 4)]).to.deep.equal([-1, -1, 1, 1]);
    // A second round by hand: p = 1/(1+e), G = ±2p, H = 2p(1-p).
    const again = await fitBoostedTrees(values, labels, upTo(4), { ...plan, rounds: 2 }, silent);
    const p = 1 / (1 + Math.E);
    expect(again.trees[1]?.value[2]).to.be.closeTo((2 * p) / (2 * p * (1 - p) + 0.5), 1e-12);
  });

  it("learn what no single signal tells, from rows with missing values, the same from the same seed", async () => {
    const random = createRandom("xor");
    const rows = 3_000;
    const values = Array.from({ length: 5 }, () => Float64Array.from({ length: rows }, () => random.normal()));
    const labels = Uint8Array.from({ length: rows }, (_, row) => (values[0]![row]! * values[1]![row]! > 0.3 ? 1 : 0));
    values[2]!.forEach((_, row) => row % 7 === 0 && (values[2]![row] = NaN));
    const train = upTo(2_000);
    const fitted = await fitBoostedTrees(values, labels, train, PLAN, silent);
    const scores = scoreBoostedTrees(fitted, values, rows).subarray(2_000);
    expect(auc(scores, labels.subarray(2_000))).to.be.greaterThan(0.97);
    expect(await fitBoostedTrees(values, labels, train, PLAN, silent)).to.deep.equal(fitted);
    expect(await fitBoostedTrees(values, labels, train, { ...PLAN, seed: "other" }, silent)).not.to.deep.equal(fitted);
    // What was not to be learned from has no say.
    const flipped = labels.map((label, row) => (row < 2_000 ? label : 1 - label));
    expect(await fitBoostedTrees(values, flipped, train, PLAN, silent)).to.deep.equal(fitted);
  });

  it("count a row as often as its weight says", async () => {
    const random = createRandom("weights");
    const own = Float64Array.from({ length: 300 }, () => random.normal());
    const labels = Uint8Array.from(own, (value) => Number(value + random.normal() > 0.5));
    const plan = { ...PLAN, rounds: 10, depth: 3, signalShare: 1, rowShare: 1, leastWeight: 0 };
    // The first hundred rows twice; bins come of rows, not of weights, so as many as there are values.
    const twice = Int32Array.from({ length: 400 }, (_, n) => (n < 300 ? n : n - 300));
    const values = [own.map((value) => Math.round(4 * value))];
    const repeated = values.map((each) => Float64Array.from(twice, (row) => each[row]!));
    const again = Uint8Array.from(twice, (row) => labels[row]!);
    const weights = Float64Array.from(own, (_, row) => (row < 100 ? 2 : 1));
    const byRows = await fitBoostedTrees(repeated, again, upTo(400), plan, silent);
    const byWeights = await fitBoostedTrees(values, labels, upTo(300), plan, silent, weights);
    const scores = scoreBoostedTrees(byWeights, values, 300);
    scoreBoostedTrees(byRows, values, 300).forEach((score, row) => expect(score).to.be.closeTo(scores[row]!, 1e-9));
  });

  it("tell a missing value from every other", async () => {
    const values = [Float64Array.from({ length: 200 }, (_, row) => (row % 4 === 0 ? NaN : row % 5))];
    const labels = Uint8Array.from({ length: 200 }, (_, row) => Number(row % 4 === 0));
    const fitted = await fitBoostedTrees(values, labels, upTo(200), { ...PLAN, signalShare: 1 }, silent);
    expect(auc(scoreBoostedTrees(fitted, values, 200), labels)).to.equal(1);
  });

  it("bin by quantiles, few values each by itself", () => {
    const few = binSignal(Float64Array.from([1, 1, NaN, 5, 3]), upTo(4), 64);
    expect([...few.limits]).to.deep.equal([3]);
    expect([...few.bins]).to.deep.equal([1, 1, 0, 2, 1]);
    const many = binSignal(
      Float64Array.from({ length: 1_000 }, (_, n) => n),
      upTo(1_000),
      4,
    );
    expect([...many.limits]).to.deep.equal([249.5, 499.5, 749.5]);
    const mostlyZero = binSignal(
      Float64Array.from({ length: 1_000 }, (_, n) => Math.max(0, n - 990)),
      upTo(1_000),
      4,
    );
    expect(mostlyZero.bins[0]).to.be.lessThan(mostlyZero.bins[995]!);
  });
});

describe("isolation and subspace", () => {
  const random = createRandom("clean rows");
  const rows = 1_200;
  const hidden = Float64Array.from({ length: rows }, () => random.normal());
  const values = [1, 2, -1].map((factor) => hidden.map((value) => factor * value + 0.1 * random.normal()));
  const labels = Uint8Array.from({ length: rows }, (_, row) => Number(row >= 1_100));

  it("set apart what is far out", () => {
    expect(meanPath(2)).to.equal(1);
    expect(meanPath(256)).to.be.closeTo(10.244, 0.001);
    const far = values.map((own) => own.map((value, row) => (labels[row] === 1 ? value + 6 : value)));
    const forest = fitIsolationForest(far, upTo(1_000), { trees: 60, sample: 128, seed: "forest" });
    const scores = scoreIsolationForest(forest, far, rows);
    expect(auc(scores, labels)).to.be.greaterThan(0.95);
    expect(Math.max(...scores)).to.be.within(0.5, 1);
  });

  it("tell a broken relation (SPE) from a wide swing (T²)", () => {
    const broken = values.map((own, n) => own.map((value, row) => (labels[row] === 1 && n === 2 ? -value : value)));
    const wide = values.map((own) => own.map((value, row) => (labels[row] === 1 ? 4 * value : value)));
    const subspace = fitSubspace(values, upTo(1_000), 0.95);
    expect(subspace.directions).to.have.length(1);
    expect(auc(scoreSubspace(subspace, broken, rows).outside, labels)).to.be.greaterThan(0.9);
    expect(auc(scoreSubspace(subspace, wide, rows).within, labels)).to.be.greaterThan(0.75);
    const missing = values.map((own) => own.map(() => NaN));
    expect(scoreSubspace(subspace, missing, 1).outside[0]).to.be.lessThan(0);
  });
});

describe("parts' scores", () => {
  it("are weighed by how well they tell, a part that misleads not at all", () => {
    const random = createRandom("parts");
    const labels = Uint8Array.from({ length: 2_000 }, () => Number(random.uniform() < 0.2));
    const part = (by: number) => Float64Array.from(labels, (label) => 100 + by * label + random.normal());
    const scores = [part(3), part(1), part(0), part(-2)];
    const combination = fitCombination(scores, labels, upTo(2_000));
    const weights = combination.parts.map(({ weight }) => weight);
    expect(weights[0]).to.be.greaterThan(weights[1]!);
    expect(weights[1]).to.be.greaterThan(weights[2]!);
    expect(weights[3]).to.equal(0);
    const combined = combine(combination, scores);
    expect(auc(combined, labels)).to.be.greaterThan(auc(scores[0]!, labels));
    // Log-odds: as many attacks as the chances add up to.
    const chances = combined.reduce((sum, odds) => sum + 1 / (1 + Math.exp(-odds)), 0);
    expect(chances).to.be.closeTo(
      labels.reduce((sum, label) => sum + label, 0),
      2,
    );
    const unlabelled = fitCombination(scores, undefined, upTo(2_000));
    expect(unlabelled.parts.every(({ weight }) => weight === 0.25)).to.equal(true);
  });

  it("are weighed for a block by rows that it may learn from: attacks of a kind that is kept back have no say", () => {
    const random = createRandom("kinds");
    const kinds = Array.from({ length: 2_000 }, () =>
      random.uniform() < 0.8 ? "none" : random.uniform() < 0.5 ? "a" : "b",
    );
    const labels = Uint8Array.from(kinds, (kind) => Number(kind !== "none"));
    const part = (told: string) => Float64Array.from(kinds, (kind) => (kind === told ? 3 : 0) + random.normal());
    const scores = [part("a"), part("b")];
    const frame = frameOf({ one: scores[0]!, two: scores[1]! });
    const lesson = lessonOf(frame, labels, { folds: 2 });
    const folds = withholdKinds(lesson.folds, labels, kinds);
    expect(folds.map(({ withheld }) => withheld)).to.have.deep.members([["a"], ["b"]]);
    const combined = crossCombine(scores, { ...lesson, folds });
    const [first] = folds;
    const isKept = (row: number): boolean => first!.withheld!.includes(kinds[row]!);
    const strange = scores.map((own) => own.map((score, row) => (isKept(row) ? 100 : score)));
    const again = crossCombine(strange, { ...lesson, folds });
    const judged = first!.test.filter((row) => !isKept(row));
    expect(Array.from(judged, (row) => again[row])).to.deep.equal(Array.from(judged, (row) => combined[row]));
  });
});
