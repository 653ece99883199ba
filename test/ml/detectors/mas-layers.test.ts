import { expect } from "chai";
import fc from "fast-check";
import { createAdaptation, fitAdaptation, type Adaptation } from "../../../ml/detectors/mas/adapt.ts";
import { excesses, fitChecks, followPast, LAGS, type Checks } from "../../../ml/detectors/mas/checks.ts";
import { fitRelations, residuals } from "../../../ml/detectors/mas/relations.ts";
import { createRandom } from "../../../ml/random.ts";
import { rowOf } from "../../helpers/judges.ts";
import { tankRows } from "../../helpers/tank-rows.ts";

const upTo = (rows: number): Int32Array => Int32Array.from({ length: rows }, (_, row) => row);
const score = fc.double({ min: -1e6, max: 1e6, noNaN: true });

describe("an adaptive limit", () => {
  const bounds = fc
    .record({ usual: fc.double({ min: -5, max: 5, noNaN: true }), way: fc.double({ min: 0.01, max: 10, noNaN: true }) })
    .map(({ usual, way }): Adaptation => ({ usual, feed: way / 2, cap: way / 4, rate: way / 400 }));

  it("never moves by more than its cap, nor by more than its rate in a row, whatever comes", () => {
    fc.assert(
      fc.property(bounds, fc.array(score, { minLength: 1, maxLength: 300 }), (adaptation, scores) => {
        const adapt = createAdaptation(adaptation);
        let before = 0;
        for (const own of scores) {
          const shift = own - adapt(own);
          const slack = 1e-9 * Math.max(1, Math.abs(own));
          expect(shift).to.be.within(-slack, adaptation.cap + slack);
          // It falls at once where a loud row resets it, and rises by its rate at most.
          expect(shift - before).to.be.at.most(adaptation.rate + slack);
          before = shift;
        }
      }),
      { seed: 7, numRuns: 300 },
    );
  });

  it("cannot be walked up: who raises scores slowly for thousands of rows is called at the limit and the cap", () => {
    const random = createRandom("clean scores");
    const clean = Float64Array.from({ length: 5_000 }, () => random.normal());
    const adaptation = fitAdaptation(clean);
    const limit = 4;
    const adapt = createAdaptation(adaptation);
    let alarm: number | undefined;
    let most = 0;
    for (let row = 0; row < 20_000 && alarm === undefined; row++) {
      const raised = row / 2_000 + 0.3 * random.normal();
      const adapted = adapt(raised);
      most = Math.max(most, raised - adapted);
      if (adapted >= limit) alarm = row;
    }
    expect(most).to.be.within(0.8 * adaptation.cap, adaptation.cap + 1e-9);
    expect(alarm).to.be.lessThan((limit + adaptation.cap) * 2_000);
    // The same without bounds goes along, and never calls.
    const loose = createAdaptation({ ...adaptation, feed: 1e9, cap: 1e9, rate: 1e9 });
    const walked = Array.from({ length: 20_000 }, (_, row) => loose(row / 2_000 + 0.3 * random.normal()));
    expect(Math.max(...walked)).to.be.lessThan(limit);
  });

  it("follows an honest drift, forgets it again, and is reset by a loud row", () => {
    const adaptation = { usual: 0, feed: 1, cap: 0.5, rate: 0.01 };
    const adapt = createAdaptation(adaptation);
    for (let row = 0; row < 3_000; row++) adapt(0.4);
    expect(adapt(0.4)).to.be.closeTo(0, 0.01);
    expect(adapt(9)).to.be.closeTo(8.6, 0.01);
    expect(adapt(0.4)).to.equal(0.4);
    for (let row = 0; row < 3_000; row++) adapt(0.4);
    for (let row = 0; row < 3_000; row++) adapt(-1);
    expect(adapt(0.4)).to.equal(0.4);
  });
});

describe("checks that are learned from clean rows", () => {
  const { frame } = tankRows(800, "checks");
  const trace = followPast(5);
  const traces = Array.from({ length: 800 }, (_, row) => trace(rowOf(frame, row)));
  const checks = fitChecks(frame.values, upTo(800), traces);

  /** The largest excess of each check in a later stretch that somebody lies in, and the signal that has it. */
  function told(lie: Parameters<typeof tankRows>[2]): Record<string, [string, number]> {
    const later = tankRows(400, "later checks", lie).frame;
    const next = followPast(5);
    const most: Record<string, [string, number]> = {};
    for (let row = 0; row < 400; row++) {
      const own = rowOf(later, row);
      excesses(checks, own, next(own)).forEach((each, n) => {
        const name = ["range", "step", "standstill", "replay"][n]!;
        each.forEach((by, signal) => by > (most[name]?.[1] ?? 0.2) && (most[name] = [frame.signals[signal]!, by]));
      });
    }
    return most;
  }

  it("say little where nobody lies", () => expect(told(() => false)).to.deep.equal({}));

  it("tell a value out of range, and one that a signal of few values never had", () => {
    const far = told((row, each) => row === 200 && (each.level = 9) > 0);
    expect(far.range?.[0]).to.equal("level");
    expect(told((row, each) => row === 200 && (each.pump = 0.5) > 0))
      .to.have.property("range")
      .with.property("0", "pump");
  });

  it("tell a step that is too large though both values are usual", () => {
    const step = told((row, each) => row >= 200 && row < 203 && (each.second = row % 2 ? 2.6 : 5.4) > 0);
    expect(step.step?.[0]).to.equal("second");
    expect(step.range).to.equal(undefined);
  });

  it("tell a signal that stands still, but not a pump that rests", () => {
    const frozen = told((row, each, before) => row >= 200 && row < 230 && (each.use = before[199]!.use!) > 0);
    expect(frozen.standstill?.[0]).to.equal("use");
    expect(checks.past!.still[4]).to.be.greaterThan(800);
  });

  it("tell a stretch that is played again", () => {
    const replayed = told((row, each, before) => {
      if (row < 250 || row >= 290) return false;
      each.second = before[row - 60]!.second!;
      return true;
    });
    expect(replayed.replay?.[0]).to.equal("second");
    expect(replayed.replay?.[1]).to.be.greaterThan(3);
    expect(LAGS).to.be.greaterThan(60);
  });

  it("take what is missing for no sign, and keep bounded memory of the past", () => {
    const next = followPast(5);
    for (let row = 0; row < 300; row++) {
      const own = excesses(checks, new Float64Array(5).fill(NaN), next(new Float64Array(5).fill(NaN)));
      expect(own.flatMap((each) => [...each]).every((by) => by === 0)).to.equal(true);
    }
    const loose: Checks = { ...checks, past: null };
    expect(excesses(loose, rowOf(frame, 0), undefined)).to.have.length(1);
  });
});

describe("relations between signals", () => {
  it("are the regressions of each on all others: residuals as least squares has them", () => {
    const random = createRandom("relations");
    const inputs = Array.from({ length: 2_000 }, () => {
      const [a, b] = [random.normal(), random.normal()];
      return Float64Array.of(a, b, 2 * a - b + 0.1 * random.normal());
    });
    const relations = fitRelations(inputs, 3);
    const usual = residuals(relations, Float64Array.of(1, 1, 1));
    const broken = residuals(relations, Float64Array.of(1, 1, 3));
    expect(Math.max(...usual.map(Math.abs))).to.be.lessThan(1);
    expect(Math.abs(broken[2]!)).to.be.greaterThan(5);
    // The third by the first two: 2 and -1, but for the ridge, as wide as the noise is.
    const third = relations.weights[2]!;
    expect(third[2]).to.be.closeTo(1, 1e-6);
    expect(third[0]).to.be.closeTo(-2, 0.1);
    expect(third[1]).to.be.closeTo(1, 0.1);
  });
});
