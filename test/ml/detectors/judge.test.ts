import { expect } from "chai";
import { addContext, averageScores, createAverage, keepRecent, lastWithContext } from "../../../ml/data/context.ts";
import type { Frame } from "../../../ml/data/frame.ts";
import { baseline } from "../../../ml/detectors/baseline/baseline.ts";
import type { Judge } from "../../../ml/detectors/detector.ts";
import { addShares, rankShares } from "../../../ml/detectors/shares.ts";
import { MlError } from "../../../ml/errors.ts";
import { createRandom } from "../../../ml/random.ts";
import { frameOf, rowOf, streamScores } from "../../helpers/judges.ts";
import { lessonOf } from "../../helpers/lesson.ts";

/** Level follows inflow, and noise stands by; now and then the level is lied about for a while. */
function tankRows(rows: number, seed: string): { frame: Frame; labels: Uint8Array } {
  const random = createRandom(seed);
  const [inflow, level, noise] = [0, 1, 2].map(() => new Float64Array(rows)) as [
    Float64Array,
    Float64Array,
    Float64Array,
  ];
  const labels = Uint8Array.from({ length: rows }, (_, row) => Number(row % 50 >= 44));
  let flow = 0;
  for (let row = 0; row < rows; row++) {
    flow = 0.9 * flow + random.normal();
    inflow[row] = row % 31 === 0 ? NaN : flow;
    level[row] = 2 * flow + 0.3 * random.normal() + (labels[row] === 1 ? 4 : 0);
    noise[row] = random.normal();
  }
  return { frame: frameOf({ inflow, level, noise }, [rows - 100, 100]), labels };
}

describe("what judges", () => {
  const { frame, labels } = tankRows(900, "tank");
  const later = tankRows(300, "later tank").frame;
  const lesson = lessonOf(frame, labels);
  let judge: Judge;
  before(async () => {
    const { parts } = await baseline.learn(lesson);
    // One that looks back and one that averages are one here: both are in the stream then.
    const settings = { ...(parts.settings as object), average: 4 };
    judge = await baseline.restore({ ...parts, settings }, frame.signals, undefined);
  });

  it("row by row gives what it gives for the whole stretch, to the bit", async () => {
    expect(await streamScores(judge, later)).to.deep.equal(await judge.score(later));
    // Two streams know nothing of each other.
    const [one, other] = [judge.stream(), judge.stream()];
    const first = await one.push(rowOf(later, 0));
    await one.push(rowOf(later, 1));
    expect(await other.push(rowOf(later, 0))).to.equal(first);
  });

  it("sees past and mean alike in a file and in a stream, whatever is missing", () => {
    const random = createRandom("past");
    const values = ["a", "b"].map((name) => [
      name,
      Float64Array.from({ length: 60 }, () => (random.uniform() < 0.3 ? NaN : random.normal())),
    ]);
    const whole = frameOf(Object.fromEntries(values) as Record<string, Float64Array>);
    for (const width of [0, 1, 3, 8]) {
      const context = { width, signals: [1] };
      const batch = addContext(whole, context);
      const recent = keepRecent(whole.signals, Math.max(2, width));
      for (let row = 0; row < whole.rows; row++) {
        const seen = recent.push(rowOf(whole, row));
        expect(seen.rows).to.be.at.most(Math.max(2, width));
        expect(rowOf(lastWithContext(seen, context), 0), `row ${row}`).to.deep.equal(rowOf(batch, row));
      }
    }
    const scores = Float64Array.from({ length: 40 }, () => random.normal());
    const mean = createAverage(5);
    expect(scores.map(mean)).to.deep.equal(averageScores(scores, [Int32Array.from(scores.keys())], 5));
  });

  it("names the signals that carry a score, the one that was lied about first", async () => {
    const scores = await judge.score(frame);
    const rows = Int32Array.from(scores.keys()).filter((row) => row % 50 >= 47);
    const explained = await judge.explain(frame, rows);
    expect(explained).to.have.length(rows.length);
    // What breaks is the relation of two, so the inflow is named as well; what stands by is not.
    const firsts = explained.map((shares) => shares[0]?.signal);
    expect(firsts.filter((name) => name === "level").length / rows.length).to.be.greaterThan(0.5);
    expect(firsts.filter((name) => name === "noise").length / rows.length).to.be.lessThan(0.15);
    for (const shares of explained) {
      expect(shares.length).to.be.within(1, 5);
      // What was looked back at is told by the signal that it is of.
      for (const { signal, share } of shares) {
        expect(frame.signals).to.include(signal);
        expect(share).to.be.within(0, 1);
      }
      expect(shares.reduce((sum, { share }) => sum + share, 0)).to.be.at.most(1 + 1e-9);
      expect(shares.map(({ share }) => share)).to.deep.equal(shares.map(({ share }) => share).sort((a, b) => b - a));
    }
  });

  it("refuses a number that is none by the signal's name, and takes what is missing", async () => {
    const refused = async (act: () => Promise<unknown>): Promise<void> => {
      const error: unknown = await act().catch((thrown: unknown) => thrown);
      expect(error).to.be.instanceOf(MlError).with.property("code", "UNUSABLE_TABLE");
      expect((error as MlError).facts).to.include({ signal: "level" });
    };
    const wild: Frame = { ...later, values: later.values.map((own, n) => (n === 1 ? own.with(5, Infinity) : own)) };
    await refused(() => judge.score(wild));
    await refused(() => judge.stream().push(Float64Array.of(1, -Infinity, 0)));
    expect(await judge.stream().push(Float64Array.of(NaN, NaN, NaN))).to.satisfy(Number.isFinite);
  });

  it("shares what is carried among the five that carry most", () => {
    const names = ["a", "b", "c", "d", "e", "f", "g"];
    const sum = new Float64Array(7);
    addShares(sum, Float64Array.of(1, 3, -5, 0, 0, 0, 0), 2);
    expect([...sum]).to.deep.equal([0.5, 1.5, 0, 0, 0, 0, 0]);
    addShares(sum, new Float64Array(7), 9);
    expect(rankShares(sum, names)).to.deep.equal([
      { signal: "b", share: 0.75 },
      { signal: "a", share: 0.25 },
    ]);
    expect(rankShares(Float64Array.of(1, 1, 1, 1, 1, 1, 1), names)).to.have.length(5);
    expect(rankShares(new Float64Array(7), names)).to.deep.equal([]);
  });
});
