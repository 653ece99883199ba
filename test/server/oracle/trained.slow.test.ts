import { expect } from "chai";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { FalseData } from "../../../lab/attacks/false-data.ts";
import { createBedside } from "../../../lab/bedside.ts";
import { fitWardTwin } from "../../../lab/fit-twin.ts";
import { recordRows } from "../../../lab/record-rows.ts";
import { SEGMENTS } from "../../../lab/sample.ts";
import { findDetector } from "../../../ml/detectors/detectors.ts";
import { openDetector } from "../../../ml/detectors/open-detector.ts";
import { openWindows } from "../../../ml/detectors/open-windows.ts";
import { reach } from "../../../ml/detectors/regime/rules.ts";
import { judgeTrained, scoreTrained, type RowDetector } from "../../../ml/detectors/trained/open-trained.ts";
import { parseTrained, type TrainedModel } from "../../../ml/detectors/trained/parse-trained.ts";
import { saveModel } from "../../../ml/model/model-files.ts";
import type { Model } from "../../../ml/model/pack-model.ts";
import type { Hex } from "../../../protocol/bytes.ts";
import { readDetector } from "../../../server/oracle/files.ts";
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

describe("oracles with models of detect train", () => {
  let directory: string;
  let residual: Model;
  before(async () => {
    directory = mkdtempSync(join(tmpdir(), "trained-"));
    residual = await fitWardTwin("small", { people: 4 });
  });
  after(() => rmSync(directory, { recursive: true }));

  const save = (name: string, model: Model): { file: string; hash: Hex } => {
    const file = join(directory, name);
    return { file, hash: saveModel(file, model) as Hex };
  };

  it("load one by its hash, find a false heart rate in each phase of a round as soon, and name the signals", async () => {
    const { file, hash } = save("residual", residual);
    const detector = await readDetector(file, hash);
    expect(detector.signals).to.deep.equal([...SEGMENTS]);
    for (let phase = 0; phase < ROUND; phase++) {
      const from = 20 + phase;
      const plan: FalseData = { segment: "heart", kind: "offset", amount: 25, from: START + 1000 * from };
      const readings = readingsOf("calm", from + 4, plan);
      expect((await judgeAt(detector, readings, from)).kind, `before phase ${phase}`).to.equal("clear");
      let found: Outcome | undefined;
      let n = from;
      while (!found?.severity && n < readings.length) found = await judgeAt(detector, readings, ++n);
      expect(found?.kind, `phase ${phase}`).to.equal("suspect");
      expect(n - from, `readings in phase ${phase}`).to.be.at.most(3);
      expect(found?.explanation[0]?.signal).to.equal("heart");
    }
  });

  it("judge a round by itself as all time in one piece: what is looked back on is enough", async () => {
    const trained: TrainedModel = {
      ...parseTrained(residual),
      rules: [
        { part: "rows", sustain: 2, decides: "quarantine", limit: 1 },
        { part: "rows", sustain: 1, decides: "suspect", limit: 1 },
      ],
      scale: { kind: "above", usual: -0.5 },
    };
    const ready = await openDetector(residual);
    const detector = judgeTrained(trained, ready);
    const seconds = 200;
    const rows = recordRows(createBedside("pieces", 6)).next(seconds - 2);
    const scores = { rows: await scoreTrained(trained, ready, rows) };
    const [held, seen] = (["quarantine", "suspect"] as const).map((kind) => reach(trained.rules, kind, scores).share);
    const decided = new Set<string>();
    for (const { from, judged } of await judgePieces(detector, { seed: "pieces", seconds, before: 20 })) {
      const most = mostOf(held!, from) >= 1 ? mostOf(held!, from) : mostOf(seen!, from);
      expect(judged.isJudged).to.equal(true);
      expect(judged.score, `from ${from}`).to.be.closeTo(1000 * most, 1.5);
      decided.add(judged.kind);
    }
    expect(decided).to.include.keys("clear", "quarantine");
  });

  it("take no value for a clear one because it is wild", async () => {
    const detector = await openWindows(residual);
    const readings = readingsOf("calm", 30).map((reading, n) => {
      if (n < 22) return reading;
      const disclosures = reading.disclosures.map((own) =>
        own.segment === "sys" ? { ...own, v: [1e300, -1e300] } : own,
      );
      return { ...reading, disclosures };
    });
    expect((await judgeAt(detector, readings, 22)).kind).to.equal("clear");
    expect((await judgeAt(detector, readings, 26)).severity).to.be.above(0);
  });

  describe("refuse one that", () => {
    type Reading = { reading: { types: { name: string; kind: string }[] } };
    const withTypes = (change: (types: Reading["reading"]["types"]) => unknown): Model => {
      const settings = JSON.parse(JSON.stringify(residual.settings)) as Reading;
      change(settings.reading.types);
      return { ...residual, settings: settings };
    };
    const refused: [string, () => Model][] = [
      ["learned from a column of another name", () => withTypes((types) => (types[9]!.name = "slope of lungs"))],
      ["learned from one column less", () => withTypes((types) => types.pop())],
      ["learned from columns in another order", () => withTypes((types) => types.reverse())],
      [
        "learned words instead of numbers",
        () => withTypes((types) => Object.assign(types[3]!, { kind: "category", values: ["a"] })),
      ],
      ["has no threshold", () => ({ ...residual, thresholds: {} })],
      [
        "has limits above nothing",
        () => ({ ...residual, thresholds: { ...residual.thresholds, "rows 2 quarantine": 1 } }),
      ],
      [
        "decides by a PCA that is not there",
        () => ({ ...residual, thresholds: { alarm: 1, usual: 0, "pca 2 quarantine": 1 } }),
      ],
      ["no detector here can open", () => ({ ...residual, card: { ...residual.card, detector: "oracle bones" } })],
      ["says it is of another detector", () => ({ ...residual, card: { ...residual.card, detector: "hybrid" } })],
      ["says it is a regime", () => ({ ...residual, card: { ...residual.card, detector: "regime" } })],
    ];
    const codeOf = async (file: string, hash: Hex): Promise<unknown> =>
      readDetector(file, hash).then(
        () => "opened",
        (error: { code?: unknown }) => error.code,
      );
    for (const [what, make] of refused)
      it(what, async () => {
        const { file, hash } = save("refused", make());
        expect(await codeOf(file, hash)).to.equal("DETECTOR_UNEXPECTED");
      });

    it("is damaged, or not the one that the hash names", async () => {
      const { file, hash } = save("damaged", residual);
      expect(await codeOf(file, hash)).to.equal("opened");
      expect(await codeOf(file, `0x${"0".repeat(64)}`)).to.equal("DETECTOR_UNEXPECTED");
      const document = join(file, "model.json");
      writeFileSync(document, readFileSync(document, "utf8").replace('"rate":0.5', '"rate":0.4'));
      expect(await codeOf(file, hash)).to.equal("DETECTOR_UNEXPECTED");
      for (const name of readdirSync(file)) rmSync(join(file, name));
      expect(await codeOf(file, hash)).to.equal("DETECTOR_UNEXPECTED");
    });
  });

  describe("agree", () => {
    /** One with a network. */
    let model: Model;
    let ready: RowDetector;
    const rounds: JudgedRound[] = [];
    before(async () => {
      model = await fitWardTwin("small", { people: 2, detector: findDetector("mas") });
      ready = await openDetector(model);
      for (let person = 0; person < 8; person++) {
        const plan: FalseData = {
          ...{ segment: "heart", kind: "offset", amount: 12 * (person - 2) },
          from: START + 1000 * (25 + person),
        };
        const readings = readingsOf(`agree/${person}`, 50, person < 2 ? undefined : plan);
        for (let n = 21; n <= 50; n += 5) rounds.push({ readings, n });
      }
    });
    it("whichever engine computes the network", async () => {
      // The plain interpreter is written to be read: some of the rounds are enough.
      const some = rounds.filter((_, n) => n % 7 === 4);
      const decided = await decideRounds(await openWindows(model), some);
      expect(kindsOf(decided).size).to.be.above(1);
      for (const name of ["plain", "tfjs"])
        expect(await decideRounds(await openWindows(model, name), some), name).to.deep.equal(decided);
    });

    it("however each score is off by the tolerance of the engines", async () => {
      const trained = parseTrained(model);
      const decided = await decideRounds(judgeTrained(trained, ready), rounds);
      for (const seed of ["one", "two"]) {
        const off = createInexact(seed);
        const inexact: RowDetector = {
          ...ready,
          judge: async (frame) => {
            const judged = await ready.judge(frame);
            return { ...judged, scores: judged.scores.map(off) };
          },
        };
        expect(await decideRounds(judgeTrained(trained, inexact), rounds)).to.deep.equal(decided);
      }
    });
  });
});
