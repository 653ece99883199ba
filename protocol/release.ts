import type { Aggregates } from "./aggregate.ts";
import { fromBase64url, fromUtf8, toBase64url, toHex, utf8, type Hex } from "./bytes.ts";
import { SEGMENT_NAME } from "./device-model.ts";
import { TwinwardError } from "./errors.ts";
import { sha256Hex } from "./hash.ts";
import { canonical } from "./json.ts";
import { AGGREGATES, type DerivedManifest, type Resolution } from "./manifest.ts";
import { readNoise, type Bounds, type Noise } from "./noise.ts";
import type { LeafRecord, RecordHead } from "./record.ts";
import { Shape } from "./shape.ts";

/** How the values of a release follow from readings: the manifest's resolution and, where it has any, its noise. */
export interface Transform {
  readonly resolution: Resolution;
  readonly noise?: Omit<Noise, "budget">;
}

/** release@1: what a derived twin shows of one interval, made durable before it is shown. docs/formats/records.md. */
export interface ReleaseRecord extends RecordHead {
  readonly format: "release@1";
  readonly twin: Hex;
  readonly device: Hex;
  readonly assignment: Hex;
  readonly transform: Transform;
  /** The interval, ms, [from, until). */
  readonly from: number;
  readonly until: number;
  /** The readings that it was made of: sequences of the first and the last, how many, Merkle root of their leaves in order. */
  readonly leaves: { readonly first: number; readonly last: number; readonly count: number; readonly root: Hex };
  /** Segment → SHA-256 of its value's characters. */
  readonly values: Readonly<Record<string, Hex>>;
}

/** One segment's value as it is disclosed: base64url of `[salt, segment, {"u": unit, …aggregates}]`. */
export interface ReleasedValue {
  readonly segment: string;
  /** UCUM unit. */
  readonly unit: string;
  readonly aggregates: Aggregates;
}

export function transformOf({ resolution, noise }: DerivedManifest): Transform {
  if (!noise) return { resolution };
  const { epsilon, unit, neighbours, segments } = noise;
  return { resolution, noise: { epsilon, unit, neighbours, segments } };
}

/** What is done to one segment, by its hash: what two twins do alike they share, so that nothing is drawn twice. */
export function segmentTransform({ resolution, noise }: Transform, segment: string): Hex {
  const bounds: Bounds | undefined = noise?.segments[segment];
  const drawn = noise && { ...noise, segments: { [segment]: bounds } };
  return sha256Hex(canonical(drawn ? { resolution, noise: drawn } : { resolution }));
}

/** `salt`: 128 fresh bits, else a value could be guessed from its hash. */
export function encodeValue({ segment, unit, aggregates }: ReleasedValue, salt: Uint8Array): string {
  return toBase64url(utf8(canonical([toHex(salt), segment, { u: unit, ...aggregates }])));
}

export const valueDigest = (encoded: string): Hex => sha256Hex(encoded);

export function isRelease(record: LeafRecord): record is LeafRecord & ReleaseRecord {
  return record.format === "release@1";
}

/** Those of some disclosed values that a release does not hold. */
export function strayValues({ values }: Pick<ReleaseRecord, "values">, disclosed: readonly string[]): string[] {
  return disclosed.filter((encoded) => {
    try {
      return values[readValue(encoded).segment] !== valueDigest(encoded);
    } catch {
      return true;
    }
  });
}

/** What disclosed values say. Throws UNUSABLE_RECORD for what is none. Ask `strayValues` whether the release holds them. */
export function valuesOf(disclosed: readonly string[]): ReleasedValue[] {
  return disclosed.map(readValue);
}

function readValue(encoded: string): ReleasedValue {
  let value: unknown;
  try {
    value = JSON.parse(fromUtf8(fromBase64url(encoded)));
  } catch (cause) {
    throw new TwinwardError("UNUSABLE_RECORD", { detail: "A value is not base64url of JSON." }, cause);
  }
  const parts = new Shape("UNUSABLE_RECORD", value).list((item) => item, 3);
  const [salt, segment, said] = parts;
  if (!salt || !segment || !said) throw new Shape("UNUSABLE_RECORD", value).fault("not [salt, segment, value]");
  salt.hex(16);
  const found = said.members(["u"], AGGREGATES);
  const shown = AGGREGATES.flatMap((name) => {
    const one = found[name];
    return one ? [[name, one.orNull((number) => number.number())] as const] : [];
  });
  return {
    segment: segment.matching(SEGMENT_NAME, "a segment name"),
    unit: found.u.text(),
    aggregates: Object.fromEntries(shown),
  };
}

const RELEASE = [
  "format",
  "stream",
  "at",
  "salt",
  "twin",
  "device",
  "assignment",
  "transform",
  "from",
  "until",
  "leaves",
  "values",
] as const;

/** Holds a value against what release@1 says. */
export function checkRelease(shape: Shape): void {
  const found = shape.members(RELEASE);
  found.twin.hex(32);
  found.device.hex(32);
  found.assignment.hex(32);
  const segments = Object.keys(found.values.object());
  if (!segments.every((name) => SEGMENT_NAME.test(name))) throw found.values.fault("not names of segments");
  const values = found.values.members(segments);
  for (const name of segments) values[name]?.hex(32);
  const interval = checkTransform(found.transform, segments);
  const from = found.from.integer();
  if (from % interval !== 0) throw found.from.fault("not on a line of the grid");
  if (found.until.integer() !== from + interval) throw found.until.fault("not the end of the interval");
  const leaves = found.leaves.members(["first", "last", "count", "root"]);
  const first = leaves.first.integer(1);
  const last = leaves.last.integer(first);
  leaves.count.integer(1, last - first + 1);
  leaves.root.hex(32);
}

/** ms of the interval. */
function checkTransform(shape: Shape, segments: readonly string[]): number {
  const found = shape.members(["resolution"], ["noise"]);
  const resolution = found.resolution.members(["interval", "show"]);
  resolution.show.list((item) => item.literal(...AGGREGATES), AGGREGATES.length);
  if (found.noise) {
    const { epsilon } = found.noise.object();
    readNoise(new Shape(shape.code, { ...found.noise.object(), budget: epsilon }, found.noise.path), segments);
  }
  return resolution.interval.integer(1) * 1000;
}
