import { randomBytes } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import pg from "pg";
import { registerDevices } from "../../../apps/cli/register-device.ts";
import { connect, type Client } from "../../../apps/sdk/client.ts";
import { toHex, type Hex } from "../../../protocol/bytes.ts";
import { readDeviceModel } from "../../../protocol/device-model.ts";
import { newPrivateKey } from "../../../protocol/es256.ts";
import { openDatabase, type DatabasePlace } from "../../../server/store/database.ts";
import { startPostgres, type PostgresServer } from "../../../test/helpers/postgres-server.ts";
import type { LoadPlan, LoadQuestion, Sent } from "./load.ts";
import { cpuSeconds, memoryOf } from "./process-use.ts";
import { startWorker, type Worker } from "./talk.ts";

const DATABASES = ["pglite", "postgres"] as const;
export type DatabaseKind = (typeof DATABASES)[number];

/** Eight segments, as the workload has them. */
const MODEL = readDeviceModel(
  JSON.parse(readFileSync(fileURLToPath(new URL("../../../lab/models/monitor.json", import.meta.url)), "utf8")),
);

export interface WardPlan {
  readonly database: DatabaseKind;
  readonly devices: number;
  readonly perRequest: number;
  /** The periods of the readings: how long each is, and how many a device will send, so that the last ends about now. */
  readonly periodMs: number;
  readonly readingsPerDevice: number;
  /** Node's own options for the server, for a profile. */
  readonly node?: readonly string[];
}

/** A server with registered devices, and a load that plays them. */
export interface Ward {
  readonly client: Client;
  readonly url: string;
  readonly rpc: string;
  readonly devices: readonly Hex[];
  /** When the first reading of each device begins, ms. */
  readonly from: number;
  readonly stewardKey: string;
  readonly memberKey: string;
  sign(readings: number): Promise<void>;
  send(readings: number, perSecond?: number): Promise<Sent>;
  /** CPU seconds of the server with its chain and database, so far. */
  cpu(): number;
  memory(): { readonly now: number; readonly most: number };
  /**
   * Lets PostgreSQL do at once what it does by itself within minutes: vacuum what was inserted, and a checkpoint, from which on it uses
   * the files of its log again instead of filling new ones with zeros. The embedded database makes checkpoints all the time.
   */
  settle(): Promise<void>;
  /** Starts the server again over the same data: nothing is in its caches. */
  restart(): Promise<void>;
  /** Bytes of tables with their indexes, and how many readings they hold. Ends the server. */
  measureDisk(): Promise<{ readonly bytes: number; readonly readings: number }>;
  close(): Promise<void>;
}

/** The databases that `--database` names. A word that names none ends the process with 2. */
export function databasesOf(said: string): readonly DatabaseKind[] {
  const found = DATABASES.filter((kind) => said === kind || said === "both");
  if (found.length > 0) return found;
  console.error(`--database ${said} is not pglite, postgres or both`);
  return process.exit(2);
}

/** Starts everything, or says why there is no PostgreSQL to be had. */
export async function openWard(plan: WardPlan): Promise<Ward | { readonly absent: string }> {
  const directory = mkdtempSync(join(tmpdir(), "twinward-bench-"));
  const data = join(directory, "data");
  let postgres: PostgresServer | undefined;
  let place: DatabasePlace = { directory: join(data, "database") };
  let server: Worker | undefined;
  let load: Worker | undefined;
  const stop = (): void => void close().finally(() => process.exit(130));
  process.once("SIGINT", stop).once("SIGTERM", stop);
  const close = async (): Promise<void> => {
    process.off("SIGINT", stop).off("SIGTERM", stop);
    await load?.close();
    await server?.close();
    await postgres?.close();
    rmSync(directory, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  };
  try {
    if (plan.database === "postgres") {
      const started = await startPostgres();
      if ("absent" in started) {
        await close();
        return started;
      }
      postgres = started;
      place = { url: await postgres.createDatabase() };
    }
    const start = async (): Promise<{ http: string; rpc: string }> => {
      server = startWorker(new URL("./serve.ts", import.meta.url), [], plan.node ?? []);
      return server.ask({ data, ...("url" in place ? { databaseUrl: place.url } : {}) });
    };
    const urls = await start();
    const stewardKey = join(data, "keys", "steward.key");
    const keys = Array.from({ length: plan.devices }, () => newPrivateKey(randomBytes));
    const registered = await registerDevices(
      connect({ url: urls.http }),
      stewardKey,
      keys.map((key) => ({ key, model: MODEL })),
    );
    const playing = startWorker(new URL("./load.ts", import.meta.url));
    load = playing;
    const ask = <T>(question: LoadQuestion): Promise<T> => playing.ask<T>(question);
    const from = Date.now() - plan.readingsPerDevice * plan.periodMs;
    const begin: LoadPlan = {
      url: urls.http,
      model: MODEL,
      devices: registered.map(({ device }, i) => ({ id: device, key: toHex(keys[i] as Uint8Array) })),
      perRequest: plan.perRequest,
      samples: 10,
      from,
      periodMs: plan.periodMs,
    };
    await ask({ begin });
    const serverPid = (): number => server?.pid ?? -1;
    const ward = {
      from,
      client: connect({ url: urls.http }),
      url: urls.http,
      rpc: urls.rpc,
      devices: registered.map(({ device }) => device),
      stewardKey,
      memberKey: join(data, "keys", "member.key"),
      sign: (readings: number) => ask<void>({ sign: readings }),
      send: (readings: number, perSecond?: number) =>
        ask<Sent>({ send: { readings, ...(perSecond === undefined ? {} : { perSecond }) } }),
      cpu: () => cpuSeconds(serverPid()) + (postgres ? cpuSeconds(postgres.pid()) : 0),
      memory: () => memoryOf(serverPid()),
      settle: async () => {
        if ("url" in place) await settlePostgres(place.url);
      },
      restart: async () => {
        await server?.close();
        const { http, rpc } = await start();
        Object.assign(ward, { url: http, rpc, client: connect({ url: http }) });
      },
      measureDisk: async () => {
        await server?.close();
        return measureDatabase(place);
      },
      close,
    };
    return ward;
  } catch (error) {
    await close();
    throw error;
  }
}

async function settlePostgres(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query("vacuum (analyze)");
    await client.query("checkpoint");
  } finally {
    await client.end();
  }
}

async function measureDatabase(place: DatabasePlace): Promise<{ bytes: number; readings: number }> {
  const database = await openDatabase(place);
  try {
    await database.query("checkpoint");
    const [row] = await database.query<{ bytes: number; readings: number }>(
      `select (select sum(pg_total_relation_size(oid)) from pg_class
               where relkind in ('r', 'm') and relnamespace = 'public'::regnamespace)::bigint as bytes,
         (select count(*) from reading) as readings`,
    );
    if (!row) throw new Error("the database says nothing of its size");
    return row;
  } finally {
    await database.close();
  }
}
