import { fromHex, type Hex } from "../../protocol/bytes.ts";
import { LEAF_KINDS } from "../../protocol/words.ts";
import type { Tx } from "./database.ts";

/** Which intervals of a grid, over the readings of one device. */
export interface IntervalRange {
  readonly device: Hex;
  /** Length, ms. */
  readonly interval: number;
  readonly fromSequence: number;
  readonly untilSequence: number | null;
  /** Intervals that begin in [since, until), ms. */
  readonly since: number;
  readonly until: number;
  /** Readings whose period contains one of these, ms, are passed over. */
  readonly changes: readonly number[];
  readonly limit: number;
}

/**
 * Beginnings of the intervals in which a reading begins that was not behind its device's clock, in order. Each is found by
 * one look into the index, however many readings an interval has.
 */
export async function readIntervals(tx: Tx, range: IntervalRange): Promise<number[]> {
  const { device, interval, fromSequence, untilSequence, since, until, changes, limit } = range;
  const startAfter = (at: string): string => `(select l.latest_ms / $2 * $2 from leaf l
    where l.subject = $1 and l.latest_ms >= ${at} and l.latest_ms < $4 + $2 and l.from_ms = l.latest_ms
      and l.sequence >= $5 and ($6::bigint is null or l.sequence < $6)
      and not exists (select 1 from unnest($7::bigint[]) as c (at) where c.at >= l.from_ms and c.at < l.until_ms)
    order by l.latest_ms, l.sequence limit 1)`;
  const rows = await tx.query<{ start: number }>(
    `with recursive grid (start) as (
       (select ${startAfter("greatest($3, coalesce(b.latest_ms, $4 + $2))")} from (select (
          select l.latest_ms from leaf l
          where l.kind = ${LEAF_KINDS.reading} and l.subject = $1 and l.sequence >= $5 order by l.sequence limit 1
        ) as latest_ms) b)
       union all
       select ${startAfter("g.start + $2")} from grid g where g.start is not null
     )
     select start from grid where start is not null and start < $4 limit $8`,
    [fromHex(device, 32), interval, since, until, fromSequence, untilSequence, changes, limit],
  );
  return rows.map(({ start }) => start);
}

/** The latest beginning that a device has named; -1 before its first reading. What it sends later begins no earlier interval. */
export async function readReached(tx: Tx, device: Hex): Promise<number> {
  const [row] = await tx.query<{ latest: number }>("select latest_ms as latest from device_head where device = $1", [
    fromHex(device, 32),
  ]);
  return row?.latest ?? -1;
}
