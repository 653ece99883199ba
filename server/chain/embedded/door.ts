import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { TwinwardError } from "../../../protocol/errors.ts";
import { NodeRefusal } from "./anvil.ts";

const BODY_LIMIT = 1 << 20;
const BATCH_LIMIT = 100;
const OPEN_LIMIT = 512;

/** What the door lets through: what wallets, apps and auditors ask any node. Nothing that changes a chain but a signature. */
const PASSED = new Set(
  (
    "eth_blockNumber eth_call eth_chainId eth_createAccessList eth_estimateGas eth_feeHistory eth_gasPrice eth_getBalance " +
    "eth_getBlockByHash eth_getBlockByNumber eth_getBlockReceipts eth_getBlockTransactionCountByHash " +
    "eth_getBlockTransactionCountByNumber eth_getCode eth_getFilterChanges eth_getFilterLogs eth_getLogs eth_getProof " +
    "eth_getStorageAt eth_getTransactionByBlockHashAndIndex eth_getTransactionByBlockNumberAndIndex " +
    "eth_getTransactionByHash eth_getTransactionCount eth_getTransactionReceipt eth_maxPriorityFeePerGas " +
    "eth_newBlockFilter eth_newFilter eth_newPendingTransactionFilter eth_syncing eth_uninstallFilter " +
    "net_listening net_peerCount net_version web3_clientVersion web3_sha3"
  ).split(" "),
);

/** What the door asks; both throw NodeRefusal with what the caller is to be told. */
export interface Behind {
  /** Whether pages of this origin may ask: the console's may. */
  admits(origin: string): boolean;
  call(method: string, parameters: readonly unknown[]): Promise<unknown>;
  submit(raw: string): Promise<string>;
}

type Id = string | number | null;
interface Reply {
  readonly jsonrpc: "2.0";
  readonly id: Id;
  readonly result?: unknown;
  readonly error?: { readonly code: number; readonly message: string; readonly data?: unknown };
}

/** Opens the JSON-RPC door on 127.0.0.1; port 0 takes a free one. */
export async function openDoor(port: number, behind: Behind): Promise<{ server: Server; url: string }> {
  let open = 0;
  const server = createServer((request, response) => {
    if (++open > OPEN_LIMIT) {
      open--;
      response.writeHead(503, { "retry-after": "1" }).end();
      return;
    }
    answer(request, response, behind)
      .catch(() => response.destroy())
      .finally(() => open--);
  });
  server.requestTimeout = 30_000;
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", resolve);
  });
  const address = server.address();
  if (address === null || typeof address === "string") throw new TwinwardError("CHAIN_UNAVAILABLE");
  return { server, url: `http://127.0.0.1:${address.port}` };
}

async function answer(request: IncomingMessage, response: ServerResponse, behind: Behind): Promise<void> {
  const refuse = (status: number): void => {
    response.writeHead(status, { connection: "close" }).end();
    request.resume();
  };
  const { origin } = request.headers;
  if (origin !== undefined && behind.admits(origin)) {
    response.setHeader("access-control-allow-origin", origin);
    response.setHeader("vary", "origin");
    if (request.method === "OPTIONS") {
      response.writeHead(204, {
        "access-control-allow-methods": "POST",
        "access-control-allow-headers": "content-type",
      });
      response.end();
      return;
    }
  }
  if (request.method !== "POST") return refuse(405);
  // A page that a browser shows cannot send JSON without asking first, and only those that are admitted get an answer.
  if (!/^application\/json\b/i.test(request.headers["content-type"] ?? "")) return refuse(415);
  if (!/^(127\.0\.0\.1|localhost|\[::1\])(:\d+)?$/i.test(request.headers.host ?? "")) return refuse(403);
  const body = await readBody(request);
  if (body === undefined) return refuse(413);

  const replies = await reply(body, behind);
  if (replies === undefined) {
    response.writeHead(204).end();
    return;
  }
  response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(replies));
}

async function readBody(request: IncomingMessage): Promise<string | undefined> {
  if (Number(request.headers["content-length"] ?? 0) > BODY_LIMIT) return undefined;
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of request as AsyncIterable<Buffer>) {
    size += part.length;
    if (size > BODY_LIMIT) return undefined;
    parts.push(part);
  }
  return Buffer.concat(parts).toString("utf8");
}

async function reply(body: string, behind: Behind): Promise<Reply | Reply[] | undefined> {
  let asked: unknown;
  try {
    asked = JSON.parse(body);
  } catch {
    return failure(null, -32700, "Parse error");
  }
  if (!Array.isArray(asked)) return one(asked, behind);
  if (asked.length === 0) return failure(null, -32600, "Invalid request");
  if (asked.length > BATCH_LIMIT) return failure(null, -32600, `more than ${BATCH_LIMIT} calls in a batch`);
  const replies: Reply[] = [];
  // One after another: the order of transactions in a batch is the order in which they are taken.
  for (const call of asked) {
    const said = await one(call, behind);
    if (said !== undefined) replies.push(said);
  }
  return replies.length === 0 ? undefined : replies;
}

/** Undefined for a notification, which gets no answer. */
async function one(asked: unknown, behind: Behind): Promise<Reply | undefined> {
  if (typeof asked !== "object" || asked === null) return failure(null, -32600, "Invalid request");
  const { jsonrpc, method, params = [], id } = asked as Record<string, unknown>;
  const known = typeof id === "string" || typeof id === "number" || id === null ? id : null;
  if (jsonrpc !== "2.0" || typeof method !== "string" || !Array.isArray(params) || (id !== undefined && id !== known)) {
    return failure(known, -32600, "Invalid request");
  }
  const said = await perform(method, params, known, behind);
  return id === undefined ? undefined : said;
}

async function perform(method: string, params: unknown[], id: Id, behind: Behind): Promise<Reply> {
  try {
    if (method === "eth_accounts") return { jsonrpc: "2.0", id, result: [] };
    if (method === "eth_sendRawTransaction") {
      const [raw] = params;
      if (params.length !== 1 || typeof raw !== "string") return failure(id, -32602, "one raw transaction expected");
      return { jsonrpc: "2.0", id, result: await behind.submit(raw) };
    }
    if (!PASSED.has(method)) return failure(id, -32601, `the method ${method.slice(0, 64)} is not available`);
    return { jsonrpc: "2.0", id, result: await behind.call(method, params) };
  } catch (error) {
    if (error instanceof NodeRefusal) return failure(id, error.code, error.message, error.data);
    if (error instanceof TwinwardError) return failure(id, -32000, error.message);
    return failure(id, -32603, "Internal error");
  }
}

function failure(id: Id, code: number, message: string, data?: unknown): Reply {
  return { jsonrpc: "2.0", id, error: { code, message, ...(data === undefined ? {} : { data }) } };
}
