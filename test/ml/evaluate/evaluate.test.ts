import { expect } from "chai";
import fc from "fast-check";
import { evaluate } from "../../../ml/evaluate/evaluate.ts";
import { detectionDelay, findEpisodes, timelyAccuracy, timeToDetectionScore } from "../../../ml/evaluate/episodes.ts";
import { averagePrecision, rocArea, traceCurve } from "../../../ml/evaluate/ranking.ts";
import { chooseThreshold, crossAlarms, toAlarms } from "../../../ml/evaluate/threshold.ts";
import { createRandom } from "../../../ml/random.ts";

const bytes = (text: string): Uint8Array => Uint8Array.from(text, Number);
const figure = (evaluation: ReturnType<typeof evaluate>, name: string) =>
  evaluation.figures.find((each) => each.name === name)!;

describe("figures", () => {
  it("count rows, not attacks: one alarm in an attack of four finds a quarter of it", () => {
    const labels = bytes("0011110000");
    const alarms = bytes("0000100001");
    const evaluation = evaluate({ labels, alarms, scores: Float64Array.from(alarms) });
    expect(figure(evaluation, "recall").value).to.equal(0.25);
    expect(figure(evaluation, "precision").value).to.equal(0.5);
    expect(figure(evaluation, "F1").value).to.be.closeTo(1 / 3, 1e-12);
    expect(figure(evaluation, "false positive rate").value).to.be.closeTo(1 / 6, 1e-12);
    expect(figure(evaluation, "time-to-detection score").value).to.equal(0.5);
    expect(evaluation.attacks).to.deep.equal([{ from: 2, to: 6, delay: 2 }]);
  });

  it("score time to detection as it was defined: 1 at once, 0 never, linear between", () => {
    const episodes = findEpisodes(bytes("0111100110"));
    expect(episodes).to.deep.equal([
      { from: 1, to: 5 },
      { from: 7, to: 9 },
    ]);
    expect(timeToDetectionScore(episodes, bytes("0100000100"))).to.equal(1);
    expect(timeToDetectionScore(episodes, bytes("1000011001"))).to.equal(0);
    expect(timeToDetectionScore(episodes, bytes("0001000000"))).to.equal(1 - (0.5 + 1) / 2);
    expect(detectionDelay(episodes[0]!, bytes("0001000000"))).to.equal(2);
    expect(timelyAccuracy(0.9, 0.8)).to.be.closeTo(0.85, 1e-12);
  });

  it("rank as the definitions do: the area is the chance that an attacked row is above a clean one", () => {
    const scored = fc.array(fc.tuple(fc.integer({ min: 0, max: 6 }), fc.boolean()), { minLength: 2, maxLength: 30 });
    fc.assert(
      fc.property(scored, (rows) => {
        const labels = Uint8Array.from(rows, ([, isAttacked]) => Number(isAttacked));
        fc.pre(labels.includes(0) && labels.includes(1));
        const scores = Float64Array.from(rows, ([score]) => score);
        const above = (a: number, b: number): number => (a > b ? 1 : a === b ? 0.5 : 0);
        const pairs = rows.flatMap(([a, x]) => rows.flatMap(([b, y]) => (x && !y ? [above(a, b)] : [])));
        const area = rocArea(traceCurve(scores, labels));
        expect(area).to.be.closeTo(pairs.reduce((sum, each) => sum + each, 0) / pairs.length, 1e-9);
      }),
      { seed: 5 },
    );
    const curve = traceCurve(Float64Array.from([4, 3, 2, 1]), bytes("1010"));
    expect(averagePrecision(curve)).to.be.closeTo((1 + 2 / 3) / 2, 1e-12);
  });

  it("hold the truth in their intervals about as often as they say, though rows come in blocks", () => {
    let held = 0;
    const runs = 25;
    for (let run = 0; run < runs; run++) {
      const random = createRandom(`interval ${run}`);
      // Rows drawn one by one would hold it less than half as often. Attacks of 10 rows, each found whole or not at all: rows are far from independent. True recall: 0.6.
      const labels = Uint8Array.from({ length: 1_000 }, (_, row) => (row % 40 < 10 ? 1 : 0));
      const alarms = new Uint8Array(1_000);
      for (let from = 0; from < 1_000; from += 40) if (random.uniform() < 0.6) alarms.fill(1, from, from + 10);
      const { low, high } = figure(evaluate({ labels, alarms, scores: Float64Array.from(alarms) }), "recall");
      if (low <= 0.6 && high >= 0.6) held += 1;
    }
    expect(held / runs).to.be.at.least(0.7);
  });
});

describe("a threshold", () => {
  it("is the one of the best F1, or of the most recall within a rate of false alarms", () => {
    const scores = Float64Array.from([0, 1, 2, 3, 4, 5, 6, 7]);
    const labels = bytes("00001011");
    expect(chooseThreshold(scores, labels, { kind: "f1" })).to.be.within(3, 6);
    const strict = chooseThreshold(scores, labels, { kind: "fpr", most: 0.01 });
    expect([...toAlarms(scores, strict)].join("")).to.equal("00000011");
    const loose = chooseThreshold(scores, labels, { kind: "fpr", most: 0.2 });
    expect([...toAlarms(scores, loose)].join("")).to.equal("00001111");
    expect(() => chooseThreshold(scores, new Uint8Array(8), { kind: "f1" })).to.throw(RangeError);
  });

  it("keeps its rate on clean rows alone", () => {
    const random = createRandom("clean");
    const scores = Float64Array.from({ length: 10_000 }, () => random.normal());
    const alarms = toAlarms(scores, chooseThreshold(scores, new Uint8Array(10_000), { kind: "fpr", most: 0.001 }));
    expect(alarms.reduce((sum, alarm) => sum + alarm, 0)).to.equal(10);
  });

  it("of a fold is chosen without it: its own labels change nothing", () => {
    const random = createRandom("cross");
    const labels = Uint8Array.from({ length: 400 }, () => Number(random.uniform() < 0.3));
    const scores = Float64Array.from(labels, (label) => label + random.normal());
    const owner = Uint8Array.from({ length: 400 }, (_, row) => Math.floor(row / 100));
    const changed = labels.map((label, row) => (row < 100 ? 1 - label : label));
    const first = (of: Uint8Array): number[] => [...crossAlarms(scores, of, owner, { kind: "f1" }).subarray(0, 100)];
    expect(first(changed)).to.deep.equal(first(labels));
  });
});
