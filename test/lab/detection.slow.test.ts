import { spawnSync } from "node:child_process";
import { expect } from "chai";
import { fitWardModel } from "../../lab/fit.ts";
import { measureAttack, measureClean } from "../../lab/measure.ts";
import type { PcaModel } from "../../ml/detectors/pca-model.ts";
import { hashModel } from "../../ml/model-hash.ts";

describe("the ward's detector, on people whom neither fit nor calibration has seen", () => {
  let model: PcaModel;
  before(() => {
    model = fitWardModel("ward");
  });

  it("has the same hash in another process", () => {
    const script = `import { fitWardModel } from "./lab/fit.ts"; import { hashModel } from "./ml/model-hash.ts";
      console.log(hashModel(fitWardModel("ward")));`;
    const other = spawnSync(process.execPath, ["--input-type=module-typescript", "-e", script], { encoding: "utf8" });
    expect(other.stdout.trim()).to.equal(hashModel(model));
  });

  it("rarely quarantines clean data, disturbances included", () => {
    const clean = measureClean(model, "floor", 100, 120);
    console.log(`      clean: ${clean.quarantine} quarantined, ${clean.suspect} suspect of ${clean.windows} windows`);
    expect(clean.quarantine).to.be.at.most(3);
    expect(clean.suspect / clean.windows).to.be.below(0.004);
  });

  it("quarantines heart +35/min within the window that it begins in, or stands in, for nearly everybody", () => {
    const shape = { segment: "heart", kind: "offset", amount: 35 } as const;
    const onset = measureAttack(model, "floor", 200, shape, "onset");
    const standing = measureAttack(model, "floor", 200, shape, "standing");
    console.log(`      onset ${JSON.stringify(onset)}\n      standing ${JSON.stringify(standing)}`);
    expect(onset.quarantined / onset.bodies).to.be.at.least(0.97);
    expect(standing.quarantined / standing.bodies).to.be.at.least(0.9);
    expect(standing.withinMinute / standing.bodies).to.be.at.least(0.97);
    expect(onset.delay!.p95).to.be.at.most(8);
  });

  it("does not find what the README says it does not find", () => {
    const small = measureAttack(model, "floor", 60, { segment: "heart", kind: "offset", amount: 10 }, "standing");
    const frozen = measureAttack(model, "floor", 60, { segment: "sys", kind: "freeze" }, "standing");
    expect(small.quarantined + frozen.quarantined).to.be.below(6);
  });
});
