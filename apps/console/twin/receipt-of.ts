import type { Hex, Purpose } from "../../../protocol/index.ts";
import type { Client } from "../../sdk/client.ts";
import { nodeOf } from "../verify/documents.ts";
import { askServer, openTrust, runVerification, type Given, type Report } from "../verify/run-verification.ts";
import { UnusableInput } from "../verify/unusable-input.ts";
import { askOnce } from "./ask-once.ts";
import type { TwinReading } from "./read-reading.ts";

/** Whose consortium.json is believed. */
export type TrustChoice = Given["trust"];

/** From where, and why, receipts are asked for. */
export interface Asked {
  readonly client: Client;
  readonly twin: Hex;
  readonly purpose: Purpose;
}

/** What verifying one reading's receipt came to. `mismatch`: a check failed, or it is no receipt of this reading. */
export type Verified =
  | { readonly report: Report; readonly mismatch: boolean }
  | { readonly unusable: UnusableInput; readonly mismatch: boolean };

/** Verifies a receipt that the server gave for a reading, by the chain's own node. */
export async function verifyReceiptOf(text: string, reading: TwinReading, trust: TrustChoice): Promise<Verified> {
  try {
    const report = await runVerification({ receipt: text, trust, anchors: await nodeFor(trust) });
    return { report, mismatch: report.outcome === "failed" || report.receipt.leaf.hash !== reading.leaf };
  } catch (error) {
    if (!(error instanceof UnusableInput)) throw error;
    // A consortium.json or node that is unusable says nothing against the reading.
    return { unusable: error, mismatch: error.which === "The receipt" };
  }
}

/** At most so many are verified in one go: what the server gives in one answer. */
export const VERIFIED_AT_ONCE = 2_000;
/** The page is held up for at most about this long (ms) in one go. */
const SLICE = 8;

/** What verifying many came to. */
export interface VerifiedMany {
  readonly verified: readonly Hex[];
  readonly mismatches: readonly Hex[];
  /** Nothing failed, but not everything could be checked. */
  readonly open: readonly Hex[];
}

/** Verifies the newest anchored readings of those that are held. Throws UnusableInput, or what the server refuses with. */
export async function verifyMany(
  { client, twin, purpose }: Asked,
  readings: readonly TwinReading[],
  trust: TrustChoice,
  tell: (done: number, of: number) => void,
): Promise<VerifiedMany> {
  const anchored = readings.filter(({ state }) => state === "anchored").slice(-VERIFIED_AT_ONCE);
  const [first, last] = [anchored[0], anchored.at(-1)];
  const found = { verified: [] as Hex[], mismatches: [] as Hex[], open: [] as Hex[] };
  if (first === undefined || last === undefined) return found;
  const { readings: rows } = await client.history(twin, {
    purpose,
    fromSequence: first.sequence,
    toSequence: last.sequence,
    limit: VERIFIED_AT_ONCE,
    receipts: true,
  });
  // Only now: receipts speak of the log as it is, and a source that was opened before would be behind them.
  const { consortium, source } = await openTrust({ trust, anchors: await nodeFor(trust) });
  const opened = { consortium, source: source && askOnce(source) };
  const { verifyReceipt } = await import("../../../protocol/index.ts");
  const receipts = new Map(rows.map(({ sequence, receipt }) => [sequence, receipt]));
  let began = performance.now();
  for (const [index, { leaf, sequence }] of anchored.entries()) {
    const receipt = receipts.get(sequence);
    // Anchored before, and now without a receipt: the chain has turned, or the server has.
    const outcome =
      receipt === null || receipt === undefined
        ? "failed"
        : await verifyReceipt(receipt, opened).then(
            (verification) => (receipt.leaf.hash === leaf ? verification.outcome : "failed"),
            () => "failed" as const,
          );
    found[outcome === "passed" ? "verified" : outcome === "failed" ? "mismatches" : "open"].push(leaf);
    if (performance.now() - began < SLICE) continue;
    tell(index + 1, anchored.length);
    await new Promise((resolve) => setTimeout(resolve));
    began = performance.now();
  }
  return found;
}

/** The node that the consortium offers; without one the chain's side stays "not checked". */
async function nodeFor(trust: TrustChoice): Promise<Given["anchors"]> {
  const own = trust.from === "file" && trust.text !== undefined ? nodeOf(trust.text) : undefined;
  const url = own ?? nodeOf(await askServer());
  return url === undefined ? { from: "file", text: undefined } : { from: "rpc", url };
}
