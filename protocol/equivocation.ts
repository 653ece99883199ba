import { concat, fromHex, toHex, u64be, utf8, type Hex } from "./bytes.ts";
import { TwinwardError } from "./errors.ts";
import { sha256 } from "./hash.ts";
import { keyAt, type KeyHistory } from "./key-history.ts";
import { parseSdJwt, verifyReadingSignature, type ParsedReading } from "./reading.ts";

/** What a device signed of a reading@1, and a signature over it: what `DeviceRegistry.proveEquivocation` takes. */
export interface SignedInput {
  /** The ASCII of header.payload. */
  readonly input: Hex;
  readonly r: Hex;
  readonly s: Hex;
}

/** Two readings that one key signed for one sequence. docs/proofs.md says what that proves and what it can't. */
export interface Equivocation {
  readonly device: Hex;
  readonly sequence: number;
  /** Number of the key. */
  readonly key: number;
  /** Both contents, ascending. */
  readonly contents: readonly [Hex, Hex];
  readonly first: SignedInput;
  readonly second: SignedInput;
  /** What the chain gives as the mark's reason. */
  readonly digest: Hex;
}

/**
 * The equivocation that two readings are (SD-JWTs, with or without disclosures), by the device's key history. Throws
 * READING_* for what is no reading, EQUIVOCATION_UNFOUNDED, with the reason, for what convicts nobody: the same content twice,
 * two sequences, two devices, a signature that is not of the key valid there.
 */
export function findEquivocation(one: string, two: string, history: KeyHistory): Equivocation {
  const [first, second] = [parseSdJwt(one), parseSdJwt(two)];
  const { device, sequence } = first;
  if (second.device !== device || history.device !== device) throw unfounded("They are not of one device.");
  if (second.sequence !== sequence) throw unfounded(`Their sequences are ${sequence} and ${second.sequence}.`);
  if (first.content === second.content) throw unfounded("It is one content twice: a device may resend what it signed.");
  const key = keyAt(history, sequence);
  if (!key) throw unfounded(`The device has no key at sequence ${sequence}.`);
  for (const reading of [first, second]) {
    if (reading.kid !== key.number || !verifyReadingSignature(reading, key)) {
      throw unfounded(`${reading.content} is not signed by key ${key.number}, which is valid at ${sequence}.`);
    }
  }
  const contents: [Hex, Hex] =
    first.content < second.content ? [first.content, second.content] : [second.content, first.content];
  return {
    device,
    sequence,
    key: key.number,
    contents,
    first: signedInput(first),
    second: signedInput(second),
    digest: equivocationDigest(device, sequence, contents),
  };
}

/** SHA-256("twinward/equivocation@1" ‖ device ‖ sequence u64 ‖ both contents, ascending). */
export function equivocationDigest(device: Hex, sequence: number, [first, second]: readonly [Hex, Hex]): Hex {
  const parts = [utf8("twinward/equivocation@1"), fromHex(device, 32), u64be(sequence)];
  return toHex(sha256(concat(...parts, fromHex(first, 32), fromHex(second, 32))));
}

function signedInput({ signingInput, signature }: ParsedReading): SignedInput {
  return {
    input: toHex(utf8(signingInput)),
    r: toHex(signature.subarray(0, 32)),
    s: toHex(signature.subarray(32)),
  };
}

function unfounded(detail: string): TwinwardError {
  return new TwinwardError("EQUIVOCATION_UNFOUNDED", { detail });
}
