import { expect } from "chai";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createBedside } from "../../../lab/bedside.ts";
import { createFalseData } from "../../../lab/attacks/false-data.ts";
import { fitWardModel } from "../../../lab/fit.ts";
import { recordRows, SEEN } from "../../../lab/record-rows.ts";
import { fitRegime } from "../../../ml/detectors/regime/fit-regime.ts";
import { DETECTOR, packRegime, parseRegime, type RegimeModel } from "../../../ml/detectors/regime/pack-regime.ts";
import type { Regime } from "../../../ml/detectors/regime/regime.ts";
import { parseRules, reach, rowsBefore, type Rule } from "../../../ml/detectors/regime/rules.ts";
import { openRows } from "../../../ml/detectors/regime/score-rows.ts";
import type { Engine } from "../../../ml/engines/engine.ts";
import { loadEngine } from "../../../ml/engines/load.ts";
import { MlError } from "../../../ml/errors.ts";
import type { Card } from "../../../ml/model/card.ts";
import { loadModel, saveModel } from "../../../ml/model/model-files.ts";
import type { Model } from "../../../ml/model/pack-model.ts";

const OFTEN = 6;
const SHIPPED = fileURLToPath(new URL("../../../lab/models/ward", import.meta.url));

describe("the regime detector", () => {
  let engine: Engine;
  let regime: Regime;
  const fit = (): Promise<Regime> => {
    const runs = Array.from({ length: 12 }, (_, n) => recordRows(createBedside(`small/${n}`, OFTEN)).next(600));
    return fitRegime(runs, { seen: SEEN, engine, seed: "small", epochs: 2 });
  };
  before(async () => {
    engine = await loadEngine("onnx");
    regime = await fit();
  });

  it("finds by itself which signals belong together, and learns the same from the same", async () => {
    for (const { weights } of regime.relations) {
      const heaviest = weights.map((weight, n) => ({ signal: SEEN.signals[n], size: Math.abs(weight) }));
      heaviest.sort((a, b) => b.size - a.size);
      expect(heaviest.slice(0, 2).map(({ signal }) => signal)).to.have.members(["heart", "pulse"]);
    }
    expect(regime.relations).to.have.length(1);
    expect(await fit()).to.deep.equal(regime);
  });

  it("excuses a difference while fingers move, and none of the same size while they lie still", async () => {
    // The one that the repository ships has learned for longer.
    const scorer = await openRows(parseRegime(loadModel(SHIPPED).model).regime, engine, 256);
    const medianOf = (all: number[]): number => all.sort((a, b) => a - b)[all.length >> 1]!;
    const usual = { still: [] as number[], moved: [] as number[] };
    for (let person = 0; person < 4; person++) {
      const inner = createBedside(`regimes/${person}`, OFTEN);
      const moving: boolean[] = [];
      const bed = {
        body: inner.body,
        next: () => {
          const seen = inner.next();
          moving.push((seen.disturbed.acting.motion?.strength ?? 0) > 0.6);
          return seen;
        },
      };
      const rows = recordRows(bed).next(1_200);
      const scores = await scorer.score(rows);
      const off = rows.map(({ level }) => Math.abs(level[0]! - level[1]!));
      for (const [n, distance] of off.entries()) {
        const moved = moving.slice(2 * n, 2 * n + 6);
        if (!(distance > 2) || scores[n] === 0) continue;
        if (moved.every(Boolean)) usual.moved.push(scores[n]! / distance);
      }
      const attack = createFalseData({ segment: "heart", kind: "offset", amount: 15, from: 0 });
      const still = recordRows(createBedside(`regimes/${person}`, 0)).next(120, attack);
      const called = await scorer.score(still);
      for (const [n, { level }] of still.entries())
        if (n > 12) usual.still.push(called[n]! / Math.abs(level[0]! - level[1]!));
    }
    // The score of one beat of difference.
    expect(medianOf(usual.still)).to.be.above(3 * medianOf(usual.moved));
  });

  it("says nothing where a signal of the relation is missing, and takes no wild value for a number", async () => {
    const scorer = await openRows(regime, engine, 32);
    const rows = recordRows(createBedside("wild", 0)).next(40);
    rows[20]!.level[1] = NaN;
    rows[30]!.level[0] = 1e9;
    rows[30]!.motion[0] = 1e300;
    rows[31]!.motion.fill(NaN);
    const scores = await scorer.score(rows);
    expect(scores[20]).to.equal(0);
    expect(scores[30]).to.be.above(1e5);
    expect(scores.every(Number.isFinite)).to.equal(true);
  });

  describe("as a model", () => {
    let directory: string;
    let model: RegimeModel;
    const card: Card = {
      format: "model-card@1",
      detector: DETECTOR,
      engine: "test",
      sees: [...SEEN.signals],
      calibration: "for a test",
      falsePositives: [],
      data: { digest: `0x${"0".repeat(64)}`, rows: 1 },
      privacy: null,
      metrics: [],
    };
    const rules: Rule[] = [
      { part: "pca", sustain: 2, decides: "quarantine", limit: 1.5 },
      { part: "regime", sustain: 8, decides: "suspect", limit: 9 },
    ];
    before(() => {
      model = { regime, pca: fitWardModel("small", 0.05), rules };
      directory = mkdtempSync(join(tmpdir(), "regime-"));
    });
    after(() => rmSync(directory, { recursive: true }));

    it("comes back as it was saved, a twin beside it too", () => {
      const hash = saveModel(directory, packRegime(model, card));
      const loaded = loadModel(directory, hash);
      expect(parseRegime(loaded.model)).to.deep.equal(model);
      expect(saveModel(directory, packRegime(parseRegime(loaded.model), card))).to.equal(hash);
      const { model: shipped } = loadModel(SHIPPED);
      expect(parseRegime(shipped).twin?.model.card.detector).to.equal("residual");
      expect(packRegime(parseRegime(shipped), shipped.card)).to.deep.equal(shipped);
    });

    const spoilt: [string, (packed: Model) => Model][] = [
      ["another detector's", (packed) => ({ ...packed, card: { ...card, detector: "hybrid" } })],
      ["a rule of another name", (packed) => ({ ...packed, thresholds: { ...packed.thresholds, "mas 2 suspect": 1 } })],
      ["a rule over a day", (packed) => ({ ...packed, thresholds: { ...packed.thresholds, "pca 99 suspect": 1 } })],
      ["a limit below nothing", (packed) => ({ ...packed, thresholds: { "pca 2 quarantine": -1 } })],
      ["nothing to quarantine by", (packed) => ({ ...packed, thresholds: { "pca 2 suspect": 1 } })],
      ["a signal less in its scaler", (packed) => ({ ...packed, scaler: packed.scaler.slice(1) })],
      ["no network", (packed) => ({ ...packed, networks: {} })],
      ["settings of another form", (packed) => ({ ...packed, settings: { steps: 8 } })],
      [
        "more steps than its network",
        (packed) => ({ ...packed, settings: { ...(packed.settings as object), steps: 9 } }),
      ],
    ];
    const twinless = (change: (twin: Record<string, unknown>) => void) => (): Model => {
      const { model: shipped } = loadModel(SHIPPED);
      const settings = structuredClone(shipped.settings) as { twin: Record<string, unknown> };
      change(settings.twin);
      return { ...shipped, settings: settings as unknown as Model["settings"] };
    };
    spoilt.push(
      ["a twin without what its scores are counted from", twinless((twin) => delete twin.usual)],
      ["a twin that sees other columns", twinless((twin) => (twin.settings = {}))],
      [
        "rules of a twin that is not there",
        (packed) => ({ ...packed, thresholds: { ...packed.thresholds, "rows 2 quarantine": 1 } }),
      ],
    );
    for (const [what, spoil] of spoilt)
      it(`is refused with ${what}`, () => {
        expect(() => parseRegime(spoil(packRegime(model, card))))
          .to.throw(MlError)
          .with.property("code", "MODEL_FILE_UNUSABLE");
      });

    it("keeps its rules, and looks back as far as they do", () => {
      expect(parseRules(packRegime(model, card).thresholds, ["pca", "regime"])).to.deep.equal(rules);
      expect(rowsBefore(rules, 8)).to.equal(7 + 7);
      const reached = reach(rules, "quarantine", { pca: [3, 1.5, 3, 0], regime: [0, 0, 0, 0] });
      expect([...reached.share]).to.deep.equal([0, 1, 1, 0]);
      expect(reached.by.map((rule) => rule?.sustain)).to.deep.equal([undefined, 2, 2, undefined]);
    });
  });
});
