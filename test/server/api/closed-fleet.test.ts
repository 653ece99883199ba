import { expect } from "chai";
import { Wallet, ZeroAddress } from "ethers";
import { connect, type Client } from "../../../apps/sdk/index.ts";
import type { Hex } from "../../../protocol/bytes.ts";
import { purposesMask } from "../../../protocol/words.ts";
import { addressOf, openFrontDoor, WrittenDevice, type FrontDoor } from "./front-door.ts";
import { named } from "./written-chain.ts";

const START = 1_790_000_000;

describe("the door of a server that tells of devices only whoever has signed in", () => {
  const [steward, subject, stranger] = [Wallet.createRandom(), Wallet.createRandom(), Wallet.createRandom()];
  let door: FrontDoor;
  let read: WrittenDevice;
  let other: WrittenDevice;

  before(async () => {
    door = await openFrontDoor(START, { openFleet: false });
    read = new WrittenDevice(door, addressOf(steward));
    other = new WrittenDevice(door, addressOf(Wallet.createRandom()));
    const terms = { from: START - 10, until: START + 1_000, segments: 1n, purposes: purposesMask(["care"]) };
    read.grant(read.createTwin("care", 1n), door.reader.address, terms);
    other.createTwin("care", 1n);
    door.chain.emit("TwinRegistry", "SubjectBound", [other.assignment, addressOf(subject), ZeroAddress]);
    read.reachVerdict(named("of the one"), 2);
    other.reachVerdict(named("of the other"), 2);
  });
  after(() => door.close());

  const toldTo = async (client: Client): Promise<unknown> => {
    const [{ devices }, verdicts] = [await client.devices(), await client.verdicts()];
    expect(new Set(verdicts.map(({ device }) => device))).to.deep.equal(new Set(devices.map(({ id }) => id)));
    return devices.map(({ id }) => id);
  };

  it("tells nothing without a session", async () => {
    for (const path of ["/v1/devices", "/v1/verdicts", `/v1/verdicts?device=${read.id}`]) {
      const answer = await fetch(door.url + path);
      expect([answer.status, (await answer.text()).includes(read.id)]).to.deep.equal([401, false]);
    }
  });

  it("tells an oracle of every device, everybody else of their own, and a stranger of none", async () => {
    expect(await toldTo(door.oracle.client)).to.deep.equal([read.id, other.id]);
    expect(await toldTo(door.clientOf(steward))).to.deep.equal([read.id]);
    expect(await toldTo(door.reader.client)).to.deep.equal([read.id]);
    expect(await toldTo(door.clientOf(subject))).to.deep.equal([other.id]);
    expect(await toldTo(door.clientOf(stranger))).to.deep.equal([]);
  });

  it("answers for a device of somebody else as for one that is not there", async () => {
    const bodyFor = async (device: Hex): Promise<string> =>
      JSON.stringify(await door.clientOf(stranger).verdicts({ device }));
    expect(await bodyFor(read.id)).to.equal(await bodyFor(named("no device")));
  });

  it("tells a session for certain twins of their devices alone", async () => {
    const elsewhere = other.createTwin("second", 1n);
    other.grant(elsewhere, door.reader.address, {
      ...{ from: START - 10, until: START + 1_000, segments: 1n },
      purposes: purposesMask(["care"]),
    });
    expect(await toldTo(door.reader.client)).to.deep.equal([read.id, other.id]);
    expect(await toldTo(connect({ url: door.url, signer: door.reader.wallet, twins: [elsewhere] }))).to.deep.equal([
      other.id,
    ]);
    expect(await toldTo(connect({ url: door.url, signer: door.oracle.wallet, twins: [elsewhere] }))).to.deep.equal([]);
  });
});
