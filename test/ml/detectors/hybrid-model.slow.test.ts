import { expect } from "chai";
import type { Frame } from "../../../ml/data/frame.ts";
import { fitSubspace, scoreSubspace } from "../../../ml/detectors/baseline/subspace.ts";
import type { Judge, Learned, Lesson } from "../../../ml/detectors/detector.ts";
import { fitMember } from "../../../ml/detectors/hybrid/fit-member.ts";
import { hybrid } from "../../../ml/detectors/hybrid/hybrid.ts";
import { fitPreparation, prepareFrame, widthOf } from "../../../ml/detectors/hybrid/prepare.ts";
import { ENGINE_NAMES } from "../../../ml/engines/engine.ts";
import { MlError } from "../../../ml/errors.ts";
import { rocArea, traceCurve } from "../../../ml/evaluate/ranking.ts";
import { createRandom } from "../../../ml/random.ts";
import { circleRows } from "../../helpers/circle-rows.ts";
import { frameOf, rowOf, streamScores } from "../../helpers/judges.ts";
import { lessonOf } from "../../helpers/lesson.ts";

const auc = (scores: Float64Array, labels: Uint8Array): number => rocArea(traceCurve(scores, labels));
/** Two blocks are enough to see that it works. */
const smallLesson = (frame: Frame, labels?: Uint8Array): Lesson => lessonOf(frame, labels, { folds: 2, gap: 8 });
const upTo = (rows: number): Int32Array => Int32Array.from({ length: rows }, (_, row) => row);

describe("a hybrid that nobody told of attacks", () => {
  const clean = circleRows(900, "clean", false).frame;
  const later = circleRows(600, "later");
  let learned: Learned;
  let judge: Judge;
  before(async () => {
    learned = await hybrid.learn(smallLesson(clean));
    judge = await hybrid.restore(learned.parts, clean.signals, undefined);
  });

  it("notices an order of rows that no row by itself betrays", async () => {
    const scores = await judge.score(later.frame);
    const { within, outside } = scoreSubspace(fitSubspace(clean.values, upTo(900), 0.95), later.frame.values, 600);
    for (const each of [within, outside]) expect(auc(each, later.labels)).to.be.within(0.35, 0.65);
    expect(auc(scores, later.labels)).to.be.greaterThan(0.85);
  });

  it("keeps, on later clean rows, about the false alarms that cross-validation promises", async () => {
    const promised = Float64Array.from(learned.outOfFold).sort();
    const limit = promised[Math.floor(0.98 * promised.length)]!;
    const scores = await judge.score(circleRows(600, "later clean", false).frame);
    expect(scores.filter((score) => score > limit).length / 600).to.be.at.most(0.06);
  });

  it("gives row by row what it gives for a whole stretch", async () => {
    const { frame } = circleRows(70, "stream");
    const parted = { ...frame, stretches: [upTo(30), upTo(70).subarray(30)] };
    const [whole, streamed] = [await judge.score(parted), await streamScores(judge, parted)];
    whole.forEach((score, row) => expect(streamed[row], `row ${row}`).to.be.closeTo(score, 1e-4));
    // Two streams that take turns know nothing of each other.
    const [one, other] = [judge.stream(), judge.stream()];
    const firsts = await Promise.all([one.push(rowOf(frame, 0)), other.push(rowOf(frame, 40))]);
    await one.push(rowOf(frame, 1));
    expect(await judge.stream().push(rowOf(frame, 40))).to.equal(firsts[1]);
  });

  it("judges alike on every engine", async () => {
    const { frame } = circleRows(60, "engines");
    const scores = await Promise.all(
      ENGINE_NAMES.map(async (engine) => (await hybrid.restore(learned.parts, frame.signals, engine)).score(frame)),
    );
    for (const own of scores.slice(1))
      own.forEach((score, row) => expect(score, `row ${row}`).to.be.closeTo(scores[0]![row]!, 1e-3));
  });

  it("names the signal that is lied about", async () => {
    const { frame } = circleRows(120, "liar", false);
    const lied = { ...frame, values: frame.values.map((own, n) => (n === 3 ? own.map((value) => value + 4) : own)) };
    const rows = upTo(120).filter((row) => row % 23 !== 0 && row % 6 === 1);
    const explained = await judge.explain(lied, rows);
    const first = explained.filter(([most]) => most?.signal === "follower").length;
    expect(first / rows.length).to.be.greaterThan(0.8);
    for (const shares of explained) {
      expect(shares.length).to.be.within(1, 5);
      expect(shares.reduce((sum, { share }) => sum + share, 0)).to.be.at.most(1 + 1e-9);
    }
  });

  it("takes what is missing, and refuses a number that is none by the signal's name", async () => {
    const nothing = Float64Array.of(NaN, NaN, NaN, NaN);
    expect(await judge.stream().push(nothing)).to.satisfy(Number.isFinite);
    const wild = frameOf({ ...Object.fromEntries(clean.signals.map((name) => [name, Float64Array.of(Infinity)])) });
    for (const act of [() => judge.score(wild), () => judge.stream().push(Float64Array.of(-Infinity, 0, 0, 0))]) {
      const error: unknown = await act().catch((thrown: unknown) => thrown);
      expect(error).to.be.instanceOf(MlError).with.property("code", "UNUSABLE_TABLE");
      expect((error as MlError).facts).to.include({ signal: "across" });
    }
  });

  it("refuses settings, scalers and networks that do not fit", async () => {
    type Loose = {
      steps: number;
      more?: number;
      logs: boolean[];
      usual: { rebuilt: number[] };
      combination: { parts: object[] };
    };
    const changes: ((settings: Loose) => void)[] = [
      (settings) => (settings.steps += 1),
      (settings) => (settings.steps = 1),
      (settings) => (settings.more = 1),
      (settings) => settings.logs.pop(),
      (settings) => (settings.usual.rebuilt[0] = 0),
      (settings) => settings.usual.rebuilt.pop(),
      (settings) => settings.combination.parts.pop(),
    ];
    const refused = async (parts: Learned["parts"], why: string): Promise<void> => {
      const error: unknown = await Promise.resolve(hybrid.restore(parts, clean.signals, undefined)).catch(
        (thrown: unknown) => thrown,
      );
      expect(error, why).to.be.instanceOf(MlError).with.property("code", "MODEL_FILE_UNUSABLE");
    };
    for (const change of changes) {
      const settings = structuredClone(learned.parts.settings) as unknown as Loose;
      change(settings);
      await refused({ ...learned.parts, settings: settings as never }, String(change));
    }
    await refused({ ...learned.parts, scaler: learned.parts.scaler.toReversed() }, "another order of signals");
    await refused({ ...learned.parts, networks: {} }, "no networks");
    const { rebuild } = learned.parts.networks;
    const layers = rebuild!.architecture.layers.map((layer) =>
      layer.name === "rebuilt" ? { ...layer, units: 2 } : layer,
    );
    const narrow = { ...rebuild!, architecture: { ...rebuild!.architecture, layers } };
    await refused({ ...learned.parts, networks: { rebuild: narrow } }, "another width");
    await refused({ ...learned.parts, networks: { rebuild: rebuild!, tell: rebuild! } }, "another network in a place");
  });
});

describe("a hybrid that was told of attacks", () => {
  const { frame, labels } = circleRows(480, "labelled");

  it("learns them, looking back where that helps", async () => {
    const lesson = smallLesson(frame, labels);
    const told: string[] = [];
    const learned = await hybrid.learn({ ...lesson, progress: async (_, what) => void told.push(what) });
    expect(learned.method).to.match(/windows of \d+ rows/);
    expect(learned.engine).to.contain("onnxruntime");
    expect(auc(learned.outOfFold, labels)).to.be.greaterThan(0.85);
    expect(told.some((what) => what.includes("loss"))).to.equal(true);
    expect(learned.losses?.map(({ network }) => network)).to.deep.equal(["rebuild", "tell"]);
    for (const { lines } of learned.losses ?? []) {
      expect(lines.map(({ name }) => name)).to.deep.equal(["folds, learned", "folds, later rows", "all rows, learned"]);
      expect(lines[0]!.points.at(-1)![1]).to.be.below(lines[0]!.points[0]![1]);
    }
    const later = circleRows(300, "later labelled");
    const judge = await hybrid.restore(learned.parts, frame.signals, undefined);
    expect(auc(await judge.score(later.frame), later.labels)).to.be.greaterThan(0.85);
    const [shares] = await judge.explain(later.frame, Int32Array.of(55));
    expect(["across", "up", "follower"]).to.include(shares?.[0]?.signal);
  });

  it("of too few attacks learns none, and judges", async () => {
    const random = createRandom("few");
    const values = ["one", "two"].map((name) => [name, Float64Array.from({ length: 240 }, () => random.normal())]);
    const few = frameOf(Object.fromEntries(values) as Record<string, Float64Array>);
    const { parts } = await hybrid.learn(
      smallLesson(
        few,
        Uint8Array.from({ length: 240 }, (_, row) => Number(row % 60 === 3)),
      ),
    );
    expect(Object.keys(parts.networks)).to.deep.equal(["rebuild"]);
    const judge = await hybrid.restore(parts, few.signals, undefined);
    expect((await judge.score(few)).every(Number.isFinite)).to.equal(true);
  });

  it("comes to the same networks from the same seed, and to others from another", async () => {
    const plan = { engine: "onnx", steps: 4, isTold: true, seed: "1", epochs: { rebuild: 2, tell: 2 } };
    const fit = (seed: string) =>
      fitMember({ frame, labels }, upTo(480), { ...plan, seed }, () => ({
        onProgress: () => undefined,
        end: () => undefined,
      }));
    const [one, again, other] = [await fit("1"), await fit("1"), await fit("2")];
    expect(again).to.deep.equal(one);
    expect(other.networks).not.to.deep.equal(one.networks);
  });
});

describe("features of a hybrid", () => {
  it("are of clean rows' scale; counts by their logarithm; what is missing stands at the mean and says so", () => {
    const random = createRandom("features");
    const count = Float64Array.from({ length: 400 }, () => Math.round(Math.exp(3 * random.normal())));
    const level = Float64Array.from({ length: 400 }, (_, row) => (row % 10 === 0 ? NaN : 50 + 2 * random.normal()));
    const frame = frameOf({ count, level });
    const preparations = fitPreparation(frame.values, upTo(300), upTo(300));
    expect(preparations.map(({ isLog }) => isLog)).to.deep.equal([true, false]);
    expect(preparations.map(({ isSometimesMissing }) => isSometimesMissing)).to.deep.equal([false, true]);
    expect(preparations[1]!.offset).to.be.closeTo(50, 0.5);
    expect(widthOf(preparations)).to.equal(3);
    const { values, starts } = prepareFrame(preparations, frame, 1);
    expect([...values.subarray(starts[10]! + 1, starts[10]! + 3)]).to.deep.equal([0, 1]);
    expect(values[starts[11]! + 2]).to.equal(0);
  });

  it("of a window never leave its stretch: before it, its first row stands again", () => {
    const frame = frameOf({ at: Float64Array.from({ length: 12 }, (_, row) => row) }, [5, 7]);
    const preparations = [{ isLog: false, offset: 0, scale: 2, isSometimesMissing: false }];
    const { values, starts } = prepareFrame(preparations, frame, 4);
    const window = (row: number): number[] =>
      [...values.subarray(starts[row], starts[row]! + 4)].map((each) => 2 * each);
    expect([0, 1, 4, 5, 6, 11].map(window)).to.deep.equal([
      [0, 0, 0, 0],
      [0, 0, 0, 1],
      [1, 2, 3, 4],
      [5, 5, 5, 5],
      [5, 5, 5, 6],
      [8, 9, 10, 11],
    ]);
  });
});
