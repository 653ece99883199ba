import { expect } from "chai";
import { cpSync, existsSync, lstatSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import type { Ack } from "../../protocol/ack.ts";
import type { AuditReport } from "../../server/main/audit/audit.ts";
import { backupDirectory, type BackupReport } from "../../server/main/backup/backup-directory.ts";
import { restoreDirectory, type RestoreReport } from "../../server/main/backup/restore-directory.ts";
import { TwinwardError } from "../../protocol/errors.ts";
import { isHeld, isRefusal } from "../../protocol/refusal.ts";
import { auditPasses, readAnchors } from "../helpers/audit-journey.ts";
import { registerBedside, wordOf, type BedsideDevice } from "../helpers/bedside-device.ts";
import { describeOnBoth } from "../helpers/databases.ts";
import { failsIn, Journey, portsOf, until, type Server } from "../helpers/journey.ts";

const AT_ONCE = 20;
const PATIENTS = 3;

describeOnBoth("journey: backup and restore", function (databases) {
  const journey = new Journey();
  const fails = failsIn(journey);
  const data = journey.path("data");
  const [older, newer, acksFile] = [journey.path("older.gz"), journey.path("newer.gz"), journey.path("acks.jsonl")];
  const mirror = { KEYS_MIRROR: journey.path("mirror") };
  const acks: Ack[] = [];
  let ports: Record<string, string>;
  /** The server's, with its database. */
  let environment: Record<string, string>;
  let server: Server;
  let devices: BedsideDevice[];
  /** Leaves and batches that the chain had when all readings were anchored; oracles' reads may have added some since. */
  let anchored: { leaves: number; batches: number };
  let taken: BackupReport;

  before(async () => {
    ports = await portsOf();
    environment = await ofNewDatabase();
    server = await journey.up(data, { ...ports, ...mirror, ...environment });
    devices = await registerBedside(server, PATIENTS);
  });
  after(() => journey.close());

  /** What names a database that nobody has: of a server; an embedded one lies in its data directory. */
  async function ofNewDatabase(): Promise<Record<string, string>> {
    if (databases.kind === "embedded") return {};
    const place = await databases.place();
    if (!("url" in place)) throw new Error("no URL");
    return { DATABASE_URL: place.url };
  }

  async function sendOf(device: BedsideDevice, count: number): Promise<void> {
    const readings: string[] = [];
    for (let n = 0; n < count; n++) readings.push(await device.next());
    for (const answer of await server.client.postReadings(readings)) {
      if (isRefusal(answer) || isHeld(answer)) throw new Error(wordOf(answer));
      acks.push(answer);
    }
  }

  /** So many of every patient. */
  const send = async (count: number): Promise<void> => {
    await Promise.all(devices.map((device) => sendOf(device, count)));
  };

  function keepAcks(file: string, kept: readonly Ack[] = acks): void {
    writeFileSync(file, kept.map((ack) => `${JSON.stringify(ack)}\n`).join(""));
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
    const sending = Promise.all(
      devices.map(async (device) => {
        while (!over) await sendOf(device, AT_ONCE);
      }),
    );
    await until("readings come in", async () => acks.length >= 5 * AT_ONCE * PATIENTS || undefined);
    const before = acks.length;
    taken = await journey.ask<BackupReport>(["backup", older, "--data", data], environment);
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
    keepAcks(acksFile);
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
    await fails(["restore", journey.path("flipped.gz"), "--data", data], 2, /^UNUSABLE_BACKUP/, environment);
  });

  it("restore: an older copy sees that the chain is ahead, and says what is missing", async () => {
    const copy = withoutDatabase("older");
    const into = await ofNewDatabase();
    const { code, out } = await journey.run(["restore", older, "--data", copy, "--json"], into);
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
    const says = `^STREAM_BEHIND: It ends with leaf ${taken.leaves - 1}.*leaves ${leaves.first}…${leaves.last},`;
    await fails(["up", "--data", copy, "--port", "0"], 1, new RegExp(says, "m"), into);
    expect(readFileSync(join(copy, "chain/journal"), "utf8").slice(journal)).not.to.contain('"raw"');

    // Audit names the same, and nothing else: all that it has follows from what was signed.
    const ofCopy = acks.filter(({ first, index }) => first + index < taken.leaves);
    expect(ofCopy).to.have.length(taken.rows.reading ?? 0);
    keepAcks(journey.path("older.jsonl"), ofCopy);
    const words = ["audit", "--data", copy, "--acks", journey.path("older.jsonl"), "--json"];
    const audited = await journey.run(words, into);
    expect(audited.code).to.equal(1);
    const { lies, checked } = JSON.parse(audited.out) as AuditReport;
    const counted = new Map(checked.map(({ name, count }) => [name, count]));
    for (const name of ["readings", "acks of devices"]) expect(counted.get(name), name).to.equal(ofCopy.length);
    expect(lies.map(({ place }) => place)).to.deep.equal(
      Array.from({ length: batches.last - batches.first + 1 }, (_, n) => `batch ${batches.first + n}`),
    );
    expect(lies.at(-1)?.what).to.match(new RegExp(`leaves \\d+…${leaves.last}, and the database does not`));
    rmSync(copy, { recursive: true });
  });

  it("restore: needs one of the two key stores, and the chain", async () => {
    await journey.ask<BackupReport>(["backup", newer, "--data", data], environment);
    const copy = withoutDatabase("lost");
    const into = await ofNewDatabase();
    for (const file of ["data-keys.json", "master.key"]) rmSync(join(copy, "keys", file));
    await fails(["restore", newer, "--data", copy], 2, /^KEY_MISSING.*no key store/, into);
    expect(existsSync(join(copy, "database"))).to.equal(false);

    // Into the same database: what was refused has left nothing in it.
    const restored = await journey.run(["restore", newer, "--data", copy], { ...into, ...mirror });
    expect([restored.code, restored.err]).to.deep.equal([0, ""]);
    expect(restored.out).to.match(/everything that the chain has anchored is here/);
    const checked = await auditPasses(journey, copy, acksFile, into);
    expect(checked.get("acks of devices")).to.equal(acks.length);
    rmSync(copy, { recursive: true });

    await refusal(restoreDirectory(journey.path("elsewhere"), newer), "CHAIN_DIFFERS", /holds no chain/);
  });

  it("restore: beside a database that is kept, and the server goes on with the devices where they were", async () => {
    const words = ["restore", newer, "--data", data];
    // Embedded, it takes the other one's place; a server's must be empty.
    if (databases.kind === "server") await fails(words, 2, /^DATABASE_UNUSABLE.*rows already/, environment);
    environment = await ofNewDatabase();
    const { replaced, missing, missingKeys } = await journey.ask<RestoreReport>(words, environment);
    expect({ missing, missingKeys }).to.deep.equal({ missing: null, missingKeys: [] });
    expect(existsSync(replaced ?? "")).to.equal(databases.kind === "embedded");
    server = await journey.up(data, { ...ports, ...mirror, ...environment });
    await send(1);
    await allAnchored();
    expect((await readAnchors(server.client)).length).to.be.greaterThan(anchored.batches);
    keepAcks(acksFile);
    await auditPasses(journey, data, acksFile, environment);
    // Its mirror's disk goes away: nothing that needs a new key is promised any more, and /readyz says so.
    rmSync(mirror.KEYS_MIRROR, { recursive: true });
    const asked = await fetch(new URL("/readyz", server.http));
    const { ready, parts } = (await asked.json()) as { ready: boolean; parts: object };
    expect([asked.status, ready]).to.deep.equal([503, false]);
    expect(parts).to.include({ keys: "KEYS_UNWRITABLE", database: "ok" });
    await server.stop();
  });
});
