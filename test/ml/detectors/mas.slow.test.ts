import { expect } from "chai";
import { findDetector } from "../../../ml/detectors/detectors.ts";
import { openDetector, type ReadyDetector } from "../../../ml/detectors/open-detector.ts";
import { trainDetector, type Trained } from "../../../ml/detectors/train-detector.ts";
import { MlError } from "../../../ml/errors.ts";
import { parseModel, packModel } from "../../../ml/model/pack-model.ts";
import { streamScores } from "../../helpers/judges.ts";
import { attackTanks, planOf, tankRows, trainingOf } from "../../helpers/tank-rows.ts";

describe("mas", () => {
  let trained: Trained;
  let ready: ReadyDetector;
  const later = tankRows(900, "later plant", attackTanks);
  before(async () => {
    trained = await trainDetector(trainingOf(tankRows(1_800, "plant", attackTanks)), planOf(findDetector("mas")));
    // What is scored is what was packed and read again.
    const { document, weights } = packModel(trained.model);
    ready = await openDetector(parseModel(document, weights).model);
  });

  it("keeps on a later plant what its card promises, and that is not little", async () => {
    const metric = (name: string) => trained.model.card.metrics.find((each) => each.name === name)!;
    expect(metric("timely accuracy").value).to.be.greaterThan(0.85);
    expect(metric("F1").value).to.be.greaterThan(0.75);
    expect(metric("false positive rate").value).to.be.lessThan(0.03);
    const { alarms } = await ready.judge(later.frame);
    const share = (label: number): number => {
      const rows = [...later.labels.keys()].filter((row) => later.labels[row] === label);
      return rows.filter((row) => alarms[row] === 1).length / rows.length;
    };
    expect(share(1)).to.be.at.least(metric("recall").low - 0.1);
    expect(share(0)).to.be.at.most(metric("false positive rate").high + 0.02);
    expect(trained.model.card.engine).to.contain("onnxruntime");
    expect(trained.model.card.calibration).to.contain("timely accuracy").and.to.contain("the limit follows");
  });

  it("streams what it scores, but for the rounding of a network that sees one row instead of many", async () => {
    const { scores } = await ready.judge(later.frame);
    const scoresOf = (stream = ready.stream()) => ({
      push: async (row: Float64Array) => (await stream.push(row)).score,
    });
    const streamed = await streamScores({ stream: () => scoresOf() }, later.frame);
    streamed.forEach((score, row) => expect(score).to.be.closeTo(scores[row]!, 1e-4));
  });

  it("names the signal that was lied about, and the layer that saw it", async () => {
    const rows = Int32Array.from(later.labels.keys()).filter((row) => later.labels[row] === 1 && row % 100 >= 68);
    const explained = await ready.explain(later.frame, rows);
    const lied = Array.from(rows, (row) => ["level", "inflow", "second"][Math.floor(row / 100) % 3]!);
    const named = explained.filter((shares, n) => shares.slice(0, 2).some(({ signal }) => signal === lied[n]));
    expect(named.length / rows.length).to.be.greaterThan(0.85);
    const replays = explained.filter((_, n) => lied[n] === "second").map((shares) => shares[0]!);
    expect(replays.filter(({ layer }) => layer === "checks").length / replays.length).to.be.greaterThan(0.6);
  });

  it("is not walked up: who moves a signal slowly for thousands of rows is called while it is still near", async () => {
    // A thousandth of a unit in a row: no step, no range, nothing sudden.
    const slow = (rows: number) =>
      tankRows(rows, "slow", (row, told) => {
        told.second = Number((told.second! + Math.max(0, row - 1_000) / 1_000).toFixed(3));
        return row > 1_000;
      });
    const { frame } = slow(5_000);
    const { alarms } = await ready.judge(frame);
    const first = alarms.findIndex((alarm, row) => row > 1_000 && alarm === 1);
    expect(first).to.be.within(1_001, 3_500);
    // Once it is far, it stays called: the limit has not followed.
    expect(alarms.subarray(4_000).filter((alarm) => alarm === 1).length).to.be.greaterThan(950);
  });

  it("takes missing values, and refuses what is no number by the signal's name", async () => {
    const holes = {
      ...later.frame,
      values: later.frame.values.map((own) => own.map((value, row) => (row % 9 ? value : NaN))),
    };
    const { scores } = await ready.judge(holes);
    expect(scores.every(Number.isFinite)).to.equal(true);
    const wild = {
      ...later.frame,
      values: later.frame.values.map((own, n) => (n === 2 ? own.with(7, Infinity) : own)),
    };
    const error: unknown = await ready.judge(wild).catch((thrown: unknown) => thrown);
    expect(error).to.be.instanceOf(MlError).with.property("code", "UNUSABLE_TABLE");
    expect((error as MlError).facts).to.include({ signal: "use", row: 8 });
  });

  it("refuses settings that no training made", async () => {
    type Loose = {
      detector: {
        window: number;
        misses: number[];
        checks: { low: number[]; past: object | null };
        combination: { parts: unknown[] };
        adaptation: { cap: number; rate: number };
        more?: number;
      };
    };
    const changes: ((settings: Loose["detector"]) => void)[] = [
      (settings) => (settings.window = 0),
      (settings) => (settings.misses[0] = 0),
      (settings) => settings.checks.low.push(1),
      (settings) => (settings.checks.low[0] = 1e9),
      (settings) => (settings.checks.past = null),
      (settings) => settings.combination.parts.pop(),
      (settings) => (settings.adaptation.rate = settings.adaptation.cap + 1),
      (settings) => (settings.more = 1),
    ];
    for (const change of changes) {
      const settings = structuredClone(trained.model.settings) as unknown as Loose;
      change(settings.detector);
      const error: unknown = await openDetector({ ...trained.model, settings: settings as never }).catch(
        (thrown: unknown) => thrown,
      );
      expect(error, String(change)).to.be.instanceOf(MlError).with.property("code", "MODEL_FILE_UNUSABLE");
    }
    const bare = await openDetector({ ...trained.model, networks: {} }).catch((thrown: unknown) => thrown);
    expect(bare).to.be.instanceOf(MlError).with.property("code", "MODEL_FILE_UNUSABLE");
  });
});
