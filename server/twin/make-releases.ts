import { aggregate, noisedMean, type Aggregates } from "../../protocol/aggregate.ts";
import { toHex, type Hex } from "../../protocol/bytes.ts";
import { uniformFrom } from "../../protocol/discrete-laplace.ts";
import { toThousandths } from "../../protocol/noise.ts";
import { buildRecord } from "../../protocol/record.ts";
import {
  encodeValue,
  segmentTransform,
  valueDigest,
  type ReleaseRecord,
  type Transform,
} from "../../protocol/release.ts";
import { LEAF_KINDS } from "../../protocol/words.ts";
import type { KeyStore } from "../keys/key-store.ts";
import { monthOf, openReading } from "../keys/sealed-reading.ts";
import { openValue, sealValue } from "../keys/sealed-value.ts";
import type { RecordEntry, Work } from "../store/committer.ts";
import type { Tx } from "../store/database.ts";
import { insertReleases, readReleases, readSpent, readValues, type StoredValue } from "../store/read-releases.ts";
import type { Draft } from "./draft-interval.ts";
import type { Withheld } from "./released.ts";

/** Intervals of one twin that are complete, to be released. */
export interface Making {
  readonly keys: KeyStore;
  readonly stream: Hex;
  readonly at: number;
  readonly random: (size: number) => Uint8Array;
  readonly twin: Hex;
  readonly device: Hex;
  readonly assignment: Hex;
  readonly transform: Transform;
  /** The twin's segments, with their units. */
  readonly segments: readonly { readonly name: string; readonly unit: string }[];
  /** Segment → the ε that all its values may cost together, in thousandths; of one that is not named, nothing is noised. */
  readonly budget: ReadonlyMap<string, number>;
  /** In order of time. */
  readonly drafts: readonly Draft[];
}

/**
 * Makes the releases of a twin, and the values that no twin of the assignment has shown yet, in one transaction with what they
 * cost. Stops where a segment's budget does not suffice. Two such works must never be in one group: neither would see what the
 * other draws; the keys of the tables refuse the second.
 */
export function makeReleases(making: Making): Work<Withheld | null> {
  return async (tx) => {
    const { assignment, twin, budget, drafts } = making;
    const known = new Set(
      (
        await readReleases(
          tx,
          twin,
          drafts.map(({ from }) => from),
        )
      ).map(({ body }) => fromOf(body)),
    );
    const wanted = drafts.filter(({ from }) => !known.has(from));
    const kept = await keptValues(tx, making, wanted);
    const spent = await readSpent(tx, assignment);
    // Each with the index of the release that shows it first.
    const made: [StoredValue, number][] = [];
    const entries: RecordEntry[] = [];
    const released: Draft[] = [];
    let withheld: Withheld | null = null;

    for (const draft of wanted) {
      const missing = making.segments.filter(({ name }) => !kept.has(placeOf(name, draft.from)));
      const cost = making.transform.noise ? toThousandths(making.transform.noise.epsilon) : 0;
      const broke = missing.some(({ name }) => cost > 0 && (spent.get(name) ?? 0) + cost > (budget.get(name) ?? 0));
      if (broke) {
        withheld = { code: "BUDGET_SPENT", from: draft.from };
        break;
      }
      // An erasure may have come since it was opened: then nothing of it is sealed anew under a later key of its month.
      if (missing.length > 0) openReading(making.keys, { device: making.device, ...draft.witness }, draft.witness);
      for (const segment of missing) {
        spent.set(segment.name, (spent.get(segment.name) ?? 0) + cost);
        const [value, encoded] = makeValue(making, draft, segment, cost);
        made.push([value, entries.length]);
        kept.set(placeOf(segment.name, draft.from), encoded);
      }
      const values = making.segments.map(({ name }) => [name, kept.get(placeOf(name, draft.from)) ?? ""] as const);
      entries.push(toEntry(making, draft, values));
      released.push(draft);
    }

    return {
      entries,
      writes: async (inside, placed) => {
        const sequenceAt = (index: number): number => placed[index]?.sequence ?? 0;
        const values = made.map(([value, index]) => ({ ...value, sequence: sequenceAt(index) }));
        const releases = released.map(({ from }, index) => ({ from, sequence: sequenceAt(index) }));
        if (releases.length > 0) await insertReleases(inside, twin, values, releases);
      },
      // Once this is told, the values are on disk: whoever asks later, also after a kill, is shown the same.
      result: () => withheld,
    };
  };
}

const placeOf = (segment: string, from: number): string => `${segment} ${from}`;

const fromOf = (body: string): number => (JSON.parse(body) as ReleaseRecord).from;

/** What some twin of the assignment has shown of these intervals, by the same transforms. */
async function keptValues(tx: Tx, making: Making, drafts: readonly Draft[]): Promise<Map<string, string>> {
  const { assignment, transform, segments, keys } = making;
  const names = new Map(segments.map(({ name }) => [name, segmentTransform(transform, name)]));
  const from = drafts.map((draft) => draft.from);
  const rows = await readValues(tx, { assignment, transforms: [...new Set(names.values())], from });
  const mine = rows.filter((row) => names.get(row.segment) === row.transform);
  return new Map(mine.map((row) => [placeOf(row.segment, row.from), openValue(keys, row, row)]));
}

function makeValue(
  { keys, random, assignment, transform }: Making,
  draft: Draft,
  { name, unit }: { readonly name: string; readonly unit: string },
  epsilon: number,
): [StoredValue, string] {
  const readings = draft.samples.get(name) ?? [];
  const aggregates = derive(readings, transform, name, random);
  const encoded = encodeValue({ segment: name, unit, aggregates }, random(16));
  const place = {
    assignment,
    segment: name,
    from: draft.from,
    transform: segmentTransform(transform, name),
    epsilon,
    month: monthOf(draft.from),
  };
  return [{ ...place, ...sealValue(keys, place, encoded) }, encoded];
}

/** What is told of a segment: its aggregates, or its mean with noise that is drawn here and nowhere else. */
function derive(
  readings: readonly (readonly number[])[],
  { resolution, noise }: Transform,
  segment: string,
  random: Making["random"],
): Aggregates {
  const bounds = noise?.segments[segment];
  if (!noise || !bounds) return aggregate(readings, resolution.show);
  return { mean: noisedMean(readings, noise, bounds, uniformFrom(random)) };
}

function toEntry(making: Making, draft: Draft, values: readonly (readonly [string, string])[]): RecordEntry {
  const { stream, at, random, twin, device, assignment, transform } = making;
  const record: ReleaseRecord = {
    format: "release@1",
    stream,
    at,
    salt: toHex(random(16)),
    twin,
    device,
    assignment,
    transform,
    from: draft.from,
    until: draft.until,
    leaves: draft.leaves,
    values: Object.fromEntries(values.map(([name, encoded]) => [name, valueDigest(encoded)])),
  };
  const { text: body, content } = buildRecord(record);
  return { kind: "record", leafKind: LEAF_KINDS.release, subject: twin, body, content };
}
