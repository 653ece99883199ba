import { expect } from "chai";
import fs, { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile, mkdir } from "node:fs/promises";
import { syncBuiltinESMExports } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { TwinwardError } from "../../../protocol/errors.ts";
import { openDatabase, type Database } from "../../../server/store/database.ts";
import { migrate, migrations } from "../../../server/store/migrate.ts";
import { byteaArray, fromInt8 } from "../../../server/store/parameters.ts";

describe("store: database", () => {
  let directory: string;
  let database: Database;
  before(async () => {
    directory = await mkdtemp(join(tmpdir(), "twinward-store-"));
    database = await openDatabase({ directory: join(directory, "database") });
  });
  beforeEach(() => database.script("truncate stream, device_head, document"));
  after(async () => {
    await database.close();
    await rm(directory, { recursive: true, force: true });
  });

  it("gives bytes and safe integers back as they were", async () => {
    const rows = [new Uint8Array([0, 255, 1]), new Uint8Array(), Buffer.alloc(3_000, 7)];
    await database.query(
      "insert into device_head (device, sequence, content) select * from unnest($1::bytea[], $2::bigint[], $3::bytea[])",
      [rows, [1, 2, Number.MAX_SAFE_INTEGER], [...rows].reverse()],
    );
    const found = await database.query<{ device: Uint8Array; sequence: number; content: Uint8Array }>(
      "select * from device_head where device = any($1::bytea[]) order by sequence",
      [rows],
    );
    expect(found.map(({ sequence }) => sequence)).to.deep.equal([1, 2, Number.MAX_SAFE_INTEGER]);
    expect(found.map(({ device }) => Buffer.from(device).toString("hex"))).to.deep.equal(
      rows.map((row) => Buffer.from(row).toString("hex")),
    );
    expect(await database.query("select * from device_head where device = any($1::bytea[])", [[]])).to.deep.equal([]);
    const [none] = await database.query("select $1::bytea as a, $2::bytea[] as b", [null, [null, rows[0] ?? null]]);
    expect(none).to.have.property("a", null);
  });

  it("never rounds a bigint", () => {
    expect(() => fromInt8("9007199254740993")).to.throw(RangeError);
    expect(fromInt8("-5")).to.equal(-5);
    expect(byteaArray([null]).readInt32BE(4)).to.equal(1);
  });

  it("rolls a failed transaction back", async () => {
    const failing = database.transaction(async (tx) => {
      await tx.query("insert into stream (id, size) values ($1, 1)", [new Uint8Array(32)]);
      throw new Error("stop");
    });
    await failing.then(
      () => expect.fail("it should have failed"),
      (error: unknown) => expect((error as Error).message).to.equal("stop"),
    );
    expect(await database.query("select * from stream")).to.deep.equal([]);
  });

  it("ends every commit in an fsync that reaches the disk", async () => {
    const original = fs.fsyncSync;
    let syncs = 0;
    fs.fsyncSync = (descriptor) => {
      syncs++;
      original(descriptor);
    };
    syncBuiltinESMExports();
    try {
      for (let i = 0; i < 5; i++) {
        const before = syncs;
        await database.query("insert into document (hash, kind, body) values ($1, 'manifest', '{}')", [
          new Uint8Array([i]),
        ]);
        expect(syncs, `commit ${i}`).to.be.greaterThan(before);
      }
      const before = syncs;
      await database.script("checkpoint");
      expect(syncs, "a checkpoint syncs the tables").to.be.greaterThan(before + 3);
    } finally {
      fs.fsyncSync = original;
      syncBuiltinESMExports();
    }
  });

  it("checkpoints by itself, so that its log does not grow for ever", async function () {
    this.timeout(120_000);
    const log = async (): Promise<number> =>
      (
        await database.query<{ n: number }>(
          "select pg_wal_lsn_diff(pg_current_wal_lsn(), redo_lsn)::float8 as n from pg_control_checkpoint()",
        )
      )[0]?.n ?? 0;
    // Bytes that do not compress, or they would not fill the log.
    const row = Buffer.alloc(1_000_000);
    let written = 0;
    let shrank = false;
    for (let i = 0; i < 200 && !shrank; i++) {
      for (let at = 0; at < row.length; at += 4) row.writeUInt32LE((at * 2_654_435_761 + i * 40_503) >>> 0, at);
      await database.query("insert into device_head (device, sequence, content) values ($1, $2, $3)", [
        Buffer.from([i]),
        i,
        row,
      ]);
      const now = await log();
      shrank = now < written;
      written = now;
    }
    expect(shrank).to.equal(true);
  });

  it("applies each migration once and refuses a database of another version", async () => {
    await migrate(database);
    expect(await database.query("select number from migration")).to.deep.equal(
      migrations().map(({ number }) => ({ number })),
    );
    const code = (error: unknown): unknown => (error instanceof TwinwardError ? error.code : error);
    await database.query("insert into migration (number, sha256) values (999, $1)", [new Uint8Array(32)]);
    expect(await migrate(database).catch(code)).to.equal("DATABASE_UNUSABLE");
    await database.query("delete from migration where number = 999");
    await database.query("update migration set sha256 = $1 where number = 1", [new Uint8Array(32)]);
    expect(await migrate(database).catch(code)).to.equal("DATABASE_UNUSABLE");
    await database.query("update migration set sha256 = $1 where number = 1", [migrations()[0]?.sha256 ?? null]);
  });

  it("leaves no half migration behind", async () => {
    const broken = { number: 2, sql: "create table half (a int); select nonsense", sha256: new Uint8Array(32) };
    const failed = await migrate(database, [...migrations(), broken]).then(
      () => false,
      () => true,
    );
    expect(failed).to.equal(true);
    expect(await database.query("select * from pg_tables where tablename = 'half'")).to.deep.equal([]);
  });

  it("makes its directory whole, also after a kill while making it", async () => {
    const other = join(directory, "other");
    await mkdir(`${other}.new/base`, { recursive: true });
    await writeFile(`${other}.new/PG_VERSION`, "1");
    const made = await openDatabase({ directory: other });
    expect(await made.query("select size from stream")).to.deep.equal([]);
    await made.close();
    expect(existsSync(`${other}.new`)).to.equal(false);
  });
});
