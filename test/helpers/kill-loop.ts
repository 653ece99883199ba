// The server is killed again and again while a device sends; what it acked must be there afterwards.
import { cpSync, existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { createRandom } from "../../ml/random.ts";
import { readAck, type Ack } from "../../protocol/ack.ts";
import type { Hex } from "../../protocol/bytes.ts";
import { parseStrict } from "../../protocol/json.ts";
import type { JournalState } from "../../lab/journal.ts";
import type { AuditReport } from "../../server/main/audit/audit.ts";
import { askControl } from "../../server/main/control.ts";
import { openDatabase } from "../../server/store/database.ts";
import { MONITOR_MAP, portsOf, until, type Going, type Journey, type Server } from "./journey.ts";
import { writeWardCsv } from "./ward-csv.ts";

/** Acks between two kills, and what may come on top of them: a request of 64, and the pause. */
const ACKS_BETWEEN = 120;
const ROWS_PER_KILL = 220;
const PAUSE_MS = 250;
/** Rows on top for a kill that waits for a transaction on its way: a block's time of readings. */
const ROWS_PER_BLOCK = 500;
/** One restart in three is killed too, somewhere in its first moments. */
const RESTARTS_KILLED = 3;
const RESTART_MS = 1_500;

/** One kill, as it was found. */
export interface Kill {
  /** Acks that the device had when the server died. */
  readonly acked: number;
  /** Readings that it had signed and had no answer for. */
  readonly inFlight: number;
  /** The chain's own process was killed with it, not ended by its watcher. */
  readonly chainToo: boolean;
  /** An anchor was sent and not confirmed; undefined where nobody looked. */
  readonly anchorSent?: boolean;
}

export interface KilledAgain {
  readonly server: Server;
  readonly data: string;
  readonly acksFile: string;
  readonly acks: readonly Ack[];
  readonly rows: number;
  readonly replayed: { readonly device: Hex; readonly accepted: number; readonly refused: object };
  readonly kills: readonly Kill[];
  /** Restarts that were killed before they were up. */
  readonly restartsKilled: number;
  /** Processes that killed servers had started. */
  readonly orphans: readonly number[];
}

export interface KillPlan {
  readonly seed: string;
  readonly times: number;
  /** Kills the chain's process too in half of the kills. */
  readonly chainToo?: boolean;
  /**
   * Two kills in four wait until a transaction is on its way. Looks into the database after each kill: was it an anchor? And audits
   * after each restart.
   */
  readonly look?: boolean;
}

/** Replays a CSV against a server that is killed (SIGKILL, itself alone) at moments that the seed chooses. */
export async function killAgainAndAgain(journey: Journey, plan: KillPlan): Promise<KilledAgain> {
  const { seed, times, chainToo = false, look = false } = plan;
  const random = createRandom(`kill ${seed}`);
  const [data, acksFile, csv] = [journey.path("data"), journey.path("acks"), journey.path("ward.csv")];
  const { rows } = writeWardCsv(csv, times * (ROWS_PER_KILL + (look ? ROWS_PER_BLOCK / 2 : 0)) + 300, seed);
  const ports = await portsOf();
  const orphans = new Set<number>();
  const kills: Kill[] = [];
  let restartsKilled = 0;

  let server = await journey.up(data, ports);
  const words = ["--csv", csv, "--map", MONITOR_MAP, "--data", data, "--url", server.http, "--acks", acksFile];
  const replay = journey.start(["device", "replay", ...words, "--json"]);
  const kill = async (going: Going, withChain = false): Promise<void> => {
    const others = journey.processes().filter(({ pid }) => pid !== going.pid && pid !== replay.pid);
    for (const { pid } of others) orphans.add(pid);
    // The chain first: the server may notice, and end in the midst of that.
    for (const { pid, command } of others) if (withChain && /bin\/anvil /.test(command)) killIfThere(pid);
    going.kill("SIGKILL");
    await going.ended;
  };

  while (kills.length < times) {
    const wanted = linesOf(acksFile) + 1 + random.integer(ACKS_BETWEEN);
    await until(
      `${wanted} readings are acked`,
      async () => {
        if (!replay.running()) throw new Error(`the replay ended early: ${JSON.stringify(await replay.ended)}`);
        return linesOf(acksFile) >= wanted || undefined;
      },
      60_000,
    );
    // Half of the time not to wait for anything: to die anywhere in a request, a seal, an anchor.
    const pause = random.integer(PAUSE_MS);
    if (look && kills.length % 4 < 2)
      await until("a transaction is on its way", async () => (await pendingAt(server.rpc)) || undefined);
    else await new Promise((resolve) => setTimeout(resolve, pause));
    const withChain = chainToo && kills.length % 2 === 0;
    await kill(server, withChain);
    const acked = linesOf(acksFile);
    const inFlight = await until("the device waits for answers", async () => waiting(data, acked));
    const sent = look ? { anchorSent: await anchorIsOnItsWay(data, journey.path("looked-at")) } : {};
    kills.push({ acked, inFlight, chainToo: withChain, ...sent });
    if (random.integer(RESTARTS_KILLED) === 0) {
      const restart = journey.start(["up", "--data", data, "--json"], ports);
      await new Promise((resolve) => setTimeout(resolve, random.integer(RESTART_MS)));
      await kill(restart);
      restartsKilled += 1;
    }
    server = await journey.up(data, ports);
    if (look) await auditFindsNothing(data);
  }

  const ended = await replay.ended;
  if (ended.code !== 0) throw new Error(`the replay ended with ${ended.code}: ${ended.err}${ended.out}`);
  const acks = readFileSync(acksFile, "utf8")
    .trim()
    .split("\n")
    .map((line) => readAck(parseStrict(line)));
  const replayed = JSON.parse(ended.out) as KilledAgain["replayed"];
  return { server, data, acksFile, acks, rows, replayed, kills, restartsKilled, orphans: [...orphans] };
}

/** Asks the running server, which goes on taking readings. */
async function auditFindsNothing(data: string): Promise<void> {
  const report = await askControl<AuditReport>(`${data}/control.sock`, { ask: "audit" });
  if (report?.lies.length !== 0) throw new Error(`the audit after a kill: ${JSON.stringify(report?.lies)}`);
}

/** How many transactions the chain has that no block has. */
async function pendingAt(rpc: string): Promise<number> {
  const body = { jsonrpc: "2.0", id: 1, method: "eth_getBlockTransactionCountByNumber", params: ["pending"] };
  const headers = { "content-type": "application/json" };
  const answer = await fetch(rpc, { method: "POST", headers, body: JSON.stringify(body) });
  return Number(((await answer.json()) as { result: Hex }).result);
}

function killIfThere(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It has ended by itself meanwhile.
  }
}

/** In a copy of a dead server's database: is there an anchor whose transaction was stored and whose place is not known? */
async function anchorIsOnItsWay(data: string, copy: string): Promise<boolean> {
  cpSync(`${data}/database`, copy, { recursive: true });
  const database = await openDatabase({ directory: copy });
  try {
    const [row] = await database.query<{ open: number }>(
      "select count(*) as open from outbox o join batch b on o.purpose = 'anchor ' || b.number where b.transaction is null",
    );
    return (row?.open ?? 0) > 0;
  } finally {
    await database.close();
    rmSync(copy, { recursive: true, force: true });
  }
}

function linesOf(file: string): number {
  return existsSync(file) ? readFileSync(file, "latin1").split("\n").length - 1 : 0;
}

/** How many signed readings have no ack yet, by the device's own journal; undefined while there are none. */
async function waiting(data: string, acked: number): Promise<number | undefined> {
  const directory = `${data}/devices/journals`;
  const [journal] = readdirSync(directory).filter((name) => name.endsWith(".json"));
  if (journal === undefined) return undefined;
  const state = JSON.parse(readFileSync(`${directory}/${journal}`, "utf8")) as JournalState;
  const open = state.waiting.filter(({ sequence }) => sequence > acked).length;
  return open > 0 ? open : undefined;
}
