import { measured } from "../../protocol/aggregate.ts";
import { fromHex, toHex, type Hex } from "../../protocol/bytes.ts";
import type { DeviceModel } from "../../protocol/device-model.ts";
import { parseDisclosure } from "../../protocol/disclosure.ts";
import { merkleRoot } from "../../protocol/tree.ts";
import type { KeyStore } from "../keys/key-store.ts";
import type { Tx } from "../store/database.ts";
import { readReadings, type StoredReading } from "../store/read-readings.ts";
import { openWhole } from "./open-whole.ts";

/** What an interval is made of, before anything is done to it: never leaves the house. */
export interface Draft {
  /** ms, [from, until). */
  readonly from: number;
  readonly until: number;
  readonly leaves: { readonly first: number; readonly last: number; readonly count: number; readonly root: Hex };
  /** Segment → of each reading its measured values, in order of sequence. */
  readonly samples: ReadonlyMap<string, readonly (readonly number[])[]>;
  /** One of the readings: while it opens, the key under which all of them are sealed was not destroyed. */
  readonly witness: StoredReading;
}

/** Whose readings: those of one assignment, but for those across a change of assignments (ms). */
export interface Source {
  readonly device: Hex;
  readonly first: number;
  readonly end: number | null;
  readonly changes: readonly number[];
  readonly model: DeviceModel;
  readonly segments: readonly string[];
  /** The assignment: then none is taken that lies under another one's key still. */
  readonly scope?: Hex;
  /** Told when it comes to nothing because some are erased. */
  readonly onErased?: () => void;
}

const PAGE = 1_000;

/**
 * The readings that begin in an interval and were not behind their device's clock: `latest` never falls from a sequence to the
 * next, so once a device has named a beginning after the interval nothing that it sends can belong to it any more. Undefined where there are none, or some are erased.
 */
export async function draftInterval(
  rooms: { readonly database: Tx; readonly keys: KeyStore },
  source: Source,
  { from, until }: { readonly from: number; readonly until: number },
): Promise<Draft | undefined> {
  const { device, end, model, segments, scope } = source;
  const samples = new Map(segments.map((name) => [name, [] as number[][]]));
  const found: StoredReading[] = [];
  for (let next = source.first; ;) {
    const range = { device, fromSequence: next, untilSequence: end, since: from, until, limit: PAGE };
    const rows = await readReadings(rooms.database, range);
    const mine = rows.filter(
      ({ per, latest }) => latest === per[0] && !source.changes.some((at) => per[0] <= at && at < per[1]),
    );
    const opened = await openWhole(rooms, device, mine, scope && (() => scope));
    if (opened.some(({ erased }) => erased)) {
      source.onErased?.();
      return undefined;
    }
    found.push(...mine);
    for (const { disclosures } of opened)
      for (const [name, values] of samplesOf(disclosures, model)) samples.get(name)?.push(values);
    const last = rows.at(-1);
    if (!last || rows.length < PAGE) break;
    next = last.sequence + 1;
  }
  const [first, last] = [found[0], found.at(-1)];
  if (!first || !last) return undefined;
  const root = toHex(merkleRoot(found.map(({ leaf }) => fromHex(leaf, 32))));
  const leaves = { first: first.sequence, last: last.sequence, count: found.length, root };
  return { from, until, leaves, samples, witness: first };
}

/** What a reading says of each segment of its model; nothing of one that it does not disclose. */
function samplesOf(disclosures: readonly string[], { segments }: DeviceModel): Map<string, number[]> {
  const said = new Map(disclosures.map((encoded) => parseDisclosure(encoded)).map((one) => [one.segment, one]));
  return new Map(segments.map((segment) => [segment.name, measured(said.get(segment.name) ?? { v: [] }, segment)]));
}
