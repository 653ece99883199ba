import pg from "pg";
import { TwinwardError } from "../../protocol/errors.ts";
import type { Database, Tx } from "./database.ts";
import { BINARY } from "./binary-columns.ts";
import { toWire, type Parameter } from "./parameters.ts";
import { BinaryClient, BinaryQuery, COLUMN_TYPES } from "./postgres-binary.ts";
import { holdClaim } from "./postgres-claim.ts";
import { asOurs, explain } from "./postgres-errors.ts";
import { runWork } from "./work.ts";

const CONNECTIONS = 8;
/** How long a connection may take, also one that waits for another to become free. */
const CONNECT_WITHIN_MS = 10_000;
/** How long a statement may take. A network that swallows everything would otherwise be waited for a quarter of an hour. */
const ANSWER_WITHIN_MS = 60_000;
/** How long a transaction that others wait for may say nothing. */
const SILENT_WITHIN_MS = 30_000;
/** Longest timer of Node. */
const NO_LIMIT = 2 ** 31 - 1;
/** Written out, because a server can have another default: the stream's row must be read as it is once we have it. */
const BEGIN = "begin isolation level read committed";
/** Where our machine vanishes, the server lets go of our locks after some half a minute, not after the usual two hours. */
const KEEPALIVE = "-c tcp_keepalives_idle=15 -c tcp_keepalives_interval=5 -c tcp_keepalives_count=3";

export interface PostgresLimits {
  readonly connectWithinMs?: number;
  readonly answerWithinMs?: number;
  readonly silentWithinMs?: number;
}

/**
 * A PostgreSQL server by URL, through a pool. Connections that break are replaced; what was asked over them fails with
 * DATABASE_UNAVAILABLE. Throws the same when the server does not let us in, DATABASE_UNUSABLE when it would not keep what we
 * promise: acks say that a reading is on disk, and texts are UTF-8.
 */
export async function openPostgres(url: string, limits: PostgresLimits = {}): Promise<Database> {
  const settings: pg.PoolConfig = {
    application_name: "twinward",
    options: KEEPALIVE,
    ...parsed(url),
    types: COLUMN_TYPES,
    max: CONNECTIONS,
    keepAlive: true,
    connectionTimeoutMillis: limits.connectWithinMs ?? CONNECT_WITHIN_MS,
    query_timeout: limits.answerWithinMs ?? ANSWER_WITHIN_MS,
  };
  const pool = new pg.Pool({ ...settings, Client: BinaryClient });
  // A connection that breaks while idle is replaced by the pool; without a listener it would end the process.
  pool.on("error", () => undefined);

  const tx = (runner: pg.Pool | pg.PoolClient): Tx => ({
    query: async <T>(sql: string, parameters: readonly Parameter[] = []) => {
      const statement = statementOf(sql);
      const { name, binary } = statement;
      const asked = { name, binary, text: sql, values: toWire(parameters) };
      const { rows, types } = await ours(() => new BinaryQuery(asked as pg.QueryConfig).ask(runner));
      statement.binary = types.length > 0 && types.every((type) => BINARY.has(type));
      return rows as T[];
    },
    // A migration may take as long as it takes.
    script: async (sql) =>
      void (await ours(() => runner.query({ text: sql, query_timeout: NO_LIMIT } as pg.QueryConfig))),
  });
  const silentWithinMs = limits.silentWithinMs ?? SILENT_WITHIN_MS;
  const beginBriefly = `${BEGIN}; set local idle_in_transaction_session_timeout = ${silentWithinMs}`;
  const database: Database = {
    kind: "server",
    ...tx(pool),
    transaction: async (work, options) => {
      const client = await ours(() => pool.connect());
      // While a client is ours, nobody else listens: cut between two statements, it would end the process.
      let isBroken = false;
      const onError = (): void => void (isBroken = true);
      client.on("error", onError);
      try {
        await ours(() => client.query(options?.holdsOthersUp === true ? beginBriefly : BEGIN));
        const result = await runWork(tx(client), work);
        // Cut from here on, it may have been committed or not; the caller is told DATABASE_UNAVAILABLE and must look again.
        await ours(() => client.query("commit"));
        return result;
      } catch (error) {
        if (error instanceof TwinwardError && error.code === "DATABASE_UNAVAILABLE") isBroken = true;
        // A connection that is not closed cleanly is closed for good: what it left open, the server rolls back.
        if (!isBroken) await client.query("rollback").catch(() => (isBroken = true));
        throw error;
      } finally {
        client.off("error", onError);
        client.release(isBroken);
      }
    },
    claim: (name, options) => holdClaim(settings, name, options),
    close: () => pool.end(),
  };
  try {
    await requireKept(database);
  } catch (error) {
    await pool.end();
    throw error instanceof TwinwardError && error.code === "DATABASE_UNAVAILABLE"
      ? new TwinwardError("DATABASE_UNAVAILABLE", { detail: `${placeOf(settings)}: ${explain(error)}` }, error.cause)
      : error;
  }
  return database;
}

/** A URL that cannot be read is not repeated to anybody: it has the password in it. */
function parsed(url: string): pg.ClientConfig {
  try {
    new pg.Client({ connectionString: url });
    return { connectionString: url };
  } catch {
    const detail =
      "DATABASE_URL cannot be read: is it postgresql://user:password@host:port/name, and % written as %25?";
    throw new TwinwardError("DATABASE_UNAVAILABLE", { detail });
  }
}

/** Host, port and name, without user and password. */
function placeOf(settings: pg.PoolConfig): string {
  const { host, port, database } = new pg.Client(settings);
  return `PostgreSQL at ${host}:${port}, database ${database ?? ""}`;
}

async function requireKept(database: Tx): Promise<void> {
  const [set] = await database.query<{ fsync: string; commit: string; encoding: string }>(
    `select current_setting('fsync') as fsync, current_setting('synchronous_commit') as commit,
       current_setting('server_encoding') as encoding`,
  );
  const refuse = (detail: string): never => {
    throw new TwinwardError("DATABASE_UNUSABLE", { detail });
  };
  if (set?.fsync === "off") refuse("It has fsync=off: what we acknowledge would not survive a power cut.");
  if (set?.commit === "off") refuse("It has synchronous_commit=off: what we acknowledge might not survive a crash.");
  if (set?.encoding !== "UTF8")
    refuse(`Its encoding is ${set?.encoding ?? "unknown"}: create it with ENCODING 'UTF8'.`);
}

interface Statement {
  readonly name: string;
  /** Its rows come in binary: known when it has been asked once, and its columns are ones that we read so. */
  binary: boolean;
}

/** By their text: a connection has each one parsed and planned once. The texts are ours, and few. */
const statements = new Map<string, Statement>();

function statementOf(sql: string): Statement {
  const known = statements.get(sql);
  if (known !== undefined) return known;
  const made = { name: `twinward-${statements.size + 1}`, binary: false };
  statements.set(sql, made);
  return made;
}

async function ours<T>(ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    throw asOurs(error);
  }
}
