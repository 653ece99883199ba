import { fromHex, type Hex } from "../../protocol/bytes.ts";
import { buildRecord, type RecordHead } from "../../protocol/record.ts";
import type { ChainEvent } from "../chain/event.ts";
import { readEventsOf } from "../chain/event-store.ts";
import type { Chain } from "../chain/view.ts";
import type { Committer, Work } from "../store/committer.ts";
import type { Database, Tx } from "../store/database.ts";

/** A record of what the chain said in one place. */
export interface EventRecord extends RecordHead {
  readonly logIndex: number;
  readonly block: { readonly number: number; readonly hash: Hex; readonly timestamp: number };
}

/** A record, what it is beside, and the signature that is kept beside it. */
export interface EventLeaf {
  readonly record: EventRecord;
  readonly subject: Hex;
  readonly signature?: Hex;
}

export interface EventPlan {
  readonly database: Database;
  readonly committer: Pick<Committer, "submit">;
  readonly chain: Pick<Chain, "view" | "onChange">;
  /** The kind of the leaves; nothing else makes leaves of this kind. */
  readonly kind: number;
  /** Whose events, and which: contracts and first topics. */
  readonly contracts: readonly Hex[];
  readonly topics: readonly Hex[];
  /** What to record of an event; undefined where that is nothing. */
  readonly leafOf: (event: ChainEvent) => Promise<EventLeaf | undefined>;
  readonly report: (error: unknown) => void;
}

export interface EventLeaves {
  /** Resolves when everything that the view at hand says is a leaf. */
  settled(): Promise<void>;
  close(): Promise<void>;
}

/** Blocks that may still be replaced by others: what they say is looked at again. */
const LOOKED_BACK = 128;
/** Records that are looked at at once. */
const PAGE = 16;

/**
 * Makes a leaf of everything that the chain says of something, once, in its order: also of what was said while no server ran, and by
 * whoever sent it. A block that is taken back leaves its leaf behind, which names it; what comes in its place makes another.
 * For one process of a stream: whoever anchors.
 */
export function recordEvents(plan: EventPlan): EventLeaves {
  const { database, committer, chain, kind, contracts, topics, leafOf, report } = plan;
  /** From this block on is looked; what lies before is recorded. */
  let from: number | undefined;
  /** What is a leaf, with its block. */
  const done = new Map<string, number>();
  let closed = false;
  let again = false;
  let running: Promise<void> | undefined;

  async function recordNew(): Promise<void> {
    from ??= Math.max(0, (await lastBlock(database, kind)) - LOOKED_BACK);
    const { head } = chain.view();
    for (const event of await readEventsOf(database, contracts, topics, from)) {
      if (closed) return;
      // Stored, and not in the view yet: the view's change will wake us again.
      if (event.block.number > head.number) break;
      const place = `${event.block.hash} ${event.logIndex}`;
      if (done.has(place)) continue;
      const leaf = await leafOf(event);
      // Where it is nothing, it may be so only in a view that is older than what is stored: the next wake looks again.
      if (!leaf) continue;
      await committer.submit(once(kind, leaf));
      done.set(place, event.block.number);
    }
    from = Math.max(from, head.number - LOOKED_BACK);
    for (const [place, block] of done) if (block < from) done.delete(place);
  }

  async function run(): Promise<void> {
    try {
      do {
        again = false;
        await recordNew();
      } while (again && !closed);
    } catch (error) {
      // The next block wakes us again, and finds what is missing.
      if (!closed) report(error);
    } finally {
      running = undefined;
    }
  }

  function wake(): Promise<void> {
    again = true;
    return (running ??= closed ? Promise.resolve() : run());
  }

  const unsubscribe = chain.onChange(() => void wake());
  void wake();

  return {
    settled: () => wake(),
    async close() {
      closed = true;
      unsubscribe();
      await running;
    },
  };
}

/** A leaf of it unless there is one: a commit whose answer was lost may have happened. */
function once(leafKind: number, { record, subject, signature }: EventLeaf): Work<void> {
  return async (tx) => {
    const isThere = await isRecorded(tx, leafKind, subject, record);
    const { text: body, content } = buildRecord(record);
    const own = signature === undefined ? {} : { signature: fromHex(signature) };
    const entry = { kind: "record", leafKind, subject, body, content, ...own } as const;
    return { entries: isThere ? [] : [entry], result: () => undefined };
  };
}

/** Looks from the newest record of its subject back, only so far as blocks may be replaced. */
async function isRecorded(tx: Tx, kind: number, subject: Hex, { block, logIndex }: EventRecord): Promise<boolean> {
  const known = [kind, fromHex(subject, 32)] as const;
  for (let before = Number.MAX_SAFE_INTEGER; ;) {
    const rows = await tx.query<{ sequence: number; body: string }>(
      `select l.sequence, d.body from leaf l join record d on d.position = l.position
       where l.kind = $1 and l.subject = $2 and l.sequence < $3 order by l.sequence desc limit ${PAGE}`,
      [...known, before],
    );
    for (const { sequence, body } of rows) {
      const found = JSON.parse(body) as EventRecord;
      if (found.block.hash === block.hash && found.logIndex === logIndex) return true;
      if (found.block.number < block.number - LOOKED_BACK) return false;
      before = sequence;
    }
    if (rows.length < PAGE) return false;
  }
}

async function lastBlock(tx: Tx, kind: number): Promise<number> {
  const [row] = await tx.query<{ body: string }>(
    "select d.body from leaf l join record d on d.position = l.position where l.kind = $1 order by l.position desc limit 1",
    [kind],
  );
  return row ? (JSON.parse(row.body) as EventRecord).block.number : 0;
}
