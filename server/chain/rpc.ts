import { FetchRequest, JsonRpcProvider, Network } from "ethers";
import { TwinwardError } from "../../protocol/errors.ts";

const TIMEOUT_MS = 10_000;

/**
 * A provider for a node's JSON-RPC URL: one fixed network, each call sent at once and by itself, nothing remembered between
 * calls. Throws CHAIN_UNAVAILABLE when the node does not answer, CHAIN_ID_UNEXPECTED when it serves another chain.
 */
export async function connectChain(
  url: string,
  expected?: { chainId: number },
  timeoutMs = TIMEOUT_MS,
): Promise<JsonRpcProvider> {
  const request = new FetchRequest(url);
  request.timeout = timeoutMs;
  const chainId = await askChainId(request);
  if (expected !== undefined && chainId !== expected.chainId) {
    throw new TwinwardError("CHAIN_ID_UNEXPECTED", { expected: expected.chainId, got: chainId });
  }
  return new JsonRpcProvider(request, chainId, {
    staticNetwork: Network.from(chainId),
    batchMaxCount: 1,
    cacheTimeout: -1,
    pollingInterval: 200,
  });
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
