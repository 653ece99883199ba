import { expect } from "chai";
import { execFile } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { fromHex, toHex, type Hex } from "../../../protocol/bytes.ts";
import { sha256Hex } from "../../../protocol/hash.ts";
import { leafHash } from "../../../protocol/leaf.ts";
import { openReading, readingPlaintext, sealReading } from "../../../server/keys/sealed-reading.ts";
import { openKeyStore } from "../../../server/keys/key-store.ts";
import { auditDirectory, type AuditReport } from "../../../server/main/audit-directory.ts";
import { startServer } from "../../../server/main/start.ts";
import type { Tx } from "../../../server/store/database.ts";
import { auditEventCases } from "./audit-event-cases.ts";
import { auditMonthCases } from "./audit-month-cases.ts";
import { auditedWorld, BREATHLESS, copyOfWorld, ROWS, type AuditedWorld } from "./audit-world.ts";
import { openAudited, type Audited } from "./audited.ts";

const CLI = fileURLToPath(new URL("../../../apps/cli/twinward.mjs", import.meta.url));

const countOf = (report: AuditReport | undefined, name: string): number | undefined =>
  report?.checked.find((one) => one.name === name)?.count;
const places = (report: AuditReport | undefined): string[] => (report?.lies ?? []).map(({ place }) => place);

interface Reading {
  readonly position: number;
  readonly device: Hex;
  readonly sequence: number;
  readonly content: Hex;
  readonly scope: Hex;
  readonly month: string;
  readonly nonce: Uint8Array;
  readonly sealed: Uint8Array;
}

describe("audit", () => {
  let world: AuditedWorld;
  before(async () => {
    world = await auditedWorld();
  });

  describe("of a database", () => {
    let audited: Audited;
    before(async () => {
      audited = await openAudited();
    });
    after(() => audited.close());
    const acks = (): string => readFileSync(world.acksFile, "utf8");
    const auditAfter = (change: (tx: Tx) => Promise<void>, kept?: string): Promise<AuditReport | undefined> =>
      audited.after(change, kept);

    it("passes when nothing was changed, and counts what was flagged", async () => {
      const report = await auditAfter(async () => undefined, acks());
      expect(report?.lies).to.deep.equal([]);
      expect(countOf(report, "readings")).to.equal(2 * ROWS + 12);
      expect(countOf(report, "readings flagged out of range")).to.equal(BREATHLESS);
      expect(countOf(report, "readings flagged out of range, resp")).to.equal(BREATHLESS);
      expect(countOf(report, "acks of devices")).to.equal(2 * ROWS + 12);
      expect(countOf(report, "evidence")).to.equal(2);
      expect(countOf(report, "held readings")).to.equal(1);
      expect(countOf(report, "findings")).to.equal(2);
    });

    it("names the newest anchored batch when its rows were deleted, all of them", async () => {
      let [number, leaves] = [-1, ""];
      const report = await auditAfter(async (tx) => {
        const [batch] = await tx.query<{ number: number; first_leaf: number; last_leaf: number }>(
          "select number, first_leaf, first_leaf + count - 1 as last_leaf from batch where transaction is not null order by number desc limit 1",
        );
        number = batch?.number ?? -1;
        leaves = `${batch?.first_leaf ?? ""}…${batch?.last_leaf ?? ""}`;
        await deleteFrom(tx, batch?.first_leaf ?? -1);
      });
      expect(report?.lies).to.deep.equal([
        {
          place: `batch ${number}`,
          what: `the chain has it, with leaves ${leaves}, and the database does not: this database is older than the chain, or rows were deleted`,
        },
      ]);
    });

    it("names unanchored readings that were deleted, by the acks that their devices kept and only by them", async () => {
      const deletion = (tx: Tx): Promise<void> => deleteFrom(tx, world.unanchoredFrom);
      expect((await auditAfter(deletion))?.lies).to.deep.equal([]);
      const promised = acks()
        .trimEnd()
        .split("\n")
        .map((line) => JSON.parse(line) as { first: number; index: number; device: Hex; sequence: number })
        .flatMap(({ first, index, device, sequence }, line) =>
          first + index < world.unanchoredFrom
            ? []
            : [
                {
                  place: `acks line ${line + 1}: reading ${sequence} of ${device}`,
                  what: `it was promised at position ${first + index}, and is not stored`,
                },
              ],
        );
      expect(promised).to.have.length(6);
      expect((await auditAfter(deletion, acks()))?.lies).to.deep.equal(promised);
    });

    it("names the hole that a leaf leaves which was removed together with its reading", async () => {
      const { position, sequence, device } = await readingAt(audited, 20);
      const report = await auditAfter(async (tx) => {
        for (const table of ["leaf", "reading"]) await tx.query(`delete from ${table} where position = $1`, [position]);
      });
      expect(report?.lies[0]).to.deep.equal({
        place: `leaf ${position + 1}`,
        what: `the stream has a hole: position ${position} is missing`,
      });
      const named = new Set(places(report));
      expect([...named].filter((place) => place.startsWith("batch"))).to.have.length(1);
      expect([...named].filter((place) => place.startsWith("ack of"))).to.have.length(1);
      expect(named).to.include(`reading ${sequence + 1} of ${device} (position ${position + 1})`);
      // And what was released of it does not follow any more, for it is gone.
      const others = [...named].filter((place) => !place.startsWith("release at"));
      expect(others, [...named].join()).to.have.length(4);
      expect(report?.lies.map(({ what }) => what)).to.include(`its leaf ${position} is missing`);
    });

    it("names a leaf removed with its reading also when everything after it moved up", async () => {
      const { position, sequence, device } = await readingAt(audited, 20);
      const report = await auditAfter(async (tx) => {
        for (const table of ["leaf", "reading", "record"]) {
          await tx.query(`delete from ${table} where position = $1`, [position]);
          await tx.query(`update ${table} set position = -position where position > $1`, [position]);
          await tx.script(`update ${table} set position = -position - 1 where position < 0`);
        }
        await tx.script("update stream set size = size - 1");
        await tx.script("delete from batch where transaction is null");
        await tx.script("delete from outbox");
      });
      expect(report?.lies[0]?.place).to.equal(`reading ${sequence + 1} of ${device} (position ${position})`);
      expect(report?.lies[0]?.what).to.equal(`a reading before it is missing: ${sequence}…${sequence}`);
      expect(report?.lies.map(({ what }) => what)).to.include("its root is not that of its leaves");
    });

    it("names a decision that was rewritten together with its leaf", async () => {
      const report = await auditAfter(async (tx) => {
        const [row] = await tx.query<{ position: number; body: string; subject: Uint8Array; sequence: number }>(
          `select d.position, d.body, l.subject, l.sequence from record d join leaf l on l.position = d.position
           where d.body like '%"permit":false%' order by d.position limit 1`,
        );
        if (!row) throw new Error("no decision denied anything");
        const body = row.body.replace('"permit":false', '"permit":true');
        const content = sha256Hex(body);
        const hash = leafHash(2, toHex(row.subject), row.sequence, content);
        await tx.query("update record set body = $2 where position = $1", [row.position, body]);
        await tx.query("update leaf set content = $2, hash = $3 where position = $1", [
          row.position,
          fromHex(content),
          hash,
        ]);
      });
      expect(places(report).map((place) => place.split(" ")[0])).to.deep.equal(["ack", "batch"]);
      for (const { what } of report?.lies ?? []) expect(what).to.equal("its root is not that of its leaves");
    });

    it("names a step of a case that says something else than the chain, though its leaf is made to fit", async () => {
      const report = await auditAfter(async (tx) => {
        const [row] = await tx.query<{ position: number; body: string; subject: Uint8Array; sequence: number }>(
          `select d.position, d.body, l.subject, l.sequence from record d join leaf l on l.position = d.position
           where d.body like '%"justified":true%' limit 1`,
        );
        if (!row) throw new Error("nothing was reviewed");
        const body = row.body.replace('"justified":true', '"justified":false');
        const content = sha256Hex(body);
        const hash = leafHash(8, toHex(row.subject), row.sequence, content);
        await tx.query("update record set body = $2 where position = $1", [row.position, body]);
        const leaf = [row.position, fromHex(content), hash] as const;
        await tx.query("update leaf set content = $2, hash = $3 where position = $1", [...leaf]);
      });
      const told = report?.lies.filter(({ place }) => place.startsWith("step at ")).map(({ what }) => what);
      expect(told).to.deep.equal(["the chain says something else there"]);
    });

    describe("and of what the chain said", () => auditEventCases(() => audited));

    describe("and of where leaves say that readings lie", () => auditMonthCases(() => audited));

    it("names both readings between which what was disclosed was swapped", async () => {
      const [one, other] = [await readingAt(audited, 10), await readingAt(audited, 11)];
      expect([other.scope, other.month]).to.deep.equal([one.scope, one.month]);
      const report = await auditAfter(async (tx) => {
        await putSealed(tx, one.position, other);
        await putSealed(tx, other.position, one);
      });
      expect(places(report)).to.deep.equal([placeOf(one), placeOf(other)]);
      for (const { what } of report?.lies ?? []) expect(what).to.match(/^SEALED_UNREADABLE/);
    });

    it("names them also when whoever swapped it has the data key", async () => {
      const { keys } = audited.opened;
      const [one, other] = [await readingAt(audited, 10), await readingAt(audited, 11)];
      const report = await auditAfter(async (tx) => {
        for (const [into, from] of [
          [one, other],
          [other, one],
        ] as const)
          await putSealed(tx, into.position, sealReading(keys, into, readingPlaintext(openReading(keys, from, from))));
      });
      // What was released of them, where something was, does not follow from them any more.
      const lies = report?.lies.filter(({ place }) => !place.startsWith("release at")) ?? [];
      expect(lies.map(({ place }) => place)).to.deep.equal([placeOf(one), placeOf(other)]);
      for (const { what } of lies) expect(what).to.match(/^DISCLOSURE_/);
    });

    it("names what never had a leaf: a reading and an ack beyond the stream", async () => {
      const { position } = await readingAt(audited, 10);
      const report = await auditAfter(async (tx) => {
        await tx.query(
          `insert into reading select accepted_month, -7, device, 999999, signing_input, signature, scope, month, nonce, sealed
           from reading where position = $1`,
          [position],
        );
        await tx.script(
          "insert into ack select -9, 1, root, accepted_at, anchor_by, signature from ack order by first limit 1",
        );
      });
      expect(places(report)).to.include("reading at -7");
      expect(places(report)).to.include("ack of -9…-9");
    });
  });

  describe("of a directory", () => {
    let copy: Awaited<ReturnType<typeof copyOfWorld>>;
    beforeEach(async () => {
      copy = await copyOfWorld();
    });
    afterEach(() => copy.remove());
    const keyFile = (): string => join(copy.data, "keys/data-keys.json");
    interface StoredKeys {
      readonly format: string;
      readonly keys: { scope: Hex; month: string; wrapped: Hex }[];
    }
    const storedKeys = (): StoredKeys => JSON.parse(readFileSync(keyFile(), "utf8")) as StoredKeys;
    const storeKeys = (stored: StoredKeys): void => writeFileSync(keyFile(), `${JSON.stringify(stored, null, 1)}\n`);
    const running = async (ask: () => Promise<void>): Promise<void> => {
      const server = await startServer({ LOG_LEVEL: "silent" }, { data: copy.data, port: 0 });
      try {
        await ask();
      } finally {
        await server.close();
      }
    };

    it("passes with the server stopped and running, and says so by its exit code", async () => {
      const stopped = await runAudit(["--data", copy.data, "--acks", world.acksFile]);
      expect(stopped.err).to.equal("");
      expect(stopped.code).to.equal(0);
      expect(stopped.out).to.match(
        new RegExp(`${2 * ROWS + 12}  readings, ${BREATHLESS} of them flagged out of range \\(resp ${BREATHLESS}\\)`),
      );
      await running(async () => {
        const report = await auditDirectory(copy.data, { acks: world.acksFile });
        expect(report.lies).to.deep.equal([]);
        expect(countOf(report, "readings")).to.equal(2 * ROWS + 12);
        expect(countOf(report, "chain journal")).to.be.greaterThan(10);
        const asked = await runAudit(["--data", copy.data, "--json"]);
        expect(asked.code).to.equal(0);
        expect((JSON.parse(asked.out) as AuditReport).lies).to.deep.equal([]);
      });
    });

    it("passes on while what was held is let go and what was sealed is anchored, after a restart", async () => {
      await running(async () => {
        const deadline = Date.now() + 30_000;
        for (let report = await auditDirectory(copy.data); ; report = await auditDirectory(copy.data)) {
          expect(report.lies).to.deep.equal([]);
          if (countOf(report, "held readings") === 0 && countOf(report, "outbox") === 0) return;
          if (Date.now() > deadline) throw new Error("what was held stays held");
          await new Promise((resolve) => setTimeout(resolve, 100));
        }
      });
    });

    it("names every batch that an older database put back does not have", async () => {
      rmSync(join(copy.data, "database"), { recursive: true });
      cpSync(world.olderDatabase, join(copy.data, "database"), { recursive: true });
      const { code, out } = await runAudit(["--data", copy.data, "--json"]);
      const { lies } = JSON.parse(out) as AuditReport;
      expect(code).to.equal(1);
      expect(lies).not.to.deep.equal([]);
      for (const { place, what } of lies) {
        expect(place).to.match(/^batch \d+$/);
        expect(what).to.match(/this database is older than the chain/);
      }
    });

    it("names a changed key of the key store, with the server stopped and running", async () => {
      const stored = storedKeys();
      const [key] = stored.keys;
      if (!key) throw new Error("no key");
      const change = (): void => {
        const last = key.wrapped.at(-1) === "0" ? "1" : "0";
        storeKeys({
          ...stored,
          keys: [{ ...key, wrapped: `${key.wrapped.slice(0, -1)}${last}` as Hex }, ...stored.keys.slice(1)],
        });
      };
      await running(async () => {
        change();
        namesKey(await auditDirectory(copy.data), key);
      });
      namesKey(await auditDirectory(copy.data), key);
      const { code } = await runAudit(["--data", copy.data]);
      expect(code).to.equal(1);
    });

    it("names a key that was removed from the key store, with the server stopped and running", async () => {
      const stored = storedKeys();
      const [key] = stored.keys;
      if (!key) throw new Error("no key");
      await running(async () => {
        storeKeys({ ...stored, keys: stored.keys.slice(1) });
        namesKey(await auditDirectory(copy.data), key);
        storeKeys(stored);
      });
      storeKeys({ ...stored, keys: stored.keys.slice(1) });
      const report = await auditDirectory(copy.data);
      // What the oracles found is sealed under the same key.
      const others = places(report).filter((place) => !place.startsWith("finding "));
      expect(others).to.deep.equal([`data key of ${key.scope} ${key.month}`]);
      expect(countOf(report, "readings whose data key is missing")).to.be.greaterThan(ROWS);
    });

    it("names a key that was replaced by another one under the same master key", async () => {
      const stored = storedKeys();
      const [key] = stored.keys;
      if (!key) throw new Error("no key");
      const beside = mkdtempSync(join(tmpdir(), "twinward-test-"));
      cpSync(join(copy.data, "keys/master.key"), join(beside, "master.key"));
      const other = await openKeyStore(join(beside, "data-keys.json"));
      await other.ensure(key.scope, key.month);
      await other.close();
      const made = (JSON.parse(readFileSync(join(beside, "data-keys.json"), "utf8")) as StoredKeys).keys;
      rmSync(beside, { recursive: true });
      await running(async () => {
        storeKeys({ ...stored, keys: [...made, ...stored.keys.slice(1)] });
        namesKey(await auditDirectory(copy.data), key);
      });
      const { lies } = await auditDirectory(copy.data);
      expect(lies.length).to.be.greaterThan(ROWS);
      for (const { what } of lies) expect(what).to.include("SEALED_UNREADABLE");
    });

    it("names the line of the chain's raw transactions in which a byte was changed", async () => {
      const file = join(copy.data, "chain/journal");
      const bytes = readFileSync(file);
      bytes[120] = (bytes[120] ?? 0) ^ 1;
      writeFileSync(file, bytes);
      const named = { place: "chain journal line 1", what: "it is not what was written there: its check does not fit" };
      expect((await auditDirectory(copy.data)).lies).to.deep.include(named);
      await running(async () => {
        expect((await auditDirectory(copy.data)).lies).to.deep.include(named);
      });
      // Without the snapshot the chain has nothing else to stand on.
      rmSync(join(copy.data, "chain/snapshot"));
      const { code, err } = await runAudit(["--data", copy.data]);
      expect(code).to.equal(2);
      expect(err).to.include("CHAIN_LOG_DAMAGED");
    });

    it("names what is lost when the chain's raw transactions were cut short", async () => {
      const file = join(copy.data, "chain/journal");
      truncateSync(file, Math.floor(readFileSync(file).length * 0.75));
      const report = await auditDirectory(copy.data);
      expect(report.lies.map(({ what }) => what)).to.include("the chain has no such block");
      expect(places(report).some((place) => place.startsWith("batch"))).to.equal(true);
    });
  });
});

function namesKey({ lies }: AuditReport, { scope, month }: { scope: string; month: string }): void {
  expect(lies.map(({ place }) => place)).to.deep.equal(["key store"]);
  expect(lies[0]?.what).to.include(`${scope} ${month}`);
}

const placeOf = ({ sequence, device, position }: Reading): string =>
  `reading ${sequence} of ${device} (position ${position})`;

/** The n-th reading of the stream's first device that is neither its first nor its last. */
async function readingAt({ opened }: Audited, n: number): Promise<Reading> {
  const [row] = await opened.database.query<
    { [K in keyof Reading]: Reading[K] extends Hex ? Uint8Array : Reading[K] } & { month: string }
  >(
    `select r.position, r.device, r.sequence, l.content, r.scope, r.month, r.nonce, r.sealed
     from reading r join leaf l on l.position = r.position order by r.position offset $1 limit 1`,
    [n],
  );
  if (!row) throw new Error(`there is no reading ${n}`);
  return { ...row, device: toHex(row.device), content: toHex(row.content), scope: toHex(row.scope) };
}

async function putSealed(
  tx: Tx,
  position: number,
  { nonce, sealed }: Pick<Reading, "nonce" | "sealed">,
): Promise<void> {
  await tx.query("update reading set nonce = $2, sealed = $3 where position = $1", [position, nonce, sealed]);
}

/** Deletes everything from a position on, as one who knows every table would. */
async function deleteFrom(tx: Tx, position: number): Promise<void> {
  for (const table of ["leaf", "reading", "record"])
    await tx.query(`delete from ${table} where position >= $1`, [position]);
  await tx.query("delete from ack where first >= $1", [position]);
  await tx.query("delete from batch where first_leaf >= $1", [position]);
  await tx.query("update stream set size = $1", [position]);
  await tx.script("delete from outbox; delete from device_head");
  await tx.script(
    `insert into device_head select distinct on (subject) subject, sequence, content, latest_ms
     from leaf where kind = 1 order by subject, sequence desc`,
  );
}

function runAudit(words: readonly string[]): Promise<{ code: number; out: string; err: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, [CLI, "audit", ...words], { maxBuffer: 1 << 26 }, (error, out, err) => {
      resolve({ code: error === null ? 0 : Number(error.code), out, err });
    });
  });
}
