import type { Hex } from "../../protocol/bytes.ts";
import type { DeviceModel } from "../../protocol/device-model.ts";
import { TwinwardError } from "../../protocol/errors.ts";
import type { PublicKey } from "../../protocol/es256.ts";
import { plausibility } from "../../protocol/plausibility.ts";
import { checkAgainstModel, parseReading, verifyReadingSignature } from "../../protocol/reading.ts";
import { readingPlaintext } from "../keys/sealed-reading.ts";

/** What a reading says of itself before anything of it is believed: enough to find its device's key. */
export interface Claim {
  readonly device: Hex;
  readonly kid: number;
  readonly sequence: number;
}

/** A reading that is authentic: known device, valid key, canonical bytes, every disclosure, right signature. */
export interface VerifiedReading extends Claim {
  readonly gap: number;
  readonly content: Hex;
  readonly prev: Hex;
  /** The period [from, to), ms. */
  readonly per: readonly [number, number];
  readonly signingInput: string;
  readonly signature: Uint8Array;
  /** What will be sealed: disclosures, flags and remarks as JSON. */
  readonly plaintext: Uint8Array;
  readonly flags: number;
  /** When it came in, ms: what its flags were judged by. */
  readonly receivedAt: number;
}

const CLAIM = /^\{"iss":"urn:twinward:device:(0x[0-9a-f]{64})","seq":([1-9][0-9]{0,15}),/;
const KID = /"kid":"([1-9][0-9]{0,9})"/;

/**
 * Reads the claim from the first characters, without parsing the rest. Undefined when it isn't there: such a reading is
 * malformed, and `verifyReading` says why.
 */
export function readClaim(text: string): Claim | undefined {
  const dot = text.indexOf(".");
  if (dot < 0 || dot > 256) return undefined;
  const header = Buffer.from(text.slice(0, dot), "base64url").toString("latin1");
  const payload = Buffer.from(text.slice(dot + 1, dot + 181), "base64url").toString("latin1");
  const found = CLAIM.exec(payload);
  const kid = Number(KID.exec(header)?.[1]);
  const sequence = Number(found?.[2]);
  if (!found || !Number.isSafeInteger(kid) || !Number.isSafeInteger(sequence)) return undefined;
  return { device: found[1] as Hex, kid, sequence };
}

/**
 * Checks one reading against the key and model found by its claim. Without a claim only the parser speaks. Throws the codes of
 * protocol's reading errors; what is merely implausible becomes flags, never a refusal.
 */
export function verifyReading(
  text: string,
  receivedAt: number,
  expected: { readonly claim: Claim; readonly key: PublicKey; readonly model: DeviceModel } | undefined,
): VerifiedReading {
  const parsed = parseReading(text);
  const { device, kid, sequence } = parsed;
  if (!expected) throw new TwinwardError("READING_NOT_CANONICAL", { detail: "Its beginning is not as it must be." });
  const { claim, key, model } = expected;
  if (device !== claim.device || kid !== claim.kid || sequence !== claim.sequence) {
    throw new TwinwardError("READING_NOT_CANONICAL", { detail: "It says two things of itself." });
  }
  checkAgainstModel(parsed, model);
  if (!verifyReadingSignature(parsed, key)) throw new TwinwardError("SIGNATURE_INVALID", { kid });
  const { flags, remarks } = plausibility(parsed, model, receivedAt);
  const disclosures = parsed.disclosures.map(({ encoded }) => encoded);
  const { gap, content, prev, per, signingInput, signature } = parsed;
  const plaintext = readingPlaintext({ disclosures, flags, remarks });
  return {
    device,
    kid,
    sequence,
    gap,
    content,
    prev,
    per,
    signingInput,
    signature,
    plaintext,
    flags,
    receivedAt,
  };
}
