import { concat, fromHex, fromUtf8, u64be, utf8, type Hex } from "../../protocol/bytes.ts";
import type { KeyStore, Sealed } from "./key-store.ts";

/** The columns of a released value that find its data key and that the sealed bytes are bound to. */
export interface ValuePlace {
  readonly assignment: Hex;
  readonly segment: string;
  /** Where its interval begins, ms. */
  readonly from: number;
  /** Hash of what was done to the segment. */
  readonly transform: Hex;
  /** ε that it cost, in thousandths. */
  readonly epsilon: number;
  readonly month: string;
}

function aadOf({ assignment, segment, from, transform, epsilon }: ValuePlace): Uint8Array {
  const places = [fromHex(assignment, 32), u64be(from), fromHex(transform, 32), u64be(epsilon), utf8(segment)];
  return concat(utf8("released"), ...places);
}

export function sealValue(keys: KeyStore, place: ValuePlace, encoded: string): Sealed {
  return keys.seal(place.assignment, place.month, utf8(encoded), aadOf(place));
}

/** The value's characters. Throws KEY_MISSING, or SEALED_UNREADABLE when a byte of the row was changed. */
export function openValue(keys: KeyStore, place: ValuePlace, row: Sealed): string {
  return fromUtf8(keys.open(place.assignment, place.month, row.nonce, row.sealed, aadOf(place)));
}
