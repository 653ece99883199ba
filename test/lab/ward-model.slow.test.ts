import { expect } from "chai";
import { fileURLToPath } from "node:url";
import { createBedside } from "../../lab/bedside.ts";
import { peopleFor, WEEK_HOURS, withUsual } from "../../lab/calibrate-ward.ts";
import { fitWardModel } from "../../lab/fit.ts";
import { fitWardRegime, WARD_SEED } from "../../lab/fit-regime.ts";
import { fitWardTwin } from "../../lab/fit-twin.ts";
import { recordRows } from "../../lab/record-rows.ts";
import { scanPeople } from "../../lab/scan-people.ts";
import { parseRegime } from "../../ml/detectors/regime/pack-regime.ts";
import { openRows } from "../../ml/detectors/regime/score-rows.ts";
import { loadEngine } from "../../ml/engines/load.ts";
import { loadModel } from "../../ml/model/model-files.ts";

const SHIPPED = fileURLToPath(new URL("../../lab/models/ward", import.meta.url));

describe("the ward's detector as it is shipped", function () {
  this.timeout(1_200_000);
  const shipped = parseRegime(loadModel(SHIPPED).model);

  it("is what the code in the repository learns", async () => {
    const engine = await loadEngine("onnx");
    const learned = await fitWardRegime(WARD_SEED, engine);
    expect(learned.relations).to.deep.equal(shipped.regime.relations);
    expect([learned.levels, learned.motions]).to.deep.equal([shipped.regime.levels, shipped.regime.motions]);
    const rows = recordRows(createBedside("again", 4)).next(1_800);
    const scores = async (regime: typeof learned) => (await openRows(regime, engine, 256)).score(rows);
    const [own, other] = [await scores(learned), await scores(shipped.regime)];
    // To the bit on the same processor; another one adds up in another order, and a training amplifies it a little.
    own.forEach((score, row) => expect(score, `second ${row}`).to.be.closeTo(other[row]!, 0.05 * other[row]! + 0.05));
    expect({ ...shipped.pca, thresholds: null }).to.deep.equal({ ...fitWardModel(WARD_SEED), thresholds: null });
  });

  it("has a twin beside it that is what detect train makes of the same people's rows", async () => {
    const { model } = shipped.twin!;
    const learned = await fitWardTwin(WARD_SEED);
    expect(learned.settings).to.deep.equal(model.settings);
    expect(learned.thresholds).to.deep.equal(model.thresholds);
    expect((await withUsual(learned, WARD_SEED)).scale).to.deep.equal(shipped.twin!.scale);
  });

  it("calls clean people about once a device-week", async () => {
    const weeks = 2;
    const hours = 6;
    const questions = Array.from({ length: peopleFor(weeks) }, (_, n) => ({
      kind: "calls" as const,
      ...{ seed: `slow/${n}`, hours, rules: [shipped.rules] },
    }));
    const { pca, regime, twin: trained } = shipped;
    const scanned = { pca, learned: { regime, trained } };
    const answers = await scanPeople(questions, { model: scanned, threads: 2, onDone: () => undefined });
    const episodes = answers.reduce((sum, { calls }) => sum + calls[0]!.suspect.episodes, 0);
    expect((questions.length * hours) / WEEK_HOURS).to.be.at.least(weeks);
    // A rate of 1.2 a week gives more than six in two weeks once in eighty times.
    expect(episodes).to.be.at.most(6);
  });
});
