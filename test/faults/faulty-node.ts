// A JSON-RPC node that stands in front of a real one and does to each call what the test says.
import type { AddressInfo } from "node:net";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { once } from "node:events";
import { Transaction } from "ethers";
import type { Hex } from "../../protocol/bytes.ts";

export interface Call {
  readonly method: string;
  readonly params: readonly unknown[];
}

export type Answer = { readonly result: unknown } | { readonly error: { code: number; message: string } };
/** "hang": no answer ever; "cut": the connection breaks. */
export type Reaction = Answer | "hang" | "cut";
/** What becomes of a call; `pass` asks the real node. */
export type Behaviour = (call: Call, pass: (call?: Call) => Promise<Answer>) => Promise<Reaction>;

export const HONEST: Behaviour = (_, pass) => pass();

/** Does this to the first calls of one method, and is honest otherwise; `spent` once it has done it so often. */
export function times(
  wanted: number,
  method: string,
  act: Behaviour,
): { readonly behaviour: Behaviour; readonly spent: () => boolean } {
  let done = 0;
  const behaviour: Behaviour = async (call, pass) => {
    if (call.method !== method || done >= wanted) return pass();
    done += 1;
    return act(call, pass);
  };
  return { behaviour, spent: () => done >= wanted };
}

/** Its connection breaks at every so many calls, whatever they ask for. */
export function breaksOffEvery(nth: number): Behaviour {
  let calls = 0;
  return async (_, pass) => (++calls % nth === 0 ? "cut" : pass());
}

/** A node that names an old block as its newest, and tells the truth about all else. */
export function oldHead(head: number): Behaviour {
  const tag = `0x${head.toString(16)}`;
  return async (call, pass) => {
    const { method, params } = call;
    if (method === "eth_blockNumber") return { result: tag };
    if (method !== "eth_getBlockByNumber" || params[0] !== "latest") return pass();
    return pass({ ...call, params: [tag, ...params.slice(1)] });
  };
}

/** A node that takes transactions and throws them away; it shows, if anything, `like`'s receipt for each of them. */
export function swallows(like?: Hex): Behaviour {
  return async (call, pass) => {
    if (call.method === "eth_sendRawTransaction") return { result: Transaction.from(call.params[0] as string).hash };
    if (call.method !== "eth_getTransactionReceipt" || like === undefined) return pass();
    const answer = (await pass({ ...call, params: [like] })) as { result: object };
    return { result: { ...answer.result, transactionHash: call.params[0] } };
  };
}

/** A node that has stopped at a block: it knows of none after it, and keeps to itself what it is sent. */
export function stuckAt(head: number): Behaviour {
  const tag = `0x${head.toString(16)}`;
  const isLater = (number: unknown): boolean => typeof number === "string" && Number(number) > head;
  return async (call, pass) => {
    const { method, params } = call;
    if (method === "eth_sendRawTransaction") return { result: Transaction.from(params[0] as string).hash };
    if (method === "eth_blockNumber") return { result: tag };
    if (method === "eth_getBlockByNumber" && isLater(params[0])) return { result: null };
    const answer = await pass({ ...call, params: params.map((value) => (value === "latest" ? tag : value)) });
    if (method === "eth_getTransactionReceipt" && "result" in answer) {
      const receipt = answer.result as { blockNumber: string } | null;
      return isLater(receipt?.blockNumber) ? { result: null } : answer;
    }
    if (method !== "eth_getLogs" || !("result" in answer)) return answer;
    const logs = answer.result as readonly { readonly blockNumber: string }[];
    const { blockHash } = params[0] as { blockHash?: string };
    if (blockHash !== undefined && logs.some(({ blockNumber }) => isLater(blockNumber)))
      return { error: { code: -32_000, message: "unknown block" } };
    return { result: logs.filter(({ blockNumber }) => !isLater(blockNumber)) };
  };
}

export interface FaultyNode {
  readonly url: string;
  behaviour: Behaviour;
  readonly calls: Call[];
  close(): Promise<void>;
}

export async function startFaultyNode(upstream: string): Promise<FaultyNode> {
  const ask = async ({ method, params }: Call): Promise<Answer> => {
    const answer = await fetch(upstream, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ jsonrpc: "2.0", id: 1, method, params }),
    });
    return (await answer.json()) as Answer;
  };
  const take = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const call = JSON.parse(Buffer.concat(chunks).toString()) as Call & { id: number };
    node.calls.push(call);
    const reaction = await node.behaviour(call, (other = call) => ask(other));
    if (reaction === "hang") return;
    if (reaction === "cut") return void request.socket.destroy();
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify({ ...reaction, jsonrpc: "2.0", id: call.id }));
  };
  const server = createServer((request, response) => {
    take(request, response).catch(() => request.socket.destroy());
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const node: FaultyNode = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    behaviour: HONEST,
    calls: [],
    close: async () => {
      server.close();
      server.closeAllConnections();
      await once(server, "close");
    },
  };
  return node;
}
