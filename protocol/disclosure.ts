import { latin1FromBase64url, textFromBase64url } from "./bytes.ts";
import { TwinwardError } from "./errors.ts";
import { parseStrict } from "./json.ts";

/** One segment's samples as a device disclosed them: `["<salt>","<segment>",{"u":…,"t":[…],"v":[…]}]`. */
export interface Disclosure {
  readonly salt: string;
  readonly segment: string;
  /** UCUM unit. */
  readonly unit: string;
  /** Milliseconds from the start of the reading's period, one per value. */
  readonly t: readonly number[];
  readonly v: readonly (number | null)[];
  /** The exact characters received: the digest in `_sd` is over them. */
  readonly encoded: string;
  /** Why the value is not the one that the format describes; `t` and `v` are then empty. Flagged, never refused. */
  readonly fault?: string;
}

/** 128 bits in base64url; a salt in another alphabet is longer. */
const SALT_LENGTH = 22;
// What every honest signer writes. Nothing in it can hide a member twice, so JSON.parse may read it.
const USUAL =
  /^\["[A-Za-z0-9_-]{22,}","[a-z][a-z0-9-]*",\{"u":"[!#-[\]-~]+","t":\[[0-9,]*\],"v":\[[-+0-9.eE,nul]*\]\}\]$/;

/**
 * One disclosure of an SD-JWT (RFC 9901 section 4.2.1). Refused (READING_MALFORMED) is what is no disclosure; a value
 * of another shape is what the device said, and comes back with its `fault`.
 */
export function parseDisclosure(encoded: string): Disclosure {
  const array = decode(encoded);
  if (!Array.isArray(array) || array.length !== 3) throw malformed("A disclosure is not [salt, segment, value].");
  const salt: unknown = array[0];
  const segment: unknown = array[1];
  if (typeof salt !== "string" || salt.length < SALT_LENGTH)
    throw malformed("A disclosure's salt is shorter than 128 bit.");
  if (typeof segment !== "string" || segment === "") throw malformed("A disclosure names no segment.");
  const samples = readSamples(array[2]);
  return typeof samples === "string"
    ? { salt, segment, unit: "", t: [], v: [], encoded, fault: samples }
    : { salt, segment, unit: samples.unit, t: samples.t, v: samples.v, encoded };
}

/** How a usual disclosure begins: `["`, a salt of 22 characters, `","`, the segment's name, `"`. In bytes, and in characters of base64url. */
const BEGINNING = { bytes: 48, characters: 64, salt: 2, afterSalt: 2 + SALT_LENGTH, name: 5 + SALT_LENGTH };
const USUAL_NAME = /^[a-z][a-z0-9-]*$/;

/**
 * The segments that disclosures are of, without reading their samples. Each must be one that `parseDisclosure` takes; what does not
 * begin as usual, it reads.
 */
export function segmentsOf(encoded: readonly string[]): string[] {
  let beginnings = "";
  for (const one of encoded) beginnings += one.slice(0, BEGINNING.characters);
  // Decoded at once: a call for each costs as much as the whole.
  const text = latin1FromBase64url(beginnings);
  const isWhole = text.length === encoded.length * BEGINNING.bytes;
  return encoded.map(
    (one, i) => (isWhole ? usualSegment(text, i * BEGINNING.bytes) : undefined) ?? parseDisclosure(one).segment,
  );
}

/** The segment whose disclosure begins at `at`; undefined where it does not begin as usual. */
function usualSegment(text: string, at: number): string | undefined {
  const quote = at + BEGINNING.afterSalt;
  if (!text.startsWith('["', at) || text.indexOf('"', at + BEGINNING.salt) !== quote) return undefined;
  // An escaped quote ends no salt: then the string ends in the second of these, and what follows is no name.
  if (!text.startsWith('","', quote)) return undefined;
  const end = text.indexOf('"', at + BEGINNING.name);
  if (end < 0 || end >= at + BEGINNING.bytes) return undefined;
  const name = text.slice(at + BEGINNING.name, end);
  return USUAL_NAME.test(name) ? name : undefined;
}

/** The characters of a disclosure, before base64url. */
export function disclosureText(
  salt: string,
  segment: { name: string; unit: string; t: readonly number[]; v: readonly (number | null)[] },
): string {
  return JSON.stringify([salt, segment.name, { u: segment.unit, t: segment.t, v: segment.v }]);
}

function decode(encoded: string): unknown {
  let text: string;
  try {
    text = textFromBase64url(encoded);
  } catch (cause) {
    throw new TwinwardError(
      "READING_NOT_CANONICAL",
      { detail: "A disclosure is not strict base64url of UTF-8." },
      cause,
    );
  }
  try {
    return USUAL.test(text) ? JSON.parse(text) : parseStrict(text);
  } catch (cause) {
    throw malformed("A disclosure is not strict JSON.", cause);
  }
}

/** The samples of a disclosed value, or why it has none. */
function readSamples(value: unknown): { unit: string; t: number[]; v: (number | null)[] } | string {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return "The value is not an object.";
  const { u, t, v } = value as Record<string, unknown>;
  if (typeof u !== "string" || !Array.isArray(t) || !Array.isArray(v)) return "The value has no u, t and v.";
  if (Object.keys(value).length !== 3) return "The value has unknown members.";
  if (t.length !== v.length) return "t and v differ in length.";
  for (const time of t as unknown[]) if (!Number.isSafeInteger(time)) return "A time is not a whole number of ms.";
  for (const sample of v as unknown[]) {
    if (sample !== null && (typeof sample !== "number" || !Number.isFinite(sample)))
      return "A value is neither number nor null.";
  }
  return { unit: u, t: t as number[], v: v as (number | null)[] };
}

function malformed(detail: string, cause?: unknown): TwinwardError {
  return new TwinwardError("READING_MALFORMED", { detail }, cause);
}
