import { concat, fromHex, fromUtf8, isHex, u64be, utf8, type Hex } from "../../protocol/bytes.ts";
import { TwinwardError } from "../../protocol/errors.ts";
import type { Remark } from "../../protocol/plausibility.ts";
import type { Sealed } from "./cipher.ts";
import type { KeyStore } from "./key-store.ts";

/** What a reading's `sealed` column holds. */
export interface OpenedReading {
  /** The disclosures as received, in their order: the encoded text of each. */
  readonly disclosures: readonly string[];
  /** Mask of FLAGS, and what each bit was set for, as judged when the reading came in. */
  readonly flags: number;
  readonly remarks: readonly Remark[];
}

/** The columns that find the data key and that the sealed bytes are bound to. */
export interface ReadingPlace {
  readonly device: Hex;
  readonly sequence: number;
  readonly content: Hex;
  readonly scope: Hex;
  readonly month: string;
  /** Leaves that the stream had when it was sealed again, for another scope; null or left out where it never was. */
  readonly resealedAt?: number | null;
}

const EARLIEST = Date.UTC(2020, 0, 1);
const LATEST = Date.UTC(2099, 11, 1);

/**
 * The month, YYYY-MM in UTC, under whose key a reading is sealed that begins at `fromMs`. A clock may say anything: times
 * before 2020 or after 2099 count as the nearest month, so that one device cannot demand a key for every month of history.
 */
export function monthOf(fromMs: number): string {
  return new Date(Math.min(Math.max(fromMs, EARLIEST), LATEST)).toISOString().slice(0, 7);
}

/** The plaintext that is sealed; made where the reading is verified, off the main thread. */
export function readingPlaintext(opened: OpenedReading): Uint8Array {
  const { disclosures, flags, remarks } = opened;
  return utf8(JSON.stringify({ disclosures, flags, remarks }));
}

/** AAD of a reading: device ‖ sequence ‖ content, and ‖ resealedAt where it was sealed again. */
function readingAad({ device, sequence, content, resealedAt = null }: ReadingPlace): Uint8Array {
  if (!isHex(device, 32) || !isHex(content, 32)) throw new RangeError("device and content are 32 bytes each");
  const aad = Buffer.allocUnsafe(resealedAt === null ? 72 : 80);
  aad.write(device.slice(2), 0, "hex");
  aad.writeBigUInt64BE(BigInt(sequence), 32);
  aad.write(content.slice(2), 40, "hex");
  if (resealedAt !== null) aad.writeBigUInt64BE(BigInt(resealedAt), 72);
  return aad;
}

export function sealReading(keys: KeyStore, place: ReadingPlace, plaintext: Uint8Array): Sealed {
  return keys.seal(place.scope, place.month, plaintext, readingAad(place));
}

/** Throws KEY_MISSING, or SEALED_UNREADABLE when a byte of the row was changed. */
export function openReading(keys: KeyStore, place: ReadingPlace, row: Sealed): OpenedReading {
  const plaintext = keys.open(place.scope, place.month, row.nonce, row.sealed, readingAad(place));
  try {
    return JSON.parse(fromUtf8(plaintext)) as OpenedReading;
  } catch (cause) {
    throw new TwinwardError("SEALED_UNREADABLE", { device: place.device, sequence: place.sequence }, cause);
  }
}

/** A whole SD-JWT that is no leaf (yet): every other column of its row is in the AAD. */
export interface AsidePlace extends ReadingPlace {
  /** When it came in, ms. */
  readonly receivedAt: number;
  /** Evidence has a number and the code with which it was refused; a held reading has neither. */
  readonly evidence?: { readonly number: number; readonly code: string };
}

function asideAad(place: AsidePlace): Uint8Array {
  const { evidence } = place;
  const kind = evidence ? concat(utf8("evidence"), u64be(evidence.number), utf8(evidence.code)) : utf8("held");
  return concat(kind, readingAad(place), u64be(place.receivedAt), fromHex(place.scope, 32), utf8(place.month));
}

export function sealAside(keys: KeyStore, place: AsidePlace, text: string): Sealed {
  return keys.seal(place.scope, place.month, utf8(text), asideAad(place));
}

/** The SD-JWT of a held or evidence row. Throws KEY_MISSING or SEALED_UNREADABLE. */
export function openAside(keys: KeyStore, place: AsidePlace, row: Sealed): string {
  return fromUtf8(keys.open(place.scope, place.month, row.nonce, row.sealed, asideAad(place)));
}
