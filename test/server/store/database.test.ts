import { expect } from "chai";
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile, mkdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { TwinwardError } from "../../../protocol/errors.ts";
import { openDatabase, type Database, type DatabasePlace } from "../../../server/store/database.ts";
import { migrate, migrations } from "../../../server/store/migrate.ts";
import { byteaArray, fromInt8 } from "../../../server/store/parameters.ts";
import { describeOnBoth } from "../../helpers/databases.ts";

const ENDING = fileURLToPath(new URL("./ending-child.ts", import.meta.url));
const codeOf = (error: unknown): unknown => (error instanceof TwinwardError ? error.code : error);
const outcome = (asked: Promise<unknown>): Promise<unknown> => asked.then(() => "done", codeOf);

describeOnBoth("store: database", (databases) => {
  let place: DatabasePlace;
  let database: Database;
  before(async () => {
    place = await databases.place();
    database = await openDatabase(place);
  });
  beforeEach(() => database.script("truncate stream, device_head, document"));
  after(() => database?.close());

  it("gives bytes and safe integers back as they were", async () => {
    const rows = [new Uint8Array([0, 255, 1]), new Uint8Array(), Buffer.alloc(3_000, 7)];
    await database.query(
      `insert into device_head (device, sequence, content, latest_ms)
       select d, s, c, 0 from unnest($1::bytea[], $2::bigint[], $3::bytea[]) as w (d, s, c)`,
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

  it("gives texts, small numbers, truths and nulls back as they were", async () => {
    const texts = ["", 'a"b\\c,{}', "Größe 温度 🫀", "null", "line\nline"];
    const rows = await database.query("select * from unnest($1::text[], $2::bigint[]) as w (text, number)", [
      texts,
      [1, null, -3, 4, 5],
    ]);
    expect(rows).to.deep.equal(texts.map((text, i) => ({ text, number: [1, null, -3, 4, 5][i] })));
    const one = await database.query("select $1::smallint as s, $2::bigint as n, $3::boolean as b, $4::text as t", [
      7,
      2n ** 53n - 1n,
      true,
      null,
    ]);
    expect(one).to.deep.equal([{ s: 7, n: Number.MAX_SAFE_INTEGER, b: true, t: null }]);
    const large = database.query("select 9007199254740993::bigint as n");
    expect(await large.catch((error: unknown) => error)).to.be.instanceOf(RangeError);
    expect(await database.query("select 1 as n")).to.deep.equal([{ n: 1 }]);
  });

  it("says the same however often it is asked: the first time as text, then in binary", async () => {
    const asked: [string, unknown[]][] = [
      [
        "select 5::int8 as a, -6::int2 as b, 7::int4 as c, 8::oid as d, 2.5::float8 as e",
        [{ a: 5, b: -6, c: 7, d: 8, e: 2.5 }],
      ],
      [
        "select true as a, false as b, null::int8 as c, 'Größe'::varchar as d",
        [{ a: true, b: false, c: null, d: "Größe" }],
      ],
      [
        "select -9007199254740991::int8 as a, '\\x00ff'::bytea as b, ''::bytea as c",
        [{ a: -9007199254740991, b: Buffer.from([0, 255]), c: Buffer.alloc(0) }],
      ],
      // Of a type that is never read in binary, and so all of its row is text.
      [
        "select '{1,2}'::text as a, 'public'::name as b, 3::int8 as c, '\\x07'::bytea as d",
        [{ a: "{1,2}", b: "public", c: 3, d: Buffer.from([7]) }],
      ],
      ["select n as a from generate_series(1::int8, 3) as n where n > 3", []],
    ];
    for (const [sql, rows] of asked)
      for (let time = 0; time < 3; time++) expect(await database.query(sql), sql).to.deep.equal(rows);
    for (let time = 0; time < 3; time++) {
      const large = database.query("select n from unnest('{1,9007199254740993}'::int8[]) as n");
      expect(await large.catch((error: unknown) => error)).to.be.instanceOf(RangeError);
      const wrong = database.query<{ n: number }>("select 6 / n as n from unnest('{3,0}'::int8[]) as n");
      expect(await wrong.catch((error: unknown) => error)).to.be.instanceOf(Error);
    }
  });

  it("gives rows that are larger than what comes at once, and many small ones between them", async () => {
    const sql = `select n as number, decode(repeat(lpad(to_hex(n % 256), 2, '0'), case n % 50 when 0 then 300000 else 3 end), 'hex') as bytes
      from generate_series(0, $1::int8) as n order by n`;
    for (let time = 0; time < 3; time++) {
      const rows = await database.query<{ number: number; bytes: Uint8Array }>(sql, [120]);
      expect(rows.map(({ number }) => number)).to.deep.equal(Array.from({ length: 121 }, (_, n) => n));
      for (const { number, bytes } of rows)
        expect(Buffer.alloc(number % 50 === 0 ? 300_000 : 3, number).equals(bytes), `row ${number}`).to.equal(true);
    }
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

  it("does not call a transaction written whose failed statement somebody swallowed", async () => {
    const failing = database.transaction(async (tx) => {
      await tx.query("insert into stream (id, size) values ($1, 1)", [new Uint8Array(32)]);
      await tx.query("select * from nowhere").catch(() => undefined);
      return "written";
    });
    expect(await failing.catch((error: unknown) => error)).to.have.property("code", "42P01");
    expect(await database.query("select * from stream")).to.deep.equal([]);
  });

  // Embedded there is one connection: nobody can commit meanwhile.
  if (databases.kind === "server")
    it("shows a snapshot where one is asked for, and what was committed last where not", async () => {
      const add = (byte: number): Promise<unknown> =>
        database.query("insert into stream (id, size) values ($1, 1)", [new Uint8Array([byte])]);
      const count = "select count(*) as n from stream";
      const seen = await database.transaction(async (tx) => {
        const before = await tx.query<{ n: number }>(count);
        await add(1);
        return [...before, ...(await tx.query<{ n: number }>(count))].map(({ n }) => n);
      });
      expect(seen).to.deep.equal([0, 1]);
      const still = await database.transaction(async (tx) => {
        await tx.script("set transaction isolation level repeatable read");
        const before = await tx.query<{ n: number }>(count);
        await add(2);
        return [...before, ...(await tx.query<{ n: number }>(count))].map(({ n }) => n);
      });
      expect(still).to.deep.equal([1, 1]);
    });

  it("applies each migration once and refuses a database of another version", async () => {
    await migrate(database);
    expect(await database.query("select number from migration")).to.deep.equal(
      migrations().map(({ number }) => ({ number })),
    );
    await database.query("insert into migration (number, sha256) values (999, $1)", [new Uint8Array(32)]);
    expect(await outcome(migrate(database))).to.equal("DATABASE_UNUSABLE");
    await database.query("delete from migration where number = 999");
    await database.query("update migration set sha256 = $1 where number = 1", [new Uint8Array(32)]);
    expect(await outcome(migrate(database))).to.equal("DATABASE_UNUSABLE");
    await database.query("update migration set sha256 = $1 where number = 1", [migrations()[0]?.sha256 ?? null]);
  });

  it("leaves no half migration behind", async () => {
    const sql = "create table half (a int); select nonsense";
    const broken = { number: migrations().length + 1, sql, sha256: new Uint8Array(32) };
    expect(await outcome(migrate(database, [...migrations(), broken]))).to.equal("DATABASE_UNUSABLE");
    expect(await database.query("select * from pg_tables where tablename = 'half'")).to.deep.equal([]);
    await migrate(database);
  });

  it("is found as it was left when opened again", async () => {
    await database.query("insert into stream (id, size) values ($1, 5)", [new Uint8Array(32)]);
    await database.close();
    database = await openDatabase(place);
    expect(await database.query("select size from stream")).to.deep.equal([{ size: 5 }]);
  });
});

describe("store: embedded database", () => {
  let directory: string;
  let database: Database;
  before(async () => {
    directory = await mkdtemp(join(tmpdir(), "twinward-store-"));
    database = await openDatabase({ directory: join(directory, "database") });
  });
  after(async () => {
    await database.close();
    await rm(directory, { recursive: true, force: true });
  });

  it("never rounds a bigint", () => {
    expect(() => fromInt8("9007199254740993")).to.throw(RangeError);
    expect(fromInt8("-5")).to.equal(-5);
    expect(byteaArray([null]).readInt32BE(4)).to.equal(1);
  });

  it("checkpoints by itself, so that its log does not grow for ever", async () => {
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
      await database.query("insert into device_head (device, sequence, content, latest_ms) values ($1, $2, $3, 0)", [
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

  it("holds nobody else in this process up while it writes its tables", async () => {
    await database.script(
      "create table large as select n, repeat(md5(n::text), 30) as t from generate_series(1, 40000) n",
    );
    let isWriting = true;
    const written = database.script("checkpoint").finally(() => (isWriting = false));
    let turns = 0;
    for (; isWriting; turns++) await new Promise(setImmediate);
    await written;
    // On this thread it would be one or two.
    expect(turns).to.be.greaterThan(20);
  });

  for (const [how, said] of [
    ["closed", "closed"],
    ["left open", "left open"],
    ["asked, and nobody waited", "committed"],
  ] as const) {
    it(`lets its process end by itself where it was ${how}`, async () => {
      const child = spawn(process.execPath, [ENDING, join(directory, `ending-${said}`), how], {
        stdio: ["ignore", "pipe", "inherit"],
      });
      let out = "";
      child.stdout.on("data", (chunk: Buffer) => (out += chunk.toString()));
      const code = await new Promise((resolve) => child.once("close", resolve));
      expect([code, out]).to.deep.equal([0, `${said}\n`]);
    });
  }

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
