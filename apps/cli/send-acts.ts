import { isError, type BaseContract, type JsonRpcProvider, type TransactionReceipt, type Wallet } from "ethers";
import { TwinwardError } from "../../protocol/errors.ts";
import { refusalOf } from "./contract-refusal.ts";

/** More than a usual act costs; unused gas is not paid. */
const GAS_LIMIT = 2_000_000n;
const MINED_WITHIN_MS = 60_000;

/** A call of a contract that the wallet sends. */
export interface Act {
  readonly contract: BaseContract;
  readonly method: string;
  readonly args: readonly unknown[];
  /** Where it costs more than any usual act. */
  readonly gasLimit?: bigint;
}

/**
 * Sends acts that follow one another, and waits until they are mined; the first is tried on the node before, so that a refusal
 * costs nothing. Throws what the contracts refuse under the word that they used, TRANSACTION_REVERTED where the table has no such
 * word, CHAIN_UNAVAILABLE.
 */
export async function sendActs(wallet: Wallet, acts: readonly Act[]): Promise<TransactionReceipt[]> {
  try {
    const [first] = acts;
    await first?.contract.getFunction(first.method).staticCall(...first.args);
    const provider = wallet.provider as JsonRpcProvider;
    const fees = (await provider.getBlock("latest"))?.baseFeePerGas === 0n ? { gasPrice: 0n, type: 0 } : {};
    let nonce = await wallet.getNonce("pending");
    const sent = [];
    for (const { contract, method, args, gasLimit = GAS_LIMIT } of acts) {
      sent.push(await contract.getFunction(method).send(...args, { nonce: nonce++, gasLimit, ...fees }));
    }
    const receipts = await Promise.all(sent.map((transaction) => transaction.wait(1, MINED_WITHIN_MS)));
    return receipts.filter((receipt) => receipt !== null);
  } catch (error) {
    throw toTwinwardError(error);
  }
}

/** A contract's refusal under the word that it used: GrantExpired → GRANT_EXPIRED. */
function toTwinwardError(error: unknown): unknown {
  if (error instanceof TwinwardError) return error;
  if (isError(error, "CALL_EXCEPTION")) {
    const known = refusalOf(error.data, error);
    return known ?? new TwinwardError("TRANSACTION_REVERTED", { detail: error.shortMessage }, error);
  }
  if (
    isError(error, "NETWORK_ERROR") ||
    isError(error, "TIMEOUT") ||
    isError(error, "SERVER_ERROR") ||
    isConnectionError(error)
  ) {
    return new TwinwardError("CHAIN_UNAVAILABLE", {}, error);
  }
  return error;
}

function isConnectionError(error: unknown): boolean {
  const code: unknown = error instanceof Error && "code" in error ? error.code : undefined;
  return code === "ECONNREFUSED" || code === "ECONNRESET" || code === "UND_ERR_SOCKET";
}
