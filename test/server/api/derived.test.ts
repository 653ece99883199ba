import { expect } from "chai";
import { Wallet } from "ethers";
import type { HistoryRelease } from "../../../apps/sdk/index.ts";
import type { Hex } from "../../../protocol/bytes.ts";
import { modelHash } from "../../../protocol/device-model.ts";
import { manifestHash, type Manifest } from "../../../protocol/manifest.ts";
import { parseReceipt, writeReceipt } from "../../../protocol/receipt.ts";
import { strayValues, valuesOf } from "../../../protocol/release.ts";
import { verifyReceipt } from "../../../protocol/verify.ts";
import { purposesMask } from "../../../protocol/words.ts";
import { describeOnBoth } from "../../helpers/databases.ts";
import {
  addressOf,
  codeOf,
  countDecisions,
  MODEL,
  openFrontDoor,
  WrittenDevice,
  type FrontDoor,
} from "./front-door.ts";

const START = 1_790_000_000;
const STUDY: Manifest = {
  format: "manifest@1",
  name: "study",
  model: modelHash(MODEL),
  segments: ["heart", "resp"],
  resolution: { interval: 5, show: ["mean", "count"] },
  delay: 0,
  commands: [],
};

describeOnBoth("a derived twin through the front door", (databases) => {
  let door: FrontDoor;
  let device: WrittenDevice;
  let study: Hex;
  let raw: Hex;
  const researcher = Wallet.createRandom();
  const steward = Wallet.createRandom();

  before(async () => {
    door = await openFrontDoor(START, { place: await databases.place() });
    device = new WrittenDevice(door, addressOf(steward));
    const { client, address } = door.reader;
    await client.postDocument(STUDY);
    // The derived one first: whoever looks for a reading's receipt by itself must not stop there.
    study = device.createTwin("study", 0b11n, { manifest: manifestHash(STUDY) });
    raw = device.createTwin("raw", 0b1n);
    const given = { from: START - 10, until: START + 1000, purposes: purposesMask(["care"]) };
    for (const twin of [study, raw]) device.grant(twin, address, { ...given, segments: 0b1n });
    device.grant(study, addressOf(researcher), { ...given, segments: 0b10n });
    const texts: string[] = [];
    for (let i = 0; i < 12; i++) texts.push(await device.read());
    await client.postReadings(texts);
    door.clock.ms += 60_000;
  });
  after(() => door.close());

  const releasesOf = async (
    wallet: Wallet | ReturnType<typeof Wallet.createRandom>,
  ): Promise<readonly HistoryRelease[]> =>
    (await door.clientOf(wallet).history(study, { receipts: true })).releases ?? [];

  it("shows each reader the same releases, and of their values what is permitted", async () => {
    const before = await countDecisions(door);
    const page = await door.reader.client.history(study);
    expect(page).to.deep.include({ readings: [], next: null, nextSince: null, withheld: null });
    expect(page.transform).to.deep.equal({ resolution: STUDY.resolution });
    // Sequence n begins n seconds after the start, which is on a line of the grid.
    expect(page.releases?.map(({ record }) => [record.leaves.first, record.leaves.last])).to.deep.equal([
      [1, 4],
      [5, 9],
    ]);
    const other = await releasesOf(researcher);
    expect(other.map(({ leaf }) => leaf)).to.deep.equal(page.releases?.map(({ leaf }) => leaf));
    const told = (releases: readonly HistoryRelease[]): unknown =>
      releases.map(({ record, values }) => {
        expect(strayValues(record, values)).to.deep.equal([]);
        return valuesOf(values).map(({ segment, aggregates }) => [segment, aggregates]);
      });
    expect(told(page.releases ?? [])).to.deep.equal([
      [["heart", { mean: 60.5, count: 8 }]],
      [["heart", { mean: 60.5, count: 10 }]],
    ]);
    expect(told(other)).to.deep.equal([[["resp", { mean: 61.5, count: 8 }]], [["resp", { mean: 61.5, count: 10 }]]]);
    expect((await countDecisions(door)) - before).to.equal(2);
  });

  it("gives receipts of releases that verify as records do, in the page and by leaf, each with its reader's values", async () => {
    expect((await releasesOf(researcher)).map(({ receipt }) => receipt)).to.deep.equal([null, null]);
    await door.anchor();
    const [release] = await releasesOf(researcher);
    if (!release?.receipt) return expect.fail("no receipt");
    const text = await door.clientOf(researcher).receipt(release.leaf);
    expect(text).to.equal(writeReceipt(release.receipt));
    const resultOf = async (receipt: unknown): Promise<Map<string, string>> => {
      const { checks } = await verifyReceipt(receipt, { consortium: door.consortium });
      return new Map(checks.map(({ name, result }) => [name, result]));
    };
    const checks = await resultOf(text);
    for (const name of ["leaf", "leaf in batch", "record", "values", "ack signature", "leaf in ack"])
      expect(checks.get(name), name).to.equal("passed");
    expect(checks.get("derivation")).to.equal("not checked");
    expect([...checks.values()]).not.to.include("failed");
    // Another reader's value of the same release holds too; a value of another release does not.
    const [mine, second] = (await door.reader.client.history(study)).releases ?? [];
    const { disclosed, ...rest } = parseReceipt(text);
    if (!("record" in disclosed)) return expect.fail("no record");
    const both = { ...rest, disclosed: { ...disclosed, values: [...release.values, ...(mine?.values ?? [])] } };
    expect((await resultOf(both)).get("values")).to.equal("passed");
    const stray = { ...rest, disclosed: { ...disclosed, values: second?.values ?? [] } };
    expect((await resultOf(stray)).get("values")).to.equal("failed");
    // The steward sees that it was released, and no value; a stranger sees nothing.
    const { disclosed: seen } = parseReceipt(await door.clientOf(steward).receipt(release.leaf));
    expect(seen).not.to.have.property("values");
    expect(await codeOf(door.clientOf(Wallet.createRandom()).receipt(release.leaf))).to.equal("NOT_FOUND");
  });

  it("never gives a reading, nor its receipt, and is not asked by its sequences", async () => {
    const [reading] = (await door.reader.client.history(raw)).readings;
    if (!reading) return expect.fail("no reading");
    expect(await codeOf(door.reader.client.receipt(reading.leaf, { twin: study }))).to.equal("NOT_FOUND");
    expect(parseReceipt(await door.reader.client.receipt(reading.leaf)).leaf.hash).to.equal(reading.leaf);
    expect(await codeOf(door.clientOf(researcher).receipt(reading.leaf))).to.equal("NOT_FOUND");
    for (const ask of [{ fromSequence: 1 }, { toSequence: 3 }, { fromBatch: 0 }, { toBatch: 0 }])
      expect(await codeOf(door.reader.client.history(study, ask))).to.equal("MALFORMED_REQUEST");
  });

  it("goes on by time, page after page", async () => {
    const starts: number[] = [];
    for await (const { releases = [] } of door.reader.client.pages(study, { limit: 1 }))
      starts.push(...releases.map(({ from }) => from / 1000 - START));
    expect(starts).to.deep.equal([0, 5]);
  });

  it("sums up the newest of a twin, with how old, late and complete it is, and nothing that its history would not tell", async () => {
    const { client } = door.reader;
    const at = door.clock.ms;
    const known = await client.state(raw);
    // Sequence 12 began 12 s after the start and was accepted at the start: the written device is ahead of its clock.
    expect(known).to.deep.include({
      ...{ format: "state@1", twin: raw, device: device.id, at, flags: ["clock"], distrusted: null },
      segments: [
        {
          segment: "heart",
          unit: "/min",
          value: 61,
          measuredAt: START * 1000 + 12_500,
          age: at - START * 1000 - 12_500,
        },
      ],
      fidelity: { age: at - (START + 13) * 1000, lag: -13_000, completeness: 1 },
    });
    const derived = await client.state(study);
    expect(derived.segments.map(({ segment, value, aggregates }) => [segment, value, aggregates])).to.deep.equal([
      ["heart", null, { mean: 60.5, count: 10 }],
    ]);
    expect(derived.fidelity).to.deep.include({ age: at - (START + 10) * 1000, completeness: null });
    // Three sequences are lost: thirteen of sixteen are here.
    await client.postReadings([await device.read(3)]);
    expect((await client.state(raw)).fidelity.completeness).to.equal(13 / 16);
    expect(await codeOf(door.clientOf(Wallet.createRandom()).state(raw, { purpose: "care" }))).to.equal("NOT_FOUND");
  });

  it("shows nothing of a twin whose manifest nobody uploaded, which might be a derived one", async () => {
    const hidden = device.createTwin("hidden", 0b1n, { manifest: manifestHash({ ...STUDY, name: "hidden" }) });
    const given = { from: START - 10, until: START + 1000, segments: 0b1n, purposes: purposesMask(["care"]) };
    device.grant(hidden, door.reader.address, given);
    expect(await codeOf(door.reader.client.history(hidden))).to.equal("MANIFEST_UNKNOWN");
  });
});
