import { getAddress, hexlify, toUtf8Bytes } from "ethers";
import { TwinwardError } from "../../../protocol/index.ts";
import type { SignIn } from "../../sdk/sign-in.ts";
import { isRecord } from "../is-record.ts";

/** An Ethereum wallet in the browser (EIP-1193). */
export interface Wallet {
  request(ask: { method: string; params?: readonly unknown[] }): Promise<unknown>;
}

/** The wallet that the browser offers to pages; undefined where there is none. */
export function findWallet(): Wallet | undefined {
  const { ethereum } = globalThis as { ethereum?: unknown };
  return isRecord(ethereum) && typeof ethereum.request === "function" ? (ethereum as unknown as Wallet) : undefined;
}

/**
 * Signs in with the wallet's account. It signs once: a page that asked again by itself, a quarter of an hour later, would
 * teach people to confirm what they did not begin. Throws SESSION_REQUIRED.
 */
export async function walletSigner(wallet: Wallet): Promise<SignIn> {
  const accounts = await ask(wallet, "eth_requestAccounts", []);
  const [account] = Array.isArray(accounts) ? (accounts as unknown[]) : [];
  if (typeof account !== "string") throw refused("The wallet offers no account.");
  const address = getAddress(account);
  let signed = false;
  return {
    getAddress: () => Promise.resolve(address),
    async signMessage(message) {
      if (signed) throw refused("The session has ended, and the wallet is only asked when you ask it.");
      signed = true;
      const signature = await ask(wallet, "personal_sign", [hexlify(toUtf8Bytes(message)), address]);
      if (typeof signature !== "string") throw refused("The wallet gave no signature.");
      return signature;
    },
  };
}

async function ask(wallet: Wallet, method: string, params: readonly unknown[]): Promise<unknown> {
  try {
    return await wallet.request({ method, params });
  } catch (cause) {
    // EIP-1193: 4001 is the person's own no.
    const words = isRecord(cause) && cause.code === 4001 ? "You declined it in the wallet." : "The wallet refused it.";
    throw refused(words, cause);
  }
}

function refused(detail: string, cause?: unknown): TwinwardError {
  return new TwinwardError("SESSION_REQUIRED", { detail }, cause);
}
