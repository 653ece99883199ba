import { ZERO_32, type Hex } from "../../protocol/bytes.ts";

/** The last reading accepted of a device; sequence 0 and zeros before the first. */
export interface Head {
  readonly sequence: number;
  readonly content: Hex;
}

export const NO_HEAD: Head = { sequence: 0, content: ZERO_32 };

/** What the order of an authentic reading depends on. */
export interface Ordered {
  readonly sequence: number;
  /** How many sequences directly before this one the device has lost. */
  readonly gap: number;
  readonly content: Hex;
  readonly prev: Hex;
}

/**
 * accept    it follows: a leaf
 * same      these bytes were accepted before: the same ack again
 * conflict  another content was accepted at this sequence: refused, kept
 * inGap     the device had declared this sequence lost: refused, kept
 * mismatch  it follows in number, but not in `prev`: refused, kept
 * hold      readings before it are missing: it waits
 */
export type Order = "accept" | "same" | "conflict" | "inGap" | "mismatch" | "hold";

/**
 * The place of a reading, by DESIGN.md section 8. `contentAt` tells the content accepted at a sequence ≤ head.sequence, or
 * undefined where none was; it is asked for `reading.sequence` or for the one before its gap, see `askedSequence`.
 */
export function order(head: Head, reading: Ordered, contentAt: (sequence: number) => Hex | undefined): Order {
  if (reading.sequence <= head.sequence) {
    const accepted = contentAt(reading.sequence);
    if (accepted === undefined) return "inGap";
    return accepted === reading.content ? "same" : "conflict";
  }
  const before = reading.sequence - reading.gap - 1;
  if (before > head.sequence) return "hold";
  // Zeros with a gap: the device has lost what came before, or its counter, and says so.
  if (reading.gap > 0 && reading.prev === ZERO_32) return "accept";
  const content = before === 0 ? ZERO_32 : contentAt(before);
  return content === reading.prev ? "accept" : "mismatch";
}

/** True when a reading may move the head on: all before it is there or declared lost. `order` has the last word. */
export function follows(head: Head, reading: Pick<Ordered, "sequence" | "gap">): boolean {
  return reading.sequence > head.sequence && reading.sequence - reading.gap - 1 <= head.sequence;
}

/** The earlier sequence whose content `order` asks for, beside the head's own; undefined when it needs none. */
export function askedSequence(head: Head, reading: Ordered): number | undefined {
  if (reading.sequence <= head.sequence) return reading.sequence;
  const before = reading.sequence - reading.gap - 1;
  return before > 0 && before < head.sequence ? before : undefined;
}
