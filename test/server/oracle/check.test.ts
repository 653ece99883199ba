import { expect } from "chai";
import { publicKeyOf } from "../../../protocol/es256.ts";
import { presentation } from "../../../protocol/reading.ts";
import { checkReadings, ReadingRefused, type Ground, type SecurityReading } from "../../../server/oracle/check.ts";
import { CHAIN_ID, CONTRACTS, gatewayKey, STREAM, World, type WorldDevice } from "../../helpers/oracle-world.ts";

const START = { sequence: 0, content: null };

describe("checkReadings", () => {
  let world: World;
  let device: WorldDevice;
  let other: WorldDevice;
  let ground: Ground;

  beforeEach(async () => {
    world = new World();
    [device, other] = world.devices as [WorldDevice, WorldDevice];
    for (let i = 0; i < 5; i++) await world.tick();
    ground = {
      chainId: CHAIN_ID,
      anchorLog: CONTRACTS.AnchorLog,
      stream: STREAM,
      device: device.id,
      gatewayKeys: [{ ...publicKeyOf(gatewayKey), since: 0, until: null }],
      keyAt: () => ({ number: 1, ...publicKeyOf(device.key) }),
    };
  });

  const check = (
    readings: SecurityReading[],
    start: Parameters<typeof checkReadings>[1] = START,
    facts: Partial<Ground> = {},
  ) => checkReadings({ ...ground, ...facts }, start, readings, new Set());
  const changed = (i: number, change: (reading: SecurityReading) => SecurityReading): SecurityReading[] =>
    device.kept.map((reading, k) => (k === i ? change(reading) : reading));

  it("takes what verifies, with its place in the stream", () => {
    const checked = check(device.kept);
    expect(checked.map((reading) => reading.sequence)).to.deep.equal([1, 2, 3, 4, 5]);
    expect(checked.map((reading) => reading.position)).to.deep.equal([0, 2, 4, 6, 8]);
  });

  it("goes on after what it knows, and begins anywhere when it knows nothing", () => {
    const [first] = check(device.kept.slice(0, 1));
    expect(check(device.kept.slice(1), { sequence: 1, content: first!.content })).to.have.length(4);
    expect(check(device.kept.slice(2), { sequence: 2, content: null })).to.have.length(3);
  });

  const flip = (text: string, at: number): string =>
    text.slice(0, at) + (text[at] === "A" ? "Q" : "A") + text.slice(at + 1);
  const refused: [string, RegExp, () => unknown][] = [
    ["a signature of somebody else", /signature/, () => check(device.kept, START, { keyAt: () => ({ number: 1, ...publicKeyOf(other.key) }) })],
    ["a key that is not valid there", /key/, () => check(device.kept, START, { keyAt: () => ({ number: 2, ...publicKeyOf(device.key) }) })],
    ["another device's reading", /another device/, () => check(other.kept)],
    ["a changed reading", /Reading 3|malformed/, () => check(changed(2, (r) => ({ ...r, text: flip(r.text, 90) })))],
    ["a changed value", /malformed/, () => check(changed(2, (r) => ({ ...r, text: flip(r.text, r.text.length - 20) })))],
    ["a withheld reading in between", /3 to 3 were not handed out/, () => check(device.kept.filter((_, i) => i !== 2))],
    ["the same twice", /does not follow/, () => check([...device.kept, device.kept[4]!])],
    ["a start that does not chain", /chain/, () => check(device.kept.slice(1), { sequence: 1, content: device.id })],
    ["an ack of another leaf", /another leaf/, () => check(changed(1, (r) => ({ ...r, ack: device.kept[3]!.ack })))],
    ["an ack of another stream", /another chain, log or stream/, () => check(changed(1, (r) => ({ ...r, ack: { ...r.ack, stream: device.id } })))],
    ["an ack of another chain", /another chain, log or stream/, () => check(changed(1, (r) => ({ ...r, ack: { ...r.ack, chainId: 1 } })))],
    ["an ack with another place", /not signed|another leaf/, () => check(changed(1, (r) => ({ ...r, ack: { ...r.ack, first: r.ack.first + 5 } })))],
    ["an ack signed by somebody else", /not signed/, () => check(device.kept, START, { gatewayKeys: [{ ...publicKeyOf(other.key), since: 0, until: null }] })],
  ]; // prettier-ignore
  for (const [what, why, act] of refused)
    it(`refuses ${what}`, () => {
      expect(act).to.throw(ReadingRefused, why);
    });

  it("takes a cut of the disclosures, which leaves what is missing to be asked", () => {
    const [cut] = check([{ ...device.kept[0]!, text: presentation(device.kept[0]!.text, ["heart"]) }]);
    expect(cut!.disclosures.map((d) => d.segment)).to.deep.equal(["heart"]);
  });

  it("verifies one ack signature once, however many readings it covers", () => {
    const seen = new Set<string>();
    checkReadings(ground, START, device.kept, seen);
    expect(seen.size).to.equal(5);
    checkReadings(ground, START, device.kept, seen);
    expect(seen.size).to.equal(5);
  });
});
