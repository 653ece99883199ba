import { expect } from "chai";
import { toHex } from "../../../protocol/bytes.ts";
import { parseReading, readingLeaf } from "../../../protocol/reading.ts";
import { merkleRoot } from "../../../protocol/tree.ts";
import { judge, missingSignals, toWindows, type JudgedReading } from "../../../server/oracle/judge.ts";
import { fittedModel, World, type WorldDevice } from "../../helpers/oracle-world.ts";

const model = fittedModel();

async function record(world: World, device: WorldDevice, offsets: number[]): Promise<JudgedReading[]> {
  const readings: JudgedReading[] = [];
  for (const offset of offsets) {
    const parsed = parseReading(await world.makeReading(device, offset));
    readings.push({ ...parsed, from: parsed.per[0], leaf: readingLeaf(parsed) });
  }
  return readings;
}
const zeros = (n: number): number[] => Array.from({ length: n }, () => 0);

describe("judge", () => {
  it("finds clean readings clear, over the root of their leaves", async () => {
    const world = new World();
    const readings = await record(world, world.devices[0]!, zeros(10));
    const outcome = judge(model, readings);
    expect(outcome).to.include({ kind: "clear", severity: 0, firstSequence: 1, lastSequence: 10 });
    expect(outcome.leavesRoot).to.equal(toHex(merkleRoot(readings.map((r) => r.leaf))));
    expect(outcome.explanation).to.deep.equal([]);
  });

  it("finds false data on one signal and names it", async () => {
    const world = new World();
    const outcome = judge(model, await record(world, world.devices[0]!, [0, 0, 40, 40, 40, 40, 40, 40]));
    expect(outcome.kind).to.equal("quarantine");
    expect(outcome.severity).to.be.within(3, 5);
    expect(outcome.explanation.map((e) => e.signal)).to.include("pulse");
  });

  it("comes to the same outcome from the same readings, also in another process's copy", async () => {
    const world = new World();
    const readings = await record(world, world.devices[0]!, [0, 0, 0, 15, 15, 15, 15, 15]);
    expect(judge(structuredClone(model), structuredClone(readings))).to.deep.equal(judge(model, readings));
  });

  it("only gets severer while false data goes on within a round", async () => {
    const world = new World();
    const readings = await record(world, world.devices[0]!, [0, 0, 10, 20, 30, 40, 50, 60, 70, 80]);
    const severities = readings.map((_, i) => judge(model, readings.slice(0, i + 1)).severity);
    expect(severities).to.deep.equal([...severities].sort((a, b) => a - b));
    expect(severities.at(-1)).to.be.greaterThan(0);
  });

  it("judges hours that fall into one round window by window: a short stretch of false data is not diluted", async () => {
    const world = new World();
    const offsets = [...zeros(60), ...zeros(8).map(() => 40), ...zeros(60)];
    const readings = await record(world, world.devices[0]!, offsets);
    expect(toWindows(model, readings)).to.have.length(13);
    expect(judge(model, readings).kind).to.equal("quarantine");
  });

  it("begins a new window where the device's clock jumps back", async () => {
    const world = new World();
    const readings = await record(world, world.devices[0]!, zeros(3));
    const jumped = readings.map((reading, i) => (i === 2 ? { ...reading, from: reading.from - 5_000 } : reading));
    expect(toWindows(model, jumped)).to.have.length(2);
  });

  it("says which signals a reading is silent about", async () => {
    const world = new World();
    const [reading] = await record(world, world.devices[0]!, [0]);
    expect(missingSignals(model, reading!)).to.deep.equal([]);
    expect(missingSignals(model, { ...reading!, disclosures: reading!.disclosures.slice(1) })).to.deep.equal(["heart"]);
  });

  it("refuses to judge nothing", () => {
    expect(() => judge(model, [])).to.throw(RangeError);
  });
});
