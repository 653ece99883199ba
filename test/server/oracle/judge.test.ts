import { expect } from "chai";
import { openPca } from "../../../ml/detectors/window-detector.ts";
import { toHex } from "../../../protocol/bytes.ts";
import { parseReading, readingLeaf } from "../../../protocol/reading.ts";
import { merkleRoot } from "../../../protocol/tree.ts";
import { judge as judgeBy, missingSignals, type JudgedReading, type Outcome } from "../../../server/oracle/judge.ts";
import { fittedModel, World, type WorldDevice } from "../../helpers/oracle-world.ts";

const detector = openPca(fittedModel());
const judge = (readings: readonly JudgedReading[], before: readonly JudgedReading[] = []): Promise<Outcome> =>
  judgeBy(detector, readings, before);

async function record(world: World, device: WorldDevice, offsets: number[]): Promise<JudgedReading[]> {
  const readings: JudgedReading[] = [];
  for (const offset of offsets) {
    const parsed = parseReading(await world.makeReading(device, offset));
    readings.push({ ...parsed, leaf: readingLeaf(parsed) });
  }
  return readings;
}
const zeros = (n: number): number[] => Array.from({ length: n }, () => 0);

describe("judge", () => {
  it("finds clean readings clear, over the root of their leaves", async () => {
    const world = new World();
    const readings = await record(world, world.devices[0]!, zeros(10));
    const outcome = await judge(readings);
    expect(outcome).to.include({ kind: "clear", severity: 0, firstSequence: 1, lastSequence: 10 });
    expect(outcome.leavesRoot).to.equal(toHex(merkleRoot(readings.map((r) => r.leaf))));
    expect(outcome.explanation).to.deep.equal([]);
  });

  it("finds false data on one signal and names it", async () => {
    const world = new World();
    const outcome = await judge(await record(world, world.devices[0]!, [0, 0, 40, 40, 40, 40, 40, 40]));
    expect(outcome.kind).to.equal("quarantine");
    expect(outcome.severity).to.be.within(3, 5);
    expect(outcome.explanation.map((e) => e.signal)).to.include("pulse");
  });

  it("comes to the same outcome from the same readings, also in another process's copy", async () => {
    const world = new World();
    const readings = await record(world, world.devices[0]!, [0, 0, 0, 15, 15, 15, 15, 15]);
    expect(await judgeBy(openPca(structuredClone(fittedModel())), structuredClone(readings), [])).to.deep.equal(
      await judge(readings),
    );
  });

  it("only gets severer while false data goes on within a round", async () => {
    const world = new World();
    const readings = await record(world, world.devices[0]!, [0, 0, 10, 20, 30, 40, 50, 60, 70, 80]);
    const severities: number[] = [];
    for (const i of readings.keys()) severities.push((await judge(readings.slice(0, i + 1))).severity);
    expect(severities).to.deep.equal([...severities].sort((a, b) => a - b));
    expect(severities.at(-1)).to.be.greaterThan(0);
  });

  it("judges hours that fall into one round window by window: a short stretch of false data is not diluted", async () => {
    const world = new World();
    const offsets = [...zeros(60), ...zeros(8).map(() => 40), ...zeros(60)];
    const readings = await record(world, world.devices[0]!, offsets);
    expect((await judge(readings)).kind).to.equal("quarantine");
    expect((await judge([...readings.slice(0, 60), ...readings.slice(68)])).kind).to.equal("clear");
  });

  describe("says that it judged nothing, rather than clear, of a device that", () => {
    const FALSE = Array.from({ length: 10 }, () => 100);
    /** The readings with their periods put elsewhere: nothing else of them changes, as a lying device would do it. */
    const place = (readings: JudgedReading[], start: (i: number) => number): JudgedReading[] =>
      readings.map((reading, i) => ({ ...reading, per: [start(i), start(i) + 1000] }));
    const judged = async (
      offsets: number[],
      change: (readings: JudgedReading[]) => JudgedReading[],
    ): Promise<Outcome> => {
      const world = new World();
      return judge(change(await record(world, world.devices[0]!, offsets)));
    };
    const empty = (reading: JudgedReading): JudgedReading => ({
      ...reading,
      disclosures: reading.disclosures.map(({ segment }) => ({ segment, t: [], v: [] })),
    });
    const silent = (reading: JudgedReading, segment: string): JudgedReading => ({
      ...reading,
      disclosures: reading.disclosures.map((d) => (d.segment === segment ? { ...d, v: d.v.map(() => null) } : d)),
    });
    const tooLittle: [string, (readings: JudgedReading[]) => JudgedReading[]][] = [
      ["sent one reading in the round", (readings) => readings.slice(0, 1)],
      ["sent three", (readings) => readings.slice(0, 3)],
      ["sent a reading every ten seconds", (readings) => place(readings, (i) => 10_000 * i)],
      ["sent ten in a row and then one by itself", (readings) => place(readings, (i) => (i < 9 ? 1000 * i : 60_000))],
      ["lost all but the ends of the round", (readings) => [readings[0]!, readings[9]!]],
      ["sent no samples at all", (readings) => readings.map(empty)],
      ["had a value of one of two signals only", (readings) => readings.map((reading) => silent(reading, "heart"))],
    ]; // prettier-ignore
    for (const [what, change] of tooLittle)
      it(what, async () => {
        const outcome = await judged(zeros(10), change);
        expect(outcome).to.include({ kind: "unjudged", severity: 0, why: "it said too little" });
        // Not told to be false either: too little is too little both ways.
        expect((await judged(zeros(10), (readings) => readings)).kind).to.equal("clear");
      });

    const jumping: [string, (readings: JudgedReading[]) => JudgedReading[]][] = [
      ["lets its clock go backwards", (readings) => place(readings, (i) => 100_000 - 1000 * i)],
      ["lets its clock stand", (readings) => place(readings, () => 100_000)],
      ["lets its clock crawl", (readings) => place(readings, (i) => 100_000 + i)],
      ["sets its clock back once", (readings) => place(readings, (i) => 100_000 + 1000 * i - (i < 5 ? 0 : 60_000))],
      ["sets its clock on and back at every reading", (readings) => place(readings, (i) => 1000 * i + (i % 2) * 3_600_000)],
    ]; // prettier-ignore
    for (const [what, change] of jumping)
      it(`${what}; and finds false data there as by an honest clock`, async () => {
        const clean = await judged(zeros(10), change);
        expect(clean).to.include({ kind: "unjudged", severity: 0, why: "its clock went back" });
        expect((await judged(FALSE, (readings) => readings)).kind).to.equal("quarantine");
        expect((await judged(FALSE, change)).kind).to.equal("quarantine");
      });

    it("puts samples outside their period, or in no order", async () => {
      const moved = (t: (t: readonly number[]) => number[]) => (readings: JudgedReading[]) =>
        readings.map((r) => ({ ...r, disclosures: r.disclosures.map((d) => ({ ...d, t: t(d.t) })) }));
      for (const t of [
        (times: readonly number[]) => times.map((time) => time + 1000),
        (times: readonly number[]) => times.map((time) => -time),
        (times: readonly number[]) => times.toReversed(),
      ])
        expect(await judged(zeros(10), moved(t))).to.include({ kind: "unjudged", why: "its clock went back" });
    });
  });

  it("judges each side of a hole by itself, and calls the round clear where both said enough", async () => {
    const world = new World();
    const device = world.devices[0]!;
    const before = await record(world, device, zeros(5));
    device.at += 60_000;
    const after = await record(world, device, zeros(5));
    expect((await judge([...before, ...after])).kind).to.equal("clear");
    expect((await judge([...before, ...after.slice(0, 2)])).kind).to.equal("unjudged");
  });

  describe("looks back on the round before, so that false data", () => {
    it("is found as soon in each phase of a round, within three readings, and by no reading of the round before alone", async () => {
      for (let phase = 0; phase < 10; phase++) {
        const world = new World();
        const begins = 10 + phase;
        const readings = await record(world, world.devices[0]!, [...zeros(begins), ...zeros(10).map(() => 40)]);
        // As oracles judge: at each batch end, over the round so far, with the round before it.
        const found: number[] = [];
        for (let n = 11; n <= readings.length; n++) {
          const round = Math.floor((n - 1) / 10) * 10;
          const outcome = await judge(readings.slice(round, n), readings.slice(round - 10, round));
          if (outcome.kind === "quarantine") found.push(n);
        }
        expect(found[0]! - begins, `false from reading ${phase} of a round`).to.be.within(1, 3);
        expect(found[0]! - begins, "and not before").to.be.at.least(1);
      }
    });

    it("that ended with the round before is not held against this one again, and one that reaches into it is", async () => {
      const world = new World();
      const before = await record(world, world.devices[0]!, [...zeros(4), 40, 40, 40, 40, 40, 40]);
      const clean = await record(world, world.devices[0]!, zeros(10));
      expect((await judge(before)).kind).to.equal("quarantine");
      // Three stretches in the middle of the step reach over; from the fourth reading on nothing does.
      expect((await judge(clean.slice(3), [...before, ...clean.slice(0, 3)])).kind).to.equal("clear");
      expect((await judge(clean, before)).severity).to.be.greaterThan(0);
    });
  });

  it("looks back as far as it must and rests on these readings too", async () => {
    const world = new World();
    const readings = await record(world, world.devices[0]!, zeros(20));
    const outcome = await judge(readings.slice(10, 11), readings.slice(0, 10));
    expect(outcome).to.include({ kind: "clear", firstSequence: 8, lastSequence: 11 });
    expect(outcome.leavesRoot).to.equal(toHex(merkleRoot(readings.slice(7, 11).map((r) => r.leaf))));
  });

  it("looks back over no hole, and is told when the clock went back between two rounds", async () => {
    const world = new World();
    const readings = await record(world, world.devices[0]!, zeros(20));
    const moved = (by: number): JudgedReading[] =>
      readings.slice(0, 10).map((reading) => ({ ...reading, per: [reading.per[0] - by, reading.per[1] - by] }));
    expect(await judge(readings.slice(10), moved(3_000))).to.include({ kind: "clear", firstSequence: 11 });
    expect(await judge(readings.slice(10), moved(2_900))).to.include({ firstSequence: 8 });
    expect(await judge(readings.slice(10), moved(-5_000))).to.include({ kind: "unjudged", why: "its clock went back" });
  });

  it("says which signals a reading is silent about", async () => {
    const world = new World();
    const [reading] = await record(world, world.devices[0]!, [0]);
    expect(missingSignals(detector, reading!)).to.deep.equal([]);
    expect(missingSignals(detector, { ...reading!, disclosures: reading!.disclosures.slice(1) })).to.deep.equal([
      "heart",
    ]);
  });

  it("refuses to judge nothing", async () => {
    const error = await judge([]).catch((thrown: unknown) => thrown);
    expect(error).to.be.instanceOf(RangeError);
  });
});
