import { createLTTB } from "downsample";
import type { Hex } from "../../protocol/bytes.ts";
import { TwinwardError } from "../../protocol/errors.ts";
import { isDerived } from "../../protocol/manifest.ts";
import { parsePresentation } from "../../protocol/reading.ts";
import { FLAGS, flagNames, type Flag } from "../../protocol/words.ts";
import type { Access } from "../access/authorize.ts";
import type { Permit } from "../access/permit.ts";
import type { Documents } from "./documents.ts";
import type { Reader } from "./history.ts";
import type { Gap } from "../store/read-gaps.ts";
import { isScoped, type History, type ScopedTwin, type ShownReading } from "./scope.ts";

/** Points of each segment, over all of an answer. */
export const PICTURE_LIMITS = { usual: 500, most: 5_000 };
/** Readings that are looked through for one answer, and in one step: between two others are served. */
const MOST_READINGS = 7_200;
const STEP = 200;
/** Samples that are held for one answer, give or take a step's; and answers that are drawn at once. */
const MOST_SAMPLES = 500_000;
const MOST_AT_ONCE = 4;

/** Chosen samples of one segment. */
export interface Series {
  readonly unit: string;
  /** When, ms. */
  readonly t: readonly number[];
  readonly v: readonly number[];
  /** Out of so many. */
  readonly of: number;
}

/** Readings that follow one another without a hole, in one assignment. */
export interface PictureStretch {
  /** Which leaves it is drawn from: sequences, both ends inclusive, and the first and last leaf's hash. */
  readonly leaves: { readonly first: number; readonly last: number; readonly firstLeaf: Hex; readonly lastLeaf: Hex };
  /** ms, [from, until). */
  readonly from: number;
  readonly until: number;
  /** Sequences directly before it that were never accepted. */
  readonly gap: Gap | null;
  /** On any of its readings. */
  readonly flags: readonly Flag[];
  readonly series: Readonly<Record<string, Series>>;
}

/** picture@1: what a stretch of a raw twin looks like. No proof of anything: its history is. */
export type Picture = Pick<
  History,
  "twin" | "device" | "model" | "purpose" | "segments" | "distrusted" | "decision" | "block"
> & {
  readonly format: "picture@1";
  readonly label: "a picture, not a proof";
  /** Largest-Triangle-Three-Buckets: every point is a sample of the device, most are left out. */
  readonly method: "lttb";
  readonly stretches: readonly PictureStretch[];
  /** Give it as `fromSequence` to go on; null at the present end. */
  readonly next: number | null;
};

interface Point {
  readonly t: number;
  readonly v: number;
}
const chosenOf = createLTTB<Point>({ x: "t", y: "v" });

interface Drawn {
  readonly readings: { first: ShownReading; last: ShownReading };
  mask: number;
  readonly samples: Map<string, { readonly unit: string; readonly points: Point[] }>;
}

export interface PictureParts {
  readonly access: Pick<Access, "holds">;
  readonly reader: Pick<Reader, "next">;
  readonly documents: Pick<Documents, "manifest">;
  /** MOST_SAMPLES, where left out. */
  readonly mostSamples?: number;
}

export interface PictureAsk {
  readonly points?: number;
  readonly fromSequence?: number;
  /** Nobody waits for it any more. */
  readonly isGone?: () => boolean;
}

export type DrawPicture = (permitted: () => Promise<Permit>, ask: PictureAsk) => Promise<Picture>;

/**
 * Draws pictures of what permits show, few at once: OVERLOADED, before anything is decided, beyond. Throws MALFORMED_REQUEST for a
 * derived twin, whose releases are few already.
 */
export function createPictures(parts: PictureParts): DrawPicture {
  let open = 0;
  return async (permitted, ask) => {
    if (open >= MOST_AT_ONCE) throw new TwinwardError("OVERLOADED");
    open += 1;
    try {
      return await draw(parts, await permitted(), ask);
    } finally {
      open -= 1;
    }
  };
}

async function draw(
  { access, reader, documents, mostSamples = MOST_SAMPLES }: PictureParts,
  permit: Permit,
  { points = PICTURE_LIMITS.usual, fromSequence = 1, isGone = () => false }: PictureAsk,
): Promise<Picture> {
  const { twin: cut } = permit.terms;
  const manifest = cut.security ? undefined : await documents.manifest(cut.manifestHash);
  // Before anything is asked of it: a derived twin would release, and pay for, what nobody is shown.
  if (manifest && isDerived(manifest))
    throw new TwinwardError("MALFORMED_REQUEST", {
      detail: "A derived twin is shown by its releases: ask its history.",
    });
  const borders = bordersOf(permit);
  const drawn: Drawn[] = [];
  let after = fromSequence - 1;
  let page: History | undefined;
  let looked = 0;
  let samples = 0;
  for (let more = true; more && looked < MOST_READINGS && samples < mostSamples;) {
    // What it rests on is over: it ends here, and who goes on is told why.
    if (page && (isGone() || !(await access.holds(permit)))) break;
    const step = await reader.next(permit, after, { limit: STEP, receipts: false });
    page = pageOf(step.twin);
    for (const reading of page.readings) samples += add(drawn, reading, borders);
    looked += Math.max(1, page.readings.length);
    ({ after, more } = step);
    if (!more) after = -1;
  }
  if (!page) throw new TwinwardError("INTERNAL", { detail: "Nothing was looked at." });
  const { twin, device, model, purpose, segments, distrusted, decision, block } = page;
  return {
    ...{ format: "picture@1", label: "a picture, not a proof", method: "lttb" },
    ...{ twin, device, model, purpose, segments, distrusted, decision, block },
    stretches: choose(drawn, points),
    next: after < 0 ? null : after + 1,
  };
}

function pageOf(twin: ScopedTwin): History {
  if (!isScoped(twin)) throw new TwinwardError("INTERNAL", { detail: "Not a scoped twin." });
  return twin.toJSON();
}

/** Sequences at which an assignment of the device begins, or what comes after one: nothing is drawn across. */
function bordersOf({ terms }: Permit): ReadonlySet<number> {
  const all = terms.view
    .assignmentsOf(terms.device.id)
    .flatMap(({ from, end }) => (end === null ? [from] : [from, end]));
  return new Set(all);
}

/** How many samples it added. */
function add(drawn: Drawn[], reading: ShownReading, borders: ReadonlySet<number>): number {
  // Nothing of it is there to be drawn: what comes after it begins anew.
  if (reading.erased) return 0;
  const before = drawn.at(-1);
  const follows = before?.readings.last.sequence === reading.sequence - 1 && !borders.has(reading.sequence);
  const one: Drawn =
    before && follows ? before : { readings: { first: reading, last: reading }, mask: 0, samples: new Map() };
  if (one !== before) drawn.push(one);
  one.readings.last = reading;
  one.mask |= reading.flags.reduce((all, flag) => all | FLAGS[flag], 0);
  let added = 0;
  for (const { segment, unit, t, v } of parsePresentation(reading.reading).disclosures) {
    const known = one.samples.get(segment) ?? { unit, points: [] };
    one.samples.set(segment, known);
    v.forEach((value, i) => {
      if (value === null) return;
      known.points.push({ t: reading.from + (t[i] ?? 0), v: value });
      added += 1;
    });
  }
  return added;
}

/** Of each segment as many points as were asked for, shared out among the stretches by their samples. */
function choose(drawn: readonly Drawn[], points: number): PictureStretch[] {
  const total = new Map<string, number>();
  for (const { samples } of drawn)
    for (const [name, { points: all }] of samples) total.set(name, (total.get(name) ?? 0) + all.length);
  return drawn.map(({ readings: { first, last }, mask, samples }) => {
    const series = [...samples].map(([name, { unit, points: all }]): [string, Series] => {
      const share = Math.max(3, Math.round((points * all.length) / (total.get(name) ?? 1)));
      const chosen = all.length <= share ? all : Array.from(chosenOf(all, share));
      return [name, { unit, t: chosen.map(({ t }) => t), v: chosen.map(({ v }) => v), of: all.length }];
    });
    return {
      leaves: { first: first.sequence, last: last.sequence, firstLeaf: first.leaf, lastLeaf: last.leaf },
      ...{ from: first.from, until: last.until, gap: first.gap, flags: flagNames(mask) },
      series: Object.fromEntries(series),
    };
  });
}
