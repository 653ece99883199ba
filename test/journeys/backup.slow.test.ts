import { expect } from "chai";
import { cpSync, existsSync, lstatSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import type { AuditReport } from "../../server/main/audit/audit.ts";
import { backupDirectory, type BackupReport } from "../../server/main/backup/backup-directory.ts";
import { restoreDirectory, type RestoreReport } from "../../server/main/backup/restore-directory.ts";
import { TwinwardError } from "../../protocol/errors.ts";
import { isHeld, isRefusal } from "../../protocol/refusal.ts";
import { auditPasses, readAnchors } from "../helpers/audit-journey.ts";
import { registerBedside, wordOf, type BedsideDevice } from "../helpers/bedside-device.ts";
import { Journey, portsOf, until, type Server } from "../helpers/journey.ts";

const AT_ONCE = 20;

describe("journey: backup and restore", () => {
  const journey = new Journey();
  const data = journey.path("data");
  const [older, newer, acksFile] = [journey.path("older.gz"), journey.path("newer.gz"), journey.path("acks.jsonl")];
  const mirror = { KEYS_MIRROR: journey.path("mirror") };
  const acks: object[] = [];
  let ports: Record<string, string>;
  let server: Server;
  let device: BedsideDevice;
  /** Leaves and batches that the chain had when all readings were anchored; oracles' reads may have added some since. */
  let anchored: { leaves: number; batches: number };
  let taken: BackupReport;

  before(async () => {
    ports = await portsOf();
    server = await journey.up(data, { ...ports, ...mirror });
    device = (await registerBedside(server, 1))[0] as BedsideDevice;
  });
  after(() => journey.close());

  async function send(count: number): Promise<void> {
    const readings: string[] = [];
    for (let n = 0; n < count; n++) readings.push(await device.next());
    for (const answer of await server.client.postReadings(readings)) {
      if (isRefusal(answer) || isHeld(answer)) throw new Error(wordOf(answer));
      acks.push(answer);
    }
  }

  const allAnchored = (): Promise<boolean> =>
    until("all is anchored", async () => {
      const { devices } = await server.client.devices();
      return devices.every(({ sequence, anchoredSequence }) => anchoredSequence >= sequence) || undefined;
    });

  async function refusal(asked: Promise<unknown>, code: string, detail: RegExp): Promise<void> {
    const error = await asked.then(
      () => new Error("it was done"),
      (thrown: unknown) => thrown,
    );
    if (!(error instanceof TwinwardError)) throw error;
    expect(error.code).to.equal(code);
    expect(error.facts.detail).to.match(detail);
  }

  /** DATA as it is after its database's disk was lost. */
  function withoutDatabase(name: string): string {
    const copy = journey.path(name);
    const isKept = (path: string): boolean =>
      (lstatSync(path).isFile() || lstatSync(path).isDirectory()) && path !== join(data, "database");
    cpSync(data, copy, { recursive: true, filter: isKept });
    return copy;
  }

  it("backup: while readings come in, which are acked meanwhile", async () => {
    await send(AT_ONCE);
    let over = false;
    const sending = (async () => {
      while (!over) await send(AT_ONCE);
    })();
    await until("readings come in", async () => acks.length >= 5 * AT_ONCE || undefined);
    const before = acks.length;
    taken = await journey.ask<BackupReport>(["backup", older, "--data", data]);
    over = true;
    await sending;
    expect(taken.rows.reading).to.be.at.least(before).and.at.most(acks.length);
    expect(acks.length, "acked while it was made").to.be.greaterThan(before);
    expect(statSync(older).mode & 0o777).to.equal(0o600);
    expect(statSync(older).size).to.equal(taken.bytes);
    await send(AT_ONCE);
    await allAnchored();
    const anchors = await readAnchors(server.client);
    const last = anchors.at(-1);
    anchored = { leaves: (last?.firstLeaf ?? 0) + (last?.count ?? 0), batches: anchors.length };
    writeFileSync(acksFile, acks.map((ack) => `${JSON.stringify(ack)}\n`).join(""));
  });

  it("backup: has no key of any kind, and not the chain", () => {
    const text = gunzipSync(readFileSync(older)).toString();
    const files = readdirSync(join(data, "keys"));
    expect(files).to.include.members(["data-keys.json", "master.key", "gateway.key", "sender.key"]);
    const secrets = files.flatMap((file) => {
      const found = readFileSync(join(data, "keys", file), "utf8").match(/[0-9a-f]{64,}/g) ?? [];
      return file === "data-keys.json" ? found.filter((word) => word.length > 64) : found;
    });
    expect(secrets.length).to.be.greaterThan(10);
    for (const secret of secrets) expect(text.includes(secret)).to.equal(false);
    const journal = readFileSync(join(data, "chain/journal"), "utf8").match(/"raw":"0x[0-9a-f]+/g) ?? [];
    expect(journal.length).to.be.greaterThan(5);
    for (const raw of journal.slice(0, 5)) expect(text.includes(raw.slice(9))).to.equal(false);
    // A mirror has the same data keys, and its own master key.
    for (const file of ["data-keys.json", "master.key"])
      expect(readFileSync(join(mirror.KEYS_MIRROR, file), "utf8")).to.equal(
        readFileSync(join(data, "keys", file), "utf8"),
      );
  });

  it("backup and restore: refuse what cannot be used, and change nothing", async () => {
    await refusal(backupDirectory(data, older), "UNUSABLE_INPUT", /there already/);
    await refusal(backupDirectory(data, join(data, "inside.gz")), "UNUSABLE_INPUT", /data directory itself/);
    await refusal(restoreDirectory(data, older), "DATA_LOCKED", /holds/);
    const { code } = await server.stop();
    expect(code).to.equal(0);
    const flipped = readFileSync(older);
    flipped[flipped.length >> 1] = (flipped[flipped.length >> 1] ?? 0) ^ 1;
    writeFileSync(journey.path("flipped.gz"), flipped);
    const refused = await journey.run(["restore", journey.path("flipped.gz"), "--data", data]);
    expect(refused.code).to.equal(2);
    expect(refused.err).to.match(/^UNUSABLE_BACKUP/);
  });

  it("restore: an older copy sees that the chain is ahead, and says what is missing", async () => {
    const copy = withoutDatabase("older");
    const { code, out } = await journey.run(["restore", older, "--data", copy, "--json"]);
    const report = JSON.parse(out) as RestoreReport;
    expect(code).to.equal(1);
    expect(report).to.include({ leaves: taken.leaves, replaced: null });
    const { batches, leaves } = report.missing as NonNullable<RestoreReport["missing"]>;
    expect(leaves.first).to.equal(taken.leaves);
    expect(leaves.last).to.be.at.least(anchored.leaves - 1);
    expect(batches.first).to.be.at.least(taken.batches - 1);
    expect(batches.last).to.be.at.least(anchored.batches - 1);

    // Nothing is read, taken or anchored by it.
    const journal = statSync(join(copy, "chain/journal")).size;
    const refused = await journey.run(["up", "--data", copy, "--port", "0"]);
    expect(refused.code).to.equal(1);
    expect(refused.err).to.match(
      new RegExp(`^STREAM_BEHIND: It ends with leaf ${taken.leaves - 1}.*leaves ${leaves.first}…${leaves.last},`, "m"),
    );
    expect(readFileSync(join(copy, "chain/journal"), "utf8").slice(journal)).not.to.contain('"raw"');

    // Audit names the same, and nothing else: all that it has follows from what was signed.
    const audited = await journey.run(["audit", "--data", copy, "--json"]);
    expect(audited.code).to.equal(1);
    const { lies } = JSON.parse(audited.out) as AuditReport;
    expect(lies.map(({ place }) => place)).to.deep.equal(
      Array.from({ length: batches.last - batches.first + 1 }, (_, n) => `batch ${batches.first + n}`),
    );
    expect(lies.at(-1)?.what).to.match(new RegExp(`leaves \\d+…${leaves.last}, and the database does not`));
    rmSync(copy, { recursive: true });
  });

  it("restore: needs one of the two key stores, and the chain", async () => {
    await journey.ask<BackupReport>(["backup", newer, "--data", data]);
    const copy = withoutDatabase("lost");
    for (const file of ["data-keys.json", "master.key"]) rmSync(join(copy, "keys", file));
    await refusal(restoreDirectory(copy, newer), "KEY_MISSING", /no key store/);
    expect(existsSync(join(copy, "database"))).to.equal(false);

    const restored = await journey.run(["restore", newer, "--data", copy], mirror);
    expect([restored.code, restored.err]).to.deep.equal([0, ""]);
    expect(restored.out).to.match(/everything that the chain has anchored is here/);
    const checked = await auditPasses(journey, copy, acksFile);
    expect(checked.get("acks of devices")).to.equal(acks.length);
    rmSync(copy, { recursive: true });

    await refusal(restoreDirectory(journey.path("elsewhere"), newer), "CHAIN_DIFFERS", /holds no chain/);
  });

  it("restore: over a database that is kept, and the server goes on with the devices where they were", async () => {
    const { replaced, missing, missingKeys } = await journey.ask<RestoreReport>(["restore", newer, "--data", data]);
    expect({ missing, missingKeys }).to.deep.equal({ missing: null, missingKeys: [] });
    expect(existsSync(replaced ?? "")).to.equal(true);
    server = await journey.up(data, { ...ports, ...mirror });
    await send(1);
    await allAnchored();
    expect((await readAnchors(server.client)).length).to.be.greaterThan(anchored.batches);
    writeFileSync(acksFile, acks.map((ack) => `${JSON.stringify(ack)}\n`).join(""));
    await auditPasses(journey, data, acksFile);
    // Its mirror's disk goes away: nothing that needs a new key is promised any more, and /readyz says so.
    rmSync(mirror.KEYS_MIRROR, { recursive: true });
    const asked = await fetch(new URL("/readyz", server.http));
    const { ready, parts } = (await asked.json()) as { ready: boolean; parts: object };
    expect([asked.status, ready]).to.deep.equal([503, false]);
    expect(parts).to.include({ keys: "KEYS_UNWRITABLE", database: "ok" });
    await server.stop();
  });
});
