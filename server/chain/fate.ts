import type { JsonRpcApiProvider, TransactionReceipt } from "ethers";
import type { Hex } from "../../protocol/bytes.ts";
import { TwinwardError } from "../../protocol/errors.ts";
import { describeRevert } from "./interfaces.ts";
import { revertBytes } from "./node-answer.ts";

/** A mined transaction that succeeded. */
export interface Receipt {
  readonly hash: Hex;
  readonly block: { readonly number: number; readonly hash: Hex };
  readonly gasUsed: bigint;
}

/** A transaction that is asked about: the hashes that it was signed under, and its nonce where its bytes are stored still. */
export interface Asked {
  readonly hashes: readonly Hex[];
  readonly nonce: number | undefined;
  readonly sender: Hex;
  readonly confirmations: number;
}

/** What became of a transaction: mined for good, reverted or replaced; undefined while it is on its way. */
export async function fateOf(
  provider: JsonRpcApiProvider,
  { hashes, nonce, sender, confirmations }: Asked,
): Promise<Receipt | TwinwardError | undefined> {
  const receipt = await findReceipt(provider, hashes);
  const count = Number(await provider.send("eth_getTransactionCount", [sender, "latest"]));
  // A receipt of a nonce that is not used yet is another node's, or none: it is waited for, not believed.
  if (nonce !== undefined && count <= nonce) return undefined;
  if (receipt === null) {
    // Mined between the two questions?
    if ((await findReceipt(provider, hashes)) !== null) return undefined;
    const detail = "Its nonce is used, and the node has no receipt of it: most likely another one took it.";
    return new TwinwardError("TRANSACTION_REFUSED", { transaction: hashes[0], detail });
  }
  const head = Number(await provider.send("eth_blockNumber", []));
  if (head - receipt.blockNumber + 1 < confirmations) return undefined;
  return receipt.status === 1 ? toReceipt(receipt) : reverted(provider, receipt);
}

async function findReceipt(provider: JsonRpcApiProvider, hashes: readonly Hex[]): Promise<TransactionReceipt | null> {
  for (const hash of hashes) {
    const receipt = await provider.getTransactionReceipt(hash);
    if (receipt !== null) return receipt;
  }
  return null;
}

async function reverted(provider: JsonRpcApiProvider, receipt: TransactionReceipt): Promise<TwinwardError> {
  const facts = { transaction: receipt.hash, block: receipt.blockNumber };
  const sent = await provider.getTransaction(receipt.hash).catch(() => null);
  if (sent === null) return new TwinwardError("TRANSACTION_REVERTED", facts);
  // The reason is not in the receipt: asked by calling the same again, on the present state.
  const detail = await provider
    .call({ from: sent.from, to: sent.to, data: sent.data })
    .then(() => undefined)
    .catch((error: unknown) => describeRevert(revertBytes(error)));
  return new TwinwardError("TRANSACTION_REVERTED", { ...facts, ...(detail === undefined ? {} : { detail }) });
}

function toReceipt(receipt: TransactionReceipt): Receipt {
  const block = { number: receipt.blockNumber, hash: receipt.blockHash.toLowerCase() as Hex };
  return { hash: receipt.hash.toLowerCase() as Hex, block, gasUsed: receipt.gasUsed };
}
