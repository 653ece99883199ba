import { Contract, Wallet, type InterfaceAbi } from "ethers";
import { anchorLogAbi } from "../../protocol/abi/AnchorLog.ts";
import { memberRegistryAbi } from "../../protocol/abi/MemberRegistry.ts";
import { toHex } from "../../protocol/bytes.ts";
import type { Consortium } from "../../protocol/consortium.ts";
import { connectProvider } from "./steward.ts";

// What the members' contract refuses comes through this one; ECDSA's errors are in both.
const REFUSALS = memberRegistryAbi.filter((one) => one.type === "error" && /Member|SignatureCount/.test(one.name));
const ABI = [...anchorLogAbi, ...REFUSALS] as unknown as InterfaceAbi;

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
