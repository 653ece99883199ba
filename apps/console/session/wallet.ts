import { getAddress, hexlify, toUtf8Bytes, TypedDataEncoder } from "ethers";
import { TwinwardError } from "../../../protocol/index.ts";
import { isRecord } from "../is-record.ts";
import type { Signer } from "./signer.ts";

/** An Ethereum wallet in the browser (EIP-1193). */
export interface Wallet {
  request(ask: { method: string; params?: readonly unknown[] }): Promise<unknown>;
}

/** A wallet with the name that it announces itself by. */
export interface NamedWallet {
  readonly name: string;
  readonly wallet: Wallet;
}

/**
 * Tells of the wallets that this browser has, each once: those that announce themselves (EIP-6963), and the one that old ones leave at
 * `window.ethereum` where none does. The result ends it.
 */
export function watchWallets(tell: (wallets: readonly NamedWallet[]) => void): () => void {
  const known = new Map<string, NamedWallet>();
  const say = (): void => {
    const alone = injectedWallet();
    if (known.size > 0) tell([...known.values()]);
    else tell(alone === undefined ? [] : [{ name: "the wallet", wallet: alone }]);
  };
  const hear = (event: Event): void => {
    const detail: unknown = (event as CustomEvent).detail;
    if (!isRecord(detail) || !isRecord(detail.info) || !isWallet(detail.provider)) return;
    const { uuid, name } = detail.info;
    if (typeof uuid !== "string" || typeof name !== "string") return;
    known.set(uuid, { name: name.slice(0, 40), wallet: detail.provider });
    say();
  };
  addEventListener("eip6963:announceProvider", hear);
  say();
  dispatchEvent(new Event("eip6963:requestProvider"));
  return () => removeEventListener("eip6963:announceProvider", hear);
}

function injectedWallet(): Wallet | undefined {
  const { ethereum } = globalThis as { ethereum?: unknown };
  return isWallet(ethereum) ? ethereum : undefined;
}

const isWallet = (value: unknown): value is Wallet => isRecord(value) && typeof value.request === "function";

/**
 * Signs in with the wallet's account. It signs once: a page that asked again by itself, a quarter of an hour later, would
 * teach people to confirm what they did not begin. Typed data it signs whenever somebody says so. Throws SESSION_REQUIRED.
 */
export async function walletSigner(wallet: Wallet): Promise<Signer> {
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
      return signature(await ask(wallet, "personal_sign", [hexlify(toUtf8Bytes(message)), address]));
    },
    async signTypedData(domain, types, message) {
      const shown = JSON.stringify(TypedDataEncoder.getPayload(domain, types, message));
      return signature(await ask(wallet, "eth_signTypedData_v4", [address, shown]));
    },
    async sendTransaction({ chainId, ...transaction }) {
      const on = Number(await ask(wallet, "eth_chainId", []));
      if (on !== chainId)
        throw refused(`The wallet is on chain ${on}, and this consortium's is ${chainId}: add it there.`);
      return signature(await ask(wallet, "eth_sendTransaction", [{ from: address, ...transaction }]));
    },
  };
}

function signature(answer: unknown): string {
  if (typeof answer !== "string") throw refused("The wallet gave no signature.");
  return answer;
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
