import { hash as digest } from "node:crypto";

export type Row = Record<string, unknown>;
type Values = readonly unknown[];

const TABLES = [
  "stream",
  "leaf",
  "reading",
  "device_head",
  "ack",
  "held",
  "evidence",
  "sealed_scope",
  "document",
  "batch",
  "outbox",
  "chain_block",
  "chain_event",
] as const;

/** Rows are never changed, only replaced, and so are lists of them: who has a copy of the record has the tables as they were. */
export type Tables = Record<(typeof TABLES)[number], readonly Row[]> & { partitions: ReadonlySet<string> };

export const emptyTables = (): Tables => ({
  ...(Object.fromEntries(TABLES.map((name) => [name, [] as Row[]])) as unknown as Omit<Tables, "partitions">),
  partitions: new Set(),
});

/** Does what the statement says; it knows exactly those below and fails at any other. */
export function answerOf(tables: Tables, sql: string, values: Values): Row[] {
  const answer = known.get(sql) ?? find(sql);
  return [...answer(tables, values)];
}

/** The one script that the gateway runs: a month's partition of the readings. */
export function makePartitions(tables: Tables, sql: string): void {
  const [, name] = /^\s*create table (reading_\d{6}) \(like reading/.exec(sql) ?? [];
  if (name === undefined) throw new Error(`the memory database does not know: ${sql}`);
  if (tables.partitions.has(name)) throw failed("42P07", `${name} is there`);
  tables.partitions = new Set(tables.partitions).add(name);
}

const known = new Map<string, Answer>();

function find(sql: string): Answer {
  const words = sql.replaceAll(/\s+/g, " ").trim();
  const [, answer] = STATEMENTS.find(([begins]) => words.startsWith(begins)) ?? [];
  if (answer === undefined) throw new Error(`the memory database does not know: ${words}`);
  known.set(sql, answer);
  return answer;
}

/** As a driver throws it. */
const failed = (sqlstate: string, message: string): Error => Object.assign(new Error(message), { code: sqlstate });

const bytes = (value: unknown): Uint8Array => value as Uint8Array;
const number = (value: unknown): number => Number(value);
const equal = (a: unknown, b: unknown): boolean =>
  a instanceof Uint8Array && b instanceof Uint8Array ? Buffer.compare(a, b) === 0 : a === b;
const isAny = (value: unknown, wanted: unknown): boolean => (wanted as unknown[]).some((one) => equal(value, one));

/** Rows of columns, as `unnest` makes them; a value that is no list is every row's. */
const unnest = (names: readonly string[], columns: Values): Row[] =>
  (columns[0] as unknown[]).map((_, i) => {
    const at = (column: unknown): unknown => (Array.isArray(column) ? (column[i] as unknown) : column);
    return Object.fromEntries(names.map((name, c) => [name, at(columns[c])]));
  });

function insert(tables: Tables, name: (typeof TABLES)[number], rows: readonly Row[], ...keys: string[][]): Row[] {
  const all = [...tables[name]];
  for (const row of rows) {
    for (const key of keys)
      if (all.some((other) => key.every((column) => equal(other[column], row[column]))))
        throw failed("23505", `${name}: ${key.join(", ")} is there`);
    all.push(row);
  }
  tables[name] = all;
  return [];
}

const by =
  (...columns: string[]) =>
  (a: Row, b: Row): number =>
    columns.map((column) => number(a[column]) - number(b[column])).find((order) => order !== 0) ?? 0;
const inRange = ({ leaf }: Tables, [from, until]: Values): Row[] =>
  leaf.filter(({ position }) => number(position) >= number(from) && number(position) < number(until));
const least = (rows: readonly Row[], column: string): number => Math.min(...rows.map((row) => number(row[column])));
const most = (rows: readonly Row[], column: string): number => Math.max(...rows.map((row) => number(row[column])));

const LEAF = "position kind subject sequence content hash from_ms until_ms latest_ms accepted_month".split(" ");
const READING = "position device sequence signing_input signature scope month nonce sealed accepted_month".split(" ");
const HELD = "device sequence content received_at scope month nonce sealed".split(" ");
const EVIDENCE = "number device sequence content code received_at scope month nonce sealed".split(" ");
const EVENT = "block log_index address topics data transaction".split(" ");

type Answer = (tables: Tables, values: Values) => readonly Row[];

/** By their beginnings: what the gateway and the committer ask, then anchors, outbox and chain. */
const STATEMENTS: readonly (readonly [string, Answer])[] = [
  ["select id, size from stream for update", ({ stream }) => stream],
  ["select pg_advisory_xact_lock(", () => []],
  [
    "insert into stream (id, size) values ($1, 0)",
    (tables, [id]) => insert(tables, "stream", [{ id, size: 0 }], ["id"]),
  ],
  [
    "update stream set size = $1",
    (tables, [size]) => {
      tables.stream = tables.stream.map((row) => ({ ...row, size }));
      return [];
    },
  ],
  [
    "select to_regclass($1) is not null as there",
    ({ partitions }, [name]) => [{ there: partitions.has(name as string) }],
  ],
  [
    "insert into leaf (position, kind, subject, sequence, content, hash, from_ms, until_ms, latest_ms, accepted_month)",
    (tables, values) => insert(tables, "leaf", unnest(LEAF, values), ["position"], ["kind", "subject", "sequence"]),
  ],
  [
    "insert into reading (position, device, sequence, signing_input, signature, scope, month, nonce, sealed, accepted_month)",
    (tables, values) => {
      const rows = unnest(READING, values);
      const homeless = rows.find(({ accepted_month: month }) => !tables.partitions.has(`reading_${number(month)}`));
      if (homeless) throw failed("23514", `no partition of reading for ${number(homeless.accepted_month)}`);
      return insert(tables, "reading", rows, ["position"]);
    },
  ],
  [
    "select device, from_sequence, scope from sealed_scope where device = any(",
    ({ sealed_scope: scopes }, [devices]) =>
      scopes
        .filter(({ device }) => isAny(device, devices))
        .toSorted((a, b) => Buffer.compare(bytes(a.device), bytes(b.device)) || by("from_sequence")(a, b)),
  ],
  [
    "delete from sealed_scope where device = $1",
    (tables, [device]) => {
      tables.sealed_scope = tables.sealed_scope.filter((row) => !equal(row.device, device));
      return [];
    },
  ],
  [
    "insert into sealed_scope (device, from_sequence, scope) select $1::bytea, * from unnest($2::bigint[], $3::bytea[])",
    (tables, [device, ...columns]) => {
      const rows = unnest(["from_sequence", "scope"], columns).map((row) => ({ device, ...row }));
      return insert(tables, "sealed_scope", rows, ["device", "from_sequence"]);
    },
  ],
  [
    "insert into device_head (device, sequence, content, latest_ms)",
    (tables, values) => {
      for (const row of unnest(["device", "sequence", "content", "latest_ms"], values)) {
        const before = tables.device_head.find(({ device }) => equal(device, row.device));
        if (before && number(before.sequence) >= number(row.sequence)) continue;
        tables.device_head = [...tables.device_head.filter((one) => one !== before), row];
      }
      return [];
    },
  ],
  [
    "insert into ack (first, count, root, accepted_at, anchor_by, signature)",
    (tables, [first, count, root, accepted_at, anchor_by, signature]) =>
      insert(tables, "ack", [{ first, count, root, accepted_at, anchor_by, signature }], ["first"]),
  ],
  [
    "select p.position, a.* from unnest($1::bigint[]) as p (position)",
    ({ ack }, [positions]) =>
      (positions as number[]).flatMap((position) => {
        const before = ack.filter(({ first }) => number(first) <= position).sort(by("first"));
        const last = before.at(-1);
        return last && position < number(last.first) + number(last.count) ? [{ position, ...last }] : [];
      }),
  ],
  [
    "select device, sequence, content from device_head where device = any(",
    ({ device_head }, [devices]) => device_head.filter(({ device }) => isAny(device, devices)),
  ],
  [
    "select device, latest_ms from device_head where device = any(",
    ({ device_head }, [devices]) => device_head.filter(({ device }) => isAny(device, devices)),
  ],
  [
    "select l.* from unnest($1::bytea[], $2::bigint[]) as a (subject, sequence)",
    ({ leaf }, [subjects, sequences, kind]) =>
      unnest(["subject", "sequence"], [subjects, sequences]).flatMap((asked) =>
        leaf.filter((row) => row.kind === kind && equal(row.subject, asked.subject) && row.sequence === asked.sequence),
      ),
  ],
  [
    "select * from held where device = any($1::bytea[]) or received_at <= $2 or received_at > $3",
    ({ held }, [devices, before, after]) =>
      held.filter(
        ({ device, received_at: at }) =>
          isAny(device, devices) || number(at) <= number(before) || number(at) > number(after),
      ),
  ],
  [
    "select min(received_at) as first, max(received_at) as last from held",
    ({ held }) => [
      held.length === 0
        ? { first: null, last: null }
        : { first: least(held, "received_at"), last: most(held, "received_at") },
    ],
  ],
  [
    "insert into held (device, sequence, content, received_at, scope, month, nonce, sealed)",
    (tables, values) => insert(tables, "held", unnest(HELD, values), ["device", "sequence", "content"]),
  ],
  [
    "delete from held h using unnest(",
    (tables, values) => {
      const names = ["device", "sequence", "content"];
      const gone = unnest(names, values);
      const isGone = (row: Row): boolean => gone.some((one) => names.every((name) => equal(one[name], row[name])));
      tables.held = tables.held.filter((row) => !isGone(row));
      return [];
    },
  ],
  [
    "select device, content from evidence where device = any(",
    ({ evidence }, [devices]) => evidence.filter(({ device }) => isAny(device, devices)),
  ],
  [
    "select coalesce(max(number) + 1, 0) as next from evidence",
    ({ evidence }) => [{ next: evidence.length === 0 ? 0 : most(evidence, "number") + 1 }],
  ],
  [
    "insert into evidence (number, device, sequence, content, code, received_at, scope, month, nonce, sealed)",
    (tables, values) =>
      insert(tables, "evidence", unnest(EVIDENCE, values), ["number"], ["device", "sequence", "content"]),
  ],
  [
    "select kind, body from document where hash = $1",
    ({ document }, [wanted]) => document.filter(({ hash }) => equal(hash, wanted)),
  ],

  [
    "select number, first_leaf, count, root, block_hash from batch where number >= $1 or transaction is null",
    ({ batch }, [from]) =>
      batch.filter((row) => number(row.number) >= number(from) || row.transaction === null).sort(by("number")),
  ],
  [
    "select number, first_leaf + count as next from batch order by number desc limit 1",
    ({ batch }) => {
      const last = batch.toSorted(by("number")).at(-1);
      return last === undefined ? [] : [{ number: last.number, next: number(last.first_leaf) + number(last.count) }];
    },
  ],
  [
    "insert into batch (number, first_leaf, count, root)",
    (tables, [n, first_leaf, count, root]) =>
      insert(
        tables,
        "batch",
        [{ number: n, first_leaf, count, root, transaction: null, block_hash: null }],
        ["number"],
      ),
  ],
  [
    "update batch set transaction = $2, block = $3, block_hash = $4, block_time = $5 where number = $1",
    (tables, [n, transaction, , block_hash]) => {
      tables.batch = tables.batch.map((row) => (row.number === n ? { ...row, transaction, block_hash } : row));
      return [];
    },
  ],
  [
    "select string_agg(hash,",
    (tables, values) => {
      const hashes = inRange(tables, values).map(({ hash }) => bytes(hash));
      return [{ flat: hashes.length === 0 ? null : Buffer.concat(hashes), regular: true }];
    },
  ],
  // Packed by the database; whoever finds nothing packed asks for each as it is.
  ["select string_agg(int8send(position)", () => [{ packed: null, regular: null }]],
  ["select position, kind, subject, sequence, content, hash from leaf where position >= $1", inRange],
  [
    "select accepted_month as month from leaf",
    (tables, values) =>
      inRange(tables, values)
        .slice(0, 1)
        .map(({ accepted_month: month }) => ({ month })),
  ],
  [
    // Its month is in the text, and only that of a leaf that differs is asked for: every leaf here is a reading's.
    "select l.position, l.accepted_month from leaf l left join reading r on r.accepted_month = ",
    (tables, values) => {
      const differs = inRange(tables, values).find(
        ({ position, content, accepted_month: month, subject, sequence }) => {
          const found = tables.reading.find((row) => row.position === position && row.accepted_month === month);
          if (!found || !equal(found.device, subject) || found.sequence !== sequence) return true;
          return !equal(digest("sha256", found.signing_input as string, "buffer"), content);
        },
      );
      return differs === undefined ? [] : [differs];
    },
  ],
  ["select hash, nonce, raw, purpose from outbox", ({ outbox }) => outbox.toSorted(by("nonce"))],
  [
    "select max(nonce) + 1 as next from outbox",
    ({ outbox }) => [{ next: outbox.length === 0 ? null : most(outbox, "nonce") + 1 }],
  ],
  ["lock table outbox", () => []],
  [
    "insert into outbox (hash, sender, nonce, raw, purpose)",
    (tables, [hash, sender, nonce, raw, purpose]) =>
      insert(tables, "outbox", [{ hash, sender, nonce, raw, purpose }], ["hash"], ["nonce"]),
  ],
  [
    "update outbox set hash = $2, raw = $3 where hash = $1",
    (tables, [old, hash, raw]) => {
      tables.outbox = tables.outbox.map((row) => (equal(row.hash, old) ? { ...row, hash, raw } : row));
      return [];
    },
  ],
  [
    "delete from outbox where hash = $1",
    (tables, [gone]) => {
      tables.outbox = tables.outbox.filter(({ hash }) => !equal(hash, gone));
      return [];
    },
  ],
  ["select number, hash, timestamp from chain_block", ({ chain_block }) => chain_block.toSorted(by("number"))],
  [
    "select block, log_index, address, topics, data, transaction from chain_event",
    ({ chain_event }) => chain_event.toSorted(by("block", "log_index")),
  ],
  [
    "insert into chain_block (number, hash, timestamp)",
    (tables, values) => insert(tables, "chain_block", unnest(["number", "hash", "timestamp"], values), ["number"]),
  ],
  [
    "insert into chain_event (block, log_index, address, topics, data, transaction)",
    (tables, values) => insert(tables, "chain_event", unnest(EVENT, values), ["block", "log_index"]),
  ],
  [
    "delete from chain_block where number > 0 and number <= $1",
    (tables, [oldest]) => {
      const eventful = new Set(tables.chain_event.map(({ block }) => block));
      tables.chain_block = tables.chain_block.filter(
        (row) => row.number === 0 || number(row.number) > number(oldest) || eventful.has(row.number),
      );
      return [];
    },
  ],
  [
    "delete from chain_event where block > $1",
    (tables, [last]) => {
      tables.chain_event = tables.chain_event.filter(({ block }) => number(block) <= number(last));
      return [];
    },
  ],
  [
    "delete from chain_block where number > $1",
    (tables, [last]) => {
      tables.chain_block = tables.chain_block.filter((row) => number(row.number) <= number(last));
      return [];
    },
  ],
];
