import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { utf8 } from "../../protocol/bytes.ts";
import { TwinwardError } from "../../protocol/errors.ts";
import { writeDurably } from "../store/write-durably.ts";
import { followTime } from "./embedded/block-time.ts";
import { openDoor } from "./embedded/door.ts";
import { Ledger } from "./embedded/ledger.ts";

/** Transactions sent together (a deployment) get into one block: so long is waited after the first of them. */
const GATHER_MS = 40;

export interface EmbeddedPlan {
  /** Made when absent, for its owner only; one process at a time (the caller holds DATA's lock). */
  readonly directory: string;
  /** Port of the JSON-RPC door on 127.0.0.1; 0 takes a free one. */
  readonly port: number;
  readonly chainId?: number;
  /** Least time between two blocks. */
  readonly blockSeconds?: number;
  /** An empty block after so long without one, so that readers see a chain that lives. */
  readonly heartbeatSeconds?: number;
  /** Wall clock in ms. */
  readonly now?: () => number;
  /** A clock that nobody sets, ms. */
  readonly steady?: () => number;
}

export interface EmbeddedChain {
  /** Where the door listens. */
  readonly url: string;
  /**
   * Resolves when it is over: undefined after `close`, else the reason (CHAIN_ENDED and others). It fails closed: when the node
   * dies or a write fails, the door closes and nothing more is answered. Starting again loses nothing.
   */
  readonly ended: Promise<TwinwardError | undefined>;
  /** Lets pages of an origin ask the node: the console's, which verifies receipts in the browser. */
  admit(origin: string): void;
  close(): Promise<void>;
}

/**
 * Starts the chain that lives in a directory: anvil (Osaka) behind our own JSON-RPC door, on 127.0.0.1 only.
 * A transaction whose eth_sendRawTransaction was answered is mined, and a block that was seen stays, with number and hash,
 * whoever is killed and whenever. Throws CHAIN_LOG_DAMAGED or CHAIN_REPLAY_DIFFERS rather than going on with another history.
 */
export async function startEmbeddedChain(plan: EmbeddedPlan): Promise<EmbeddedChain> {
  const { directory, chainId = 31337, blockSeconds = 1, heartbeatSeconds = 5, now = Date.now, steady } = plan;
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const genesisSeconds = await genesisOf(directory, chainId, now);
  const ledger = await Ledger.open({ directory, chainId, genesisSeconds });

  const timeOfBlock = followTime(now, steady ?? (() => performance.now()));

  let timer: NodeJS.Timeout | undefined;
  let due = Infinity;
  let minedAt = -Infinity;
  let mining: Promise<void> | undefined;
  let over = false;
  let finish!: (reason: TwinwardError | undefined) => void;
  const ended = new Promise<TwinwardError | undefined>((resolve) => (finish = resolve));

  /** Mines at `at` (monotonic ms) or earlier, if that was planned already. */
  const planBlock = (at: number): void => {
    if (over || at >= due) return;
    due = at;
    clearTimeout(timer);
    timer = setTimeout(() => void (mining = mine()), Math.max(0, at - performance.now()));
  };
  const planSoon = (): void => planBlock(Math.max(performance.now() + GATHER_MS, minedAt + blockSeconds * 1000));

  const mine = async (): Promise<void> => {
    try {
      due = Infinity;
      await ledger.mine(timeOfBlock(ledger.head.timestamp));
      minedAt = performance.now();
      if (ledger.snapshotDue) await ledger.snapshot();
      planBlock(minedAt + heartbeatSeconds * 1000);
      if (await ledger.hasReady()) planSoon();
    } catch (error) {
      // What the system said: that the disk is full, for one.
      const detail = error instanceof Error ? `The embedded chain: ${error.message}` : String(error);
      await stop(error instanceof TwinwardError ? error : new TwinwardError("CHAIN_ENDED", { detail }, error));
    }
  };

  const admitted = new Set<string>();
  const door = await openDoor(plan.port, {
    admits: (origin) => admitted.has(origin),
    call: (method, parameters) => ledger.call(method, parameters),
    submit: async (raw) => {
      const hash = await ledger.submit(raw);
      planSoon();
      return hash;
    },
  }).catch(async (error: unknown) => {
    await ledger.close();
    throw error;
  });

  const stop = async (reason: TwinwardError | undefined): Promise<void> => {
    if (over) return;
    over = true;
    clearTimeout(timer);
    const closed = new Promise((resolve) => door.server.close(resolve));
    door.server.closeIdleConnections();
    if (reason === undefined) {
      await mining;
      // Only to start faster; the journal has it all.
      await ledger.snapshot().catch(() => undefined);
    }
    door.server.closeAllConnections();
    await closed;
    await ledger.close();
    finish(reason);
  };

  void ledger.ended.then((said) => stop(new TwinwardError("CHAIN_ENDED", { detail: `The node said: ${said}` })));
  planBlock(performance.now() + heartbeatSeconds * 1000);
  if (await ledger.hasReady()) planSoon();
  return {
    url: door.url,
    ended,
    admit: (origin) => void admitted.add(origin),
    close: async () => {
      await stop(undefined);
      await ended;
    },
  };
}

/** What the genesis block depends on, written once: two chains begun in different seconds are told apart by their genesis. */
async function genesisOf(directory: string, chainId: number, now: () => number): Promise<number> {
  const path = join(directory, "genesis.json");
  try {
    const genesis = JSON.parse(await readFile(path, "utf8")) as { chainId: number; timestamp: number };
    if (genesis.chainId !== chainId)
      throw new TwinwardError("CHAIN_ID_UNEXPECTED", { stored: genesis.chainId, chainId });
    return genesis.timestamp;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
  }
  const timestamp = Math.floor(now() / 1000);
  await writeDurably(path, utf8(`${JSON.stringify({ chainId, timestamp })}\n`));
  return timestamp;
}
