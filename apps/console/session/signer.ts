import type { JsonRpcProvider } from "ethers";
import type { Hex } from "../../../protocol/index.ts";
import type { SignIn } from "../../sdk/sign-in.ts";

/** Who signs in, signs what they say, and sends transactions of their own. */
export interface Signer extends SignIn {
  signTypedData: NonNullable<SignIn["signTypedData"]>;
  /** Sends a transaction that has been tried at `provider`, the consortium's node; its hash. A wallet may send it by a node of its own. */
  sendTransaction(
    transaction: { readonly to: Hex; readonly data: Hex; readonly chainId: number },
    provider: JsonRpcProvider,
  ): Promise<string>;
}
