import { Interface, type LogDescription } from "ethers";
import { anchorLogAbi } from "../../protocol/abi/AnchorLog.ts";
import { deviceRegistryAbi } from "../../protocol/abi/DeviceRegistry.ts";
import type { Anchor, BlockReference } from "../../protocol/anchors.ts";
import type { Hex } from "../../protocol/bytes.ts";
import type { Contracts } from "../../protocol/consortium.ts";
import type { DeviceKey, KeyHistory } from "../../protocol/key-history.ts";
import { readLogs, toQuantity, type Rpc, type RpcBlock, type RpcLog } from "./json-rpc.ts";

const anchorLog = new Interface(anchorLogAbi);
const registry = new Interface(deviceRegistryAbi);

export const topic = (contract: "AnchorLog" | "DeviceRegistry", event: string): Hex => {
  const fragment = (contract === "AnchorLog" ? anchorLog : registry).getEvent(event);
  if (!fragment) throw new RangeError(`no event ${event}`);
  return fragment.topicHash as Hex;
};

export async function readHead(rpc: Rpc): Promise<BlockReference> {
  return toBlock(await rpc<RpcBlock>("eth_getBlockByNumber", ["latest", false]));
}

export async function readBlockAt(rpc: Rpc, number: number): Promise<BlockReference> {
  return toBlock(await rpc<RpcBlock>("eth_getBlockByNumber", [toQuantity(number), false]));
}

/** Every anchor of a stream in the blocks [from, to], in order of the chain. */
export async function readAnchors(
  rpc: Rpc,
  contracts: Contracts,
  stream: Hex,
  from: number,
  to: number,
): Promise<Anchor[]> {
  const logs = await readLogs(rpc, contracts.AnchorLog, [topic("AnchorLog", "Anchored"), stream], from, to);
  const times = await readTimes(rpc, logs);
  return logs.map((log) => {
    const { args } = parse(anchorLog, log);
    const number = Number(log.blockNumber);
    return {
      number: Number(args.number),
      root: args.root as Hex,
      count: Number(args.count),
      firstLeaf: Number(args.firstLeaf),
      transaction: log.transactionHash,
      block: { number, hash: log.blockHash, timestamp: times.get(number) ?? 0 },
    };
  });
}

/** Streams in the order in which they were opened. */
export async function readStreams(rpc: Rpc, contracts: Contracts, to: number): Promise<{ stream: Hex; group: Hex }[]> {
  const logs = await readLogs(rpc, contracts.AnchorLog, [topic("AnchorLog", "StreamOpened")], 0, to);
  return logs.map((log) => {
    const { args } = parse(anchorLog, log);
    return { stream: args.stream as Hex, group: (args.group as string).toLowerCase() as Hex };
  });
}

const BREACHES = ["overdue", "late", "misplaced", "contradicted"];

/** How a stream was suspended, by the suspension's number; undefined where the node knows of none. */
export async function readSuspension(
  rpc: Rpc,
  contracts: Contracts,
  stream: Hex,
  suspension: number,
  to: number,
): Promise<{ breach: string; ack: Hex; by: Hex; block: number } | undefined> {
  const number: Hex = `0x${suspension.toString(16).padStart(64, "0")}`;
  const logs = await readLogs(rpc, contracts.AnchorLog, [topic("AnchorLog", "Suspended"), stream, number], 0, to);
  const [log] = logs;
  if (log === undefined) return undefined;
  const { args } = parse(anchorLog, log);
  const breach = BREACHES[Number(args.breach)] ?? "unknown breach";
  return { breach, ack: args.ack as Hex, by: (args.by as string).toLowerCase() as Hex, block: Number(log.blockNumber) };
}

/** The state of a stream's log at a block; undefined when the contract knows no such stream, or is not on this chain. */
export async function readFrontier(
  rpc: Rpc,
  contracts: Contracts,
  stream: Hex,
  block: number,
): Promise<{ size: number; root: Hex } | undefined> {
  const call = async (name: "stream" | "logRoot"): Promise<readonly unknown[] | undefined> => {
    const data = anchorLog.encodeFunctionData(name, [stream]);
    const result = await rpc<Hex>("eth_call", [{ to: contracts.AnchorLog, data }, toQuantity(block)]);
    return result === "0x" ? undefined : anchorLog.decodeFunctionResult(name, result);
  };
  const state = await call("stream");
  if (state === undefined || BigInt(state[0] as string) === 0n) return undefined;
  const log = await call("logRoot");
  return log && { size: Number(state[1]), root: log[0] as Hex };
}

/** Key histories up to a block: of one device, or of all. */
export async function readKeyHistories(
  rpc: Rpc,
  contracts: Contracts,
  to: number,
  device?: Hex,
): Promise<KeyHistory[]> {
  const topics = device === undefined ? [] : [null, device];
  const logs = await readLogs(rpc, contracts.DeviceRegistry, topics, 0, to);
  const histories = new Map<Hex, KeyHistory>();
  for (const log of logs) {
    const event = registry.parseLog({ topics: [...log.topics], data: log.data });
    if (!event) continue;
    const id = log.topics[1];
    if (id === undefined) continue;
    const next = applyEvent(histories.get(id), id, event);
    if (next) histories.set(id, next);
  }
  return [...histories.values()];
}

/** One event more. Keys are closed by the next one and marked, never changed (DeviceRegistry's rules). */
function applyEvent(history: KeyHistory | undefined, device: Hex, event: LogDescription): KeyHistory | undefined {
  const { args } = event;
  switch (event.name) {
    case "DeviceRegistered":
      return { device, steward: (args.steward as string).toLowerCase() as Hex, keys: [] };
    case "StewardChanged":
      return history && { ...history, steward: (args.to as string).toLowerCase() as Hex };
    case "KeyAdded": {
      const from = Number(args.fromSequence);
      const closed = history?.keys.map((key): DeviceKey => (key.until === null ? { ...key, until: from - 1 } : key));
      const key = { number: Number(args.number), x: args.x as Hex, y: args.y as Hex, from, until: null, marks: [] };
      return history && { ...history, keys: [...(closed ?? []), key] };
    }
    case "KeyMarked": {
      const mark = {
        from: Number(args.fromSequence),
        suspectedSince: Number(args.suspectedSince),
        reason: args.reason as Hex,
      };
      const marked = (key: DeviceKey): DeviceKey =>
        key.number === Number(args.number) ? { ...key, marks: [...key.marks, mark] } : key;
      return history && { ...history, keys: history.keys.map(marked) };
    }
    default:
      return history;
  }
}

function parse(contract: Interface, log: RpcLog): LogDescription {
  const event = contract.parseLog({ topics: [...log.topics], data: log.data });
  if (!event) throw new RangeError("not an event of this contract");
  return event;
}

/** Timestamps of the logs' blocks in seconds. Many nodes put them into the log; the others are asked, few at a time. */
async function readTimes(rpc: Rpc, logs: readonly RpcLog[]): Promise<Map<number, number>> {
  const times = new Map<number, number>();
  for (const { blockNumber, blockTimestamp } of logs) {
    if (blockTimestamp !== undefined) times.set(Number(blockNumber), Number(blockTimestamp));
  }
  const missing = [...new Set(logs.map(({ blockNumber }) => Number(blockNumber)))].filter((n) => !times.has(n));
  for (let at = 0; at < missing.length; at += 16) {
    const blocks = await Promise.all(missing.slice(at, at + 16).map((number) => readBlockAt(rpc, number)));
    for (const { number, timestamp } of blocks) times.set(number, timestamp);
  }
  return times;
}

function toBlock(block: RpcBlock): BlockReference {
  return { number: Number(block.number), hash: block.hash, timestamp: Number(block.timestamp) };
}
