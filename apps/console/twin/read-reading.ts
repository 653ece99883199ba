import {
  leafHash,
  LEAF_KINDS,
  parsePresentation,
  toHex,
  TwinwardError,
  type Disclosure,
  type Flag,
  type Hex,
} from "../../../protocol/index.ts";
import type { HistoryPage, HistoryReading } from "../../sdk/answers.ts";

/** How a reading stands: the server's word on the integrity road, or what this page found against it. */
export const STANDINGS = ["mismatch", "accepted", "sealed", "anchored"] as const;
export type Standing = (typeof STANDINGS)[number];

/** One segment's samples: `t` in ms from the period's start, one per value. */
export type Samples = Pick<Disclosure, "unit" | "t" | "v"> & { readonly fault?: string };

/** A reading as the page keeps it: its values and its place, not the bytes that they came in. */
export interface TwinReading {
  readonly sequence: number;
  /** ms, [from, until). */
  readonly from: number;
  readonly until: number;
  readonly leaf: Hex;
  readonly flags: readonly Flag[];
  /** Sequences directly before it that were never accepted, both ends inclusive. */
  readonly gap: { readonly from: number; readonly to: number } | null;
  /** The server's word. */
  readonly state: HistoryReading["state"];
  readonly samples: ReadonlyMap<string, Samples>;
  /** What this page found wrong with it: what is shown is then not what the leaf stands for. */
  readonly fault?: string;
}

/**
 * Reads one reading of a history and holds it against its own leaf: the disclosed values were signed into this content,
 * and the leaf is the hash of this content at this place. Whether the device signed, and the chain knows the leaf, is what
 * the receipt shows.
 */
export function readReading(row: HistoryReading, device: HistoryPage["device"]): TwinReading {
  const { sequence, from, until, leaf, flags, gap, state } = row;
  const kept = { sequence, from, until, leaf, flags, gap, state };
  try {
    const found = parsePresentation(row.reading);
    const samples = new Map(found.disclosures.map((one) => [one.segment, toSamples(one)]));
    const hash = toHex(leafHash(LEAF_KINDS.reading, found.device, found.sequence, found.content));
    const same =
      found.device === device && found.sequence === sequence && found.per[0] === from && found.per[1] === until;
    if (!same) return { ...kept, samples, fault: "What was signed is another reading than the one it is listed as." };
    if (hash !== leaf) return { ...kept, samples, fault: `What was signed makes the leaf ${hash}.` };
    return { ...kept, samples };
  } catch (error) {
    if (!(error instanceof TwinwardError)) throw error;
    const { detail } = error.facts;
    return { ...kept, samples: new Map(), fault: typeof detail === "string" ? detail : error.message };
  }
}

// Copied: the disclosure's own strings would keep the whole answer in memory.
function toSamples({ unit, t, v, fault }: Disclosure): Samples {
  return { unit, t, v, ...(fault === undefined ? {} : { fault }) };
}

/** What a person is told of a reading, after what verifying receipts in this page has found (by leaf). */
export function standingOf(reading: TwinReading, mismatches: ReadonlySet<Hex>): Standing {
  return reading.fault !== undefined || mismatches.has(reading.leaf) ? "mismatch" : reading.state;
}
