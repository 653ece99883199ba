import { expect } from "chai";
import fc from "fast-check";
import { Wallet } from "ethers";
import { connect, type Client, type ReaderPage, type RecordPage } from "../../../apps/sdk/index.ts";
import { createAccountKey, readAccountKey } from "../../../apps/cli/key-file.ts";
import { toHex, ZERO_32, type Hex } from "../../../protocol/bytes.ts";
import { modelHash } from "../../../protocol/device-model.ts";
import { manifestHash, type Manifest } from "../../../protocol/manifest.ts";
import { parseReceipt } from "../../../protocol/receipt.ts";
import { buildRecord, type ErasureRecord } from "../../../protocol/record.ts";
import { verifyReceipt } from "../../../protocol/verify.ts";
import { LEAF_KINDS, PURPOSES, purposesMask, type Purpose } from "../../../protocol/words.ts";
import { Journey } from "../../helpers/journey.ts";
import { addressOf, codeOf, MODEL, openFrontDoor, WrittenDevice, type FrontDoor } from "./front-door.ts";
import { named } from "./written-chain.ts";

const START = 1_790_000_000;
const ALL = 0b1111n;
const CARE = { from: START - 10, until: START + 1_000, segments: ALL, purposes: purposesMask(["care"]) };
const STUDY: Manifest = {
  ...{ format: "manifest@1", name: "study", model: modelHash(MODEL), segments: ["heart"], delay: 0, commands: [] },
  resolution: { interval: 5, show: ["mean"] },
};

describe("what is listed of a twin, at the front door and by the command line", () => {
  const journey = new Journey();
  const keys = new Map<string, string>();
  let door: FrontDoor;
  let device: WrittenDevice;
  let study: Hex;

  const keyOf = (name: string): string => keys.get(name) ?? expect.fail(name);
  const walletOf = (name: string): Wallet => new Wallet(toHex(readAccountKey(keyOf(name))));
  const clientOf = (name: string): Client => connect({ url: door.url, signer: walletOf(name) });
  const ask = <T>(name: string, words: readonly string[]): Promise<T> =>
    journey.ask<T>(["twin", ...words, "--key", keyOf(name), "--url", door.url]);

  before(async () => {
    door = await openFrontDoor(START);
    for (const name of ["steward", "subject", "reader", "stranger"]) {
      keys.set(name, journey.path(`${name}.key`));
      createAccountKey(keyOf(name));
    }
    device = new WrittenDevice(door, addressOf(walletOf("steward")));
    await door.reader.client.postDocument(STUDY);
    study = device.createTwin("study", 0b1n, { manifest: manifestHash(STUDY) });
    const persons = [device.assignment, addressOf(walletOf("subject")), addressOf(walletOf("subject"))];
    door.chain.emit("TwinRegistry", "SubjectBound", persons);
    device.grant(study, addressOf(walletOf("reader")), CARE);
    const texts: string[] = [];
    for (let i = 0; i < 12; i++) texts.push(await device.read());
    await door.reader.client.postReadings(texts);
    door.clock.ms += 60_000;
    const { releases = [] } = await clientOf("reader").history(study);
    expect(releases).to.have.length(2);
    await erase(device.assignment);
    await erase(named("another person's assignment"));
    await door.anchor();
  });
  after(async () => {
    await door.close();
    await journey.close();
  });

  /** Only its leaf: what an erasure does is tested where it is done. */
  async function erase(scope: Hex): Promise<void> {
    const record: ErasureRecord = {
      ...{ format: "erasure@1", stream: door.stream, at: door.clock.ms, salt: `0x${"5a".repeat(16)}` },
      ...{ device: device.id, scope, months: ["2026-09"], cause: "request" },
    };
    const { text: body, content } = buildRecord(record);
    await door.committer.submit(async () => ({
      entries: [{ kind: "record", leafKind: LEAF_KINDS.erasure, subject: device.id, body, content }],
      result: () => undefined,
    }));
  }

  for (const { kind, count } of [
    { kind: "release", count: 2 },
    { kind: "erasure", count: 1 },
  ] as const)
    it(`lists each ${kind} to the steward and the subject, with its receipt, and none to a reader or a stranger`, async () => {
      for (const name of ["steward", "subject"]) {
        const { records } = await clientOf(name).records(study, kind);
        expect(
          records.map(({ record }) => record.format),
          name,
        ).to.deep.equal(Array(count).fill(`${kind}@1`));
        if (kind === "erasure") expect(records[0]?.record.scope).to.equal(device.assignment);
        expect(await ask<RecordPage>(name, ["records", study, "--kind", kind]), "by the command line").to.deep.equal({
          ...{ twin: study, kind, records: records.map(({ leaf, sequence, record }) => ({ leaf, sequence, record })) },
        });
        for (const { leaf, record } of records) {
          const receipt = await clientOf(name).receipt(leaf);
          const { disclosed } = parseReceipt(receipt);
          expect("record" in disclosed && disclosed.record).to.deep.equal(record);
          const { checks } = await verifyReceipt(receipt, { consortium: door.consortium });
          expect(checks.filter(({ result }) => result === "failed")).to.deep.equal([]);
          expect(checks.find((check) => check.name === "record")?.result).to.equal("passed");
        }
        const paged: Hex[] = [];
        for (let before: number | null = Number.MAX_SAFE_INTEGER; before !== null;) {
          const page: RecordPage = await clientOf(name).records(study, kind, { before, limit: 1 });
          paged.push(...page.records.map(({ leaf }) => leaf));
          before = page.next;
        }
        expect(paged, "page by page").to.deep.equal(records.map(({ leaf }) => leaf));
      }
      expect((await clientOf("reader").records(study, kind)).records).to.deep.equal([]);
      expect(await ask<RecordPage>("reader", ["records", study, "--kind", kind])).to.deep.include({ records: [] });
      expect(await codeOf(clientOf("stranger").records(study, kind))).to.equal("NOT_FOUND");
      const words = ["twin", "records", study, "--kind", kind, "--key", keyOf("stranger"), "--url", door.url];
      const refused = await journey.run(words);
      expect([refused.code, refused.err], refused.out).to.satisfy(
        ([code, err]: [number, string]) => code !== 0 && err.includes("NOT_FOUND"),
      );
    });

  it("names every reader of a twin with hundreds of grants, by the command line too, and an opening as what it is", async () => {
    const twin = device.createTwin("crowded", ALL);
    const given: Hex[] = [];
    for (let n = 0; n < 230; n++) given.push(device.grant(twin, addressOf(Wallet.createRandom()), CARE));
    const opening = device.open(twin, named("holder", 20), START + 3_600);
    const first = await clientOf("steward").readers(twin);
    expect([first.readers.length, first.next]).to.deep.equal([100, 100]);
    const { readers } = await ask<Pick<ReaderPage, "readers">>("steward", ["readers", twin]);
    expect(readers.map(({ grant, opening: by }) => grant ?? by)).to.deep.equal([...given, opening]);
    const words = ["twin", "readers", twin, "--key", keyOf("steward"), "--url", door.url];
    const { out } = await journey.run(words);
    expect(out.split("\n").filter((line) => line.startsWith("0x"))).to.have.length(231);
    expect(out).to.match(new RegExp(`^${named("holder", 20)} +opening `, "m"));
    expect(out, "nobody here is an oracle").not.to.contain("oracle");
  });

  it("lists as readers exactly those whom the rule lets read, whatever was given, passed on, agreed to and taken back", async function () {
    this.timeout(240_000);
    const people = Array.from({ length: 4 }, () => addressOf(Wallet.createRandom()));
    const who = fc.nat({ max: people.length - 1 });
    const purposes = fc.subarray(
      [...PURPOSES].filter((one) => one !== "security"),
      { minLength: 1 },
    );
    const acts = fc.oneof(
      fc.record({ act: fc.constant("give" as const), who, purposes, segments: fc.bigInt(1n, ALL), late: fc.boolean() }),
      fc.record({ act: fc.constant("pass" as const), who, of: fc.nat(), purposes, segments: fc.bigInt(1n, ALL) }),
      fc.record({ act: fc.constant("revoke" as const), of: fc.nat() }),
      fc.record({ act: fc.constant("consent" as const), who, purposes: fc.subarray([...PURPOSES]) }),
      fc.record({ act: fc.constant("mask" as const), purposes: fc.subarray(["care", "research"] as const) }),
      fc.record({ act: fc.constant("open" as const), who }),
      fc.record({ act: fc.constant("epoch" as const) }),
      fc.record({ act: fc.constant("state" as const), to: fc.constantFrom(2, 3, 4) }),
    );
    let trial = 0;
    const permittedSeen = new Set<boolean>();
    await fc.assert(
      fc.asyncProperty(fc.array(acts, { minLength: 1, maxLength: 14 }), async (script) => {
        const one = new WrittenDevice(door, addressOf(walletOf("steward")));
        const twin = one.createTwin(`trial ${trial++}`, ALL);
        const { emit } = { emit: door.chain.emit.bind(door.chain) };
        emit("TwinRegistry", "SubjectBound", [one.assignment, addressOf(walletOf("subject")), addressOf(walletOf("subject"))]); // prettier-ignore
        const given: { readonly id: Hex; readonly segments: bigint; readonly purposes: number }[] = [];
        let epoch = 0;
        for (const step of script) {
          const reader = "who" in step ? (people[step.who] ?? ZERO_32) : ZERO_32;
          const parent = "of" in step ? given[step.of % Math.max(1, given.length)] : undefined;
          if (step.act === "give") {
            const terms = { from: step.late ? START + 500 : START - 10, until: START + 1_000, segments: step.segments };
            const mask = purposesMask(step.purposes);
            given.push({
              id: one.grant(twin, reader, { ...terms, purposes: mask }),
              segments: step.segments,
              purposes: mask,
            });
          } else if (step.act === "pass" && parent) {
            const part = {
              segments: step.segments & parent.segments,
              purposes: purposesMask(step.purposes) & parent.purposes,
            };
            if (part.segments === 0n || part.purposes === 0) continue;
            const terms = { from: START - 10, until: START + 1_000, ...part };
            given.push({ id: one.grant(twin, reader, terms, parent.id), ...part });
          } else if (step.act === "revoke" && parent)
            emit("GrantRegistry", "Revoked", [parent.id, addressOf(walletOf("steward"))]);
          else if (step.act === "consent")
            emit("GrantRegistry", "ConsentSet", [
              twin,
              reader,
              purposesMask(step.purposes),
              addressOf(walletOf("subject")),
            ]);
          else if (step.act === "mask")
            emit("TwinRegistry", "ConsentMaskSet", [twin, purposesMask(step.purposes), addressOf(walletOf("subject"))]);
          else if (step.act === "open") one.open(twin, reader, START + 900);
          else if (step.act === "epoch") emit("TwinRegistry", "EpochRaised", [twin, ++epoch]);
          else if (step.act === "state") one.setState(2, step.to);
        }
        const steward = clientOf("steward");
        const listed = new Set<string>();
        for (let after: number | null = 0; after !== null;) {
          const page: ReaderPage = await steward.readers(twin, { after, limit: 3 });
          for (const { reader, purposes: told } of page.readers)
            for (const { purpose, reason } of told) if (reason === "Permitted") listed.add(`${reader} ${purpose}`);
          after = page.next;
        }
        const ruled = new Set<string>();
        for (const reader of [...people, addressOf(walletOf("subject")), addressOf(walletOf("stranger"))])
          for (const purpose of PURPOSES as readonly Purpose[])
            if ((await steward.explain({ twin, reader, purpose })).permitted) ruled.add(`${reader} ${purpose}`);
        permittedSeen.add(ruled.size > 0);
        expect([...listed].sort()).to.deep.equal([...ruled].sort());
      }),
      { seed: 11, numRuns: 15 },
    );
    expect(permittedSeen, "some may, some may not").to.deep.equal(new Set([true, false]));
  });
});
