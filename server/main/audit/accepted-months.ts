import { toHex } from "../../../protocol/bytes.ts";
import { LEAF_KINDS } from "../../../protocol/words.ts";
import { acceptedMonthOf } from "../../store/months.ts";
import type { Lies } from "./lies.ts";
import type { AuditWorld } from "./world.ts";

/** Of a leaf, by what it is found; and when it was accepted by the promise that holds now. */
export interface IndexedLeaf {
  readonly position: number;
  readonly kind: number;
  readonly accepted_month: number | null;
  readonly from_ms: number | null;
  readonly until_ms: number | null;
  readonly latest_ms: number | null;
  readonly accepted_at: number | null;
}

/**
 * Holds the partition in which a leaf says that its reading lies against the first promise over it. Before there were partitions
 * no leaf named one: those are of month 0, and no leaf is that comes after one which has a month.
 */
export async function openMonths({ tx, line }: AuditWorld) {
  const broken = await tx.query<{ stream: Uint8Array; first: number; count: number; accepted_at: number }>(
    "select stream, first, count, accepted_at from broken_ack",
  );
  const age = new Map(line.stretches.map(({ stream }, at) => [stream, at]));
  const ageOf = ({ stream }: { stream: Uint8Array }): number => age.get(toHex(stream)) ?? Infinity;
  const oldestFirst = broken.toSorted((a, b) => ageOf(a) - ageOf(b));
  const acceptedAt = ({ position, accepted_at }: IndexedLeaf): number | null =>
    oldestFirst.find(({ first, count }) => first <= position && position < first + count)?.accepted_at ?? accepted_at;
  let areByMonth = false;

  return (leaf: IndexedLeaf, place: string, lies: Lies): void => {
    const { accepted_month: month } = leaf;
    if (leaf.kind !== LEAF_KINDS.reading) {
      const isBare = [month, leaf.from_ms, leaf.until_ms, leaf.latest_ms].every((value) => value === null);
      lies.hold(isBare, place, "it is no reading, and has a reading's month or times");
      return;
    }
    areByMonth ||= month !== 0;
    const at = acceptedAt(leaf);
    const expected = areByMonth && at !== null ? acceptedMonthOf(at) : month;
    lies.hold(
      month !== null && month === expected,
      place,
      `its reading is kept under ${month ?? "no month"}, and came in ${expected ?? "never"}`,
    );
  };
}
