import { expect } from "chai";
import { saturationOf } from "../../ml/bodies/gas.ts";
import {
  createBody,
  drawBody,
  observeBody,
  stepBody,
  type BodyDisturbance,
  type Observation,
} from "../../ml/bodies/physiology.ts";
import { createRandom } from "../../ml/random.ts";

const BODIES = 60;

/** Mean observation over the last of `seconds` seconds of a disturbance, over many bodies. */
function live(seconds: number, disturbance: BodyDisturbance): Observation[] {
  return Array.from({ length: BODIES }, (_, i) => {
    const random = createRandom(`body ${i}`);
    const body = createBody(drawBody(random.fork("p")), random.fork("d"));
    for (let t = 0; t < 60; t += 0.5) stepBody(body, 0.5);
    for (let t = 0; t < seconds; t += 0.5) stepBody(body, 0.5, disturbance);
    return observeBody(body);
  });
}
const mean = (all: Observation[], key: keyof Observation) => all.reduce((sum, o) => sum + o[key], 0) / all.length;

describe("a body", () => {
  it("saturates as the published curve says (Severinghaus 1979: 26.7 mmHg ↔ 50 %, 60 ↔ 90.6, 100 ↔ 97.7)", () => {
    expect(saturationOf(26.86)).to.be.closeTo(50, 0.3);
    expect(saturationOf(60)).to.be.closeTo(90.7, 0.3);
    expect(saturationOf(100)).to.be.closeTo(97.7, 0.2);
  });

  it("lives the same life for the same seed", () => {
    expect(live(30, {})).to.deep.equal(live(30, {}));
  });

  it("stays within what living adults show over an hour, for every draw", () => {
    for (const seen of live(3600, {})) {
      expect(seen.heartRate).to.be.within(35, 140);
      expect(seen.respiration).to.be.within(5, 35);
      expect(seen.spo2).to.be.within(86, 100);
      expect(seen.systolic).to.be.within(75, 190);
      expect(seen.diastolic).to.be.within(35, seen.systolic - 15);
      expect(seen.temperature).to.be.within(35, 40.5);
      expect(seen.pulseRate).to.be.at.most(seen.heartRate);
    }
  });

  it("couples its signals: work raises heart rate and breathing, apnoea empties the oxygen store with a lag", () => {
    const rest = live(60, {});
    const work = live(60, { activity: 0.5 });
    expect(mean(work, "heartRate") - mean(rest, "heartRate")).to.be.above(8);
    expect(mean(work, "respiration") - mean(rest, "respiration")).to.be.above(2);
    const early = live(5, { breathing: -1 });
    const late = live(60, { breathing: -1 });
    expect(mean(rest, "spo2") - mean(early, "spo2")).to.be.below(2);
    expect(mean(rest, "spo2") - mean(late, "spo2")).to.be.above(8);
  });

  it("answers a loss of venous return with the baroreflex: pressure falls, heart rate rises", () => {
    const rest = live(40, {});
    const less = live(40, { preload: -0.2 });
    expect(mean(less, "systolic")).to.be.below(mean(rest, "systolic") - 3);
    expect(mean(less, "heartRate")).to.be.above(mean(rest, "heartRate") + 3);
  });
});
