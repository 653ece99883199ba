import { expect } from "chai";
import { Wallet } from "ethers";
import type { Hex } from "../../../protocol/bytes.ts";
import { parseReceipt } from "../../../protocol/receipt.ts";
import { purposesMask } from "../../../protocol/words.ts";
import { addressOf, codeOf, countDecisions, openFrontDoor, WrittenDevice, type FrontDoor } from "./front-door.ts";
import { named } from "./written-chain.ts";

const START = 1_790_000_000;
const HEART = 0b1n;

describe("receipts through the front door", () => {
  let door: FrontDoor;
  let care: Hex;

  before(async () => {
    door = await openFrontDoor(START);
    const device = new WrittenDevice(door, named("steward", 20));
    care = device.createTwin("care", HEART);
    const given = { from: START - 10, until: START + 1000, segments: HEART, purposes: purposesMask(["care"]) };
    device.grant(care, door.reader.address, given);
    await door.reader.client.postReadings([await device.read()]);
    await door.anchor();
  });
  after(() => door.close());

  it("gives the receipt of the leaf that was named, never of another device's reading with its sequence", async () => {
    const other = new WrittenDevice(door, named("another steward", 20));
    const otherTwin = other.createTwin("care", HEART);
    // Not in the second in which its assignment began: such a reading is for detection alone.
    door.clock.ms += 5_000;
    await door.reader.client.postReadings([await other.read()]);
    await door.anchor();
    const given = { from: START - 10, until: START + 1000, segments: HEART, purposes: purposesMask(["care"]) };
    const friend = Wallet.createRandom();
    other.grant(otherTwin, addressOf(friend), given);
    const friendly = door.clientOf(friend);
    const [own] = (await friendly.history(otherTwin)).readings;
    const [foreign] = (await door.reader.client.history(care, { purpose: "care" })).readings;
    if (!own || !foreign) return expect.fail("nothing to ask for");
    expect(parseReceipt(await friendly.receipt(own.leaf, { twin: otherTwin })).leaf.hash).to.equal(own.leaf);
    expect(foreign.sequence).to.equal(own.sequence);
    expect(await codeOf(friendly.receipt(foreign.leaf, { twin: otherTwin }))).to.equal("NOT_FOUND");
    expect(await codeOf(friendly.receipt(named("no leaf"), { twin: otherTwin }))).to.equal("NOT_FOUND");
  });

  it("decides and records each ask for a receipt, whatever lies at the leaf, and tells a stranger nothing", async () => {
    const { decision, readings } = await door.reader.client.history(care, { purpose: "care" });
    await door.anchor();
    const reading = readings[0]?.leaf ?? named("none");
    const stranger = Wallet.createRandom();
    const { token } = await door.clientOf(stranger).login();
    const [texts, recorded] = [new Set<string>(), new Set<number>()];
    for (const query of ["", "?purpose=care", `?twin=${care}&purpose=care`, `?twin=${named("no twin")}&purpose=care`]) {
      for (const leaf of [reading, decision.leaf, named("no leaf")]) {
        const before = await countDecisions(door);
        const response = await fetch(`${door.url}/v1/receipts/${leaf}${query}`, {
          headers: { authorization: `Bearer ${token}` },
        });
        texts.add(`${response.status} ${await response.text()}`);
        recorded.add((await countDecisions(door)) - before);
      }
    }
    expect(
      [...texts].map((text) => text.slice(0, 3)),
      [...texts].join("\n"),
    ).to.deep.equal(["404"]);
    expect([...recorded]).to.deep.equal([1]);
    const before = await countDecisions(door);
    await door.reader.client.receipt(decision.leaf);
    expect((await countDecisions(door)) - before, "a permit is recorded too").to.equal(1);
    // Without a purpose where a twin is named, the ask is not well formed: said of every leaf, and nothing was decided.
    for (const leaf of [reading, decision.leaf, named("no leaf")])
      expect(await codeOf(door.clientOf(stranger).receipt(leaf, { twin: care }))).to.equal("MALFORMED_REQUEST");
  });
});
