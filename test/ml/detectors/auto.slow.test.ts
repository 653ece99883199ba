import { expect } from "chai";
import { createAuto } from "../../../ml/detectors/auto/auto.ts";
import { baseline } from "../../../ml/detectors/baseline/baseline.ts";
import { findDetector } from "../../../ml/detectors/detectors.ts";
import { mas } from "../../../ml/detectors/mas/mas.ts";
import { openDetector } from "../../../ml/detectors/open-detector.ts";
import { trainDetector } from "../../../ml/detectors/train-detector.ts";
import { rocArea, traceCurve } from "../../../ml/evaluate/ranking.ts";
import { packModel, parseModel } from "../../../ml/model/pack-model.ts";
import { rowOf } from "../../helpers/judges.ts";
import { attackTanks, planOf, tankRows, trainingOf } from "../../helpers/tank-rows.ts";

describe("auto of all detectors", () => {
  const later = tankRows(900, "later plant", attackTanks);
  const train = async (isLabelled: boolean) => {
    const training = trainingOf(tankRows(1_500, "plant", isLabelled ? attackTanks : undefined));
    const trained = await trainDetector(
      isLabelled ? training : { ...training, labels: undefined },
      planOf(findDetector("auto")),
    );
    const { document, weights } = packModel(trained.model);
    return { trained, ready: await openDetector(parseModel(document, weights).model) };
  };

  it("compares every detector, keeps what its card promises, and streams what it scores", async () => {
    const { trained, ready } = await train(true);
    expect(trained.compared.map(({ detector }) => detector)).to.have.members(["residual", "mas", "hybrid", "baseline"]);
    const metric = (name: string) => trained.model.card.metrics.find((each) => each.name === name)!;
    expect(metric("timely accuracy").value).to.be.greaterThan(0.9);
    const { scores, alarms } = await ready.judge(later.frame);
    const called = [...later.labels.keys()].filter((row) => later.labels[row] === 1 && alarms[row] === 1);
    const attacked = later.labels.reduce((sum, label) => sum + label, 0);
    expect(called.length / attacked).to.be.at.least(metric("recall").low - 0.1);
    const stream = ready.stream();
    for (let row = 0; row < later.frame.rows; row++)
      expect((await stream.push(rowOf(later.frame, row))).score).to.be.closeTo(scores[row]!, 1e-3);
  });

  it("without labels sums them all, and notices what is out of the usual", async () => {
    const { trained, ready } = await train(false);
    expect(trained.compared.every(({ isKept, worth }) => isKept && worth === null)).to.equal(true);
    const { scores } = await ready.judge(later.frame);
    expect(rocArea(traceCurve(scores, later.labels))).to.be.greaterThan(0.85);
  });
});

describe("auto of real detectors", () => {
  it("keeps on a later plant what its card promises, names what was lied about, and streams what it scores", async () => {
    const trained = await trainDetector(
      trainingOf(tankRows(1_200, "plant", attackTanks)),
      planOf(createAuto([mas, baseline])),
    );
    const { card } = trained.model;
    expect(trained.compared.map(({ detector }) => detector)).to.deep.equal(["mas", "baseline"]);
    const metric = (name: string) => card.metrics.find((each) => each.name === name)!;
    expect(metric("timely accuracy").value).to.be.greaterThan(0.85);
    expect(metric("timely accuracy").value).to.be.at.least(
      Math.max(...trained.compared.map(({ worth }) => worth!)) - 1e-9,
    );
    expect(card.calibration).to.contain("Kept: ");

    const { document, weights } = packModel(trained.model);
    const ready = await openDetector(parseModel(document, weights).model);
    const later = tankRows(900, "later plant", attackTanks);
    const { scores, alarms } = await ready.judge(later.frame);
    const share = (label: number): number => {
      const rows = [...later.labels.keys()].filter((row) => later.labels[row] === label);
      return rows.filter((row) => alarms[row] === 1).length / rows.length;
    };
    expect(share(1)).to.be.at.least(metric("recall").low - 0.1);
    expect(share(0)).to.be.at.most(metric("false positive rate").high + 0.02);
    const stream = ready.stream();
    for (let row = 0; row < 400; row++)
      expect((await stream.push(rowOf(later.frame, row))).score).to.be.closeTo(scores[row]!, 1e-4);
    const [level] = await ready.explain(later.frame, Int32Array.of(368));
    expect(level!.map(({ signal }) => signal)).to.include("level");
  });
});
