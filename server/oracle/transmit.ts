import { Contract, isError, Wallet, type Provider } from "ethers";
import { verdictOracleAbi } from "../../protocol/abi/VerdictOracle.ts";
import { toHex, type Hex } from "../../protocol/bytes.ts";
import type { AllClear, Verdict } from "../../protocol/verdict.ts";
import type { Quorum } from "./quorum.ts";

/** What became of an attempt. All but `refused` are the ordinary course of four oracles doing the same. */
export type Transmission =
  /** Handed to the node; the chain's events say whether it was mined. */
  | { readonly outcome: "sent"; readonly transaction: Hex }
  /** Another was first, or a later verdict is there already. */
  | { readonly outcome: "late" }
  /** The node's newest block does not have the evidence yet, or our last transaction is still on its way. */
  | { readonly outcome: "early" }
  | { readonly outcome: "refused"; readonly why: string };

export interface Transmitter {
  verdict(verdict: Verdict, quorum: Quorum): Promise<Transmission>;
  allClear(clear: AllClear, quorum: Quorum): Promise<Transmission>;
}

const LATE = ["VerdictStale", "RoundAlreadyCleared"];
const EARLY = ["EvidenceNotAnchored"];
/** A verdict with its effect costs under 200 000; what is not used is not paid for. */
const GAS_LIMIT = 600_000n;

/** Sends quorums to VerdictOracle with the oracle's own key. Nothing is kept: an unknown result is asked of the chain. */
export function createTransmitter(provider: Provider, address: Hex, key: Uint8Array): Transmitter {
  const wallet = new Wallet(toHex(key), provider);
  const contract = new Contract(address, verdictOracleAbi, wallet);

  async function send(name: "transmit" | "allClear", parameters: unknown[]): Promise<Transmission> {
    const method = contract.getFunction(name);
    try {
      // Asked first, because a refusal then names its reason and costs nothing.
      await method.staticCall(...parameters);
      const [block, nonce] = await Promise.all([
        provider.getBlock("latest"),
        provider.getTransactionCount(wallet.address, "pending"),
      ]);
      const sent = await wallet.sendTransaction({
        ...(await method.populateTransaction(...parameters)),
        nonce,
        gasLimit: GAS_LIMIT,
        maxPriorityFeePerGas: 0n,
        maxFeePerGas: 2n * (block?.baseFeePerGas ?? 0n),
      });
      return { outcome: "sent", transaction: sent.hash as Hex };
    } catch (error) {
      return toTransmission(error);
    }
  }

  return {
    verdict: (verdict, quorum) => send("transmit", [verdict, quorum.signers, quorum.signatures]),
    allClear: ({ stream, round, root }, quorum) =>
      send("allClear", [stream, round, root, quorum.signers, quorum.signatures]),
  };
}

/** Reads a refusal; throws what is no refusal but a node that cannot be asked. */
function toTransmission(error: unknown): Transmission {
  // Two transactions with one nonce, or the same twice: the one that is there will tell.
  if (isError(error, "NONCE_EXPIRED") || isError(error, "REPLACEMENT_UNDERPRICED")) return { outcome: "early" };
  if (error instanceof Error && /already known|already imported|nonce/i.test(error.message))
    return { outcome: "early" };
  if (!isError(error, "CALL_EXCEPTION")) throw error;
  const name = error.revert?.name ?? "";
  if (LATE.includes(name)) return { outcome: "late" };
  if (EARLY.includes(name)) return { outcome: "early" };
  return { outcome: "refused", why: error.revert ? `${name}(${error.revert.args.join(", ")})` : error.shortMessage };
}
