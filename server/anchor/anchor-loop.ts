import type { Hex } from "../../protocol/bytes.ts";
import { TwinwardError, type ErrorCode } from "../../protocol/errors.ts";
import { anchorsOf, lineOf, newest, type Line } from "../../protocol/line.ts";
import { systemClock, type Clock } from "../chain/clock.ts";
import { interfaces } from "../chain/interfaces.ts";
import { requireOpenStream } from "../chain/require-open-stream.ts";
import { requireSameLine } from "../chain/stream-line.ts";
import type { Outbox } from "../chain/outbox.ts";
import type { AnchorFact, Chain } from "../chain/view.ts";
import type { Database } from "../store/database.ts";
import { readLeafHashes } from "../store/read-leaves.ts";
import { insertIntent, readBatches, readNextBatch, updatePlace } from "./batches.ts";
import { checkContents } from "./check-contents.ts";
import { recomputeStoredRoot } from "./recompute-root.ts";
import { seal, type SealedBatch } from "./seal.ts";

/** Leaves in one batch at most: sealing and recomputing them holds the process up for about a tenth of a second. */
const BATCH_LIMIT = 65_536;
/** How far back a place that was confirmed is held against the chain again. */
const REORG_DEPTH = 128;
/** How long one turn waits for a transaction; the next one goes on waiting. */
const SETTLE_MS = 5_000;
const FLUSH_MS = 60_000;
/** How long a node may be behind before it is woken; several behind one URL are a block apart now and then. */
const WAKE_AFTER_MS = 2_000;
/** Repair needs a person: going on would anchor what is wrong. Everything else is tried again. */
const FATAL: ReadonlySet<ErrorCode> = new Set(["ANCHOR_ROOT_MISMATCH", "ANCHOR_CONFLICT", "STREAM_FENCED"]);

export interface AnchorParts {
  readonly database: Database;
  readonly outbox: Pick<Outbox, "send" | "settle" | "waiting" | "sender">;
  readonly chain: Chain;
  readonly stream: Hex;
  /** The stream with those that it succeeds; left out where it succeeds none. */
  readonly line?: Line;
  /** Opens the stream again when a reorganisation has taken its opening back. */
  readonly openStream?: () => Promise<unknown>;
  readonly sealIntervalMs?: number;
  readonly clock?: Clock;
  /** Told of every failed turn, also of those that are tried again. */
  readonly onTrouble?: (error: TwinwardError) => void;
}

export interface AnchorHealth {
  readonly state: "running" | "stopped" | "closed";
  /** Batches that the chain has. */
  readonly anchored: number;
  /** Why the last turn failed, or why the loop has stopped. */
  readonly trouble?: TwinwardError;
}

export interface Anchor {
  /**
   * Seals what is stored now, without waiting for the interval, and resolves when all of it is anchored and each batch says where,
   * as the chain has it now. Throws why the loop has stopped, or CHAIN_WAIT_EXPIRED after a minute.
   */
  flush(): Promise<void>;
  /** Anchors as the chain has them, counted over the line, from number `since` (0) on, `limit` (100, at most 1 000) of them. */
  list(range?: { readonly since?: number; readonly limit?: number }): readonly AnchorFact[];
  health(): AnchorHealth;
  /** Ends after the turn under way. What is not anchored then is at the next start. */
  close(): Promise<void>;
}

/**
 * Puts the stream's leaves on the chain, batch after batch, at least every `sealIntervalMs` (1 000) while there are new ones.
 * One turn is the whole story, from whatever the last turn or the last process left; there is no other recovery.
 */
export function createAnchor(parts: AnchorParts): Anchor {
  const { database, outbox, chain, stream, openStream, sealIntervalMs = 1_000, clock = systemClock, onTrouble } = parts;
  const { line = lineOf(stream) } = parts;
  const anchorLog = chain.consortium.contracts.AnchorLog;
  let trouble: TwinwardError | undefined;
  let state: AnchorHealth["state"] = "running";
  /** Since when the node has been behind, by `clock`. */
  let behindSince: number | undefined;

  const turn = async (): Promise<"idle" | "anchored"> => {
    // 1. What the chain says is what is so. Every earlier attempt, known or unknown in its outcome, shows here or it failed.
    const view = await chain.fresh(0);
    requireSameLine(view, line);
    const anchors = anchorsOf(line, view);
    const size = anchors.length;
    const batches = await readBatches(database, Math.max(0, size - REORG_DEPTH));
    const next = await readNextBatch(database);
    if (next.number < size) throw conflict(next.number, undefined, anchors[next.number]);
    for (const batch of batches) {
      const anchor = anchors[batch.number];
      if (anchor !== undefined && !isSame(batch, anchor)) throw conflict(batch.number, batch, anchor);
      if ((anchor?.block.hash ?? null) === batch.blockHash) continue;
      // Die before this and the batch is anchored but not known to be: the next turn writes the same.
      await updatePlace(database, batch.number, anchor);
    }

    // A suspended stream may go on when members have decided, a fenced one never; what is anchored stays known above.
    requireOpenStream(view, stream);
    if (view.stream(stream) === undefined) await openStream?.();

    // 2. The batch to anchor: an intent that the chain doesn't have, else a new one.
    const intent = batches.find(({ number }) => number === size);
    const batch =
      intent ?? seal(next.number, next.firstLeaf, await readLeafHashes(database, next.firstLeaf, BATCH_LIMIT));
    if (batch === undefined) return "idle";

    // 3. Before it is said forever: the same root once more, from the stored bytes themselves, by other code.
    await checkContents(database, batch.firstLeaf, batch.count);
    const root = await recomputeStoredRoot(database, batch.firstLeaf, batch.count);
    if (root !== batch.root) {
      throw new TwinwardError("ANCHOR_ROOT_MISMATCH", { batch: batch.number, sealed: batch.root, recomputed: root });
    }
    // Die before this and nothing happened. Die after it and exactly this batch is tried again: its number will never
    // stand for other leaves, and readers may be told that it is sealed.
    if (intent === undefined) await insertIntent(database, batch);

    // 4. Send, unless an earlier turn's transaction is still on its way. The contract compares the number and swaps: of two
    // transactions for one batch, however that came about, one anchors and the other reverts.
    const number = batch.number - newest(line).firstBatch;
    const purpose = `anchor ${number}`;
    const sent = (await outbox.waiting()).find((letter) => letter.purpose === purpose);
    const values = [stream, number, batch.root, batch.count];
    const data = interfaces.AnchorLog.encodeFunctionData("anchor", values) as Hex;
    const settle = async (): Promise<undefined> => {
      const hash = sent?.hash ?? (await outbox.send({ purpose, to: anchorLog, data }));
      // The outbox has it durably: die here and it is mined all the same, and step 1 will see it.
      await outbox.settle(hash, SETTLE_MS);
    };
    const reverted = await settle().catch(onlyReverted);

    // 5. Anchored is what the chain's event says, not what a receipt promises; the next turn's step 1 writes that down too.
    const seen = await chain.fresh(0);
    const anchor = anchorsOf(line, seen)[batch.number];
    // Without it a revert is news; with it, an earlier turn's transaction was mined since step 1, and this one had nothing to do.
    if (anchor === undefined && reverted) throw reverted;
    if (anchor === undefined) return "anchored";
    if (!isSame(batch, anchor)) throw conflict(batch.number, batch, anchor);
    await updatePlace(database, batch.number, anchor);
    return "anchored";
  };

  /**
   * A node that has forgotten its last blocks and makes a new one only for a transaction would say forever that it is behind:
   * what we anchored there is gone, and nothing else need be on its way. So something harmless is sent, to ourselves: the block
   * that it is mined in shows which way the chain has gone. A node that really is behind refuses its nonce, or mines it later.
   */
  const wakeChain = async (): Promise<void> => {
    behindSince ??= clock.now();
    if (clock.now() - behindSince < WAKE_AFTER_MS) return;
    if ((await outbox.waiting()).length > 0) return;
    // By its bytes no other than what fills a nonce, and so it is called, or the audit would find a name that they do not bear.
    await outbox.send({ purpose: "fill", to: outbox.sender, data: "0x" });
  };

  // One turn at a time; whoever wants one while one is under way gets the next.
  let tail: Promise<unknown> = Promise.resolve();
  const take = (): Promise<"idle" | "anchored"> => {
    const mine = tail.then(async () => {
      if (state !== "running")
        throw trouble ?? new TwinwardError("CHAIN_UNAVAILABLE", { detail: "Anchoring has ended." });
      try {
        const done = await turn();
        trouble = behindSince = undefined;
        return done;
      } catch (thrown) {
        trouble = thrown instanceof TwinwardError ? thrown : new TwinwardError("INTERNAL", {}, thrown);
        if (FATAL.has(trouble.code)) state = "stopped";
        onTrouble?.(trouble);
        if (trouble.code === "CHAIN_BEHIND") await wakeChain().catch(() => undefined);
        throw trouble;
      }
    });
    tail = mine.catch(() => undefined);
    return mine;
  };

  let cancelTurn: () => void = () => undefined;
  const plan = (ms: number): void => {
    if (state !== "running") return;
    cancelTurn = clock.after(ms, () => {
      const began = clock.now();
      take().then(
        // An interval is from seal to seal; what came while this one was mined does not wait for another whole one.
        (done) => plan(done === "idle" ? sealIntervalMs : Math.max(0, sealIntervalMs - (clock.now() - began))),
        () => plan(sealIntervalMs),
      );
    });
  };
  plan(0);

  return {
    flush: async () => {
      const deadline = clock.now() + FLUSH_MS;
      const [row] = await database.query<{ leaves: number }>("select count(*) as leaves from leaf");
      const leaves = row?.leaves ?? 0;
      const reached = (): number => {
        const last = anchorsOf(line, chain.view()).at(-1);
        return last === undefined ? 0 : last.firstLeaf + last.count;
      };
      for (let hasMet = false; !hasMet || reached() < leaves;) {
        try {
          await take();
          hasMet = true;
        } catch (error) {
          if (state !== "running") throw error;
          await clock.pause(100);
        }
        if (clock.now() > deadline) throw new TwinwardError("CHAIN_WAIT_EXPIRED", { leaves }, trouble);
      }
    },
    list: ({ since = 0, limit = 100 } = {}) =>
      anchorsOf(line, chain.view()).slice(since, since + Math.min(limit, 1_000)),
    health: () => ({
      state,
      anchored: anchorsOf(line, chain.view()).length,
      ...(trouble === undefined ? {} : { trouble }),
    }),
    close: async () => {
      if (state === "running") state = "closed";
      cancelTurn();
      await tail;
    },
  };
}

function onlyReverted(error: unknown): TwinwardError {
  if (error instanceof TwinwardError && error.code === "TRANSACTION_REVERTED") return error;
  throw error;
}

function isSame(batch: SealedBatch, anchor: AnchorFact): boolean {
  return batch.root === anchor.root && batch.count === anchor.count && batch.firstLeaf === anchor.firstLeaf;
}

function conflict(number: number, stored: SealedBatch | undefined, anchored: AnchorFact | undefined): TwinwardError {
  return new TwinwardError("ANCHOR_CONFLICT", {
    batch: number,
    stored: stored?.root ?? null,
    anchored: anchored?.root ?? null,
  });
}
