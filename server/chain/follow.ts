import type { JsonRpcApiProvider } from "ethers";
import { TwinwardError } from "../../protocol/errors.ts";
import type { Consortium } from "../../protocol/consortium.ts";
import { ALL_CONTRACTS } from "../../protocol/words.ts";
import type { Database } from "../store/database.ts";
import { readBlocks, readHeader, type Header } from "./blocks.ts";
import { systemClock, type Clock } from "./clock.ts";
import { databaseEvents, memoryEvents, REMEMBERED_BLOCKS } from "./event-store.ts";
import type { ChainEvent } from "./event.ts";
import { ChainState } from "./state.ts";
import type { Block, Chain, ChainView } from "./view.ts";

/** A chain that is reorganised while it is asked is asked again, this often. */
const ATTEMPTS = 5;

export interface FollowPlan {
  readonly provider: JsonRpcApiProvider;
  readonly consortium: Consortium;
  /** Where blocks and events are kept; without it they are read from the beginning at each start. */
  readonly database?: Database;
  readonly pollMs?: number;
  /**
   * How old the node's newest block may be, by the wall clock, before nothing is permitted on its word any more. Left out where
   * a chain may make no block for as long as nothing happens.
   */
  readonly maxBlockAgeSeconds?: number;
  /** Wall clock in ms. */
  readonly now?: () => number;
  readonly clock?: Clock;
  /** Told when the node cannot be asked, once per failure (the next poll tries again), and when the view ends. */
  readonly onTrouble?: (error: TwinwardError) => void;
}

/**
 * Follows the consortium's contracts from the stored cursor on. Resolves when the view has caught up with the node's head.
 * A block that is no longer on the chain takes its events with it: they are deleted and the view is folded again. Only another
 * block in its place is evidence of that. A node that has merely fewer blocks than we saw (it is behind, or has forgotten) takes
 * nothing back, or a revoked grant would hold again for as long: the view stays and every question to the chain is answered
 * with CHAIN_BEHIND until the node has caught up or goes another way.
 * An event that cannot be folded ends the view: neither it nor anything after it is stored or skipped, and from then on every
 * question is answered with CHAIN_UNAVAILABLE, which names it. A restart asks the chain again and comes to the same place.
 * Throws CHAIN_DIFFERS when the node's genesis, or everything that was stored, is another chain's; CHAIN_UNAVAILABLE when the
 * node does not answer or an event cannot be folded.
 */
export async function followChain(plan: FollowPlan): Promise<Chain> {
  const { provider, consortium, pollMs = 250, now = Date.now, clock = systemClock, onTrouble } = plan;
  const { maxBlockAgeSeconds = Infinity } = plan;
  const store = plan.database === undefined ? memoryEvents() : databaseEvents(plan.database);
  const addresses = ALL_CONTRACTS.flatMap((name) => consortium.contracts[name] ?? []);
  const listeners = new Set<(view: ChainView) => void>();
  const waiting = new Set<(error: TwinwardError) => void>();

  let cursor: Block | undefined;
  /** The newest blocks that are stored: enough to know a node that is behind without reading all of them again. */
  let recent: readonly Block[] = [];
  let state = new ChainState(consortium.contracts);
  let view!: ChainView;
  let closed = false;
  /** When the newest block came, by `clock`; undefined for the one that was there already. */
  let cameAt: number | undefined;
  /** When the node was last asked and answered, by `clock`. */
  let lookedAt = -Infinity;
  /** Why the view has ended. */
  let ended: TwinwardError | undefined;
  /** True while `state` and what is stored may differ: then what is stored counts, and is folded anew. */
  let isTorn = false;

  const foldStored = async (): Promise<void> => {
    const { blocks, events } = await store.load();
    const folded = new ChainState(consortium.contracts);
    foldAll(folded, events);
    state = folded;
    cursor = blocks.at(-1);
    recent = blocks.slice(-REMEMBERED_BLOCKS);
    isTorn = false;
  };

  const foldAll = (into: ChainState, events: readonly ChainEvent[]): void => {
    for (const event of events) {
      try {
        into.apply(event);
      } catch (error) {
        throw end(unfoldable(event, error));
      }
    }
  };

  const end = (error: TwinwardError): TwinwardError => {
    ended = error;
    for (const reject of [...waiting]) reject(error);
    return error;
  };

  /** One look at the node; afterwards the view's head is the node's head, or was a moment ago. */
  const look = async (): Promise<void> => {
    if (ended) throw ended;
    const before = view as ChainView | undefined;
    if (isTorn) await foldStored();
    const began = clock.now();
    await catchUp();
    lookedAt = began;
    if (view !== before) tell();
  };

  const catchUp = async (): Promise<void> => {
    const before = view as ChainView | undefined;
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const head = await readHeader(provider, "latest");
      if (head === undefined) throw new Error("the node has no block");
      if (cursor?.hash === head.hash) {
        if (view.head.hash !== head.hash) view = state.view(cursor);
        return;
      }
      const news =
        cursor && head.number <= cursor.number ? undefined : await readBlocks(provider, addresses, cursor, head);
      if (news === undefined) {
        await rewind(head);
        continue;
      }
      // First folded, then stored: what cannot be folded must not lie behind the cursor.
      isTorn = true;
      foldAll(state, news.events);
      // Once this has resolved the events are ours; die before it and the next start reads them again.
      await store.append(news.blocks, news.events);
      cursor = { number: head.number, hash: head.hash, timestamp: head.timestamp };
      recent = [...recent, ...news.blocks].slice(-REMEMBERED_BLOCKS);
      if (before) cameAt = clock.now();
      view = state.view(cursor);
      isTorn = false;
      return;
    }
    throw new Error("the node's answers do not fit together");
  };

  /** One listener that fails must not keep the news from the others. */
  const tell = (): void => {
    for (const listener of [...listeners]) {
      try {
        listener(view);
      } catch (error) {
        onTrouble?.(error instanceof TwinwardError ? error : new TwinwardError("INTERNAL", {}, error));
      }
    }
  };

  /**
   * Goes back to the newest stored block that is still on the chain. The view stays as it was until the chain's other way has
   * been read: between the two it would lack what both of them say.
   */
  const rewind = async (head: Header): Promise<void> => {
    if (cursor === undefined) return;
    if (recent.some((block) => block.hash === head.hash)) throw behind(head, cursor);
    const { blocks } = await store.load();
    const upToHead = blocks.filter(({ number }) => number <= head.number);
    for (const block of upToHead.toReversed()) {
      const found = block.number === head.number ? head : await readHeader(provider, block.number);
      // Another node behind the same URL, which has not got it yet: no evidence of anything.
      if (found === undefined) return;
      if (found.hash !== block.hash) continue;
      if (block.hash === cursor.hash) return;
      if (block === upToHead.at(-1)) throw behind(head, cursor);
      isTorn = true;
      await store.rewind(block.number);
      await foldStored();
      return;
    }
    throw new TwinwardError("CHAIN_DIFFERS", { detail: "No block that was stored is on this chain." });
  };

  // One look at a time. Whoever asks while one is under way waits for the next, which surely began after the question.
  let running: Promise<void> | undefined;
  let next: Promise<void> | undefined;
  const lookNow = (): Promise<void> => {
    if (running === undefined) return begin();
    next ??= running.then(begin, begin);
    return next;
  };
  const begin = (): Promise<void> => {
    next = undefined;
    const mine = look().finally(() => {
      if (running === mine) running = undefined;
    });
    running = mine;
    return mine;
  };
  const lookOrThrow = (): Promise<void> =>
    lookNow().catch((error: unknown) => {
      throw error instanceof TwinwardError ? error : new TwinwardError("CHAIN_UNAVAILABLE", {}, error);
    });

  const genesis = await readHeader(provider, 0).catch((error: unknown) => {
    throw new TwinwardError("CHAIN_UNAVAILABLE", {}, error);
  });
  if (genesis?.hash !== consortium.genesis) {
    throw new TwinwardError("CHAIN_DIFFERS", { expected: consortium.genesis, got: genesis?.hash });
  }
  await foldStored();
  if (cursor !== undefined) view = state.view(cursor);
  await lookOrThrow().catch((error: unknown) => {
    // What is stored is known, and nothing is permitted before the node can be asked: whoever anchors may wake it.
    if (!(error instanceof TwinwardError && error.code === "CHAIN_BEHIND")) throw error;
    onTrouble?.(error);
  });

  let cancelPoll: () => void = () => undefined;
  let polling: Promise<void> | undefined;
  const planPoll = (): void => {
    if (closed || ended) return;
    cancelPoll = clock.after(pollMs, () => {
      polling = lookOrThrow()
        .catch((error: unknown) => onTrouble?.(error as TwinwardError))
        .then(planPoll);
    });
  };
  planPoll();

  const present = (): ChainView => {
    if (ended) throw ended;
    return view;
  };

  const waitFor: Chain["waitFor"] = (predicate, timeoutMs) =>
    new Promise((resolve, reject) => {
      const check = (seen: ChainView): void => {
        try {
          if (predicate(seen)) settle(() => resolve(seen));
        } catch (error) {
          fail(error instanceof Error ? error : new Error(String(error)));
        }
      };
      const fail = (error: Error): void => settle(() => reject(error));
      const cancel = clock.after(timeoutMs, () =>
        fail(new TwinwardError("CHAIN_WAIT_EXPIRED", { block: view.head.number })),
      );
      const settle = (answer: () => void): void => {
        cancel();
        listeners.delete(check);
        waiting.delete(fail);
        answer();
      };
      listeners.add(check);
      waiting.add(fail);
      if (ended) fail(ended);
      else check(view);
    });

  return {
    provider,
    consortium,
    view: present,
    time: () => {
      const { timestamp } = present().head;
      if (cameAt === undefined) return Math.max(Math.floor(now() / 1000), timestamp);
      return timestamp + Math.floor((clock.now() - cameAt) / 1000);
    },
    fresh: async (maxAgeSeconds = 2) => {
      const isOld = present().head.timestamp * 1000 < now() - maxAgeSeconds * 1000;
      // By our own clock too: a wall clock that was put back would call a view fresh that nobody has looked after for an hour.
      if (maxAgeSeconds <= 0 || isOld || lookedAt < clock.now() - maxAgeSeconds * 1000) await lookOrThrow();
      const { head } = present();
      // Whoever anchors asks for what is so, and may be what wakes the chain.
      if (maxAgeSeconds > 0 && head.timestamp < now() / 1000 - maxBlockAgeSeconds) throw stale(head, now());
      return present();
    },
    onChange: (listener) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    waitFor,
    close: async () => {
      closed = true;
      cancelPoll();
      await polling;
      await running?.catch(() => undefined);
      listeners.clear();
    },
  };
}

/** Our contracts emit nothing that cannot be folded: so this node, or what was stored, is wrong, or we are older than they. */
function unfoldable({ block, logIndex, transaction }: ChainEvent, cause: unknown): TwinwardError {
  const detail = `Event ${logIndex} of block ${block.number} cannot be read; nothing is permitted until it can.`;
  return new TwinwardError("CHAIN_UNAVAILABLE", { detail, block: block.number, logIndex, transaction }, cause);
}

function stale({ number, timestamp }: Block, nowMs: number): TwinwardError {
  const age = Math.floor(nowMs / 1000 - timestamp);
  return new TwinwardError("CHAIN_STALE", { block: number, age, detail: `Block ${number} is ${age} s old.` });
}

function behind(head: Block, seen: Block): TwinwardError {
  const detail = `Its newest block is ${head.number}; block ${seen.number} was seen already.`;
  return new TwinwardError("CHAIN_BEHIND", { head: head.number, seen: seen.number, detail });
}
