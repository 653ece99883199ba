import { expect } from "chai";
import { Wallet } from "ethers";
import type { Client } from "../../../apps/sdk/index.ts";
import type { Hex } from "../../../protocol/bytes.ts";
import { parseReceipt } from "../../../protocol/receipt.ts";
import { buildRecord, type ErasureRecord } from "../../../protocol/record.ts";
import { LEAF_KINDS, purposesMask } from "../../../protocol/words.ts";
import { addressOf, codeOf, openFrontDoor, WrittenDevice, type FrontDoor } from "./front-door.ts";
import { named } from "./written-chain.ts";

const START = 1_790_000_000;
const ALL = 0b1111n;

describe("whom a twin's affairs concern", () => {
  let door: FrontDoor;
  let device: WrittenDevice;
  let twin: Hex;
  let security: Hex;
  let grants: { clinician: Hex; nurse: Hex; past: Hex; researcher: Hex };
  const persons: Record<string, { readonly address: Hex; readonly client: Client }> = {};
  const of = (name: string): { readonly address: Hex; readonly client: Client } => persons[name] ?? expect.fail(name);

  before(async () => {
    door = await openFrontDoor(START);
    for (const name of ["steward", "subject", "guardian", "clinician", "nurse", "past", "researcher", "stranger"]) {
      const wallet = Wallet.createRandom();
      persons[name] = { address: addressOf(wallet), client: door.clientOf(wallet) };
    }
    device = new WrittenDevice(door, of("steward").address);
    twin = device.createTwin("care", ALL);
    security = device.createTwin("security", ALL, { security: true });
    door.chain.emit("TwinRegistry", "SubjectBound", [device.assignment, of("subject").address, of("guardian").address]);
    door.chain.emit("TwinRegistry", "ConsentMaskSet", [twin, purposesMask(["research"]), of("subject").address]);
    const care = { from: START - 10, until: START + 1_000, segments: ALL, purposes: purposesMask(["care"]) };
    const clinician = device.grant(twin, of("clinician").address, care);
    grants = {
      clinician,
      nurse: device.grant(twin, of("nurse").address, { ...care, segments: 0b1n }, clinician),
      past: device.grant(twin, of("past").address, { ...care, until: START - 5 }),
      researcher: device.grant(twin, of("researcher").address, {
        ...care,
        purposes: purposesMask(["research", "care"]),
      }),
    };
    await of("clinician").client.postReadings([await device.read()]);
    await of("clinician").client.history(twin, { purpose: "care" });
    await of("nurse").client.history(twin, { purpose: "care", segments: ["heart"] });
    expect(await codeOf(of("researcher").client.history(twin, { purpose: "research" }))).to.equal("CONSENT_MISSING");
    expect(await codeOf(of("stranger").client.history(twin, { purpose: "care" }))).to.equal("NOT_FOUND");
    await door.anchor();
  });
  after(() => door.close());

  const lookers = async (name: string): Promise<string[]> => {
    const { decisions } = await of(name).client.decisions(twin);
    const names = Object.entries(persons);
    return decisions
      .filter(({ record }) => record.purpose !== "audit")
      .map(({ record }) => `${names.find(([, { address }]) => address === record.reader)?.[0]} ${record.reason}`);
  };

  it("tells steward, subject and guardian of everybody who asked, readers of themselves", async () => {
    const all = ["stranger GrantUnknown", "researcher ConsentMissing", "nurse Permitted", "clinician Permitted"];
    for (const name of ["steward", "subject", "guardian"]) expect(await lookers(name), name).to.deep.equal(all);
    expect(await lookers("nurse")).to.deep.equal(["nurse Permitted"]);
    expect(await lookers("past")).to.deep.equal([]);
  });

  it("lets them have the receipt of each, and nobody else", async () => {
    const { decisions } = await of("subject").client.decisions(twin);
    const anchored = decisions.filter(({ record }) => record.purpose !== "audit");
    expect(anchored).to.have.length(4);
    for (const { leaf, record } of anchored) {
      const receipt = parseReceipt(await of("subject").client.receipt(leaf));
      expect(receipt.disclosed).to.deep.equal({ record });
      expect(await codeOf(of("past").client.receipt(leaf))).to.equal("NOT_FOUND");
    }
  });

  it("lets them have the receipt of an erasure of their data, and no reader", async () => {
    const { stream, committer } = door;
    const record: ErasureRecord = {
      ...{ format: "erasure@1", stream, at: START * 1000, salt: `0x${"5a".repeat(16)}`, device: device.id },
      ...{ scope: device.assignment, months: ["2026-09"], cause: "request" },
    };
    const { text: body, content } = buildRecord(record);
    const leaf = await committer.submit(async () => ({
      entries: [{ kind: "record", leafKind: LEAF_KINDS.erasure, subject: device.id, body, content }],
      result: ([placed]) => placed?.leaf ?? "0x",
    }));
    await door.anchor();
    for (const name of ["steward", "subject", "guardian"])
      expect(parseReceipt(await of(name).client.receipt(leaf)).disclosed, name).to.deep.equal({ record });
    for (const name of ["clinician", "stranger"])
      expect(await codeOf(of(name).client.receipt(leaf)), name).to.equal("NOT_FOUND");
  });

  it("is recorded itself: who looked at the list is on it", async () => {
    await of("guardian").client.decisions(twin);
    const { decisions } = await of("subject").client.decisions(twin, { limit: 2 });
    expect(decisions.map(({ record }) => [record.reader, record.purpose])).to.deep.equal([
      [of("subject").address, "audit"],
      [of("guardian").address, "audit"],
    ]);
  });

  it("pages through all of them, each once", async () => {
    const whole = (await of("steward").client.decisions(twin, { limit: 500 })).decisions.map(({ leaf }) => leaf);
    const first = whole.length;
    const paged: Hex[] = [];
    // Each look adds one in front; what is behind stays where it is.
    for (let before: number | null = first + 1; before !== null;) {
      const page = await of("steward").client.decisions(twin, { before, limit: 3 });
      expect(page.decisions.length).to.be.at.most(3);
      paged.push(...page.decisions.map(({ leaf }) => leaf));
      before = page.next;
    }
    expect(paged).to.deep.equal(whole);
    expect(paged.length).to.be.greaterThan(8);
  });

  it("says who can see it, by which grant, and for each purpose what would be decided", async () => {
    for (const name of ["steward", "subject", "guardian"]) {
      const { readers, next } = await of(name).client.readers(twin);
      expect(next).to.equal(null);
      expect(readers.map(({ reader, grant, purposes }) => [reader, grant, purposes])).to.deep.equal([
        [of("clinician").address, grants.clinician, [{ purpose: "care", reason: "Permitted" }]],
        [of("nurse").address, grants.nurse, [{ purpose: "care", reason: "Permitted" }]],
        [of("past").address, grants.past, [{ purpose: "care", reason: "GrantExpired" }]],
        [
          of("researcher").address,
          grants.researcher,
          [
            { purpose: "care", reason: "Permitted" },
            { purpose: "research", reason: "ConsentMissing" },
          ],
        ],
      ]);
      expect(readers[1]).to.deep.include({ parent: grants.clinician, segments: "1", until: START + 1_000 });
    }
    const own = await of("nurse").client.readers(twin);
    expect(own.readers.map(({ grant }) => grant)).to.deep.equal([grants.nurse]);
    const page = await of("steward").client.readers(twin, { after: 1, limit: 2 });
    expect([page.readers.map(({ grant }) => grant), page.next]).to.deep.equal([[grants.nurse, grants.past], 3]);
  });

  it("names the oracles of a security twin, who need no grant", async () => {
    const { readers } = await of("steward").client.readers(security);
    expect(readers).to.have.length(1);
    expect(readers[0]).to.deep.include({ reader: door.oracle.address, grant: null });
    expect(readers[0]?.purposes).to.deep.equal([{ purpose: "security", reason: "Permitted" }]);
  });

  it("says to a stranger what it says of a twin that is not there, and names nothing in the record", async () => {
    for (const absent of [twin, named("no twin")]) {
      expect(await codeOf(of("stranger").client.decisions(absent))).to.equal("NOT_FOUND");
      expect(await codeOf(of("stranger").client.readers(absent))).to.equal("NOT_FOUND");
    }
    const { decisions } = await of("steward").client.decisions(twin, { limit: 500 });
    const audits = decisions.filter(({ record }) => record.purpose === "audit");
    expect(audits.map(({ record }) => record.reader)).not.to.include(of("stranger").address);
  });
});
