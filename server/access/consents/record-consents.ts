import { fromHex, toHex, type Hex } from "../../../protocol/bytes.ts";
import type { ConsentRecord } from "../../../protocol/consent-record.ts";
import type { Consortium } from "../../../protocol/consortium.ts";
import { TwinwardError } from "../../../protocol/errors.ts";
import { buildRecord } from "../../../protocol/record.ts";
import { LEAF_KINDS } from "../../../protocol/words.ts";
import type { ChainEvent } from "../../chain/event.ts";
import { readEventsOf } from "../../chain/event-store.ts";
import type { Chain } from "../../chain/view.ts";
import type { Committer, Work } from "../../store/committer.ts";
import type { Database, Tx } from "../../store/database.ts";
import { consentTopics, factsOf } from "./facts.ts";
import { signedOf, type Sent } from "./signed.ts";

export interface ConsentParts {
  readonly database: Database;
  readonly committer: Pick<Committer, "submit">;
  readonly chain: Pick<Chain, "view" | "onChange">;
  readonly consortium: Pick<Consortium, "chainId" | "contracts">;
  readonly stream: Hex;
  /** The transaction that brought an event. */
  readonly transaction: (hash: Hex) => Promise<Sent>;
  /** ms. */
  readonly now: () => number;
  readonly random: (size: number) => Uint8Array;
  readonly report: (error: unknown) => void;
}

export interface ConsentLeaves {
  /** Resolves when everything that the view at hand says of consents is a leaf. */
  settled(): Promise<void>;
  close(): Promise<void>;
}

/** Blocks that may still be replaced by others: what they say is looked at again. */
const LOOKED_BACK = 128;

/**
 * Makes a leaf of everything that the chain says of consents, once, in its order: also of what was said while no server ran, and by
 * whoever sent it. A block that is taken back leaves its leaf behind, which names it; what comes in its place makes another.
 * For one process of a stream: whoever anchors.
 */
export function recordConsents(parts: ConsentParts): ConsentLeaves {
  const { database, committer, chain, consortium, stream, transaction, now, random, report } = parts;
  const topics = consentTopics();
  /** From this block on is looked; what lies before is recorded. */
  let from: number | undefined;
  const done = new Set<string>();
  let closed = false;
  let again = false;
  let running: Promise<void> | undefined;

  async function recordNew(): Promise<void> {
    from ??= Math.max(0, (await lastBlock(database)) - LOOKED_BACK);
    const { head } = chain.view();
    const { TwinRegistry, GrantRegistry } = consortium.contracts;
    for (const event of await readEventsOf(database, [TwinRegistry, GrantRegistry], topics, from)) {
      if (closed) return;
      const place = `${event.block.hash} ${event.logIndex}`;
      if (!done.has(place)) await recordOne(event);
      done.add(place);
    }
    from = Math.max(from, head.number - LOOKED_BACK);
  }

  async function recordOne(event: ChainEvent): Promise<void> {
    const facts = factsOf(consortium.contracts, event, chain.view());
    if (!facts) return;
    const nonce = facts.reader === null ? 0 : await setBefore(database, event);
    const signed = signedOf(consortium, await transaction(event.transaction), facts, nonce);
    const { block, logIndex } = event;
    const record: ConsentRecord = {
      ...{ format: "consent@1", stream, at: now(), salt: toHex(random(16)), ...facts },
      ...{ message: signed?.message ?? null, transaction: event.transaction, logIndex },
      block: { number: block.number, hash: block.hash, timestamp: block.timestamp },
    };
    await committer.submit(once(record, signed?.signature));
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
function once(record: ConsentRecord, signature: Hex | undefined): Work<void> {
  const subject = record.twin ?? record.device;
  return async (tx) => {
    const rows = await tx.query<{ body: string }>(
      "select d.body from leaf l join record d on d.position = l.position where l.kind = $1 and l.subject = $2",
      [LEAF_KINDS.consent, fromHex(subject, 32)],
    );
    const isThere = rows.some(({ body }) => {
      const { block, logIndex } = JSON.parse(body) as ConsentRecord;
      return block.hash === record.block.hash && logIndex === record.logIndex;
    });
    const { text: body, content } = buildRecord(record);
    const own = signature === undefined ? {} : { signature: fromHex(signature) };
    const entry = { kind: "record", leafKind: LEAF_KINDS.consent, subject, body, content, ...own } as const;
    return { entries: isThere ? [] : [entry], result: () => undefined };
  };
}

async function lastBlock(tx: Tx): Promise<number> {
  const [row] = await tx.query<{ body: string }>(
    "select d.body from leaf l join record d on d.position = l.position where l.kind = $1 order by l.position desc limit 1",
    [LEAF_KINDS.consent],
  );
  return row ? (JSON.parse(row.body) as ConsentRecord).block.number : 0;
}

/** How often the consent of a ConsentSet was set before it: its first three topics name the event, the twin and the reader. */
async function setBefore(tx: Tx, { block, logIndex, address, topics }: ChainEvent): Promise<number> {
  const named = fromHex(`0x${topics.map((topic) => topic.slice(2)).join("")}`);
  const [row] = await tx.query<{ n: number }>(
    `select count(*) as n from chain_event where address = $1 and topics = $2 and (block < $3 or (block = $3 and log_index < $4))`,
    [fromHex(address, 20), named, block.number, logIndex],
  );
  if (!row) throw new TwinwardError("DATA_UNUSABLE", { detail: "Events of the chain cannot be counted." });
  return row.n;
}
