import type { JsonRpcApiProvider } from "ethers";
import { fromHex, type Hex } from "../../protocol/bytes.ts";
import { keccak256 } from "../../protocol/hash.ts";
import { REMEMBERED_BLOCKS } from "./event-store.ts";
import type { ChainEvent } from "./event.ts";
import { refusalOf } from "./node-answer.ts";
import type { Block } from "./view.ts";

/** Nodes limit the range of a search for logs (Besu: 5 000 blocks). */
const LOG_RANGE = 2_000;
/**
 * Blocks up to the head whose logs are asked for by the block's hash: of a range, a node that has not got its end yet says only
 * what it has, and what the missing blocks hold would be passed over for good. Behind one URL there may be several nodes.
 */
const ASKED_BY_HASH = 8;

export interface Header extends Block {
  readonly parent: Hex;
  /** What its logs are among; undefined where the node names none. */
  readonly bloom: Hex | undefined;
  readonly transactions: readonly string[];
}

/** A block by number or the newest; undefined when the node has none. Nothing is read from a cache. */
export async function readHeader(provider: JsonRpcApiProvider, which: number | "latest"): Promise<Header | undefined> {
  const tag = which === "latest" ? which : `0x${which.toString(16)}`;
  const raw = (await provider.send("eth_getBlockByNumber", [tag, false])) as RawHeader | null;
  if (raw === null) return undefined;
  return {
    number: Number(raw.number),
    hash: lower(raw.hash),
    parent: lower(raw.parentHash),
    timestamp: Number(raw.timestamp),
    bloom: raw.logsBloom === undefined ? undefined : lower(raw.logsBloom),
    transactions: raw.transactions ?? [],
  };
}

/**
 * Blocks and events in (after, head]: the blocks with events and the last REMEMBERED_BLOCKS, ascending. Undefined when the
 * answers do not fit together or do not continue `after`: the chain was reorganised, before or while it was asked.
 */
export async function readBlocks(
  provider: JsonRpcApiProvider,
  addresses: readonly Hex[],
  after: Block | undefined,
  head: Header,
): Promise<{ blocks: Block[]; events: ChainEvent[] } | undefined> {
  const first = after === undefined ? 0 : after.number + 1;
  const logs: RawLog[] = [];
  const settled = head.number - ASKED_BY_HASH;
  for (let from = first; from <= settled; from += LOG_RANGE) {
    const to = Math.min(settled, from + LOG_RANGE - 1);
    const filter = { fromBlock: `0x${from.toString(16)}`, toBlock: `0x${to.toString(16)}`, address: addresses };
    logs.push(...((await provider.send("eth_getLogs", [filter])) as RawLog[]));
  }
  const newest = new Set<number>();
  for (let number = Math.max(first, settled + 1); number < head.number; number++) newest.add(number);
  const wanted = new Set<number>([first, ...newest]);
  for (const log of logs) wanted.add(Number(log.blockNumber));
  for (let number = Math.max(first, head.number - REMEMBERED_BLOCKS); number < head.number; number++)
    wanted.add(number);
  wanted.delete(head.number);

  const headers = new Map<number, Header>([[head.number, head]]);
  for (const numbers of chunks([...wanted], 16)) {
    for (const header of await Promise.all(numbers.map((number) => readHeader(provider, number)))) {
      if (header === undefined) return undefined;
      headers.set(header.number, header);
    }
  }
  const firstHeader = headers.get(first);
  if (after !== undefined && firstHeader?.parent !== after.hash) return undefined;
  for (const header of headers.values()) {
    const before = headers.get(header.number - 1);
    if (before !== undefined && header.parent !== before.hash) return undefined;
  }
  for (const number of [...newest, head.number]) {
    const filter = { blockHash: headers.get(number)?.hash, address: addresses };
    const found = (await provider.send("eth_getLogs", [filter]).catch(undefinedIfRefused)) as RawLog[] | undefined;
    if (found === undefined) return undefined;
    logs.push(...found);
  }
  const told = new Set(logs.map((log) => Number(log.blockNumber)));
  for (const header of headers.values()) {
    if (told.has(header.number) || !addresses.some((address) => mayHold(header, address))) continue;
    const found = await readByReceipts(provider, addresses, header);
    if (found === undefined) return undefined;
    logs.push(...found);
  }
  const blocks = [...headers.values()]
    .toSorted((a, b) => a.number - b.number)
    .map(({ number, hash, timestamp }) => ({ number, hash, timestamp }));
  const byNumber = new Map(blocks.map((block) => [block.number, block]));
  const events: ChainEvent[] = [];
  for (const log of logs) {
    const block = byNumber.get(Number(log.blockNumber));
    if (block?.hash !== log.blockHash.toLowerCase()) return undefined;
    events.push({
      block,
      logIndex: Number(log.logIndex),
      address: lower(log.address),
      topics: log.topics.map(lower),
      data: lower(log.data),
      transaction: lower(log.transactionHash),
    });
  }
  events.sort((a, b) => a.block.number - b.block.number || a.logIndex - b.logIndex);
  return { blocks, events };
}

/** Whether the block's bloom admits logs of this address: three of its 2 048 bits, from the address's keccak. */
function mayHold({ bloom }: Header, address: Hex): boolean {
  if (bloom === undefined) return false;
  const bits = fromHex(bloom, 256);
  const hash = keccak256(fromHex(address, 20));
  return [0, 2, 4].every((at) => {
    const bit = (((hash[at] ?? 0) << 8) | (hash[at + 1] ?? 0)) & 2_047;
    return (((bits[255 - (bit >> 3)] ?? 0) >> (bit & 7)) & 1) === 1;
  });
}

/**
 * The logs of a block whose header speaks of some where the node told none. Besu says of a block that it has not got yet that no
 * log is in it; of a transaction that it has not got no node has a receipt. Undefined when one is missing.
 */
async function readByReceipts(
  provider: JsonRpcApiProvider,
  addresses: readonly Hex[],
  { hash, transactions }: Header,
): Promise<RawLog[] | undefined> {
  const logs: RawLog[] = [];
  for (const some of chunks(transactions, 16)) {
    const asked = some.map((one) => provider.send("eth_getTransactionReceipt", [one]) as Promise<RawReceipt | null>);
    for (const receipt of await Promise.all(asked)) {
      if (receipt?.blockHash.toLowerCase() !== hash) return undefined;
      logs.push(...receipt.logs.filter(({ address }) => addresses.includes(lower(address))));
    }
  }
  return logs;
}

interface RawHeader {
  readonly number: string;
  readonly hash: string;
  readonly parentHash: string;
  readonly timestamp: string;
  readonly logsBloom?: string;
  readonly transactions?: readonly string[];
}

interface RawReceipt {
  readonly blockHash: string;
  readonly logs: readonly RawLog[];
}

interface RawLog {
  readonly blockNumber: string;
  readonly blockHash: string;
  readonly logIndex: string;
  readonly address: string;
  readonly topics: readonly string[];
  readonly data: string;
  readonly transactionHash: string;
}

/** The node answered that it has no such block: it was another one that had. */
function undefinedIfRefused(error: unknown): undefined {
  if (refusalOf(error) === undefined) throw error;
}

const lower = (text: string): Hex => text.toLowerCase() as Hex;

function chunks<T>(items: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, i) => items.slice(i * size, (i + 1) * size));
}
