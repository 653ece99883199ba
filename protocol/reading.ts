import { fromBase64url, fromHex, isBase64url, textFromBase64url, toBase64url, toHex, utf8, type Hex } from "./bytes.ts";
import type { DeviceModel } from "./device-model.ts";
import { disclosureText, parseDisclosure, type Disclosure } from "./disclosure.ts";
import { TwinwardError, type ErrorCode } from "./errors.ts";
import { verifyEs256, type Es256Signer, type PublicKey } from "./es256.ts";
import { sha256Base64url, sha256Hex } from "./hash.ts";
import { parseStrict } from "./json.ts";
import { leafHash } from "./leaf.ts";
import { Shape } from "./shape.ts";
import { LEAF_KINDS } from "./words.ts";

export type { Disclosure } from "./disclosure.ts";

/** The signed payload of a reading@1, as JSON: docs/formats/reading.md. */
export interface ReadingPayload {
  readonly iss: string;
  readonly seq: number;
  readonly iat: number;
  readonly per: readonly [number, number];
  readonly model: string;
  readonly prev: string;
  readonly gap?: number;
  readonly _sd_alg: "sha-256";
  readonly _sd: readonly string[];
}

/** A reading whose bytes are canonical. Nothing about it is authentic until its signature is checked. */
export interface ParsedReading {
  readonly device: Hex;
  /** Number of the device key. */
  readonly kid: number;
  readonly sequence: number;
  /** How many sequences directly before this one the device has lost; 0 for none. */
  readonly gap: number;
  /** The period [from, to), ms. */
  readonly per: readonly [number, number];
  /** When the device signed, seconds. */
  readonly iat: number;
  readonly model: string;
  /** Content of the device's previous reading, or zeros. */
  readonly prev: Hex;
  /** header.payload, what is signed. */
  readonly signingInput: string;
  readonly signature: Uint8Array;
  /** SHA-256 of the signing input: never covers the signature. */
  readonly content: Hex;
  /** Digests of the disclosures, sorted. */
  readonly sd: readonly string[];
  readonly disclosures: readonly Disclosure[];
  readonly text: string;
}

export interface ReadingLimits {
  /** Characters of the whole SD-JWT. */
  readonly characters: number;
}

export const READING_LIMITS: ReadingLimits = { characters: 65_536 };

const ISSUER = "urn:twinward:device:";
const TYPE = "reading+sd-jwt";
const MOST_SEGMENTS = 64;
const DIGEST = "[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]";
// The payload has one form only, so one expression reads it whole. Whole numbers have at most 16 digits here; whether
// they are safe integers is asked afterwards.
const PAYLOAD = new RegExp(
  `^\\{"iss":"${ISSUER}(0x[0-9a-f]{64})","seq":([1-9][0-9]{0,15}),"iat":(0|[1-9][0-9]{0,15}),` +
    `"per":\\[(0|[1-9][0-9]{0,15}),(0|[1-9][0-9]{0,15})\\],"model":"([a-z][a-z0-9-]{0,62}@[1-9][0-9]{0,8})",` +
    `"prev":"(${DIGEST})"(?:,"gap":([1-9][0-9]{0,15}))?,"_sd_alg":"sha-256",` +
    `"_sd":\\[("${DIGEST}"(?:,"${DIGEST}"){0,${MOST_SEGMENTS - 1}})\\]\\}$`,
);
const HEADER = /^\{"alg":"ES256","typ":"reading\+sd-jwt","kid":"([1-9][0-9]{0,9})"\}$/;

// Devices of a gateway share a handful of headers: the key number of each is read once.
const headers = new Map<string, number>();

/** Parses a device's own reading: every digest has its disclosure. Throws READING_* or DISCLOSURE_*. */
export function parseReading(text: string, limits: ReadingLimits = READING_LIMITS): ParsedReading {
  const parsed = parsePresentation(text, limits);
  if (parsed.disclosures.length < parsed.sd.length) {
    const missing = parsed.sd.length - parsed.disclosures.length;
    throw new TwinwardError("DISCLOSURE_MISSING", { missing, detail: `${missing} digests have no disclosure.` });
  }
  return parsed;
}

/** Parses what a reader was shown of a reading: a subset of the disclosures. Throws READING_* or DISCLOSURE_UNKNOWN. */
export function parsePresentation(text: string, limits: ReadingLimits = READING_LIMITS): ParsedReading {
  const parsed = parseSdJwt(text, limits);
  const [stray] = strayDisclosures(parsed);
  if (stray)
    throw new TwinwardError("DISCLOSURE_UNKNOWN", { segment: stray.segment, detail: "Its digest is not in _sd." });
  return parsed;
}

/** Disclosures whose digest is not among those that the device signed. */
export function strayDisclosures(parsed: ParsedReading): Disclosure[] {
  return parsed.disclosures.filter(({ encoded }) => !parsed.sd.includes(sha256Base64url(encoded)));
}

/** Parses the bytes alone, without holding the disclosures against their digests. */
export function parseSdJwt(text: string, limits: ReadingLimits = READING_LIMITS): ParsedReading {
  if (text.length > limits.characters) {
    throw new TwinwardError("READING_TOO_LARGE", { characters: text.length, limit: limits.characters });
  }
  const [token = "", ...encoded] = text.split("~");
  if (encoded.pop() !== "") throw refused("READING_MALFORMED", "It does not end with a tilde.");
  const [header = "", payload = "", sealed = "", ...rest] = token.split(".");
  if (rest.length > 0 || sealed === "") throw refused("READING_MALFORMED", "It is not header.payload.signature.");
  const kid = parseHeader(header);
  const signature = parseSignature(sealed);
  const signed = parsePayload(payload);
  if (encoded.length > MOST_SEGMENTS) throw refused("READING_MALFORMED", `More than ${MOST_SEGMENTS} disclosures.`);
  const disclosures = encoded.map(parseDisclosure);
  const names = new Set(disclosures.map(({ segment }) => segment));
  if (names.size !== disclosures.length) throw refused("READING_MALFORMED", "A segment is disclosed twice.");
  const signingInput = token.slice(0, header.length + 1 + payload.length);
  const { device, sequence, gap, per, iat, model, prev, sd } = signed;
  const content = sha256Hex(signingInput);
  // Written out: a spread costs more than a digest on this path.
  return { device, kid, sequence, gap, per, iat, model, prev, signingInput, signature, content, sd, disclosures, text };
}

function parseHeader(encoded: string): number {
  const known = headers.get(encoded);
  if (known !== undefined) return known;
  const found = HEADER.exec(decode(encoded, "The header"));
  const kid = Number(found?.[1]);
  if (!(kid <= 0xffffffff)) {
    throw refused(
      "READING_NOT_CANONICAL",
      `The header is not exactly {"alg":"ES256","typ":"${TYPE}","kid":"<number>"}.`,
    );
  }
  if (headers.size < 1024) headers.set(encoded, kid);
  return kid;
}

function parseSignature(encoded: string): Uint8Array {
  if (!isBase64url(encoded)) throw refused("READING_NOT_CANONICAL", "The signature is not strict base64url.");
  if (encoded.length !== 86) throw refused("READING_MALFORMED", "The signature is not 64 bytes.");
  return fromBase64url(encoded, 64);
}

type Signed = Pick<ParsedReading, "device" | "sequence" | "gap" | "per" | "iat" | "model" | "prev" | "sd">;

function parsePayload(encoded: string): Signed {
  const text = decode(encoded, "The payload");
  const found = PAYLOAD.exec(text);
  if (!found) throw diagnose(text);
  const [, device, seq, iat, from, to, model, prev, gap, digests] = found as unknown as string[];
  const sequence = Number(seq);
  const lost = Number(gap ?? 0);
  const numbers = [sequence, lost, Number(iat), Number(from), Number(to)];
  if (!numbers.every(Number.isSafeInteger)) throw refused("READING_MALFORMED", "A number is above 2^53 - 1.");
  if (lost >= sequence) throw refused("READING_MALFORMED", "The gap reaches before the first sequence.");
  const sd = (digests ?? "").slice(1, -1).split('","');
  for (let i = 1; i < sd.length; i++) {
    if ((sd[i - 1] ?? "") >= (sd[i] ?? ""))
      throw refused("READING_NOT_CANONICAL", "_sd is not sorted, each digest once.");
  }
  return {
    device: device as Hex,
    sequence,
    gap: lost,
    per: [Number(from), Number(to)],
    iat: Number(iat),
    model: model ?? "",
    prev: toHex(fromBase64url(prev ?? "", 32)),
    sd,
  };
}

function decode(encoded: string, what: string): string {
  try {
    return textFromBase64url(encoded);
  } catch (cause) {
    throw refused("READING_NOT_CANONICAL", `${what} is not strict base64url of UTF-8.`, cause);
  }
}

/** Why the one form did not match: something missing or wrong, or only the way it is written. */
function diagnose(text: string): TwinwardError {
  try {
    const shape = new Shape("READING_MALFORMED", parseStrict(text));
    const found = shape.members(["iss", "seq", "iat", "per", "model", "prev", "_sd_alg", "_sd"], ["gap"]);
    found.iss.matching(/^urn:twinward:device:0x[0-9a-f]{64}$/, "urn:twinward:device:0x and 64 lower-case hex digits");
    found.seq.integer(1);
    found.iat.integer();
    if (found.per.list((item) => item.integer()).length !== 2) throw found.per.fault("not [from, to)");
    found.model.matching(/^[a-z][a-z0-9-]{0,62}@[1-9][0-9]{0,8}$/, "name@version");
    found.prev.matching(/^[A-Za-z0-9_-]{43}$/, "32 bytes of base64url");
    found.gap?.integer(1);
    found._sd_alg.literal("sha-256");
    const digests = found._sd.list((item) => item.matching(/^[A-Za-z0-9_-]{43}$/, "a SHA-256 digest"), MOST_SEGMENTS);
    if (digests.length === 0) throw found._sd.fault("no digest");
  } catch (error) {
    const { facts } = error as TwinwardError;
    return new TwinwardError("READING_MALFORMED", { ...facts, detail: `Payload: ${String(facts.detail)}` }, error);
  }
  return refused(
    "READING_NOT_CANONICAL",
    "The payload has white space, another order of members or an unusual number.",
  );
}

function refused(code: ErrorCode, detail: string, cause?: unknown): TwinwardError {
  return new TwinwardError(code, { detail }, cause);
}

/**
 * A device's own reading has one disclosure for every segment of its model and none beside: absence is proven, and
 * withholding is seen. Throws MODEL_UNEXPECTED, DISCLOSURE_MISSING or DISCLOSURE_UNKNOWN.
 */
export function checkAgainstModel(parsed: ParsedReading, model: DeviceModel): void {
  if (parsed.model !== model.name) {
    throw new TwinwardError("MODEL_UNEXPECTED", { expectedModel: model.name, model: parsed.model });
  }
  for (const { name } of model.segments) {
    if (!parsed.disclosures.some(({ segment }) => segment === name)) {
      throw new TwinwardError("DISCLOSURE_MISSING", { segment: name, detail: `There is none for ${name}.` });
    }
  }
  if (parsed.disclosures.length === model.segments.length && parsed.sd.length === model.segments.length) return;
  const stranger = parsed.disclosures.find(({ segment }) => !model.segments.some(({ name }) => name === segment));
  throw new TwinwardError("DISCLOSURE_UNKNOWN", {
    ...(stranger ? { segment: stranger.segment } : {}),
    detail: `The model has ${model.segments.length} segments, the reading ${parsed.sd.length} digests.`,
  });
}

export function verifyReadingSignature(parsed: ParsedReading, key: PublicKey): boolean {
  return verifyEs256(key, utf8(parsed.signingInput), parsed.signature);
}

/** The leaf of a reading: kind 1, subject = device, sequence = seq. */
export function readingLeaf(parsed: Pick<ParsedReading, "device" | "sequence" | "content">): Uint8Array {
  return leafHash(LEAF_KINDS.reading, parsed.device, parsed.sequence, parsed.content);
}

export interface ReadingParts {
  readonly device: Hex;
  readonly kid: number;
  readonly sequence: number;
  readonly gap?: number;
  readonly per: readonly [number, number];
  readonly iat: number;
  readonly model: string;
  readonly prev: Hex;
  readonly segments: readonly { name: string; unit: string; t: readonly number[]; v: readonly (number | null)[] }[];
  /** Fresh randomness, at least 16 bytes each time. */
  readonly salt: () => Uint8Array;
}

/** A signed reading@1. The device stores it before it sends it, and resends these very bytes. */
export async function buildReading(parts: ReadingParts, sign: Es256Signer): Promise<string> {
  const disclosures = parts.segments.map((segment) =>
    toBase64url(utf8(disclosureText(toBase64url(parts.salt()), segment))),
  );
  const payload: ReadingPayload = {
    iss: `${ISSUER}${parts.device}`,
    seq: parts.sequence,
    iat: parts.iat,
    per: parts.per,
    model: parts.model,
    prev: toBase64url(fromHex(parts.prev, 32)),
    ...(parts.gap ? { gap: parts.gap } : {}),
    _sd_alg: "sha-256",
    _sd: disclosures.map(sha256Base64url).sort(),
  };
  const header = JSON.stringify({ alg: "ES256", typ: TYPE, kid: String(parts.kid) });
  const signingInput = `${toBase64url(utf8(header))}.${toBase64url(utf8(JSON.stringify(payload)))}`;
  const signature = await sign(utf8(signingInput));
  return [`${signingInput}.${toBase64url(signature)}`, ...disclosures, ""].join("~");
}

/** What a reader may be shown of a reading: the signed token and the disclosures of the permitted segments only. */
export function presentation(
  reading:
    string | { readonly token: string; readonly disclosures: readonly Pick<Disclosure, "segment" | "encoded">[] },
  permitted: readonly string[],
): string {
  const parts =
    typeof reading === "string"
      ? { token: reading.slice(0, reading.indexOf("~")), disclosures: parsePresentation(reading).disclosures }
      : reading;
  let text = `${parts.token}~`;
  for (const { segment, encoded } of parts.disclosures) if (permitted.includes(segment)) text += `${encoded}~`;
  return text;
}
