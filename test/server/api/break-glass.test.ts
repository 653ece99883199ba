import { expect } from "chai";
import { Wallet } from "ethers";
import type { Client } from "../../../apps/sdk/index.ts";
import type { Hex } from "../../../protocol/bytes.ts";
import { parseReceipt } from "../../../protocol/receipt.ts";
import { roleNumber, type Role } from "../../../protocol/roles.ts";
import { purposesMask } from "../../../protocol/words.ts";
import { addressOf, codeOf, openFrontDoor, WrittenDevice, type FrontDoor } from "./front-door.ts";
import { named } from "./written-chain.ts";

const START = 1_790_000_000;
const ALL = 0b1111n;
const PEOPLE = ["steward", "subject", "opener", "second", "holder", "reviewer", "reader", "stranger"] as const;

describe("break-glass over HTTP", () => {
  let door: FrontDoor;
  let device: WrittenDevice;
  let twin: Hex;
  let opening: Hex;
  const people: Record<string, { readonly address: Hex; readonly client: Client }> = {};
  const of = (name: string): { readonly address: Hex; readonly client: Client } => people[name] ?? expect.fail(name);
  const appoint = (role: Role, name: string): void => {
    const said = [roleNumber(role, 0), of(name).address, 0, START - 1, true];
    door.chain.emit("Operators", "RoleGranted", said);
  };
  const moveTo = (seconds: number): void => {
    door.clock.ms = 1000 * seconds;
    door.chain.mine(seconds - door.chain.view().head.timestamp);
  };
  const seen = async (name: string): Promise<string[]> => {
    const { openings } = await of(name).client.openings();
    return openings.map(({ opening: id, state, may }) => `${id === opening ? "it" : id} ${state} ${may.join()}`);
  };

  before(async () => {
    door = await openFrontDoor(START);
    for (const name of PEOPLE) {
      const wallet = Wallet.createRandom();
      people[name] = { address: addressOf(wallet), client: door.clientOf(wallet) };
    }
    for (const name of ["opener", "second", "holder"]) appoint("holder", name);
    for (const name of ["opener", "second", "reviewer"]) appoint("reviewer", name);
    device = new WrittenDevice(door, of("steward").address);
    twin = device.createTwin("emergency", ALL);
    door.chain.emit("TwinRegistry", "SubjectBound", [device.assignment, of("subject").address, named("nobody", 20)]);
    door.chain.emit("TwinRegistry", "ConsentMaskSet", [twin, purposesMask(["emergency"]), of("subject").address]);
    door.chain.emit("BreakGlass", "EmergencyTwinNamed", [device.assignment, twin, 0]);
    await of("reader").client.postReadings([await device.read()]);
    const care = { from: START - 10, until: START + 100_000, segments: ALL, purposes: purposesMask(["care"]) };
    device.grant(twin, of("reader").address, care);
  });
  after(() => door.close());

  it("tells holders what they may open, stewards what they named, and strangers nothing", async () => {
    const emergency = { assignment: device.assignment, twin, device: device.id, member: 0, needsSecond: false };
    for (const [name, mayOpen] of [["holder", true] as const, ["steward", false] as const]) {
      const { emergencies, nonce, openings } = await of(name).client.openings();
      expect(emergencies, name).to.deep.equal([{ ...emergency, mayOpen }]);
      expect([nonce, openings], name).to.deep.equal([0, []]);
    }
    expect((await of("stranger").client.openings()).emergencies).to.deep.equal([]);
    expect(await codeOf(of("opener").client.history(twin, { purpose: "emergency" }))).to.equal("NOT_FOUND");
  });

  it("lets the opener read without grant or consent, and names the opening in the decision", async () => {
    opening = device.open(twin, of("opener").address, START + 3_600, of("second").address);
    const page = await of("opener").client.history(twin);
    expect([page.purpose, page.readings.length]).to.deep.equal(["emergency", 1]);
    expect(await codeOf(of("opener").client.history(twin, { purpose: "care" }))).to.equal("PURPOSE_NOT_GRANTED");
    expect(await codeOf(of("second").client.history(twin, { purpose: "emergency" }))).to.equal("NOT_FOUND");
    const { because, permitted } = await of("opener").client.explain({ twin, purpose: "emergency" });
    expect([permitted, because.grant, because.opening]).to.deep.equal([true, null, opening]);
    await door.anchor();
    const receipt = parseReceipt(await of("subject").client.receipt(page.decision.leaf));
    expect(receipt.disclosed).to.have.nested.property("record.because.opening", opening);
    const { readers } = await of("subject").client.readers(twin);
    expect(readers.map((one) => one.opening ?? "a grant")).to.deep.equal(["a grant", opening]);
  });

  it("shows an opening to whom it concerns, with what they may do about it", async () => {
    for (const name of ["opener", "steward"]) expect(await seen(name), name).to.deep.equal(["it open end"]);
    for (const name of ["subject", "second", "holder", "reviewer"])
      expect(await seen(name), name).to.deep.equal(["it open "]);
    for (const name of ["reader", "stranger"]) {
      expect(await seen(name), name).to.deep.equal([]);
      expect(await codeOf(of(name).client.opening(opening)), name).to.equal("NOT_FOUND");
    }
    expect((await of("opener").client.openings()).nonce).to.equal(1);
  });

  it("has a case of each: its steps, and every decision that rests on it", async () => {
    await of("reader").client.history(twin, { purpose: "care" });
    const { steps, reads } = await of("reviewer").client.opening(opening);
    expect(steps.map(({ step, by }) => [step, by])).to.deep.equal([["opened", of("opener").address]]);
    const told = reads.map(({ record }) => `${record.reader === of("opener").address} ${record.reason}`);
    expect(told).to.deep.equal(["true PurposeNotGranted", "true Permitted"]);
  });

  it("ends it for the next request, and waits for another person's review, which falls due", async () => {
    moveTo(START + 60);
    door.chain.emit("BreakGlass", "BreakGlassEnded", [opening, of("steward").address]);
    expect(await codeOf(of("opener").client.history(twin))).to.equal("BREAK_GLASS_ENDED");
    expect(await seen("reviewer")).to.deep.equal(["it unreviewed review"]);
    // They have the role, and had their part in it.
    for (const name of ["opener", "second"]) expect(await seen(name), name).to.deep.equal(["it unreviewed "]);
    const { openings } = await of("reviewer").client.openings({ state: "unreviewed" });
    const due = openings[0]?.reviewBy ?? expect.fail();
    moveTo(due);
    expect(await seen("reviewer")).to.deep.equal(["it overdue review"]);
    const { emergencies } = await of("holder").client.openings();
    expect(emergencies.map(({ needsSecond }) => needsSecond)).to.deep.equal([true]);
    door.chain.emit("BreakGlass", "BreakGlassReviewed", [opening, of("reviewer").address, false, named("note")]);
    expect(await seen("reviewer")).to.deep.equal(["it reviewed "]);
    const { review, steps } = await of("subject").client.opening(opening);
    expect([review?.by, review?.justified]).to.deep.equal([of("reviewer").address, false]);
    expect(steps.map(({ step }) => step)).to.deep.equal(["opened", "ended", "reviewed"]);
    expect((await of("holder").client.openings()).emergencies[0]?.needsSecond).to.equal(false);
  });

  it("forgets with a role what it let see, and says when grants are paused", async () => {
    door.chain.emit("Operators", "RoleRevoked", [roleNumber("holder", 0), of("holder").address]);
    expect(await seen("holder")).to.deep.equal([]);
    door.chain.emit("GrantRegistry", "Paused", [named("pauser", 20)]);
    expect((await of("steward").client.openings()).grantsPaused).to.equal(true);
    door.chain.emit("GrantRegistry", "Resumed", [named("resumer", 20)]);
    expect((await of("steward").client.openings()).grantsPaused).to.equal(false);
  });

  it("answers by a code where the consortium was founded before there was break-glass", async () => {
    delete (door.consortium.contracts as { BreakGlass?: Hex }).BreakGlass;
    expect(await codeOf(of("steward").client.openings())).to.equal("BREAK_GLASS_ABSENT");
    expect(await codeOf(of("steward").client.opening(opening))).to.equal("BREAK_GLASS_ABSENT");
  });
});
