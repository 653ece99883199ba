import { setTimeout as pause } from "node:timers/promises";
import pg from "pg";
import { utf8 } from "../../protocol/bytes.ts";
import { TwinwardError } from "../../protocol/errors.ts";
import { sha256 } from "../../protocol/hash.ts";
import type { Claim, ClaimOptions } from "./database.ts";
import { asOurs } from "./postgres-errors.ts";

/** A server that was killed a moment ago: PostgreSQL sees its connection end, and that takes a moment too. */
const WAIT_MS = 3_000;
const AGAIN_MS = 100;

/**
 * Holds a name in the database for this process: an advisory lock of a session of its own, which ends with the process
 * however that ends. Not through a pooler that shares sessions (pgbouncer in transaction mode): there nobody owns one.
 */
export async function holdClaim(settings: pg.ClientConfig, name: string, options: ClaimOptions = {}): Promise<Claim> {
  const { waitMs = WAIT_MS } = options;
  const key = lockKey(name);
  let session: pg.Client | undefined;
  let released = false;

  const take = async (): Promise<void> => {
    const client = new pg.Client(settings);
    // Cut while nobody asks, it is noticed here; then the claim is gone, and whoever asks next tries to have it back.
    client.on("error", () => void (session = session === client ? undefined : session));
    try {
      await client.connect();
      for (const deadline = performance.now() + waitMs; !(await tryLock(client, key)); await pause(AGAIN_MS)) {
        if (performance.now() < deadline) continue;
        const holder = await holderOf(client, key);
        throw new TwinwardError("DATABASE_LOCKED", { claim: name, detail: `${holder} has it.` });
      }
      session = client;
    } catch (error) {
      await client.end().catch(() => undefined);
      throw asOurs(error);
    }
  };

  const assure = async (): Promise<void> => {
    if (released) throw new TwinwardError("DATABASE_LOCKED", { claim: name, detail: "It was given up." });
    const mine = session;
    if (mine === undefined) return take();
    try {
      await mine.query("select 1");
    } catch {
      if (session === mine) session = undefined;
      void mine.end().catch(() => undefined);
      await take();
    }
  };

  await take();
  // One at a time: two that find the session cut would each open another.
  let tail: Promise<unknown> = Promise.resolve();
  return {
    assure: () => {
      const mine = tail.then(assure);
      tail = mine.catch(() => undefined);
      return mine;
    },
    release: async () => {
      released = true;
      await tail;
      await session?.end().catch(() => undefined);
      session = undefined;
    },
  };
}

/** Advisory locks are numbered with 64 bits, per database. */
function lockKey(name: string): string {
  return Buffer.from(sha256(utf8(`twinward ${name}`)))
    .readBigInt64BE(0)
    .toString();
}

async function tryLock(client: pg.Client, key: string): Promise<boolean> {
  const { rows } = await client.query<{ got: boolean }>("select pg_try_advisory_lock($1::bigint) as got", [key]);
  return rows[0]?.got === true;
}

async function holderOf(client: pg.Client, key: string): Promise<string> {
  const { rows } = await client.query<{ pid: number; from: string | null }>(
    `select a.pid, a.client_addr::text as from from pg_locks l join pg_stat_activity a on a.pid = l.pid
     where l.locktype = 'advisory' and l.granted and l.objsubid = 1
       and l.database = (select oid from pg_database where datname = current_database())
       and ((l.classid::bigint << 32) | l.objid::bigint) = $1::bigint`,
    [key],
  );
  const [holder] = rows;
  return holder ? `A server at ${holder.from ?? "this machine"} (session ${holder.pid})` : "Another server";
}
