import type { Hex } from "../../protocol/bytes.ts";
import type { Consortium } from "../../protocol/consortium.ts";
import { TwinwardError } from "../../protocol/errors.ts";
import { actTypedData, type SaidAct, type SignedAct } from "../../protocol/signed-acts.ts";
import type { SignIn } from "./sign-in.ts";

/** What a grantor, a subject or a guardian says to the GrantRegistry, signed; nothing is sent. Throws SESSION_REQUIRED. */
export async function signAct(act: SaidAct, signer: SignIn, consortium: Consortium): Promise<SignedAct> {
  if (!signer.signTypedData) throw new TwinwardError("SESSION_REQUIRED", { detail: "The signer signs no typed data." });
  const { chainId, contracts } = consortium;
  const { domain, types, message } = actTypedData({ chainId, contract: contracts.GrantRegistry }, act);
  const signature = (await signer.signTypedData(domain, types, message)) as Hex;
  return { ...act, signer: (await signer.getAddress()).toLowerCase() as Hex, signature };
}
