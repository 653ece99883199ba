import type { Hex } from "../../protocol/bytes.ts";

/** What signs in: an ethers Signer is one, and so is a wallet behind the same two methods. */
export interface SignIn {
  getAddress(): Promise<string>;
  /** EIP-191 signature of the text, 65 bytes hex. */
  signMessage(text: string): Promise<string>;
  /** EIP-712, 65 bytes hex; only requests need it. */
  signTypedData?(
    domain: { name: string; version: string; chainId: number; verifyingContract: string },
    types: Record<string, { name: string; type: string }[]>,
    message: Record<string, unknown>,
  ): Promise<string>;
}

export interface SignInFacts {
  /** Address with its EIP-55 checksum, as the wallet gives it. */
  readonly address: string;
  /** Where the server is. */
  readonly url: URL;
  readonly chainId: number;
  readonly nonce: string;
  /** ms. */
  readonly at: number;
  /** The only twins that the session shall be good for. */
  readonly twins?: readonly Hex[];
}

const LASTS_MS = 15 * 60_000;

/** The ERC-4361 message that a reader signs. */
export function signInMessage({ address, url, chainId, nonce, at, twins }: SignInFacts): string {
  return [
    `${url.host} wants you to sign in with your Ethereum account:`,
    address,
    "",
    "Sign in to Twinward. This says who you are, and nothing about what you may see.",
    "",
    `URI: ${url.origin}`,
    "Version: 1",
    `Chain ID: ${chainId}`,
    `Nonce: ${nonce}`,
    `Issued At: ${new Date(at).toISOString()}`,
    `Expiration Time: ${new Date(at + LASTS_MS).toISOString()}`,
    ...(twins ? ["Resources:", ...twins.map((twin) => `- urn:twinward:twin:${twin}`)] : []),
  ].join("\n");
}
