import { setTimeout as pause } from "node:timers/promises";

export interface RpcBlock {
  readonly number: string;
  readonly hash: string;
  readonly timestamp: string;
}

export interface RpcReceipt {
  readonly status: string;
  readonly blockHash: string;
  readonly blockNumber: string;
  readonly contractAddress: string | null;
}

/** One JSON-RPC call over HTTP; throws with the node's message. */
export async function rpc<T>(url: string, method: string, ...params: unknown[]): Promise<T> {
  const answer = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ jsonrpc: "2.0", id: 1, method, params }),
  });
  const said = (await answer.json()) as { result?: T; error?: { message: string } };
  if (said.error) throw new Error(said.error.message);
  return said.result as T;
}

/** Asks again until there is an answer; fails after two minutes. */
export async function eventually<T>(ask: () => T | undefined | Promise<T | undefined>, limitMs = 120_000): Promise<T> {
  const deadline = performance.now() + limitMs;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    if (performance.now() > deadline) throw new Error("it did not happen in time");
    await pause(10);
  }
}
