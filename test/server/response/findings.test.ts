import { expect } from "chai";
import { toHex } from "../../../protocol/bytes.ts";
import { readFindingBody, signClearRound, signFinding, type SignedFinding } from "../../../protocol/finding.ts";
import { addressOfKey, personalDigest, signCompact, verdictDigest, type Verdict } from "../../../protocol/verdict.ts";
import type { Chain } from "../../../server/chain/view.ts";
import { createFindings, type Findings } from "../../../server/response/findings.ts";
import { openKeyStore, type KeyStore } from "../../../server/keys/key-store.ts";
import type { Database } from "../../../server/store/database.ts";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DOMAIN, ORACLE_SET, oracleKeys, START_MS, STREAM, World } from "../../helpers/oracle-world.ts";
import { lendDatabase } from "../../helpers/lent-database.ts";

const hash = (n: number): `0x${string}` => `0x${n.toString(16).padStart(64, "0")}`;

describe("findings", () => {
  let directory: string;
  let database: Database;
  let keys: KeyStore;
  let world: World;
  let findings: Findings;

  before(async () => {
    directory = mkdtempSync(join(tmpdir(), "findings-"));
    database = await lendDatabase();
    keys = await openKeyStore(join(directory, "keys/data-keys.json"));
  });
  after(async () => {
    await keys.close();
    await database.close();
    rmSync(directory, { recursive: true });
  });
  beforeEach(async () => {
    await database.query("delete from finding");
    world = new World();
    for (let i = 0; i < 15; i++) world.anchor();
    findings = createFindings({ database, keys, chain: world.chain as Chain });
  });

  const verdict = (change: Partial<Verdict> = {}): Verdict => ({
    oracleSet: ORACLE_SET,
    stream: STREAM,
    round: 1,
    firstBatch: 10,
    lastBatch: 13,
    device: world.devices[0]!.id,
    firstSequence: 11,
    lastSequence: 14,
    kind: 2,
    severity: 3,
    model: hash(5),
    leavesRoot: hash(6),
    ...change,
  });
  const sign = (bit: number, change: Partial<Verdict> = {}, salt = 0): SignedFinding =>
    signFinding(
      DOMAIN,
      { verdict: verdict(change), score: 4000, explanation: [], at: START_MS },
      new Uint8Array(16).fill(salt),
      world.keys[bit] ?? oracleKeys(9)[bit]!,
    );
  const refusal = async (body: unknown): Promise<unknown> =>
    findings.accept(body).then(
      () => "accepted",
      (error: unknown) => (error as { code?: unknown }).code,
    );

  it("keeps what a finding says of values sealed, and gives it back as it was signed", async () => {
    const round = { oracleSet: ORACLE_SET, stream: STREAM, round: 0, model: hash(5), devices: [], at: START_MS };
    const [signed, clear] = [sign(0, {}, 7), signClearRound(DOMAIN, round, new Uint8Array(16), world.keys[0]!)];
    await findings.accept(signed);
    await findings.accept(clear);
    expect(await findings.list({ format: "finding@1" })).to.deep.equal([signed]);
    expect(await findings.list({ format: "clear@1" })).to.deep.equal([clear]);
    const rows = await database.query<{ row: string }>("select f::text as row from finding f");
    const { salt } = JSON.parse(signed.body) as { salt: string };
    for (const { row } of rows) expect(row).not.to.match(new RegExp(`score|explanation|${salt.slice(2)}`));
    // Their key is the readings'; where these are not stored it is named after the device.
    const [{ scope, month } = { scope: new Uint8Array(), month: "" }] = await database.query<{
      scope: Uint8Array;
      month: string;
    }>("select scope, month from finding where scope is not null");
    expect(toHex(scope)).to.equal(verdict().device);
    await keys.destroy([{ scope: toHex(scope), month }]);
    expect(await findings.list({ format: "finding@1" })).to.deep.equal([]);
    // One that comes afterwards gets a key of its own.
    await findings.accept(sign(1));
    expect(await findings.list({ format: "finding@1" })).to.deep.equal([sign(1)]);
  });

  it("keeps what oracles signed, and lists it by digest, device and round, byte for byte", async () => {
    const [a, b, c] = [
      sign(0),
      sign(1),
      sign(2, { round: 0, firstBatch: 0, lastBatch: 4, device: world.devices[1]!.id }),
    ];
    for (const signed of [a, b, c]) await findings.accept(signed);
    const digest = verdictDigest(DOMAIN, verdict());
    expect(await findings.list({ digest })).to.have.deep.members([a, b]);
    expect(await findings.list({ device: world.devices[1]!.id })).to.deep.equal([c]);
    expect(await findings.list({ round: 1 })).to.have.deep.members([a, b]);
    expect(await findings.list({ since: 0 })).to.have.deep.members([a, b, c]);
    expect((await findings.list({ limit: 1 })).map((f) => readFindingBody(f.body))[0]).to.have.nested.property(
      "verdict.round",
      1,
    );
  });

  it("keeps dissent: what contradicts another finding stands beside it", async () => {
    const [accusation, dissent] = [sign(0), sign(1, { kind: 0, severity: 0 })];
    await findings.accept(accusation);
    await findings.accept(dissent);
    expect(await findings.list({ device: world.devices[0]!.id })).to.have.deep.members([accusation, dissent]);
  });

  it("changes nothing when the same comes again, also with another salt", async () => {
    const first = sign(0);
    await findings.accept(first);
    await findings.accept(first);
    await findings.accept(sign(0, {}, 1));
    expect(await findings.list()).to.deep.equal([first]);
  });

  it("keeps all-clears", async () => {
    const clear = { oracleSet: ORACLE_SET, stream: STREAM, round: 0, model: hash(5), devices: [], at: START_MS };
    const signed = signClearRound(DOMAIN, clear, new Uint8Array(16), world.keys[0]!);
    await findings.accept(signed);
    expect(await findings.list({ round: 0 })).to.deep.equal([signed]);
    expect(await findings.list({ since: 0, format: "clear@1" })).to.deep.equal([signed]);
    expect(await findings.list({ since: 0, format: "finding@1" })).to.deep.equal([]);
    const early = signClearRound(DOMAIN, { ...clear, round: 1 }, new Uint8Array(16), world.keys[0]!);
    expect(await refusal(early)).to.equal("FINDING_UNFOUNDED");
  });

  it("keeps all-clears, and what became no verdict, for so many rounds, and what became one for good", async () => {
    for (let i = 0; i < 35; i++) world.anchor();
    const pruning = createFindings({ database, keys, chain: world.chain as Chain, kept: { clears: 2, findings: 3 } });
    const clearOf = (round: number): SignedFinding => {
      const clear = { oracleSet: ORACLE_SET, stream: STREAM, round, model: hash(5), devices: [], at: START_MS };
      return signClearRound(DOMAIN, clear, new Uint8Array(16), world.keys[0]!);
    };
    const early = { round: 0, firstBatch: 0, lastBatch: 4 };
    const [reached, idle] = [sign(0, early), sign(1, { ...early, severity: 4 })];
    await pruning.accept(reached);
    await pruning.accept(idle);
    const fact = { ...verdict(early), kind: "quarantine", digest: verdictDigest(DOMAIN, verdict(early)) } as const;
    world.verdicts.push({ ...fact, signers: 3, transaction: hash(1), block: world.anchors[0]!.block });
    for (const round of [0, 1, 2, 3]) await pruning.accept(clearOf(round));
    const clears = (await pruning.list({ format: "clear@1", since: 0 })).map(({ body }) => readFindingBody(body));
    expect(clears.map((body) => body.format === "clear@1" && body.clear.round)).to.deep.equal([3, 2, 1]);
    expect(await pruning.list({ format: "finding@1", since: 0 })).to.have.deep.members([reached, idle]);
    await pruning.accept(clearOf(4));
    expect(await pruning.list({ format: "finding@1", since: 0 })).to.deep.equal([reached]);
    // Another stream's rounds are its own.
    expect(await database.query("select 1 from finding")).to.have.length(4);
  });

  it("refuses who is no oracle", async () => {
    expect(world.oracles).to.not.include(addressOfKey(oracleKeys(9)[8]!));
    expect(await refusal(sign(8))).to.equal("FINDING_ORACLE_UNKNOWN");
  });

  it("looks who wrote it before it reads it: a stranger's junk costs nobody a parse", async () => {
    const good = sign(0);
    const naming = (oracle: string) => ({ ...good, body: `{"oracle":"${oracle}",${"[".repeat(60_000)}` });
    expect(await refusal(naming(addressOfKey(oracleKeys(9)[8]!)))).to.equal("FINDING_ORACLE_UNKNOWN");
    expect(await refusal(naming(world.oracles[0]!))).to.equal("FINDING_SIGNATURE_INVALID");
    expect(await refusal({ ...good, body: "[".repeat(60_000) })).to.equal("FINDING_MALFORMED");
  });

  it("still reads what an oracle signed strictly", async () => {
    const wrote = (body: string) => ({
      ...sign(0),
      body,
      signature: signCompact(personalDigest(body), world.keys[0]!),
    });
    const { body } = sign(0);
    expect(await refusal(wrote(body))).to.equal("accepted");
    expect(await refusal(wrote(`${body} `))).to.equal("FINDING_MALFORMED");
    // Two names: the first that is found is the oracle's, the second would be read by a careless parser.
    const twice = body.replace('"oracle":', `"oracle":"${world.oracles[0]}","oracle":`);
    expect(await refusal(wrote(twice))).to.equal("FINDING_MALFORMED");
    const other = body.replace(world.oracles[0]!, world.oracles[1]!);
    const nested = other.replace('{"at"', `{"a":{"oracle":"${world.oracles[0]}"},"at"`);
    expect(await refusal(wrote(nested))).to.equal("FINDING_MALFORMED");
  });

  it("refuses what does not fit the chain", async () => {
    const unfounded: Partial<Verdict>[] = [
      { oracleSet: hash(1) },
      { stream: hash(1) },
      { device: hash(1) },
      { lastBatch: 15 },
      { lastBatch: 9 },
      { firstBatch: 11 },
      { round: 2 ** 40, firstBatch: 10 * 2 ** 40, lastBatch: 10 * 2 ** 40 },
      { firstSequence: 15 },
    ];
    for (const change of unfounded)
      expect(await refusal(sign(0, change)), JSON.stringify(change)).to.equal("FINDING_UNFOUNDED");
    expect(await findings.list()).to.deep.equal([]);
  });

  it("refuses what is malformed or not signed by whom it names", async () => {
    const good = sign(0);
    for (const body of [
      null,
      7,
      "x",
      {},
      [],
      { ...good, more: 1 },
      { ...good, body: 5 },
      { ...good, attestation: "0x" },
    ])
      expect(await refusal(body), JSON.stringify(body)).to.equal("FINDING_MALFORMED");
    expect(await refusal({ ...good, body: "{".repeat(70_000) })).to.equal("FINDING_MALFORMED");
    expect(await refusal({ ...good, attestation: sign(1).attestation })).to.equal("FINDING_SIGNATURE_INVALID");
  });

  it("keeps a double-tongued oracle's words as evidence, but not without end", async () => {
    for (let i = 0; i < 6; i++) await findings.accept(sign(0, { leavesRoot: hash(100 + i) }));
    expect(await refusal(sign(0, { leavesRoot: hash(200) }))).to.equal("FINDINGS_TOO_MANY");
    expect(await findings.list()).to.have.length(6);
    await findings.accept(sign(1));
  });
});
