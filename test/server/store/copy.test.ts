import { expect } from "chai";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { TwinwardError } from "../../../protocol/errors.ts";
import { COPIED_TABLES, UNCOPIED_TABLES } from "../../../server/store/copied-tables.ts";
import { copyIn } from "../../../server/store/copy-in.ts";
import { copyOut, type CopiedHead, type CopiedPage } from "../../../server/store/copy-out.ts";
import { makeMonth } from "../../../server/store/months.ts";
import { openDatabase, type Database, type DatabasePlace, type Tx } from "../../../server/store/database.ts";
import { describeOnBoth } from "../../helpers/databases.ts";

const LEAVES = 1_203;
/** What a text format stumbles over, if it does. */
const TEXT = `a "quoted" (row, {x}) \\ back \\x00 'ü' 🫀\u2028\r\n\t, NULL ,,`;

/** Rows [from, to) of a stream, with everything that belongs to them. */
async function fill(database: Database, from: number, to: number): Promise<void> {
  const month = "case when n < 1000 then 202611 when n < 1100 then 202612 else 202701 end";
  const range = `from generate_series(${from}, ${to - 1}) n`;
  await database.transaction(async (tx) => {
    for (const made of [202611, 202612, 202701]) await makeMonth(tx, made);
    for (const sql of [
      `insert into stream (id, size) select sha256('s'), 0 where not exists (select from stream)`,
      `update stream set size = ${to}`,
      `insert into leaf select n, 1, sha256('d'), n + 1, sha256(n::text::bytea), sha256(('h' || n)::bytea), ${month}, n, n + 1, n ${range}`,
      `insert into reading select ${month}, n, sha256('d'), n + 1, 'signed', sha256('g'), sha256('c'), '2026-11',
         '\\x0001'::bytea, sha256('x') ${range} where n % 3 <> 0`,
      `insert into ack select n, 1, sha256('r'), n, n, sha256('a') ${range}`,
      `delete from device_head`,
      `insert into device_head values (sha256('d'), ${to}, sha256('c'), ${to})`,
      `insert into batch (number, first_leaf, count, root) select n, n, 1, sha256('b') ${range}`,
      `update batch set transaction = sha256('t'), block = number, block_hash = sha256('k'), block_time = 1
         where number < ${to} - 1`,
      `insert into evidence select n, sha256('d'), n, sha256(n::text::bytea), 'SEQUENCE_CONFLICT', n, sha256('c'), '2026-11',
         '\\x'::bytea, sha256('x') ${range} where n % 100 = 0`,
      `delete from held`,
      `insert into held values (sha256('d'), ${to + 2}, sha256('z'), 1, sha256('c'), '2026-11', '\\x00'::bytea, sha256('y'))`,
      `insert into outbox values (sha256('o${to}'), '\\x01'::bytea, ${to}, '\\x02'::bytea, 'anchor ${to - 1}')`,
      `insert into finding select sha256(n::text::bytea), '\\x03'::bytea, '{}', '\\x04'::bytea ${range} where n < ${LEAVES}`,
    ])
      await tx.query(sql);
    await tx.query(
      `insert into record select n, $1 || n, case when n % 2 = 0 then sha256('q') end ${range} where n % 3 = 0`,
      [TEXT],
    );
    await tx.query("insert into document (hash, kind, body) values (sha256($1::bytea), 'x', $2)", [
      Buffer.from(String(to)),
      TEXT,
    ]);
  });
}

/** Every row of every table, in PostgreSQL's own text. */
async function rowsOf(database: Database): Promise<Record<string, string[]>> {
  const all: Record<string, string[]> = {};
  for (const { name } of COPIED_TABLES) {
    const found = await database.query<{ row: string }>(`select t::text as row from ${name} t order by 1`);
    all[name] = found.map(({ row }) => row);
  }
  return all;
}

const fine = async (): Promise<void> => undefined;
const codeOf = (error: unknown): unknown => (error instanceof TwinwardError ? error.code : error);

describeOnBoth("store: a copy", (databases) => {
  let directory: string;
  let source: Database;
  const open: Database[] = [];
  const opened = async (opening: Promise<Database>): Promise<Database> => {
    const database = await opening;
    open.push(database);
    return database;
  };
  const embedded = (name: string): DatabasePlace => ({ directory: join(directory, name) });

  before(async () => {
    directory = await mkdtemp(join(tmpdir(), "twinward-copy-"));
    source = await opened(openDatabase(await databases.place()));
    await fill(source, 0, LEAVES);
  });
  after(async () => {
    for (const database of open) await database.close();
    await rm(directory, { recursive: true, force: true });
  });

  it("has every table, but those that the chain and the migrations fill", async () => {
    const tables = await source.query<{ name: string }>(
      `select table_name as name from information_schema.tables
       where table_schema = current_schema() and table_type = 'BASE TABLE'`,
    );
    // A partition's rows are those of the table that it is part of.
    const parts = await source.query<{ name: string }>("select inhrelid::regclass::text as name from pg_inherits");
    const names = tables.map(({ name }) => name).filter((name) => !parts.some((part) => part.name === name));
    expect(names.sort()).to.deep.equal([...COPIED_TABLES.map(({ name }) => name), ...UNCOPIED_TABLES].sort());
  });

  it("reads documents, which strangers upload, a few at a time and not while everybody waits", async () => {
    const asked: string[] = [];
    const told = (tx: Tx): Tx => ({
      query: (sql, parameters) => (asked.push(sql), tx.query(sql, parameters)),
      script: (sql) => tx.script(sql),
    });
    const { pages } = await copyOut({ ...source, transaction: (work) => source.transaction((tx) => work(told(tx))) });
    expect(asked.filter((sql) => sql.includes("from document"))).to.deep.equal([]);
    await source.query(
      "insert into document (hash, kind, body) select sha256(('many' || n)::bytea), 'x', 'y' from generate_series(1, 120) n",
    );
    let copied = 0;
    for await (const { table, rows } of pages()) {
      if (table !== "document") continue;
      expect(rows.length).to.be.lessThan(51);
      copied += rows.length;
    }
    expect(copied).to.be.greaterThan(120);
  });

  it("is the same on the other side, row for row, also over an embedded one and back", async () => {
    const before = await rowsOf(source);
    const { head, pages } = await copyOut(source);
    expect(head).to.include({ size: LEAVES, batches: LEAVES });
    const there = await opened(copyIn(embedded("there"), head, pages(), fine));
    expect(await rowsOf(there)).to.deep.equal(before);
    const again = await copyOut(there);
    expect(again.head).to.deep.equal(head);
    const back = await opened(copyIn(await databases.place(), again.head, again.pages(), fine));
    expect(await rowsOf(back)).to.deep.equal(before);
    // It counts on where the other one was.
    await back.query("insert into document (hash, kind, body) values (sha256('n'), 'x', 'y')");
    const [last] = await back.query<{ last: boolean }>(
      "select arrived = (select max(arrived) from document) and arrived > 1 as last from document where hash = sha256('n')",
    );
    expect(last?.last).to.equal(true);
  });

  it("is of one moment, whatever is written while it is made", async () => {
    const before = await rowsOf(source);
    const { head, pages } = await copyOut(source);
    async function* whileWriting(): AsyncGenerator<CopiedPage> {
      let at = LEAVES;
      for await (const page of pages()) {
        yield page;
        await fill(source, at, at + 5);
        at += 5;
      }
    }
    const copy = await opened(copyIn(embedded("meanwhile"), head, whileWriting(), fine));
    const copied = await rowsOf(copy);
    const { document: documents = [], ...others } = before;
    for (const name of Object.keys(others)) expect(copied[name], name).to.deep.equal(others[name]);
    expect(copied.document).to.include.members(documents);
    expect((await rowsOf(source)).leaf?.length).to.be.greaterThan(LEAVES + 20);
  });

  it("is put in whole or not at all, only into an empty database, and only where its migrations are ours", async () => {
    const { head, pages } = await copyOut(source);
    const place = await databases.place();
    const refused = await copyIn(place, head, pages(), () => Promise.reject(new TwinwardError("KEY_MISSING"))).catch(
      codeOf,
    );
    expect(refused).to.equal("KEY_MISSING");
    async function* foreign(): AsyncGenerator<CopiedPage> {
      yield* pages();
      yield { table: "migration", rows: ["(1,x)"] };
    }
    expect(await copyIn(place, head, foreign(), fine).catch(codeOf)).to.equal("UNUSABLE_BACKUP");
    const empty = await openDatabase(place);
    expect(Object.values(await rowsOf(empty)).flat()).to.deep.equal([]);
    await fill(empty, 0, 1);
    await empty.close();
    expect(await copyIn(place, head, pages(), fine).catch(codeOf)).to.equal("DATABASE_UNUSABLE");
    const other: CopiedHead = { ...head, migrations: [`0x${"00".repeat(32)}`, ...head.migrations.slice(1)] };
    expect(await copyIn(embedded("other"), other, pages(), fine).catch(codeOf)).to.equal("DATABASE_UNUSABLE");
  });

  it("of an older version gets the newer tables", async () => {
    const { head, pages } = await copyOut(source);
    async function* none(): AsyncGenerator<CopiedPage> {
      for await (const page of pages()) if (page.table === "stream") yield page;
    }
    const older = { ...head, migrations: head.migrations.slice(0, 1) };
    const database = await opened(copyIn(embedded("older"), older, none(), fine));
    const [row] = await database.query<{ count: number }>("select count(*) as count from migration");
    expect(row?.count).to.equal(head.migrations.length);
  });
});
