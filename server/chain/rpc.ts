import { FetchRequest, JsonRpcProvider, Network } from "ethers";
import { TwinwardError } from "../../protocol/errors.ts";
import { FailoverProvider } from "./failover.ts";

const TIMEOUT_MS = 10_000;

/**
 * A provider for a node's JSON-RPC URL: one fixed network, each call sent at once and by itself, nothing remembered between
 * calls. Several URLs, separated by commas, are nodes of one chain that stand in for each other. Throws CHAIN_UNAVAILABLE when
 * no node answers, CHAIN_ID_UNEXPECTED when it serves another chain, CHAIN_DIFFERS when several serve different ones.
 */
export async function connectChain(
  url: string,
  expected?: { chainId: number },
  timeoutMs?: number,
): Promise<JsonRpcProvider> {
  const urls = rpcUrls(url);
  if (urls.length > 1) {
    const provider = await FailoverProvider.connect(urls, timeoutMs);
    requireChain(Number((await provider.getNetwork()).chainId), expected);
    return provider;
  }
  const request = new FetchRequest(url);
  request.timeout = timeoutMs ?? TIMEOUT_MS;
  const chainId = await askChainId(request);
  requireChain(chainId, expected);
  return new JsonRpcProvider(request, chainId, {
    staticNetwork: Network.from(chainId),
    batchMaxCount: 1,
    cacheTimeout: -1,
    pollingInterval: 200,
  });
}

/** The URLs that a setting or a word names, in order. */
export function rpcUrls(text: string): string[] {
  return text.split(",").map((url) => url.trim());
}

/**
 * A node's URL as anybody may be told it; undefined where it may hold a secret: a user, a query, or a path, which is where
 * nodes for hire take their keys.
 */
export function toldUrl(url: string): string | undefined {
  const { href, origin } = new URL(url);
  return href === `${origin}/` ? url : undefined;
}

function requireChain(chainId: number, expected?: { chainId: number }): void {
  if (expected !== undefined && chainId !== expected.chainId)
    throw new TwinwardError("CHAIN_ID_UNEXPECTED", { expected: expected.chainId, got: chainId });
}

/** Asked by ourselves: ethers' provider would ask again and again, forever, when nobody answers. */
async function askChainId(request: FetchRequest): Promise<number> {
  try {
    const asked = request.clone();
    asked.body = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "eth_chainId", params: [] });
    asked.setHeader("content-type", "application/json");
    const response = await asked.send();
    response.assertOk();
    const { result } = response.bodyJson as { result?: string };
    const chainId = Number(result);
    if (!Number.isSafeInteger(chainId) || chainId <= 0) throw new Error("the node names no chain id");
    return chainId;
  } catch (error) {
    throw new TwinwardError("CHAIN_UNAVAILABLE", { url: request.url }, error);
  }
}
