import { expect } from "chai";
import { Wallet } from "ethers";
import { fileSource, type Client, type ListedTwin } from "../../../apps/sdk/index.ts";
import { readAck, verifyAck } from "../../../protocol/ack.ts";
import { checkpointOver } from "../../../protocol/anchors.ts";
import type { Hex } from "../../../protocol/bytes.ts";
import { signCheckpoint } from "../../../protocol/checkpoint.ts";
import { keyAt, type KeyHistory } from "../../../protocol/key-history.ts";
import { parsePresentation, readingLeaf } from "../../../protocol/reading.ts";
import { parseReceipt, writeReceipt } from "../../../protocol/receipt.ts";
import { verifyReceipt } from "../../../protocol/verify.ts";
import { purposesMask } from "../../../protocol/words.ts";
import { addressOf, codeOf, countDecisions, openFrontDoor, WrittenDevice, type FrontDoor } from "./front-door.ts";
import { named } from "./written-chain.ts";

const START = 1_790_000_000;
const HEART = 0b1n;
const HEART_AND_RESP = 0b11n;

describe("history, receipts and the fleet through the SDK", () => {
  let door: FrontDoor;
  let device: WrittenDevice;
  let steward: { wallet: ReturnType<typeof Wallet.createRandom>; address: Hex };
  let care: Hex;
  let research: Hex;
  let security: Hex;

  before(async () => {
    door = await openFrontDoor(START);
    const wallet = Wallet.createRandom();
    steward = { wallet, address: addressOf(wallet) };
    device = new WrittenDevice(door, steward.address);
    care = device.createTwin("care", HEART_AND_RESP);
    research = device.createTwin("research", HEART);
    security = device.createTwin("security", 0b1111n, { security: true });
    const given = { from: START - 10, until: START + 1000 };
    const { address } = door.reader;
    device.grant(care, address, { ...given, segments: 0b11n, purposes: purposesMask(["care", "audit"]) });
    device.grant(research, address, { ...given, segments: HEART, purposes: purposesMask(["research"]) });

    door.chain.emit("GrantRegistry", "ConsentSet", [research, address, purposesMask(["research"]), address]);

    const texts = [await device.read(), await device.read(), await device.read()];
    const results = await door.reader.client.postReadings(texts);
    for (const result of results) expect(result).to.have.property("format", "ack@1");
    await door.anchor();
    // Two more after a declared gap: accepted, not sealed yet.
    await door.reader.client.postReadings([await device.read(4), await device.read()]);
  });
  after(() => door.close());

  it("shows two readers' twins of one device differently, each with its own segments", async () => {
    const careful = await door.reader.client.history(care, { purpose: "care" });
    const narrow = await door.reader.client.history(research);
    expect(careful.segments).to.deep.equal(["heart", "resp"]);
    expect(narrow).to.deep.include({ purpose: "research", segments: ["heart"] });
    for (const [page, names] of [
      [careful, ["heart", "resp"]],
      [narrow, ["heart"]],
    ] as const) {
      for (const { reading } of page.readings) {
        expect(parsePresentation(reading).disclosures.map(({ segment }) => segment)).to.deep.equal(names);
      }
    }
  });

  it("says how far each reading has come, and shows gaps", async () => {
    const { readings, next } = await door.reader.client.history(care, { purpose: "care" });
    expect(readings.map(({ sequence }) => sequence)).to.deep.equal([1, 2, 3, 8, 9]);
    expect(readings.map(({ state }) => state).slice(0, 4)).to.deep.equal([
      "anchored",
      "anchored",
      "anchored",
      "accepted",
    ]);
    expect(readings.map(({ gap }) => gap)).to.deep.equal([null, null, null, { from: 4, to: 7 }, null]);
    expect(readings[0]).to.include({ batch: 0 });
    expect(next).to.equal(null);
  });

  it("narrows by time, sequence and batch, and pages without losing or doubling one", async () => {
    const { client } = door.reader;
    const sequences = async (ask: object): Promise<number[]> =>
      (await client.history(care, { purpose: "care", ...ask })).readings.map(({ sequence }) => sequence);
    const at = (sequence: number): number => START * 1000 + 1000 * sequence;
    expect(await sequences({ since: at(2), until: at(8) })).to.deep.equal([2, 3]);
    expect(await sequences({ fromSequence: 3, toSequence: 8 })).to.deep.equal([3, 8]);
    expect(await sequences({ fromBatch: 0, toBatch: 0 })).to.deep.equal([1, 2, 3]);
    expect(await sequences({ fromBatch: 700 })).to.deep.equal([]);
    const paged: number[] = [];
    for await (const { sequence } of client.readings(care, { purpose: "care", limit: 2 })) paged.push(sequence);
    expect(paged).to.deep.equal([1, 2, 3, 8, 9]);
    // A page is a decision; a stretch that fits into one page is one, and so is an empty one.
    for (const [ask, count] of [
      [{}, 1],
      [{ limit: 2 }, 3],
      [{ fromSequence: 700 }, 1],
    ] as const) {
      const before = await countDecisions(door);
      const pages = [];
      for await (const page of client.pages(care, { purpose: "care", ...ask })) pages.push(page);
      expect(pages).to.have.length(count);
      expect((await countDecisions(door)) - before).to.equal(count);
    }
  });

  it("asks for a purpose only where the grants cover more than one", async () => {
    expect(await codeOf(door.reader.client.history(care))).to.equal("MALFORMED_REQUEST");
    expect((await door.reader.client.history(research)).purpose).to.equal("research");
  });

  it("gives oracles every segment of the security twin with acks that verify", async () => {
    const { readings, purpose } = await door.oracle.client.history(security);
    expect(purpose).to.equal("security");
    const key = door.consortium.members[0]?.gateways[0];
    if (!key) throw new Error("no gateway");
    for (const { reading, ack } of readings) {
      const parsed = parsePresentation(reading);
      expect(parsed.disclosures).to.have.length(4);
      expect(verifyAck(readAck(ack), key, readingLeaf(parsed))).to.equal(true);
    }
    expect(await codeOf(door.reader.client.history(security, { purpose: "security" }))).to.equal("NOT_FOUND");
  });

  it("gives receipts that a stranger verifies offline, in the page and by leaf", async () => {
    const { readings } = await door.reader.client.history(care, { purpose: "care", receipts: true, limit: 4 });
    const [first, , , waiting] = readings;
    if (!first?.receipt) return expect.fail("no receipt");
    expect(waiting?.receipt).to.equal(null);
    const text = await door.reader.client.receipt(first.leaf, { twin: care, purpose: "care" });
    expect(parseReceipt(text)).to.deep.equal(first.receipt);
    for (const one of [text, writeReceipt(first.receipt)]) await expectPassed(one);
    expect(await codeOf(door.reader.client.receipt(waiting?.leaf ?? first.leaf, { purpose: "care" }))).to.equal(
      "NOT_ANCHORED_YET",
    );
  });

  it("gives a decision's receipt to its reader and its steward, and to nobody else", async () => {
    const { decision } = await door.reader.client.history(care, { purpose: "care", limit: 1 });
    await door.anchor();
    const text = await door.reader.client.receipt(decision.leaf);
    await expectPassed(text);
    const { disclosed } = parseReceipt(text);
    if (!("record" in disclosed)) return expect.fail("no record");
    expect(disclosed.record).to.include({ reader: door.reader.address, twin: care, permit: true, reason: "Permitted" });
    expect(await door.clientOf(steward.wallet).receipt(decision.leaf)).to.include(decision.leaf);
    expect(await codeOf(door.clientOf(Wallet.createRandom()).receipt(decision.leaf))).to.equal("NOT_FOUND");
    expect(await codeOf(door.reader.client.receipt(named("no leaf")))).to.equal("NOT_FOUND");
  });

  it("records a decision for every page before it is sent, denials too", async () => {
    const before = await countDecisions(door);
    const page = await door.reader.client.history(care, { purpose: "care" });
    expect(page.decision.position).to.be.greaterThan(0);
    expect(await codeOf(door.reader.client.history(care, { purpose: "research" }))).to.equal("PURPOSE_NOT_GRANTED");
    expect(await codeOf(door.oracle.client.history(care, { purpose: "care" }))).to.equal("NOT_FOUND");
    expect((await countDecisions(door)) - before).to.equal(3);
  });

  it("explains to the steward what another may see, and to a stranger nothing", async () => {
    const ask = { twin: care, reader: door.reader.address, purpose: "audit" as const };
    expect(await door.clientOf(steward.wallet).explain(ask)).to.include({ permitted: true, reason: "Permitted" });
    expect(await codeOf(door.clientOf(Wallet.createRandom()).explain(ask))).to.equal("NOT_FOUND");
    // Not even whether the other's grants leave one purpose, which would say that the twin exists.
    const stranger = door.clientOf(Wallet.createRandom());
    for (const twin of [care, research, named("no twin")]) {
      expect(await codeOf(stranger.explain({ twin }))).to.equal("NOT_FOUND");
      expect(await codeOf(stranger.explain({ twin, reader: door.reader.address }))).to.equal("NOT_FOUND");
    }
    expect(await door.reader.client.explain({ twin: care, purpose: "research" })).to.include({
      permitted: false,
      code: "PURPOSE_NOT_GRANTED",
    });
  });

  it("lists the twins that concern somebody, the fleet and the anchors", async () => {
    expect((await door.reader.client.twins()).map(({ twin }) => twin)).to.have.members([care, research]);
    expect((await door.oracle.client.twins()).map(({ twin }) => twin)).to.deep.equal([security]);
    const stewarded = await door.clientOf(steward.wallet).twins();
    expect(stewarded).to.have.length(3);
    const friend = named("a friend", 20);
    const given = { from: START - 10, until: START + 1000, segments: HEART, purposes: purposesMask(["care"]) };
    const second = device.grant(care, friend, given);
    const grantsOn = async (client: Client): Promise<ListedTwin["grants"]> =>
      (await client.twins()).find(({ twin }) => twin === care)?.grants ?? [];
    // The steward gave both and sees both; a reader sees its own.
    const all = await grantsOn(door.clientOf(steward.wallet));
    expect(all.map(({ reader }) => reader)).to.deep.equal([door.reader.address, friend]);
    expect(all[1]).to.deep.include({ grant: second, purposes: ["care"], revoked: false });
    expect((await grantsOn(door.reader.client)).map(({ reader }) => reader)).to.deep.equal([door.reader.address]);
    const { devices, at } = await door.reader.client.devices();
    expect(at).to.equal(door.clock.ms);
    expect(devices).to.have.length(1);
    expect(devices[0]).to.include({ id: device.id, model: "monitor@1", state: "active", sequence: 9, twins: 3 });
    expect(devices[0]?.anchoredSequence).to.equal(9);
    // The written device's ninth second ended ten seconds after the start; it was accepted at the start already.
    expect(devices[0]).to.include({ acceptedAt: START * 1000, until: (START + 10) * 1000 });
    const { anchors, next } = await door.reader.client.anchors({ limit: 1 });
    expect(anchors[0]).to.include({ number: 1 }).and.have.property("root");
    expect(next).to.equal(1);
    expect((await door.reader.client.anchors({ before: 1 })).anchors.map(({ number }) => number)).to.deep.equal([0]);
    expect(
      (await door.reader.client.description(care, { purpose: "care" })).segments.map(({ name }) => name),
    ).to.deep.equal(["heart", "resp"]);
  });

  it("names devices that no oracle can judge: no security twin, or one that hides what the model asks for", async () => {
    const bare = new WrittenDevice(door, steward.address);
    const blinded = new WrittenDevice(door, steward.address);
    blinded.createTwin("security", 0b1101n, { security: true });
    const unwatched = async (): Promise<Hex[]> =>
      (await door.reader.client.devices()).devices.filter((one) => one.unwatched).map(({ id }) => id);
    expect(await unwatched()).to.have.members([bare.id, blinded.id]);
    bare.createTwin("security", 0b11111n, { security: true });
    expect(await unwatched()).to.deep.equal([blinded.id]);
  });

  it("denies research and labels care once a verdict has quarantined the device", async () => {
    device.setState(2, 4, named("verdict"));
    expect(await codeOf(door.reader.client.history(research))).to.equal("DEVICE_QUARANTINED");
    const page = await door.reader.client.history(care, { purpose: "care" });
    expect(page.distrusted).to.deep.equal({ verdict: named("verdict") });
    for (const { flags } of page.readings) expect(flags).to.include("distrusted");
    // A milder verdict in a later round leaves the device quarantined, by the verdict that did it.
    device.reachVerdict(named("suspicion"), 1);
    expect((await door.reader.client.history(care, { purpose: "care" })).distrusted).to.deep.equal({
      verdict: named("verdict"),
    });
    device.setState(4, 2);
    expect((await door.reader.client.history(care, { purpose: "care" })).distrusted).to.equal(null);
  });

  /** As somebody with an anchors file under a checkpoint of the member, and nothing else. */
  async function expectPassed(receipt: string): Promise<void> {
    const { chain, consortium, stream, member } = door;
    const view = chain.view();
    const history: KeyHistory = {
      device: device.id,
      steward: steward.address,
      keys: [{ number: 1, ...device.key, from: 1, until: null, marks: [] }],
    };
    expect(keyAt(history, 1)?.x).to.equal(view.keyAt(device.id, 1)?.x);
    const group = consortium.members[0]?.gateways[0]?.group ?? named("group", 20);
    const streams = [{ stream, group, anchors: view.anchors(stream) }];
    const unsigned = checkpointOver(consortium, view.head, streams, [history]);
    const signer = addressOf(member);
    const checkpoint = await signCheckpoint(
      unsigned,
      "North",
      signer,
      (digest) => member.signingKey.sign(digest).serialized.toLowerCase() as Hex,
    );
    const { chainId, genesis, contracts } = consortium;
    const file = { format: "anchors@1", chainId, genesis, contracts, streams, devices: [history], checkpoint };
    const { outcome, checks } = await verifyReceipt(receipt, { consortium, source: fileSource(JSON.stringify(file)) });
    expect(outcome, JSON.stringify(checks.filter(({ result }) => result !== "passed"))).to.equal("passed");
  }
});
