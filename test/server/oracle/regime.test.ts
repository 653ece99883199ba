import { expect } from "chai";
import { fileURLToPath } from "node:url";
import type { FalseData } from "../../../lab/attacks/false-data.ts";
import { createBedside } from "../../../lab/bedside.ts";
import { recordRows, SEEN } from "../../../lab/record-rows.ts";
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
import type { Outcome } from "../../../server/oracle/judge.ts";
import {
  createInexact,
  decideRounds,
  judgeAt,
  judgePieces,
  kindsOf,
  mostOf,
  readingsOf,
  ROUND,
  START,
  type JudgedRound,
} from "../../helpers/judged-rounds.ts";

const SHIPPED = fileURLToPath(new URL("../../../lab/models/ward", import.meta.url));
const model = parseRegime(loadModel(SHIPPED).model);

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
    const before = rowsBefore(model.rules, model.regime.steps) + 2;
    for (const { from, judged } of await judgePieces(detector, { seed: "pieces", seconds, before })) {
      const [held, seen] = [mostOf(whole.quarantine, from), mostOf(whole.suspect, from)];
      expect(judged.isJudged).to.equal(true);
      expect(judged.score, `from ${from}`).to.be.closeTo(1000 * (held >= 1 ? held : seen), 1.5);
    }
    expect(SEEN.signals).to.deep.equal(model.pca.signals);
  });

  describe("agree", () => {
    /** Clean and false rounds, from hardly to plainly visible. */
    const rounds: JudgedRound[] = [];
    before(() => {
      for (let person = 0; person < 30; person++) {
        const amount = 4 * (person - 5);
        const plan: FalseData = { segment: "heart", kind: "offset", amount, from: START + 1000 * (35 + (person % 10)) };
        const readings = readingsOf(`agree/${person}`, 70, person < 6 ? undefined : plan);
        for (let n = 21; n <= 70; n += 7) rounds.push({ readings, n });
      }
    });
    it("whichever engine computes the network", async () => {
      // The plain interpreter is written to be read: some of the rounds are enough.
      const some = rounds.filter((_, n) => n % 6 === 0);
      const decided = await decideRounds(detector, some);
      expect(kindsOf(decided)).to.include.all.keys("clear", "quarantine");
      for (const name of ["plain", "tfjs"]) {
        const own = await decideRounds(await openRegime(model, await loadEngine(name)), some);
        expect(own, name).to.deep.equal(decided);
      }
    });

    it("however each output of the network is off by the tolerance of the engines", async () => {
      const decided = await decideRounds(detector, rounds);
      for (const seed of ["one", "two"]) {
        const own = await decideRounds(await openRegime(model, inexact(onnx, seed)), rounds);
        expect(own).to.deep.equal(decided);
      }
    });
  });
});

/** An engine whose every number is off by up to the tolerance, relative and absolute. */
function inexact(engine: Engine, seed: string): Engine {
  const off = createInexact(seed);
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
