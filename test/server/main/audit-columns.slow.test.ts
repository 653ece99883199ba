import { expect } from "chai";
import { createRandom, type Random } from "../../../ml/random.ts";
import type { Tx } from "../../../server/store/database.ts";
import { makeMonth } from "../../../server/store/months.ts";
import type { Parameter } from "../../../server/store/parameters.ts";
import { openAudited, type Audited } from "./audited.ts";
import { MAY_MISS } from "./may-miss.ts";

const SEED = process.env.SEED ?? "columns";
/** Rows that are tried per column, and changes that are tried per row until the schema takes one. */
const ROUNDS = Number(process.env.ROUNDS ?? 2);
const TRIES = 40;
/** What must never be missed, whatever the reason. */
const NEVER_MISSED = ["leaf", "reading", "record", "batch", "ack", "held", "evidence", "release", "released_value"];

interface Column {
  readonly table: string;
  readonly column: string;
  readonly type: string;
}

describe(`audit of every column, seed ${SEED}`, function () {
  this.timeout(60_000 * (1 + ROUNDS));
  let audited: Audited;
  let columns: Column[];
  before(async () => {
    audited = await openAudited();
    // So that a reading's month can be changed: without a partition of it the database refuses.
    const { database } = audited.opened;
    const months = await database.query<{ month: number }>("select distinct accepted_month as month from reading");
    for (const { month } of months) for (const other of [month - 1, month + 1]) await makeMonth(database, other);
    columns = await audited.opened.database.query<Column>(
      `select table_name::text as table, column_name::text as column, data_type::text as type
       from information_schema.columns c where table_schema = 'public' and table_name <> 'broken_ack'
         and not exists (select from pg_inherits where inhrelid = quote_ident(c.table_name)::regclass)
       order by table_name, ordinal_position`, // broken_ack only a succession fills: succession.slow.test.ts tries its columns
    );
  });
  after(() => audited.close());

  it("finds nothing wrong before anything is changed", async () => {
    expect((await audited.after(async () => undefined))?.lies).to.deep.equal([]);
  });

  it("has a row in every table", async () => {
    const tables = new Set(columns.map(({ table }) => table));
    expect(tables.size).to.be.at.least(15);
    for (const table of tables) {
      const [row] = await audited.opened.database.query<{ rows: number }>(
        `select count(*)::bigint as rows from "${table}"`,
      );
      expect(row?.rows, table).to.be.greaterThan(0);
    }
  });

  it("names something wherever a byte is changed, except where a reason is kept in may-miss.ts", async () => {
    const random = createRandom(SEED);
    const missed = new Map<string, string>();
    for (let round = 0; round < ROUNDS; round++) {
      for (const column of columns) {
        const drawn = random.fork(`${column.table}.${column.column} ${round}`);
        let said = "";
        const report = await audited.after(async (tx) => {
          said = await changeByte(tx, column, drawn);
        });
        if (report?.lies.length === 0) missed.set(`${column.table}.${column.column}`, said);
      }
    }
    expect([...missed].filter(([name]) => !(name in MAY_MISS))).to.deep.equal([]);
    expect(
      Object.keys(MAY_MISS).filter((name) => !missed.has(name)),
      "kept as missed, but found",
    ).to.deep.equal([]);
  });

  it("keeps a reason for whatever may be missed, and nothing that must not be", () => {
    const names = new Set(columns.map(({ table, column }) => `${table}.${column}`));
    for (const [name, reason] of Object.entries(MAY_MISS)) {
      expect(names.has(name), name).to.equal(true);
      expect(reason.length, name).to.be.greaterThan(20);
      expect(NEVER_MISSED, name).not.to.include(name.split(".")[0]);
    }
  });
});

/** Changes a byte, a digit or a letter of one random row, as far as the schema allows it; what was changed. */
async function changeByte(tx: Tx, { table, column, type }: Column, random: Random): Promise<string> {
  const rows = await tx.query<{ part: number; place: string; value: Parameter }>(
    `select tableoid as part, ctid::text as place, "${column}" as value from "${table}" order by tableoid, ctid`,
  );
  for (let attempt = 0; attempt < TRIES; attempt++) {
    const row = rows[random.integer(rows.length)];
    if (!row) throw new Error(`${table} has no row`);
    // Numbers that stand in a row leave no room for a neighbour: later tries go further.
    const value = changed(row.value, type, random, attempt < 4 ? 1 : 1 + random.integer(1_000));
    await tx.script("savepoint before_change");
    try {
      const where = "tableoid = $2 and ctid = $3::tid";
      await tx.query(`update "${table}" set "${column}" = $1 where ${where}`, [value, row.part, row.place]);
      return `${table}.${column} at ${row.place}: ${shown(row.value)} became ${shown(value)}`;
    } catch {
      // A second row of one key, text that an index cannot read, a month without a partition: the database refuses it itself.
      await tx.script("rollback to savepoint before_change");
    }
  }
  throw new Error(`${table}.${column} takes no change`);
}

function changed(value: Parameter, type: string, random: Random, step: number): Parameter {
  if (value === null) return type === "bytea" ? random.bytes(32) : type === "text" ? "x" : 1 + random.integer(1_000);
  if (typeof value === "number") return value + (random.uniform() < 0.5 ? -step : step);
  if (typeof value === "string") {
    if (value === "") return "x";
    const at = random.integer(value.length);
    return `${value.slice(0, at)}${String.fromCharCode(value.charCodeAt(at) ^ 1)}${value.slice(at + 1)}`;
  }
  const bytes = Uint8Array.from(value as Uint8Array);
  if (bytes.length === 0) return random.bytes(1);
  const at = random.integer(bytes.length);
  bytes[at] = (bytes[at] ?? 0) ^ (1 << random.integer(8));
  return bytes;
}

const shown = (value: Parameter): string =>
  value instanceof Uint8Array ? Buffer.from(value).toString("hex").slice(0, 80) : String(value).slice(0, 80);
