import { Contract, Wallet, type InterfaceAbi } from "ethers";
import { anchorLogAbi } from "../../protocol/abi/AnchorLog.ts";
import { toHex } from "../../protocol/bytes.ts";
import type { Consortium } from "../../protocol/consortium.ts";
import { connectProvider } from "./steward.ts";

const ABI = anchorLogAbi as unknown as InterfaceAbi;

/** Does something with the consortium's AnchorLog, from this account, by this node. */
export async function withLog<T>(
  { chainId, contracts }: Consortium,
  rpc: string,
  key: Uint8Array,
  act: (log: Contract, wallet: Wallet) => Promise<T>,
): Promise<T> {
  const provider = connectProvider(rpc, chainId);
  const wallet = new Wallet(toHex(key), provider);
  try {
    return await act(new Contract(contracts.AnchorLog, ABI, wallet), wallet);
  } finally {
    provider.destroy();
  }
}
