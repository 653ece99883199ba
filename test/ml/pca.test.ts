import { expect } from "chai";
import fc from "fast-check";
import { judgeWindow } from "../../ml/detectors/judge-window.ts";
import { fitPca } from "../../ml/detectors/pca.ts";
import type { PcaModel } from "../../ml/detectors/pca-model.ts";
import { scorePca } from "../../ml/detectors/score-pca.ts";
import { hashModel } from "../../ml/model-hash.ts";
import { createRandom } from "../../ml/random.ts";
import { cutStretches, type Window } from "../../ml/window.ts";

/** Two pumps' flows that follow one valve, and a temperature of its own: nothing medical. */
function record(seed: string, count: number): Window[] {
  const random = createRandom(seed);
  let valve = 0;
  return Array.from({ length: count }, (_, w) => {
    const times = Array.from({ length: 20 }, (_, i) => w * 10_000 + i * 500);
    const values: number[][] = [[], [], []];
    for (let i = 0; i < 20; i++) {
      valve = 0.95 * valve + 0.3 * random.normal();
      values[0]!.push(50 + 10 * valve + 0.5 * random.normal());
      values[1]!.push(49 + 10 * valve + 0.5 * random.normal());
      values[2]!.push(20 + 0.2 * random.normal());
    }
    return { signals: ["a", "b", "c"], times: [times, times, times], values };
  });
}
const change = (window: Window, signal: number, f: (v: number | null, i: number) => number | null): Window => ({
  ...window,
  values: window.values.map((own, i) => (i === signal ? own.map(f) : own)),
});
/** Each window twice: with one signal gone, and with every third sample of another gone. */
const punch = (windows: Window[]) =>
  windows.flatMap((window) => [change(window, 1, () => null), change(window, 0, (v, i) => (i % 3 === 0 ? null : v))]);

describe("the PCA residual detector", () => {
  const fit = () =>
    fitPca(record("fit", 300), {
      pairs: [["a", "b"]],
      calibration: [...record("later", 1000), ...punch(record("holed", 500))],
    });
  let model: PcaModel;
  before(() => (model = fit()));

  it("is fitted alike every time, as plain JSON that survives a round trip", () => {
    expect(hashModel(fit())).to.equal(hashModel(model));
    expect(hashModel(JSON.parse(JSON.stringify(model)) as object)).to.equal(hashModel(model));
    expect(hashModel({ ...model, pairs: [] })).to.not.equal(hashModel(model));
  });

  it("keeps to its false alarm rate on clean windows that it never saw", () => {
    const kinds = record("unseen", 3000).map((window) => judgeWindow(model, window).kind);
    // Thresholds from 1 000 clean windows can promise about 1 in 1 000 each, no more.
    expect(kinds.filter((kind) => kind === "quarantine").length).to.be.below(6);
    expect(kinds.filter((kind) => kind === "suspect").length).to.be.below(15);
  });

  it("finds a broken coupling that every single signal hides, and names it", () => {
    for (const window of record("attacked", 50)) {
      const score = scorePca(
        model,
        change(window, 0, (v) => v! + 12),
      );
      expect(score.alarm).to.equal(true);
      expect(score.contributions.slice(0, 2).map((c) => c.signal)).to.have.members(["a", "b"]);
      expect(score.contributions.reduce((sum, c) => sum + c.share, 0)).to.be.closeTo(1, 1e-9);
    }
  });

  it("neither alarms nor fails on what is missing: samples, a signal, everything", () => {
    const kinds = punch(record("holes", 1000)).map((window) => judgeWindow(model, window).kind);
    expect(kinds.filter((kind) => kind === "quarantine").length).to.be.below(4);
    expect(kinds.filter((kind) => kind !== "clear").length).to.be.below(14);
    const nothing: Window = { signals: ["a", "b", "c"], times: [[], [], []], values: [[], [], []] };
    expect(judgeWindow(model, nothing)).to.deep.equal({ kind: "clear", severity: 0, score: 0, isJudged: false });
    expect(scorePca(model, nothing)).to.include({ score: 0, alarm: false });
  });

  it("calls a window judged only where every stretch of it told enough to be found out", () => {
    const [window] = record("judged", 1);
    const judged = (changed: Window) => judgeWindow(model, changed).isJudged;
    const cut = (from: number, to: number): Window => ({
      signals: window!.signals,
      times: window!.times.map((own) => own.filter((_, i) => i < from || i >= to)),
      values: window!.values.map((own) => own.filter((_, i) => i < from || i >= to)),
    });
    expect(judged(window!)).to.equal(true);
    expect(judged(change(window!, 2, () => null))).to.equal(true);
    expect(
      judged(
        change(
          change(window!, 2, () => null),
          1,
          () => null,
        ),
      ),
    ).to.equal(false);
    // A second and a half gone in the middle is bridged by what is around it; three and a half leave a stretch untold.
    expect(judged(cut(8, 11))).to.equal(true);
    expect(judged(cut(8, 15))).to.equal(false);
    // 7 samples are one whole stretch, 8 are two: what a quarantine takes.
    expect([6, 7, 8].map((kept) => judged(cut(kept, 20)))).to.deep.equal([false, false, true]);
    // A few samples far apart, and one alone at the far end of time.
    expect(judged(cut(1, 19))).to.equal(false);
    expect(
      judged({ ...window!, times: window!.times.map((own) => own.map((t, i) => (i === 19 ? 1e15 : t))) }),
    ).to.equal(false);
  });

  it("does not care in which order a window has its signals, nor about signals that it does not know", () => {
    const [window] = record("order", 1);
    const { signals, times, values } = window!;
    const turned: Window = {
      signals: [...signals, "z"].reverse(),
      times: [...times, [0]].reverse(),
      values: [...values, [1e9]].reverse(),
    };
    turned.times[0] = [...times[0]!];
    turned.values[0] = times[0]!.map(() => 1e9);
    expect(judgeWindow(model, turned)).to.deep.equal(judgeWindow(model, window!));
  });

  it("judges in integers whatever it is given, and lets no hostile number through as clear", () => {
    const hostile = fc.oneof(fc.double(), fc.constant(1e308), fc.constant(-1e308), fc.constant(null));
    fc.assert(
      fc.property(fc.array(hostile, { minLength: 20, maxLength: 20 }), (values) => {
        const [window] = record("hostile", 1);
        const judged = judgeWindow(
          model,
          change(window!, 2, (_, i) => values[i]!),
        );
        expect(Number.isSafeInteger(judged.score)).to.equal(true);
        expect(judged.kind === "clear").to.equal(judged.severity === 0);
      }),
      { seed: 3, numRuns: 200 },
    );
    const [window] = record("hostile", 1);
    for (const value of [1e308, -1e308, 1e12])
      expect(
        judgeWindow(
          model,
          change(window!, 2, () => value),
        ).kind,
      ).to.equal("quarantine");
  });

  it("refuses windows and fits that make no sense", () => {
    expect(() => cutStretches({ signals: ["a"], times: [], values: [] }, 3000, 1000)).to.throw(RangeError);
    expect(() => cutStretches({ signals: ["a"], times: [[1]], values: [[]] }, 3000, 1000)).to.throw(RangeError);
    expect(() => fitPca([], { pairs: [], calibration: [] })).to.throw(RangeError);
    expect(() => fitPca(record("x", 50), { pairs: [["a", "q"]], calibration: record("y", 5) })).to.throw("q");
  });

  it("cuts only whole stretches, each sample into every stretch that covers it", () => {
    const [window] = record("cut", 1);
    const stretches = cutStretches(window!, 3000, 1000);
    expect(stretches).to.have.length(8);
    for (const stretch of stretches) expect(stretch.values.map((own) => own.length)).to.deep.equal([6, 6, 6]);
    const short = { ...window!, times: window!.times.map((t) => t.slice(0, 4)) };
    short.values = window!.values.map((v) => v.slice(0, 4));
    expect(cutStretches(short, 3000, 1000)).to.deep.equal([]);
  });
});
