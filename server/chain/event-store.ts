import { fromHex, toHex, type Hex } from "../../protocol/bytes.ts";
import type { Database, Tx } from "../store/database.ts";
import type { ChainEvent } from "./event.ts";
import type { Block } from "./view.ts";

/** Blocks whose hashes are remembered though nothing of ours happened in them: a reorg is found by them. */
export const REMEMBERED_BLOCKS = 128;

/** What was followed so far: blocks and raw events. Everything else is folded from it again at each start. */
export interface EventStore {
  /** All of it, events in the order of the chain, blocks ascending. */
  load(): Promise<{ blocks: Block[]; events: ChainEvent[] }>;
  /**
   * Adds what came after the newest block, at once: after a crash the cursor (the newest block) and the events agree.
   * Blocks without events that are older than REMEMBERED_BLOCKS are forgotten.
   */
  append(blocks: readonly Block[], events: readonly ChainEvent[]): Promise<void>;
  /** Forgets every block above `number`, and its events. */
  rewind(number: number): Promise<void>;
}

/** In the tables chain_block and chain_event. */
export function databaseEvents(database: Database): EventStore {
  return {
    load: () => readFollowed(database),
    append: (blocks, events) =>
      database.transaction(async (tx) => {
        await tx.query(
          "insert into chain_block (number, hash, timestamp) select * from unnest($1::bigint[], $2::bytea[], $3::bigint[])",
          [
            blocks.map(({ number }) => number),
            blocks.map(({ hash }) => fromHex(hash, 32)),
            blocks.map(({ timestamp }) => timestamp),
          ],
        );
        if (events.length > 0) {
          await tx.query(
            "insert into chain_event (block, log_index, address, topics, data, transaction) select * from " +
              "unnest($1::bigint[], $2::bigint[], $3::bytea[], $4::bytea[], $5::bytea[], $6::bytea[])",
            [
              events.map(({ block }) => block.number),
              events.map(({ logIndex }) => logIndex),
              events.map(({ address }) => fromHex(address, 20)),
              events.map(({ topics }) => fromHex(`0x${topics.map((topic) => topic.slice(2)).join("")}`)),
              events.map(({ data }) => fromHex(data)),
              events.map(({ transaction }) => fromHex(transaction, 32)),
            ],
          );
        }
        const newest = blocks.at(-1)?.number ?? 0;
        await tx.query(
          "delete from chain_block where number > 0 and number <= $1 and not exists (select from chain_event where block = number)",
          [newest - REMEMBERED_BLOCKS],
        );
      }),
    rewind: (number) =>
      database.transaction(async (tx) => {
        await tx.query("delete from chain_event where block > $1", [number]);
        await tx.query("delete from chain_block where number > $1", [number]);
      }),
  };
}

/** Stored events of some contracts with one of these first topics, from a block on, in the order of the chain. */
export async function readEventsOf(
  tx: Tx,
  contracts: readonly Hex[],
  firstTopics: readonly Hex[],
  fromBlock: number,
): Promise<ChainEvent[]> {
  const rows = await tx.query<EventRow & { readonly hash: Uint8Array; readonly timestamp: number }>(
    `select e.block, e.log_index, e.address, e.topics, e.data, e.transaction, b.hash, b.timestamp
     from chain_event e join chain_block b on b.number = e.block
     where e.block >= $1 and e.address = any($2::bytea[]) and substring(e.topics from 1 for 32) = any($3::bytea[])
     order by e.block, e.log_index`,
    [fromBlock, contracts.map((one) => fromHex(one, 20)), firstTopics.map((one) => fromHex(one, 32))],
  );
  return rows.map((row) => toEvent(row, { number: row.block, hash: toHex(row.hash), timestamp: row.timestamp }));
}

/** For a process that has no database, like an oracle: it follows from the beginning at each start. */
export function memoryEvents(): EventStore {
  let blocks: Block[] = [];
  let events: ChainEvent[] = [];
  return {
    load: async () => ({ blocks: [...blocks], events: [...events] }),
    append: async (newBlocks, newEvents) => {
      blocks.push(...newBlocks);
      events.push(...newEvents);
      const oldest = (blocks.at(-1)?.number ?? 0) - REMEMBERED_BLOCKS;
      const eventful = new Set(events.map((event) => event.block.number));
      blocks = blocks.filter(({ number }) => number === 0 || number > oldest || eventful.has(number));
    },
    rewind: async (number) => {
      blocks = blocks.filter((block) => block.number <= number);
      events = events.filter((event) => event.block.number <= number);
    },
  };
}

/** What the tables hold. Throws RangeError where an event's block is not among the blocks. */
export async function readFollowed(tx: Tx): Promise<{ blocks: Block[]; events: ChainEvent[] }> {
  const blocks = (
    await tx.query<{ number: number; hash: Uint8Array; timestamp: number }>(
      "select number, hash, timestamp from chain_block order by number",
    )
  ).map(({ number, hash, timestamp }) => ({ number, hash: toHex(hash), timestamp }));
  const byNumber = new Map(blocks.map((block) => [block.number, block]));
  const rows = await tx.query<EventRow>(
    "select block, log_index, address, topics, data, transaction from chain_event order by block, log_index",
  );
  const events = rows.map((row) => {
    const block = byNumber.get(row.block);
    if (block === undefined) throw new RangeError(`event in block ${row.block}, which is not stored`);
    return toEvent(row, block);
  });
  return { blocks, events };
}

interface EventRow {
  readonly block: number;
  readonly log_index: number;
  readonly address: Uint8Array;
  readonly topics: Uint8Array;
  readonly data: Uint8Array;
  readonly transaction: Uint8Array;
}

function toEvent(row: EventRow, block: Block): ChainEvent {
  const topics: Hex[] = [];
  for (let at = 0; at < row.topics.length; at += 32) topics.push(toHex(row.topics.subarray(at, at + 32)));
  const { log_index: logIndex, address, data, transaction } = row;
  return { block, logIndex, address: toHex(address), topics, data: toHex(data), transaction: toHex(transaction) };
}
