import { statfs } from "node:fs/promises";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { stateOf } from "../../access/openings.ts";
import { anchorsOf, type Line } from "../../../protocol/line.ts";
import type { Anchor } from "../../anchor/anchor-loop.ts";
import type { Outbox } from "../../chain/outbox.ts";
import type { Chain } from "../../chain/view.ts";
import type { Database } from "../../store/database.ts";
import { readyParts, type Checks } from "../../api/ready-parts.ts";
import type { Meters } from "./meters.ts";

export interface MeasuredParts {
  readonly database: Database;
  readonly chain: Pick<Chain, "view">;
  readonly line: Line;
  /** The data directory. */
  readonly root: string;
  readonly ready: Checks;
  /** ms. */
  readonly now: () => number;
}

/** What only the server of a stream has. */
export interface ServerParts {
  readonly anchor: Pick<Anchor, "health">;
  readonly outbox: Pick<Outbox, "waiting">;
  readonly oracles: () => readonly (number | undefined)[];
}

/**
 * What a server is like at this moment, or one more gateway of its stream; asked at each scrape. The result ends what watches
 * the event loop.
 */
export function measureState(meters: Meters, parts: MeasuredParts): () => void {
  const { database, chain, line, root, ready, now } = parts;
  const one = async (sql: string): Promise<number> => {
    const [row] = await database.query<{ value: number | null }>(sql);
    return Number(row?.value ?? 0);
  };
  const anchoredLeaves = (): number => {
    const last = anchorsOf(line, chain.view()).at(-1);
    return last === undefined ? 0 : last.firstLeaf + last.count;
  };

  meters.gauge("twinward_ready", "1 where a part that traffic needs is well, as /readyz says.", async () =>
    Object.entries(await readyParts(ready)).map(([part, code]) => [{ part }, code === "ok" ? 1 : 0] as const),
  );
  meters.gauge("twinward_stream_leaves", "Leaves in the stream, all durable.", () =>
    one("select coalesce(max(size), 0) as value from stream"),
  );
  meters.gauge("twinward_anchored_leaves", "Leaves of the stream that the chain's anchors hold.", async () =>
    anchoredLeaves(),
  );
  meters.gauge("twinward_held_readings", "Readings that wait for the ones before them.", () =>
    one("select count(*) as value from held"),
  );
  meters.gauge("twinward_chain_block", "Number of the newest block seen.", async () => chain.view().head.number);
  meters.gauge("twinward_chain_block_age_seconds", "Age of the newest block seen, by its timestamp.", async () =>
    Math.max(0, now() / 1000 - chain.view().head.timestamp),
  );
  meters.gauge(
    "twinward_break_glass_openings",
    "Openings of the glass that nobody has reviewed yet, by state.",
    async () => {
      const view = chain.view();
      const at = Math.max(now() / 1000, view.head.timestamp);
      const states = view.openings().map((opening) => stateOf(opening, at));
      return (["open", "unreviewed", "overdue"] as const).map(
        (state) => [{ state }, states.filter((one) => one === state).length] as const,
      );
    },
  );
  meters.gauge("twinward_grants_paused", "1 while operators have paused new grants.", async () =>
    chain.view().grantsPaused ? 1 : 0,
  );
  meters.gauge("twinward_database_bytes", "Size of the database.", () =>
    one("select pg_database_size(current_database()) as value"),
  );
  meters.gauge("twinward_disk_free_bytes", "Free on the disk of the data directory.", async () => {
    const { bavail, bsize } = await statfs(root);
    return bavail * bsize;
  });
  return measureProcess(meters);
}

/** What a server's own work is like. */
export function measureServer(meters: Meters, { anchor, outbox, oracles }: ServerParts): void {
  meters.gauge("twinward_anchored_batches", "Batches that the chain has.", async () => anchor.health().anchored);
  meters.gauge(
    "twinward_anchor_running",
    "1 while anchoring goes on, 0 where it has stopped for a person.",
    async () => (anchor.health().state === "running" ? 1 : 0),
  );
  meters.gauge(
    "twinward_outbox_transactions",
    "Transactions of ours that are not final yet.",
    async () => (await outbox.waiting()).length,
  );
  meters.gauge(
    "twinward_oracles_running",
    "Oracle processes of this server that run.",
    async () => oracles().filter((pid) => pid !== undefined).length,
  );
}

/** The usual names, so that the usual dashboards show them. */
function measureProcess(meters: Meters): () => void {
  const started = Date.now() / 1000 - process.uptime();
  meters.gauge("process_start_time_seconds", "When this process began, seconds since 1970.", async () => started);
  meters.gauge("process_resident_memory_bytes", "Memory of this process.", async () => process.memoryUsage.rss());
  meters.gauge("nodejs_heap_size_used_bytes", "Heap in use.", async () => process.memoryUsage().heapUsed);
  const cpu = async (): Promise<number> => {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1e6;
  };
  meters.gauge("process_cpu_seconds_total", "Processor time of this process.", cpu, "counter");
  const delay = monitorEventLoopDelay({ resolution: 20 });
  delay.enable();
  meters.gauge(
    "nodejs_eventloop_lag_p99_seconds",
    "How late the event loop was since the last scrape, 99th percentile.",
    async () => {
      const seconds = delay.count === 0 ? 0 : delay.percentile(99) / 1e9;
      delay.reset();
      return seconds;
    },
  );
  return () => void delay.disable();
}
