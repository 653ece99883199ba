import { Interface, type Provider } from "ethers";
import type { Hex } from "../../protocol/bytes.ts";
import { TwinwardError } from "../../protocol/errors.ts";
import type { Chain } from "./view.ts";
import { revertBytes } from "./node-answer.ts";

const ERC1271 = new Interface(["function isValidSignature(bytes32 digest, bytes signature) view returns (bytes4)"]);
const TAKEN = "0x1626ba7e";
/** What a wallet may spend on it: a stranger chooses which contract is asked. */
const GAS = 1_000_000n;

/**
 * Whether the contract at `wallet` takes a signature for its own (ERC-1271), by the node's newest block. An address without code, a
 * revert and any other answer than the standard's mean no. Throws CHAIN_UNAVAILABLE when the node does not answer.
 */
export async function takesSignature(provider: Provider, wallet: Hex, digest: Hex, signature: Hex): Promise<boolean> {
  const data = ERC1271.encodeFunctionData("isValidSignature", [digest, signature]);
  try {
    const answer = await provider.call({ to: wallet, data, gasLimit: GAS });
    return answer === TAKEN.padEnd(66, "0");
  } catch (error) {
    if (revertBytes(error) !== undefined) return false;
    throw new TwinwardError("CHAIN_UNAVAILABLE", { detail: "The node does not say whether a wallet signed." }, error);
  }
}

/** The same, by a chain that is known to be fresh: a node that stands still may know a wallet's former owners. */
export function walletAsker({ fresh, provider }: Pick<Chain, "fresh" | "provider">) {
  return async (wallet: Hex, digest: Hex, signature: Hex): Promise<boolean> => {
    await fresh();
    return takesSignature(provider, wallet, digest, signature);
  };
}
