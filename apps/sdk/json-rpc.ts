import type { Hex } from "../../protocol/bytes.ts";
import { TwinwardError } from "../../protocol/errors.ts";

/** An event as a node tells it: quantities in hex. */
export interface RpcLog {
  readonly address: Hex;
  readonly topics: readonly Hex[];
  readonly data: Hex;
  readonly blockNumber: Hex;
  readonly blockHash: Hex;
  readonly transactionHash: Hex;
  readonly blockTimestamp?: Hex;
}

export interface RpcBlock {
  readonly number: Hex;
  readonly hash: Hex;
  readonly timestamp: Hex;
}

/**
 * Reads from a node: one method, its parameters, its result. Throws CHAIN_UNAVAILABLE, with the fact `refused` where the
 * node did answer.
 */
export type Rpc = <T>(method: string, parameters: readonly unknown[]) => Promise<T>;

const ANSWER_WITHIN_MS = 20_000;

/** JSON-RPC over fetch, so that it works in a browser too. */
export function connectRpc(url: string): Rpc {
  let id = 0;
  return async <T>(method: string, params: readonly unknown[]): Promise<T> => {
    let answer: { result?: T | null; error?: { message?: unknown } } | null;
    try {
      const response = await fetch(url, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ jsonrpc: "2.0", id: ++id, method, params }),
        signal: AbortSignal.timeout(ANSWER_WITHIN_MS),
      });
      answer = (await response.json()) as typeof answer;
    } catch (cause) {
      throw new TwinwardError("CHAIN_UNAVAILABLE", { detail: `${url} does not answer ${method}.` }, cause);
    }
    if (answer?.error || answer?.result === undefined || answer.result === null) {
      const message = answer?.error?.message;
      const why = typeof message === "string" ? message : "no result";
      throw new TwinwardError("CHAIN_UNAVAILABLE", { detail: `${url} refuses ${method}: ${why}`, refused: true });
    }
    return answer.result;
  };
}

export const toQuantity = (value: number): Hex => `0x${value.toString(16)}`;

/** All events of a contract with these topics in [from, to]. A node that refuses long ranges is asked for halves. */
export async function readLogs(
  rpc: Rpc,
  address: Hex,
  topics: readonly (Hex | null)[],
  from: number,
  to: number,
): Promise<RpcLog[]> {
  if (from > to) return [];
  try {
    return await rpc<RpcLog[]>("eth_getLogs", [
      { address, topics, fromBlock: toQuantity(from), toBlock: toQuantity(to) },
    ]);
  } catch (error) {
    // A node that is away is not asked again; a short range that is refused is refused for another reason.
    const refused = error instanceof TwinwardError && error.facts.refused === true;
    if (!refused || to - from < 512) throw error;
    const middle = Math.floor((from + to) / 2);
    const early = await readLogs(rpc, address, topics, from, middle);
    return [...early, ...(await readLogs(rpc, address, topics, middle + 1, to))];
  }
}
