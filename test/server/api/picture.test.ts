import { expect } from "chai";
import type { TwinPicture } from "../../../apps/sdk/index.ts";
import type { Hex } from "../../../protocol/bytes.ts";
import { modelHash } from "../../../protocol/device-model.ts";
import { manifestHash, type Manifest } from "../../../protocol/manifest.ts";
import { parsePresentation } from "../../../protocol/reading.ts";
import { purposesMask } from "../../../protocol/words.ts";
import { codeOf, countDecisions, MODEL, openFrontDoor, WrittenDevice, type FrontDoor } from "./front-door.ts";
import { named } from "./written-chain.ts";

const START = 1_790_000_000;
const GIVEN = { from: START - 10, until: START + 100_000, segments: 0b11n, purposes: purposesMask(["care"]) };
const TREND: Manifest = {
  ...{ format: "manifest@1", name: "trend", model: modelHash(MODEL), segments: ["heart"], delay: 0, commands: [] },
  resolution: { interval: 5, show: ["mean"] },
};

describe("a picture of a twin", () => {
  let door: FrontDoor;
  let device: WrittenDevice;
  let twin: Hex;

  before(async () => {
    door = await openFrontDoor(START);
    device = new WrittenDevice(door, named("steward", 20));
    twin = device.createTwin("care", 0b111n);
    device.grant(twin, door.reader.address, GIVEN);
    const texts: string[] = [];
    for (let n = 1; n <= 300; n++) texts.push(await device.read(n === 121 ? 5 : 0));
    await door.reader.client.postReadings(texts);
  });
  after(() => door.close());

  const draw = (ask = {}): Promise<TwinPicture> => door.reader.client.picture(twin, ask);

  it("is labelled as none, and has samples that the device said, with the leaves that they are drawn from", async () => {
    const before = await countDecisions(door);
    const picture = await draw({ points: 50 });
    expect((await countDecisions(door)) - before).to.equal(1);
    expect(picture).to.include({ format: "picture@1", label: "a picture, not a proof", method: "lttb", next: null });
    expect(JSON.stringify(picture)).not.to.match(/receipt|disclos/);
    const { readings } = await door.reader.client.history(twin, { limit: 1000 });
    const said = new Set(
      readings.flatMap(({ reading, from }) =>
        parsePresentation(reading).disclosures.flatMap(({ segment, t, v }) =>
          v.map((value, i) => `${segment} ${from + (t[i] ?? 0)} ${value}`),
        ),
      ),
    );
    let points = 0;
    for (const { series, leaves, from, until } of picture.stretches) {
      expect(Object.keys(series)).to.deep.equal(["heart", "resp"]);
      for (const [name, { t, v }] of Object.entries(series)) {
        points += t.length;
        expect(t).to.deep.equal(t.toSorted((a, b) => a - b));
        t.forEach((at, i) => expect(said.has(`${name} ${at} ${v[i]}`)).to.equal(true));
        expect([t[0], t.at(-1)]).to.deep.equal([from, until - 500]);
      }
      const ends = readings.filter(({ sequence }) => sequence === leaves.first || sequence === leaves.last);
      expect(ends.map(({ leaf }) => leaf)).to.deep.equal([leaves.firstLeaf, leaves.lastLeaf]);
    }
    expect(points).to.be.within(96, 104);
  });

  it("is never drawn across a gap, and says how many samples it leaves out", async () => {
    const { stretches } = await draw({ points: 20 });
    expect(stretches.map(({ leaves, gap }) => [leaves.first, leaves.last, gap])).to.deep.equal([
      [1, 120, null],
      [126, 305, { from: 121, to: 125 }],
    ]);
    expect(stretches.map(({ series }) => series.heart?.of)).to.deep.equal([240, 360]);
    expect(stretches.map(({ series }) => series.heart?.t.length)).to.deep.equal([8, 12]);
  });

  it("is of the stretch that is asked for, and shows everything where that has few samples", async () => {
    const at = (sequence: number): number => 1000 * (START + sequence);
    const { stretches } = await draw({ since: at(10), until: at(13), points: 500 });
    expect(stretches.map(({ leaves }) => [leaves.first, leaves.last])).to.deep.equal([[10, 12]]);
    expect(stretches[0]?.series.heart).to.deep.include({ of: 6, v: [60, 61, 60, 61, 60, 61] });
  });

  it("ends where its decision does not hold any more, and tells who goes on why", async () => {
    const other = device.createTwin("other", 0b11n);
    const grant = device.grant(other, door.reader.address, GIVEN);
    const { fresh } = door.chain;
    let looks = 0;
    door.chain.fresh = async () => {
      // The first look decides, the second is before the second step.
      if (++looks === 2) door.chain.emit("GrantRegistry", "Revoked", [grant, door.reader.address]);
      return fresh();
    };
    const { stretches, next } = await door.reader.client.picture(other);
    door.chain.fresh = fresh;
    expect([stretches.at(-1)?.leaves.last, next]).to.deep.equal([205, 206]);
    expect(await codeOf(door.reader.client.picture(other, { fromSequence: 206 }))).to.equal("GRANT_REVOKED");
  });

  it("is refused where as many as may be are being drawn, and nothing is decided then", async () => {
    const before = await countDecisions(door);
    const { fresh } = door.chain;
    const held = Promise.withResolvers<void>();
    const full = Promise.withResolvers<void>();
    let looks = 0;
    door.chain.fresh = async () => {
      if (++looks === 4) full.resolve();
      await held.promise;
      return fresh();
    };
    const drawn = Array.from({ length: 4 }, () => draw({ points: 3 }));
    await full.promise;
    expect(await codeOf(draw())).to.equal("OVERLOADED");
    held.resolve();
    for (const picture of await Promise.all(drawn)) expect(picture.next).to.equal(null);
    door.chain.fresh = fresh;
    expect((await countDecisions(door)) - before).to.equal(4);
    await draw({ points: 3 });
  });

  it("is not drawn across a change of assignments, which only the security twin sees both sides of", async () => {
    const security = device.createTwin("security", 0b1111n, { security: true });
    door.chain.emit("TwinRegistry", "AssignmentEnded", [device.assignment, device.id, 200]);
    const { stretches } = await door.oracle.client.picture(security);
    expect(stretches.map(({ leaves }) => [leaves.first, leaves.last])).to.deep.equal([
      [1, 120],
      [126, 199],
      [200, 305],
    ]);
    expect(await codeOf(draw())).to.equal("TWIN_ENDED");
  });

  it("is no way into a derived twin, and costs none of its budget", async () => {
    const other = new WrittenDevice(door, named("steward", 20));
    await door.reader.client.postDocument(TREND);
    const trend = other.createTwin("trend", 1n, { manifest: manifestHash(TREND) });
    other.grant(trend, door.reader.address, GIVEN);
    const texts: string[] = [];
    for (let n = 0; n < 12; n++) texts.push(await other.read());
    await door.reader.client.postReadings(texts);
    door.clock.ms += 60_000;
    expect(await codeOf(door.reader.client.picture(trend))).to.equal("MALFORMED_REQUEST");
    const [row] = await door.database.query<{ n: number }>("select count(*) as n from release");
    expect(row?.n).to.equal(0);
  });
});
