import { expect } from "chai";
import { fileURLToPath } from "node:url";
import { createFalseData, type FalseData } from "../../../lab/attacks/false-data.ts";
import { createBedside, SAMPLE_SECONDS } from "../../../lab/bedside.ts";
import { recordRows, SEEN } from "../../../lab/record-rows.ts";
import { SEGMENTS, type Sample } from "../../../lab/sample.ts";
import { openDetector } from "../../../ml/detectors/open-detector.ts";
import { openRegime } from "../../../ml/detectors/regime/open-regime.ts";
import { parseRegime } from "../../../ml/detectors/regime/pack-regime.ts";
import { reach, rowsBefore } from "../../../ml/detectors/regime/rules.ts";
import { openRows } from "../../../ml/detectors/regime/score-rows.ts";
import { scoreTrained } from "../../../ml/detectors/trained/open-trained.ts";
import { openPca, type WindowDetector } from "../../../ml/detectors/window-detector.ts";
import type { Engine } from "../../../ml/engines/engine.ts";
import { loadEngine } from "../../../ml/engines/load.ts";
import { loadModel } from "../../../ml/model/model-files.ts";
import { createRandom } from "../../../ml/random.ts";
import { fromHex } from "../../../protocol/bytes.ts";
import { sha256Hex } from "../../../protocol/hash.ts";
import { judge, type JudgedReading, type Outcome } from "../../../server/oracle/judge.ts";

const SHIPPED = fileURLToPath(new URL("../../../lab/models/ward", import.meta.url));
const model = parseRegime(loadModel(SHIPPED).model);
const ROUND = 10;
const START = 1_790_000_000_000;
/** Engines give the same numbers within 2e-5 (test/ml/engines/agreement.test.ts); this is five times that. */
const TOLERANCE = 1e-4;

/** Readings of a simulated person, as a device of the ward signs them. */
function readingsOf(seed: string, count: number, attack?: FalseData): JudgedReading[] {
  const bed = createBedside(seed);
  const falsify = attack && createFalseData(attack);
  return Array.from({ length: count }, (_, n) => {
    const from = START + 1000 * n;
    const samples = [0, 1000 * SAMPLE_SECONDS].map((offset): Sample => {
      const { sample } = bed.next();
      return falsify ? falsify.falsify(sample, from + offset) : sample;
    });
    const t = [0, 1000 * SAMPLE_SECONDS];
    const disclosures = SEGMENTS.map((segment) => ({ segment, t, v: samples.map((sample) => sample[segment]) }));
    return { sequence: n + 1, per: [from, from + 1000], leaf: fromHex(sha256Hex(`${seed} ${n}`)), disclosures };
  });
}

/** As oracles judge: the first `n` readings, at the batch end of the last of them. */
function judgeAt(detector: WindowDetector, readings: readonly JudgedReading[], n: number): Promise<Outcome> {
  const round = Math.floor((n - 1) / ROUND) * ROUND;
  return judge(detector, readings.slice(round, n), readings.slice(Math.max(round - 2 * ROUND, 0), round));
}

describe("oracles with the ward's learned detector", () => {
  let onnx: Engine;
  let detector: WindowDetector;
  before(async () => {
    onnx = await loadEngine("onnx");
    detector = await openRegime(model, onnx);
  });

  it("find a false heart rate in each phase of a round as soon, and name the signals", async () => {
    for (let phase = 0; phase < ROUND; phase++) {
      const from = 20 + phase;
      const plan: FalseData = { segment: "heart", kind: "offset", amount: 40, from: START + 1000 * from };
      const readings = readingsOf("calm", from + 6, plan);
      expect((await judgeAt(detector, readings, from)).kind, `before phase ${phase}`).to.equal("clear");
      let found: Outcome | undefined;
      let n = from;
      while (found?.kind !== "quarantine" && n < readings.length) found = await judgeAt(detector, readings, ++n);
      expect(found?.kind, `phase ${phase}`).to.equal("quarantine");
      expect(n - from, `readings in phase ${phase}`).to.be.at.most(3);
      expect(found?.explanation.slice(0, 2).map(({ signal }) => signal)).to.include("heart");
    }
  });

  it("find what stands, and is too small for the PCA, by looking back", async () => {
    const plan: FalseData = { segment: "heart", kind: "offset", amount: 30, from: START };
    const readings = readingsOf("calm", 60, plan);
    const kinds = [];
    for (let n = 40; n <= 60; n += ROUND) kinds.push((await judgeAt(detector, readings, n)).kind);
    expect(kinds).to.include("quarantine");
    expect((await judgeAt(openPca(model.pca), readings, 60)).kind).to.equal("clear");
    const { explanation } = await judgeAt(detector, readings, 60);
    expect(explanation.slice(0, 2).map(({ signal }) => signal)).to.have.members(["heart", "pulse"]);
  });

  it("judge a round by itself as all time in one piece: what is looked back on is enough", async () => {
    const seconds = 200;
    const rows = recordRows(createBedside("pieces", 6)).next(seconds - 2);
    const scorer = await openRows(model.regime, onnx, 64);
    const twin = model.twin!;
    const scores = {
      regime: await scorer.score(rows),
      rows: await scoreTrained(twin, await openDetector(twin.model), rows),
    };
    const whole = {
      quarantine: reach(model.rules, "quarantine", scores).share,
      suspect: reach(model.rules, "suspect", scores).share,
    };
    const bed = createBedside("pieces", 6);
    const samples = Array.from({ length: 2 * seconds }, () => bed.next().sample);
    const before = rowsBefore(model.rules, model.regime.steps) + 2;
    for (let from = 40; from + ROUND <= seconds; from += ROUND) {
      const cut = samples.slice(2 * (from - before), 2 * (from + ROUND));
      const at = (i: number): number => 1000 * (from - before + i * SAMPLE_SECONDS);
      const judged = await detector.judge(
        {
          signals: [...SEGMENTS],
          times: SEGMENTS.map(() => cut.map((_, i) => at(i))),
          values: SEGMENTS.map((segment) => cut.map((sample) => sample[segment])),
        },
        1000 * from,
      );
      // The row of a stretch is called by its last second.
      const most = (share: Float64Array): number => Math.max(...share.slice(from - 2, from - 2 + ROUND));
      const expected = most(whole.quarantine) >= 1 ? most(whole.quarantine) : most(whole.suspect);
      expect(judged.isJudged).to.equal(true);
      expect(judged.score, `from ${from}`).to.be.closeTo(1000 * expected, 1.5);
    }
    expect(SEEN.signals).to.deep.equal(model.pca.signals);
  });

  describe("agree", () => {
    /** Clean and false rounds, from hardly to plainly visible. */
    const rounds: { readings: JudgedReading[]; n: number }[] = [];
    before(() => {
      for (let person = 0; person < 30; person++) {
        const amount = 4 * (person - 5);
        const plan: FalseData = { segment: "heart", kind: "offset", amount, from: START + 1000 * (35 + (person % 10)) };
        const readings = readingsOf(`agree/${person}`, 70, person < 6 ? undefined : plan);
        for (let n = 21; n <= 70; n += 7) rounds.push({ readings, n });
      }
    });
    const decide = async (own: WindowDetector, some = rounds): Promise<string[]> => {
      const decided = [];
      for (const { readings, n } of some) {
        const { kind, severity, leavesRoot } = await judgeAt(own, readings, n);
        decided.push(`${kind} ${severity} ${leavesRoot}`);
      }
      return decided;
    };

    it("whichever engine computes the network", async function () {
      this.timeout(60_000);
      // The plain interpreter is written to be read: some of the rounds are enough.
      const some = rounds.filter((_, n) => n % 6 === 0);
      const decided = await decide(detector, some);
      expect(new Set(decided.map((one) => one.split(" ")[0]))).to.include.all.keys("clear", "quarantine");
      for (const name of ["plain", "tfjs"]) {
        const own = await decide(await openRegime(model, await loadEngine(name)), some);
        expect(own, name).to.deep.equal(decided);
      }
    });

    it("however each output of the network is off by the tolerance of the engines", async () => {
      const decided = await decide(detector);
      for (const seed of ["one", "two"]) {
        const own = await decide(await openRegime(model, inexact(onnx, seed)));
        expect(own).to.deep.equal(decided);
      }
    });
  });
});

/** An engine whose every number is off by up to the tolerance, relative and absolute. */
function inexact(engine: Engine, seed: string): Engine {
  const random = createRandom(seed);
  const off = (value: number): number => value + TOLERANCE * (2 * random.uniform() - 1) * Math.max(1, Math.abs(value));
  return {
    name: engine.name,
    version: engine.version,
    async compile(...given) {
      const program = await engine.compile(...given);
      const run: typeof program.run = async (inputs) =>
        Object.fromEntries(Object.entries(await program.run(inputs)).map(([name, own]) => [name, own.map(off)]));
      return { ...program, run };
    },
  };
}
