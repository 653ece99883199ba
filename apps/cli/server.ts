import { Wallet } from "ethers";
import { toHex } from "../../protocol/bytes.ts";
import type { Consortium } from "../../protocol/consortium.ts";
import { TwinwardError } from "../../protocol/errors.ts";
import { connect, type Client } from "../sdk/client.ts";
import { readAccountKey } from "./key-file.ts";
import { connectProvider, Steward } from "./steward.ts";

/** A client of a server, signing in with an account's key where a file is named. */
export function openClient(url: string, keyFile?: string): Client {
  if (keyFile === undefined) return connect({ url });
  return connect({ url, signer: new Wallet(toHex(readAccountKey(keyFile))) });
}

/** The consortium that a server names, with the JSON-RPC of its chain. */
export async function consortiumWithRpc(client: Client): Promise<Consortium & { readonly rpc: string }> {
  const consortium = await client.consortium();
  // A server tells nobody of a node whose URL may hold a secret.
  const rpc = consortium.rpc ?? process.env.RPC_URL?.split(",")[0]?.trim();
  if (rpc === undefined)
    throw new TwinwardError("CHAIN_UNAVAILABLE", { detail: "The server names no JSON-RPC of its chain: set RPC_URL." });
  return { ...consortium, rpc };
}

/** Acts on the chain that the server names, signed by an account's key, and lets go of the node afterwards. */
export async function actAs<T>(
  client: Client,
  keyFile: string,
  act: (steward: Steward, consortium: Consortium) => Promise<T>,
): Promise<T> {
  const consortium = await consortiumWithRpc(client);
  const provider = connectProvider(consortium.rpc, consortium.chainId);
  try {
    return await act(new Steward(consortium, provider, readAccountKey(keyFile)), consortium);
  } finally {
    provider.destroy();
  }
}
