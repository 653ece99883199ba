import { expect } from "chai";
import { blockFolds } from "../../../ml/data/folds.ts";
import type { Frame } from "../../../ml/data/frame.ts";
import { createAuto } from "../../../ml/detectors/auto/auto.ts";
import { fitTail, rarity } from "../../../ml/detectors/auto/tails.ts";
import type { Detector, Judge } from "../../../ml/detectors/detector.ts";
import { MlError } from "../../../ml/errors.ts";
import { rocArea, traceCurve } from "../../../ml/evaluate/ranking.ts";
import { createRandom } from "../../../ml/random.ts";
import { frameOf, streamScores } from "../../helpers/judges.ts";
import { lessonOf } from "../../helpers/lesson.ts";

/** A detector that says how far one signal is from zero: it has nothing to learn, and is a real one all the same. */
const watch = (name: string, signal: number): Detector => {
  const scoreOf = ({ values }: Frame): Float64Array => values[signal]!.map((value) => Math.abs(value));
  const judge = (signals: readonly string[]): Judge => ({
    score: async (frame) => scoreOf(frame),
    explain: async (_, rows) => Array.from(rows, () => [{ signal: signals[signal]!, share: 1 }]),
    stream: () => ({ push: async (row) => Math.abs(row[signal]!) }),
  });
  return {
    name,
    isPlain: true,
    learn: async ({ frame }) => ({
      outOfFold: scoreOf(frame),
      parts: { networks: {}, scaler: [], settings: { signal } },
      engine: "plain TypeScript",
      method: `Watches ${signal}.`,
    }),
    restore: (_, signals) => judge(signals),
  };
};

/** Three signals; attacks move the first or the second, never the third. */
function rowsOf(rows: number, seed: string): { frame: Frame; labels: Uint8Array } {
  const random = createRandom(seed);
  const labels = Uint8Array.from({ length: rows }, (_, row) => Number(row % 20 >= 17));
  const signal = (hit: (row: number) => boolean): Float64Array =>
    Float64Array.from(labels, (label, row) => random.normal() + (label === 1 && hit(row) ? 5 : 0));
  const isFirst = (row: number): boolean => Math.floor(row / 20) % 2 === 0;
  return {
    frame: frameOf({ first: signal(isFirst), second: signal((row) => !isFirst(row)), third: signal(() => false) }),
    labels,
  };
}

describe("auto", () => {
  const { frame, labels } = rowsOf(2_000, "auto");
  const lesson = lessonOf(frame, labels);
  const area = (scores: Float64Array, of = labels): number => rocArea(traceCurve(scores, of));

  it("combines what is better together, leaves out what tells nothing, and judges alike when it is restored", async () => {
    const auto = createAuto([watch("one", 0), watch("two", 1), watch("three", 2)]);
    const { parts, outOfFold, compared, method } = await auto.learn(lesson);
    expect(compared?.map(({ isKept }) => isKept)).to.deep.equal([true, true, false]);
    expect(method).to.contain("Kept: one, two with weights");
    expect(area(outOfFold)).to.be.greaterThan(Math.max(...compared!.map(({ worth }) => worth!)) + 0.1);

    const judge = await auto.restore(parts, frame.signals, undefined);
    const later = rowsOf(400, "later");
    const scores = await judge.score(later.frame);
    expect(area(scores, later.labels)).to.be.greaterThan(0.98);
    expect(await streamScores(judge, later.frame)).to.deep.equal(scores);
    const explained = await judge.explain(later.frame, Int32Array.of(18, 38));
    expect(explained.map((shares) => [shares[0]!.signal, shares[0]!.layer])).to.deep.equal([
      ["first", "one"],
      ["second", "two"],
    ]);
  });

  it("keeps the best by itself where a combination is worth no more", async () => {
    const alone = rowsOf(2_000, "alone");
    const [first] = alone.frame.values;
    first!.forEach((_, row) => alone.labels[row] === 1 && (first![row] = 9));
    const auto = createAuto([watch("three", 2), watch("one", 0)]);
    const learned = await auto.learn({ ...lesson, frame: alone.frame, labels: alone.labels });
    expect(learned.compared?.map(({ isKept }) => isKept)).to.deep.equal([false, true]);
    expect(learned.outOfFold).to.deep.equal(first!.map(Math.abs));
    const judge = await auto.restore(learned.parts, frame.signals, undefined);
    expect(await judge.score(frame)).to.deep.equal(frame.values[0]!.map(Math.abs));
  });

  it("without labels sums how rare each score is among clean rows, so that no detector's scale counts", async () => {
    const clean = frame.values.map((own) => own.filter((_, row) => labels[row] === 0));
    clean[1] = clean[1]!.map((value) => 1_000 * value);
    const quiet = frameOf({ first: clean[0]!, second: clean[1], third: clean[2]! });
    const auto = createAuto([watch("one", 0), watch("two", 1)]);
    const folds = blockFolds(quiet.stretches, { folds: 5, gap: 12 });
    const { parts, method } = await auto.learn({ ...lesson, frame: quiet, labels: undefined, folds });
    expect(method).to.contain("No attack is labelled");
    const judge = await auto.restore(parts, frame.signals, undefined);
    const later = rowsOf(400, "later");
    later.frame.values[1]!.forEach((value, row) => (later.frame.values[1]![row] = 1_000 * value));
    expect(area(await judge.score(later.frame), later.labels)).to.be.greaterThan(0.97);
  });

  it("goes on without a detector that can do nothing with the rows, and says so; no other error passes", async () => {
    const failing = (code: "TRAINING_INVALID" | "ENGINE_MISSING"): Detector => ({
      ...watch("two", 1),
      learn: async () => {
        throw new MlError(code, { detail: "So it is." });
      },
    });
    const { method, compared } = await createAuto([watch("one", 0), failing("TRAINING_INVALID")]).learn(lesson);
    expect(method).to.contain("Left out: two (So it is.)");
    expect(compared).to.have.length(1);
    for (const detectors of [[failing("TRAINING_INVALID")], [watch("one", 0), failing("ENGINE_MISSING")]]) {
      const error: unknown = await createAuto(detectors)
        .learn(lesson)
        .catch((thrown: unknown) => thrown);
      expect(error).to.be.instanceOf(MlError).with.property("message", "So it is.");
    }
  });

  it("refuses settings that do not fit, and members that are not there", async () => {
    const auto = createAuto([watch("one", 0), watch("two", 1)]);
    const { parts } = await auto.learn(lesson);
    type Loose = { members: { detector: string }[]; combination: { parts?: unknown[]; kind: string } };
    const changes: ((settings: Loose) => void)[] = [
      (settings) => settings.members.pop(),
      (settings) => (settings.members[0]!.detector = "three"),
      (settings) => (settings.members[0]!.detector = settings.members[1]!.detector),
      (settings) => settings.combination.parts!.pop(),
      (settings) => (settings.combination.kind = "other"),
      (settings) => ((settings as { more?: number }).more = 1),
    ];
    for (const change of changes) {
      const settings = structuredClone(parts.settings) as unknown as Loose;
      change(settings);
      const error: unknown = await Promise.resolve()
        .then(() => auto.restore({ ...parts, settings: settings as never }, frame.signals, undefined))
        .catch((thrown: unknown) => thrown);
      expect(error, String(change)).to.be.instanceOf(MlError).with.property("code", "MODEL_FILE_UNUSABLE");
    }
  });

  it("knows how rare a score is: halves of the clean rows as bits, and an exponential tail beyond", () => {
    const random = createRandom("tail");
    const scores = Float64Array.from({ length: 20_000 }, () => random.exponential());
    const tail = fitTail(scores);
    for (const bits of [1, 3, 6, 9]) expect(rarity(tail, bits * Math.LN2)).to.be.closeTo(bits, 0.35);
    // Far beyond any clean row it still rises, as the tail did.
    expect(rarity(tail, 30 * Math.LN2)).to.be.within(22, 40);
    expect(rarity(tail, -5)).to.equal(0);
    expect(rarity(fitTail(new Float64Array(100)), 1)).to.satisfy(Number.isFinite);
  });
});
