import { expect } from "chai";
import type { Frame } from "../../../ml/data/frame.ts";
import type { Judge, Learned } from "../../../ml/detectors/detector.ts";
import { residual } from "../../../ml/detectors/residual/residual.ts";
import { parseResidual, type ResidualSettings } from "../../../ml/detectors/residual/settings.ts";
import { trainDetector, type Trained } from "../../../ml/detectors/train-detector.ts";
import { MlError } from "../../../ml/errors.ts";
import { chooseThreshold } from "../../../ml/evaluate/threshold.ts";
import { createRandom } from "../../../ml/random.ts";
import { frameOf, streamScores } from "../../helpers/judges.ts";
import { lessonOf } from "../../helpers/lesson.ts";
import { inTurn, plantRows } from "../../helpers/water-plant.ts";

const silent = async (): Promise<void> => undefined;

const settingsOf = ({ parts }: Learned, { signals }: Frame): ResidualSettings =>
  parseResidual(JSON.parse(JSON.stringify(parts.settings)), signals.length);

const restore = async ({ parts }: Learned, { signals }: Frame): Promise<Judge> =>
  await residual.restore(JSON.parse(JSON.stringify(parts)) as Learned["parts"], signals, undefined);

describe("the residual detector", () => {
  const attacks = inTurn(2_000, 200, 30);
  const { frame, labels } = plantRows({ rows: 2_000, seed: "plant", attacks });
  const laterAttacks = inTurn(1_300, 200, 30);
  const later = plantRows({ rows: 1_300, seed: "later", attacks: laterAttacks });
  let trained: Trained;
  let judge: Judge;

  before(async () => {
    const types = frame.signals.map((name) => ({ name, kind: "number" as const }));
    trained = await trainDetector(
      { frame, labels, kinds: undefined, tables: [], reading: { hasHeader: true, types } },
      { detector: residual, falseAlarms: undefined, allowedLeaks: [], engine: undefined, seed: "1", progress: silent },
    );
    const { networks, scaler, settings } = trained.model;
    const parts = { networks, scaler, settings: (settings as { detector: never }).detector };
    judge = await residual.restore(parts, frame.signals, undefined);
  });

  it("finds lies, forced pumps and replays in rows it has not seen, as well as its card says", async () => {
    const { card, thresholds } = trained.model;
    const figure = (name: string): number => card.metrics.find((metric) => metric.name === name)!.value;
    expect(figure("F1")).to.be.greaterThan(0.7);
    expect(figure("timely accuracy")).to.be.greaterThan(0.85);
    expect(figure("false positive rate")).to.be.lessThan(0.03);
    const scores = await judge.score(later.frame);
    const isAlarm = (row: number): boolean => scores[row]! >= thresholds.alarm!;
    const found = laterAttacks.map(({ from, to }) => {
      const rows = Array.from({ length: to - from }, (_, n) => from + n);
      return rows.filter(isAlarm).length / rows.length;
    });
    for (const [n, share] of found.entries()) expect(share, laterAttacks[n]!.kind).to.be.greaterThan(0.3);
    expect(found.reduce((sum, share) => sum + share, 0) / found.length).to.be.greaterThan(figure("recall") - 0.2);
    const clean = [...scores.keys()].filter((row) => later.labels[row] === 0);
    expect(clean.filter(isAlarm).length / clean.length).to.be.lessThan(0.04);
  });

  it("learns the levels between which a pump is switched, and says them on its card", () => {
    const { card, settings } = trained.model;
    const { rules, inputs } = parseResidual((settings as { detector: unknown }).detector, frame.signals.length);
    const rule = rules.find(
      (each) => frame.signals[each.switch] === "pump" && frame.signals[each.signal] === "level low",
    )!;
    const { offset, scale } = inputs[rule.signal]!;
    // The plant turns it off above 5 and on below 2.
    expect(rule.sign).to.equal(1);
    expect(rule.limits.onMost * scale + offset).to.be.closeTo(5, 0.05);
    expect(rule.limits.offLeast * scale + offset).to.be.closeTo(2, 0.05);
    expect(card.calibration).to.match(
      /pump is never on with level low above [45]\.\d+, nor off with it below [12]\.\d+/,
    );
  });

  it("row by row gives what it gives for the whole stretch, to the bit", async () => {
    const { values } = later.frame;
    const holes = frameOf(
      Object.fromEntries(
        later.frame.signals.map((name, n) => [
          name,
          values[n]!.map((value, row) => ((row + n) % 41 === 0 ? NaN : value)),
        ]),
      ),
      [500, 1, 799],
    );
    const scores = await judge.score(holes);
    expect(await streamScores(judge, holes)).to.deep.equal(scores);
    expect(scores.every(Number.isFinite)).to.equal(true);
  });

  it("takes what is missing for no evidence, and refuses a number that is none", async () => {
    const missing = frameOf(Object.fromEntries(frame.signals.map((name) => [name, new Float64Array(20).fill(NaN)])));
    const quiet = await judge.score(missing);
    expect(Math.max(...quiet)).to.be.lessThan(trained.model.thresholds.alarm!);
    const wild = {
      ...later.frame,
      values: later.frame.values.map((own, n) => (n === 1 ? own.with(7, Infinity) : own)),
    };
    for (const act of [() => judge.score(wild), () => judge.explain(wild, Int32Array.of(7))]) {
      const error: unknown = await act().catch((thrown: unknown) => thrown);
      expect(error).to.be.instanceOf(MlError).with.property("code", "UNUSABLE_TABLE");
      expect((error as MlError).facts).to.include({ signal: frame.signals[1], row: 8 });
    }
  });

  it("names the signal that is lied about", async () => {
    const scores = await judge.score(later.frame);
    const lied = laterAttacks
      .filter(({ kind }) => kind === "offset")
      .flatMap(({ from, to }) => Array.from({ length: to - from }, (_, n) => from + n))
      .filter((row) => scores[row]! >= trained.model.thresholds.alarm!);
    const explained = await judge.explain(later.frame, Int32Array.from(lied));
    const firsts = explained.map(([first]) => first?.signal);
    expect(firsts.filter((name) => name === "level low").length / lied.length).to.be.greaterThan(0.7);
    for (const shares of explained) expect(shares.length).to.be.within(1, 5);
  });

  it("learns from clean rows alone, and from rows with holes", async () => {
    const clean = plantRows({ rows: 1_500, seed: "clean" }).frame;
    const random = createRandom("holes");
    const values = clean.values.map((own) => own.map((value) => (random.uniform() < 0.02 ? NaN : value)));
    const learned = await residual.learn(lessonOf({ ...clean, values }));
    const { fusion, hold, memory } = settingsOf(learned, clean);
    expect([fusion.kind, memory.kind, hold.fade]).to.deep.equal(["strongest", "average", 0]);
    const none = new Uint8Array(clean.rows);
    const threshold = chooseThreshold(learned.outOfFold, none, { kind: "fpr", most: 0.005 });
    const scores = await (await restore(learned, clean)).score(later.frame);
    const share = (kind: string | undefined): number => {
      const kindOf = (row: number) => laterAttacks.find(({ from, to }) => row >= from && row < to)?.kind;
      const rows = [...scores.keys()].filter((row) => kindOf(row) === kind);
      return rows.filter((row) => scores[row]! >= threshold).length / rows.length;
    };
    expect(share(undefined)).to.be.lessThan(0.04);
    expect(share("offset")).to.be.greaterThan(0.6);
  });

  it("does without a past where the order of rows says nothing", async () => {
    const random = createRandom("shuffled");
    const rows = 1_500;
    const x = Float64Array.from({ length: rows }, () => random.normal());
    const bytes = x.map((value) => Math.round(Math.exp(4 * value)));
    const flag = x.map(() => (random.uniform() < 0.4 ? 1 : 0));
    const y = x.map((value, row) => (flag[row] === 1 ? -value : 2 * value) + 0.1 * random.normal());
    const own = Uint8Array.from({ length: rows }, () => (random.uniform() < 0.1 ? 1 : 0));
    own.forEach((label, row) => label === 1 && (y[row]! += 3));
    const shuffled = frameOf({ x, bytes, flag, y });
    const learned = await residual.learn(lessonOf(shuffled, own));
    const { relations, rules, inputs, memory, hold } = settingsOf(learned, shuffled);
    expect(relations.every(({ kind }) => kind === "same")).to.equal(true);
    expect([rules.length, memory.kind, hold.fade]).to.deep.equal([0, "none", 0]);
    expect(inputs.map(({ kind, isLog }) => `${kind} ${isLog}`)).to.deep.equal([
      "moving false",
      "moving true",
      "switch false",
      "moving false",
    ]);
    // One line fits neither side of the switch: the relation has a regime for each.
    expect(relations.find(({ target }) => target === 3)?.regime).to.have.property("column");
    const alarms = chooseThreshold(learned.outOfFold, own, { kind: "f1" });
    const hits = [...own.keys()].filter((row) => own[row] === 1 && learned.outOfFold[row]! >= alarms);
    expect(hits.length / own.reduce((sum, label) => sum + label, 0)).to.be.greaterThan(0.9);
  });

  it("comes to numbers whatever stands still, is missing, or is beyond all measure", async () => {
    const random = createRandom("odd");
    const rows = 400;
    const drawn = (draw: (row: number) => number) => Float64Array.from({ length: rows }, (_, row) => draw(row));
    const odd: Record<string, Float64Array>[] = [
      { alone: drawn(() => random.normal()) },
      { a: drawn(() => random.integer(2)), b: drawn(() => random.integer(2)) },
      { still: drawn(() => 3), zero: drawn(() => 0) },
      { missing: drawn(() => NaN), b: drawn(() => random.normal()) },
      { huge: drawn((row) => (row * 1e300) / rows), tiny: drawn((row) => (row % 7) * 1e-300) },
    ];
    for (const values of odd)
      for (const known of [undefined, Uint8Array.from({ length: rows }, (_, row) => Number(row % 40 > 34))]) {
        const own = frameOf(values);
        const learned = await residual.learn(lessonOf(own, known));
        const scores = await (await restore(learned, own)).score(own);
        expect([...scores, ...learned.outOfFold].every(Number.isFinite), own.signals.join()).to.equal(true);
      }
  });

  it("refuses an engine, settings of another shape, and settings that do not fit", async () => {
    const refused = async (act: () => unknown, code: string): Promise<void> => {
      const error: unknown = await Promise.resolve()
        .then(act)
        .catch((thrown: unknown) => thrown);
      expect(error).to.be.instanceOf(MlError).with.property("code", code);
    };
    await refused(() => residual.learn({ ...lessonOf(frame, labels), engine: "onnx" }), "TRAINING_INVALID");
    const good = (trained.model.settings as unknown as { detector: ResidualSettings }).detector;
    const bad: unknown[] = [
      {},
      { ...good, more: 1 },
      { ...good, inputs: good.inputs.slice(1) },
      { ...good, memory: { ...good.memory, limits: [] } },
      { ...good, relations: good.relations.map((each) => ({ ...each, columns: each.columns.slice(1) })) },
      { ...good, rules: good.rules.map((each) => ({ ...each, signal: 99 })) },
      { ...good, fusion: { kind: "weighed", base: 0, weights: [1] } },
    ];
    for (const settings of bad)
      await refused(() => parseResidual(settings, frame.signals.length), "MODEL_FILE_UNUSABLE");
  });
});
