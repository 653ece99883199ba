import type { Hex } from "../../protocol/bytes.ts";
import type { AggregateName } from "../../protocol/manifest.ts";
import { parsePresentation } from "../../protocol/reading.ts";
import { valuesOf } from "../../protocol/release.ts";
import type { Flag, Purpose } from "../../protocol/words.ts";
import type { ScopedTwin } from "./scope.ts";

/** The newest of a twin, and what was needed to look for it. */
export interface Newest {
  readonly twin: ScopedTwin;
  /** When it was loaded, ms. */
  readonly at: number;
  /** When the newest reading was accepted, ms; of a derived twin null. */
  readonly acceptedAt: number | null;
  /** Sequences among which was looked; of a derived twin null. */
  readonly sequences: number | null;
}

/** One segment's newest value; null where the newest readings have none. */
export interface SegmentState {
  readonly segment: string;
  readonly unit: string | null;
  /** The last sample that is a number; of a derived twin null. */
  readonly value: number | null;
  /** Of a derived twin: what its newest interval tells. */
  readonly aggregates?: Readonly<Partial<Record<AggregateName, number | null>>>;
  /** When it was measured, or its interval ended: ms, by the device's clock. */
  readonly measuredAt: number | null;
  /** How long ago that was, ms. */
  readonly age: number | null;
}

/** state@1: the newest values of a twin, and how well they stand for the device. */
export interface TwinState {
  readonly format: "state@1";
  readonly twin: Hex;
  readonly device: Hex;
  readonly model: string;
  readonly purpose: Purpose;
  readonly at: number;
  readonly distrusted: { readonly verdict: Hex | null } | null;
  readonly decision: { readonly leaf: Hex; readonly position: number; readonly sequence: number };
  readonly segments: readonly SegmentState[];
  /** On the newest reading or release. */
  readonly flags: readonly Flag[];
  readonly fidelity: {
    /** Since the newest reading's period, or the newest interval, ended, ms. */
    readonly age: number | null;
    /** From that end until it was accepted, or released, ms. */
    readonly lag: number | null;
    /** Of the newest sequences, 100 at most, the share that is here and shown; of a derived twin null. */
    readonly completeness: number | null;
  };
}

/** Sums up what a scoped twin shows. Pure: it tells nothing that its history would not. */
export function stateOf({ twin, at, acceptedAt, sequences }: Newest): TwinState {
  const page = twin.toJSON();
  const [reading, release] = [page.readings.at(-1), page.releases?.at(-1)];
  const newest = release ?? reading;
  const endedAt = newest?.until ?? null;
  const known = release ? (release.erased ? null : release.record.at) : acceptedAt;
  const found = page.releases ? ofRelease() : ofReadings();
  return {
    ...{ format: "state@1", twin: page.twin, device: page.device, model: page.model, purpose: page.purpose, at },
    ...{ distrusted: page.distrusted, decision: page.decision },
    segments: page.segments.map((name) => found.get(name) ?? nothing(name)),
    flags: newest?.flags ?? [],
    fidelity: {
      age: endedAt === null ? null : at - endedAt,
      lag: endedAt === null || known === null ? null : known - endedAt,
      completeness: sequences === null || sequences === 0 ? null : page.readings.length / sequences,
    },
  };

  function ofRelease(): Map<string, SegmentState> {
    if (!release) return new Map();
    const { until } = release;
    return new Map(
      valuesOf(release.values).map(({ segment, unit, aggregates }) => [
        segment,
        { segment, unit, value: null, aggregates, measuredAt: until, age: at - until },
      ]),
    );
  }

  /** From the newest reading backwards, until each segment has a value. */
  function ofReadings(): Map<string, SegmentState> {
    const found = new Map<string, SegmentState>();
    for (const { reading: text, from, erased } of page.readings.toReversed()) {
      if (erased) continue;
      if (found.size === page.segments.length) break;
      for (const { segment, unit, t, v } of parsePresentation(text).disclosures) {
        const index = v.findLastIndex((value) => value !== null);
        const value = v[index];
        if (found.has(segment) || value === undefined || value === null) continue;
        const measuredAt = from + (t[index] ?? 0);
        found.set(segment, { segment, unit, value, measuredAt, age: at - measuredAt });
      }
    }
    return found;
  }
}

const nothing = (segment: string): SegmentState => ({ segment, unit: null, value: null, measuredAt: null, age: null });
