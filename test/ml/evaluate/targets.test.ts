import { expect } from "chai";
import fc from "fast-check";
import type { Fold } from "../../../ml/data/folds.ts";
import type { Training } from "../../../ml/data/frame.ts";
import { chooseTarget } from "../../../ml/detectors/choose-target.ts";
import { balancedAccuracy, countConfusion, falsePositiveRate } from "../../../ml/evaluate/confusion.ts";
import { findEpisodes, timelyAccuracy, timeToDetectionScore } from "../../../ml/evaluate/episodes.ts";
import {
  aimAtTimely,
  chooseThreshold,
  crossWorth,
  episodesOf,
  toAlarms,
  weighKinds,
  weighUnseen,
  type ThresholdTarget,
} from "../../../ml/evaluate/threshold.ts";
import { createRandom } from "../../../ml/random.ts";

const stretchOf = (rows: number): Int32Array[] => [Int32Array.from({ length: rows }, (_, row) => row)];
const timelyOf = (labels: Uint8Array, alarms: Uint8Array): number =>
  timelyAccuracy(timeToDetectionScore(findEpisodes(labels), alarms), balancedAccuracy(countConfusion(labels, alarms)));

describe("what a threshold is for", () => {
  it("timely accuracy: no other threshold has a better one within the false alarms allowed", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1e6 }), fc.constantFrom(0.01, 0.05, 0.3), (seed, most) => {
        const random = createRandom(seed);
        const labels = Uint8Array.from({ length: 400 }, (_, row) => Number(row % 40 < 8));
        const scores = Float64Array.from(labels, (label, row) => label * (row % 8) * 0.6 + random.normal());
        const target = aimAtTimely(stretchOf(400), labels, most);
        const chosen = timelyOf(labels, toAlarms(scores, chooseThreshold(scores, labels, target)));
        const others = [...scores].map((threshold) => toAlarms(scores, threshold));
        const allowed = others.filter((alarms) => falsePositiveRate(countConfusion(labels, alarms)) <= most);
        const best = Math.max(...allowed.map((alarms) => timelyOf(labels, alarms)));
        expect(chosen).to.be.closeTo(best, 1e-12);
      }),
      { numRuns: 10, seed: 5 },
    );
  });

  it("timely accuracy: what quiet years beside the attacks can't hide, alarms that outlast each", () => {
    const rows = 4_000;
    const labels = Uint8Array.from({ length: rows }, (_, row) => Number(row >= 3_000 && row % 100 < 20));
    const all = stretchOf(rows)[0]!;
    const target = aimAtTimely([all.subarray(0, 3_000), all.subarray(3_000)], labels, 0.05);
    const owner = Uint8Array.from(all, (row) => Math.floor((row % 1_000) / 200));
    const scored = (outlast: number): Float64Array =>
      Float64Array.from(labels, (label, row) => (label === 1 || (row >= 3_000 && row % 100 < 20 + outlast) ? 1 : 0));
    expect(crossWorth(scored(0), labels, owner, target)).to.equal(1);
    expect(chooseThreshold(scored(0), labels, target)).to.be.within(0, 1);
    // Ten rows after each attack are 100 of 3 800 clean ones, but 100 of the 800 that lie between attacks.
    expect(crossWorth(scored(10), labels, owner, target)).to.be.lessThan(0.6);
    expect(chooseThreshold(scored(10), labels, target)).to.be.greaterThan(1);
  });

  it("a rare kind as well as a frequent one: what finds only the flood is worth less", () => {
    const kinds = Array.from({ length: 1_000 }, (_, row) => (row < 500 ? "normal" : row < 984 ? "flood" : "theft"));
    const labels = Uint8Array.from(kinds, (kind) => Number(kind !== "normal"));
    const unseen = Uint8Array.from(kinds, (_, row) => Number(row === 600 || row === 999));
    const weights = weighUnseen(weighKinds(labels, kinds), labels, unseen);
    expect(weights.subarray(0, 500).every((weight) => weight === 1)).to.equal(true);
    expect(weights.reduce((sum, weight) => sum + weight, 0)).to.be.closeTo(1_000, 1e-9);
    // By the root: 22 to 4, not 484 to 16.
    expect((weights[500]! * 484) / (weights[998]! * 16)).to.be.closeTo(5.5, 1e-9);
    // The two rows that nobody had seen the like of weigh as much as the other 498.
    expect(weights[600]! + weights[999]!).to.be.closeTo(250, 1e-9);
    // The flood scores 10, theft 3, a twentieth of clean rows 2 and the others less.
    const scores = Float64Array.from(kinds, (kind, row) =>
      kind === "flood" ? 10 : kind === "theft" ? 3 : row % 20 === 0 ? 5 : 0,
    );
    // Up to a tenth of false alarms: half of it at the flood's recall, half at all, by weights 250 + 250 * 484/500 or so.
    const found = crossWorth(scores, labels, new Uint8Array(1_000), { kind: "kinds", weights });
    const flood = weights.subarray(500, 984).reduce((sum, weight) => sum + weight, 0) / 500;
    // Clean rows at 5 come between the two, a twentieth of them: a line to the flood's recall, then a step to one, then all.
    expect(found).to.be.closeTo((0.05 * flood + 0.05 * 1) / 0.1, 1e-9);
    const strict = chooseThreshold(scores, labels, { kind: "f1" });
    expect(strict).to.be.greaterThan(5);
    expect(chooseThreshold(scores, labels, { kind: "kinds", weights })).to.be.lessThan(3);
  });

  it("F1 within a cap of false alarms; and it is reached on rows that had no say in it", () => {
    const random = createRandom("capped");
    const labels = Uint8Array.from({ length: 4_000 }, () => Number(random.uniform() < 0.3));
    const scores = Float64Array.from(labels, (label) => 2 * label + random.normal());
    const rate = (target: ThresholdTarget): number =>
      falsePositiveRate(countConfusion(labels, toAlarms(scores, chooseThreshold(scores, labels, target))));
    expect(rate({ kind: "f1" })).to.be.greaterThan(0.05);
    expect(rate({ kind: "f1", most: 0.01 })).to.be.within(0.008, 0.01);
    const owner = Uint8Array.from({ length: 4_000 }, (_, row) => row % 5);
    const worth = crossWorth(scores, labels, owner, { kind: "f1" });
    expect(worth).to.be.within(0.7, 0.85);
    expect(crossWorth(scores, labels, owner, { kind: "f1", most: 0.01 })).to.be.lessThan(worth);
  });

  it("is decided by what there is: attacks that last, kinds that were kept back, or neither", () => {
    const rows = 100;
    const of = (labels: number[] | undefined, time: boolean): Training =>
      ({
        frame: { signals: [], values: [], rows, stretches: stretchOf(rows) },
        labels: labels && Uint8Array.from(labels),
        kinds: Array.from({ length: rows }, () => "kind"),
        reading: { hasHeader: true, types: [], ...(time && { time: { column: "at", format: "seconds" } }) },
        tables: [],
      }) as unknown as Training;
    const lasting = Array.from({ length: rows }, (_, row) => Number(row % 20 < 6));
    const short = Array.from({ length: rows }, (_, row) => Number(row % 20 === 0));
    const blocks: Fold[] = [{ test: stretchOf(rows)[0]!, train: new Int32Array() }];
    const withheld: Fold[] = [{ ...blocks[0]!, withheld: ["kind"] }];
    const chosen = (labels: number[] | undefined, time: boolean, folds = blocks, falseAlarms?: number) =>
      chooseTarget(of(labels, time), falseAlarms, folds);
    expect(chosen(undefined, true)).to.deep.equal({ kind: "fpr", most: 0.001 });
    expect(chosen(lasting, true, blocks, 0.02)).to.deep.equal({ kind: "fpr", most: 0.02 });
    expect(chosen(lasting, true, withheld)).to.include({ kind: "timely", most: 0.01 });
    expect(chosen(lasting, false, withheld).kind).to.equal("kinds");
    expect(chosen(lasting, false)).to.deep.equal({ kind: "f1", most: 0.01 });
    expect(chosen(short, true).kind).to.equal("f1");
  });

  it("finds the rows of attacks stretch by stretch: none goes on in another one", () => {
    const stretches = [Int32Array.of(0, 2, 4), Int32Array.of(1, 3, 5)];
    const episodes = episodesOf(stretches, Uint8Array.from([1, 1, 1, 0, 0, 1]));
    expect(episodes.map((own) => [...own])).to.deep.equal([[0, 2], [1], [5]]);
  });
});
