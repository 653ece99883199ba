import { expect } from "chai";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readFrame, readTraining, type TrainingFiles } from "../../../ml/data/frame.ts";
import { findDetector } from "../../../ml/detectors/detectors.ts";
import { openDetector } from "../../../ml/detectors/open-detector.ts";
import { trainDetector, type TrainPlan } from "../../../ml/detectors/train-detector.ts";
import { MlError } from "../../../ml/errors.ts";
import { loadModel, saveModel } from "../../../ml/model/model-files.ts";
import { packModel } from "../../../ml/model/pack-model.ts";
import { pumpRows } from "../../helpers/pump-rows.ts";

describe("training a detector", () => {
  const directory = mkdtempSync(join(tmpdir(), "train-"));
  after(() => rmSync(directory, { recursive: true }));
  const at = (name: string): string => join(directory, name);
  const FILES: TrainingFiles = { files: [], hasHeader: true, label: "attack", drop: [], normal: "normal" };
  const PLAN: TrainPlan = {
    detector: findDetector("baseline"),
    falseAlarms: undefined,
    allowedLeaks: [],
    engine: undefined,
    seed: "1",
    progress: async () => undefined,
  };
  const refused = async (promise: Promise<unknown>): Promise<MlError> => {
    const error: unknown = await promise.catch((thrown: unknown) => thrown);
    expect(error).to.be.instanceOf(MlError);
    return error as MlError;
  };

  before(() => {
    writeFileSync(at("a.csv"), pumpRows({ rows: 420, seed: "a" }));
    writeFileSync(at("b.csv"), pumpRows({ rows: 300, seed: "b" }));
    writeFileSync(at("clean.csv"), pumpRows({ rows: 700, seed: "c", isAttacked: false }));
  });

  it("from files and a seed comes to one model, which judges as it did when it is loaded, row after row", async () => {
    const training = await readTraining({ ...FILES, files: [at("a.csv"), at("clean.csv")], time: "at" });
    expect(training.frame.stretches.map(({ length }) => length)).to.deep.equal([420, 700]);
    const { model, crossValidated } = await trainDetector(training, PLAN);
    expect(packModel((await trainDetector(training, PLAN)).model).hash).to.equal(packModel(model).hash);
    expect(crossValidated?.figures.map(({ name }) => name)).to.include.members(["F1", "average precision"]);

    const hash = saveModel(at("model"), model);
    const loaded = loadModel(at("model"), hash);
    const [before, after] = [await openDetector(model), await openDetector(loaded.model)];
    const { frame } = await readFrame(at("b.csv"), after.reading);
    const { scores } = await after.judge(frame);
    expect(scores).to.deep.equal((await before.judge(frame)).scores);
    // Rows that are still to come change nothing: what streams is judged as what lies in a file.
    const head = readFileSync(at("b.csv"), "utf8").split("\n").slice(0, 151).join("\n");
    writeFileSync(at("head.csv"), head);
    const first = await after.judge((await readFrame(at("head.csv"), after.reading)).frame);
    expect(first.scores).to.deep.equal(scores.subarray(0, 150));
  });

  it("without labels keeps the false alarms that it was asked for, and notices what is out of the usual", async () => {
    const unlabelled: TrainingFiles = { ...FILES, files: [at("clean.csv")], label: undefined, drop: ["attack", "at"] };
    const { model, crossValidated } = await trainDetector(await readTraining(unlabelled), {
      ...PLAN,
      falseAlarms: 0.01,
    });
    expect(crossValidated).to.equal(undefined);
    expect(model.card.metrics.find(({ name }) => name === "false positive rate")?.value).to.be.within(0.001, 0.03);
    const detector = await openDetector(model);
    const { alarms } = await detector.judge((await readFrame(at("b.csv"), detector.reading)).frame);
    const share = (from: number): number =>
      alarms.filter((alarm, row) => alarm && row % 120 >= from && row % 120 < from + 12).length;
    expect(share(48)).to.be.greaterThan(2 * share(0) + 5);
  });

  it("is refused by a code where it cannot be honest or cannot be done", async () => {
    expect(() => findDetector("oracle"))
      .to.throw(MlError)
      .with.property("code", "DETECTOR_MISSING");
    const read = (more: Partial<TrainingFiles>) => readTraining({ ...FILES, files: [at("a.csv")], ...more });
    const train = async (more: Partial<TrainPlan>) => trainDetector(await read({}), { ...PLAN, ...more });
    expect((await refused(train({ engine: "onnx" }))).code).to.equal("TRAINING_INVALID");
    expect((await refused(read({ label: "absent" }))).facts).to.include({ column: "absent", file: "a.csv" });
    expect((await refused(read({ time: "speed" }))).code).to.equal("TIME_UNCLEAR");
    writeFileSync(at("other.csv"), "at,speed\n2026-01-01,1\n");
    expect((await refused(read({ files: [at("a.csv"), at("other.csv")] }))).code).to.equal("UNUSABLE_TABLE");
    writeFileSync(at("few.csv"), pumpRows({ rows: 30, seed: "few" }));
    const few = await read({ files: [at("few.csv")], drop: ["at"] });
    expect((await refused(trainDetector(few, PLAN))).code).to.equal("TRAINING_INVALID");
    const none = await read({ normal: "none" });
    expect((await refused(trainDetector(none, PLAN))).message).to.contain("--normal");
  });

  it("is refused a leak unless it is allowed, and then says it", async () => {
    const rows = readFileSync(at("a.csv"), "utf8").trimEnd().split("\n");
    const by = (row: string, n: number): string => (n === 0 ? "by" : row.endsWith("normal") ? "10.0.0.1" : "10.0.0.23");
    writeFileSync(at("leak.csv"), rows.map((row, n) => `${by(row, n)},${row}`).join("\n"));
    const training = await readTraining({ ...FILES, files: [at("leak.csv")], time: "at" });
    const error = await refused(trainDetector(training, PLAN));
    expect(error.code).to.equal("LABEL_LEAKED");
    expect(error.facts.columns).to.deep.equal(["by"]);
    const { leaks } = await trainDetector(training, { ...PLAN, allowedLeaks: ["by"] });
    expect(leaks.map(({ column }) => column)).to.deep.equal(["by"]);
  });

  it("makes a model whose settings are held by a schema: what is changed in them is refused", async () => {
    const training = await readTraining({
      ...FILES,
      files: [at("clean.csv")],
      label: undefined,
      drop: ["attack", "at"],
    });
    const { model } = await trainDetector(training, PLAN);
    type Grown = { trees: { left: number[]; signal: number[] }[] };
    type Loose = {
      reading: { types: unknown[] };
      detector: { forest: Grown; context: { width: number }; more?: number };
    };
    const changes: ((settings: Loose) => void)[] = [
      (settings) => settings.reading.types.shift(),
      (settings) => (settings.detector.forest.trees = []),
      (settings) => (settings.detector.context.width = -1),
      (settings) => (settings.detector.forest.trees[0]!.left[0] = 0),
      (settings) => (settings.detector.forest.trees[0]!.signal[0] = 99),
      (settings) => (settings.detector.more = 1),
    ];
    for (const change of changes) {
      const settings = structuredClone(model.settings) as unknown as Loose;
      change(settings);
      const error = await refused(openDetector({ ...model, settings: settings as never }));
      expect(error.code, String(change)).to.equal("MODEL_FILE_UNUSABLE");
    }
  });
});
