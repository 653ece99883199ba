import type { Provider } from "ethers";
import { concat, fromHex, toHex, utf8 } from "../../protocol/bytes.ts";
import { publicKeyOf, signEs256 } from "../../protocol/es256.ts";
import { sha256 } from "../../protocol/hash.ts";

/** EIP-7951. */
const P256_VERIFY = `0x${"100".padStart(40, "0")}`;

/**
 * Who checks P-256 signatures on this chain: the precompile of EIP-7951 (Osaka), or OpenZeppelin's Solidity, which costs about
 * 23 times the gas. Asked with one good and one bad signature, because an empty address answers every call with nothing.
 */
export async function testP256(provider: Provider): Promise<"precompile" | "solidity"> {
  const key = sha256(utf8("twinward/self-test"));
  const message = utf8("P-256");
  const { x, y } = publicKeyOf(key);
  const answers = async (text: Uint8Array): Promise<boolean> => {
    const data = toHex(concat(sha256(text), signEs256(key, message), fromHex(x, 32), fromHex(y, 32)));
    const answer = await provider.call({ to: P256_VERIFY, data });
    return answer !== "0x" && BigInt(answer) === 1n;
  };
  return (await answers(message)) && !(await answers(utf8("another"))) ? "precompile" : "solidity";
}
