import type { JsonRpcApiProvider } from "ethers";
import type { Hex } from "../../../protocol/bytes.ts";
import type { Random } from "../../../ml/random.ts";
import type { Clock } from "../../../server/chain/clock.ts";
import { CHAIN_ID, GROUP, parseRaw, SimulatedChain, type SimulatedBlock } from "./simulated-chain.ts";

/** A request that the node does not answer is given up after this, ms. */
const TIMEOUT_MS = 10_000;

/** How a node behaves at the moment: probabilities, and how far its head is behind. */
export interface Weather {
  /** Answers come to nothing: the connection breaks before or after the work was done. */
  breaks: number;
  hangs: number;
  refuses: number;
  /** Receipts that are denied, or that say the contrary. */
  receiptsLost: number;
  receiptsLie: number;
  /** Transactions that it says it took, and did not. */
  swallows: number;
  behind: number;
}

export const FAIR: Weather = {
  breaks: 0,
  hangs: 0,
  refuses: 0,
  receiptsLost: 0,
  receiptsLie: 0,
  swallows: 0,
  behind: 0,
};

/** An error that the node answered with, as ethers hands it on. */
function refusal(message: string, data?: string): Error {
  return Object.assign(new Error(message), { error: { message, data } });
}

/** A provider of the simulated chain, as far as our rooms ask one, for one process. */
export function connectNode(
  chain: SimulatedChain,
  weather: () => Weather,
  clock: Clock,
  random: Random,
): JsonRpcApiProvider {
  const chance = (likely: number): boolean => likely > 0 && random.uniform() < likely;

  const send = async (method: string, params: readonly unknown[]): Promise<unknown> => {
    await clock.pause(1 + random.integer(8));
    const now = weather();
    if (chance(now.hangs)) {
      await clock.pause(TIMEOUT_MS);
      throw new Error("timeout");
    }
    if (chance(now.refuses)) throw refusal("limit exceeded");
    const breaks = chance(now.breaks);
    if (breaks && random.integer(2) === 0) throw new Error("the connection broke");
    const answer = answerOf(method, params, now);
    await clock.pause(1 + random.integer(8));
    if (breaks) throw new Error("the connection broke");
    return answer;
  };

  const answerOf = (method: string, params: readonly unknown[], now: Weather): unknown => {
    const seen = chain.blocks.slice(0, Math.max(1, chain.blocks.length - now.behind));
    const head = seen.at(-1) as SimulatedBlock;
    switch (method) {
      case "eth_blockNumber":
        return head.number;
      case "eth_gasPrice":
        return `0x${chain.price.toString(16)}`;
      case "eth_getTransactionCount":
        return params[1] === "latest" || now.behind > 0 ? head.after.nonce : chain.pendingNonce;
      case "eth_getBlockByNumber": {
        const block = params[0] === "latest" ? head : seen[Number(params[0])];
        return block === undefined
          ? null
          : { number: block.number, hash: block.hash, parentHash: block.parent, timestamp: block.timestamp };
      }
      case "eth_getLogs": {
        const { blockHash, fromBlock, toBlock } = params[0] as Record<string, string>;
        const wanted = seen.filter(({ number, hash }) =>
          blockHash === undefined ? number >= Number(fromBlock) && number <= Number(toBlock) : hash === blockHash,
        );
        if (blockHash !== undefined && wanted.length === 0) throw refusal("unknown block");
        return wanted.flatMap(({ logs, number, hash }) =>
          logs.map((log, logIndex) => ({ ...log, logIndex, blockNumber: number, blockHash: hash })),
        );
      }
      case "eth_estimateGas":
        try {
          SimulatedChain.run(head.after, params[0] as { to: string; data: string });
          return "0x186a0";
        } catch (error) {
          throw refusal(`execution reverted: ${(error as Error).message}`, "0x");
        }
      case "eth_sendRawTransaction": {
        const transaction = parseRaw(params[0] as Hex);
        try {
          if (!chance(now.swallows)) chain.take(transaction);
        } catch (error) {
          throw refusal((error as Error).message);
        }
        return transaction.hash;
      }
      case "receipt":
        return receiptOf(params[0] as Hex, seen, now);
      case "eth_call":
        return `0x${(head.after.opened ? 1n : 0n).toString(16).padStart(64, "0")}`;
      default:
        throw new Error(`the simulated node does not know ${method}`);
    }
  };

  const receiptOf = (hash: Hex, seen: readonly SimulatedBlock[], now: Weather): unknown => {
    const block = seen.find(({ transactions }) => transactions.some((one) => one.hash === hash));
    const found = block?.transactions.find((one) => one.hash === hash);
    if (chance(now.receiptsLie)) {
      const place = block ?? chain.head;
      const status = found?.status === 1 ? 0 : 1;
      return { hash, blockNumber: place.number, blockHash: place.hash, status, gasUsed: 1n };
    }
    if (block === undefined || found === undefined || chance(now.receiptsLost)) return null;
    return { hash, blockNumber: block.number, blockHash: block.hash, status: found.status, gasUsed: 1n };
  };

  const node = {
    send,
    getNetwork: async () => ({ chainId: BigInt(CHAIN_ID) }),
    getTransactionReceipt: (hash: Hex) => send("receipt", [hash]),
    getTransaction: async () => null,
    call: () => send("eth_call", [{ from: GROUP }]),
  };
  return node as unknown as JsonRpcApiProvider;
}
