import { fromHex, type Hex } from "../../../protocol/bytes.ts";
import { LEAF_KINDS, type Purpose } from "../../../protocol/words.ts";
import type { ChainView } from "../../chain/view.ts";
import type { Tx } from "../../store/database.ts";
import { stretchOf, type Plan } from "./plan.ts";

/** Somebody who was permitted to read of what is erased: for the subject, who may ask what became of it there. */
export interface EarlierReader {
  readonly reader: Hex;
  readonly twin: Hex;
  /** The twin that oracles read, which is cut from the device and not from the assignment. */
  readonly security: boolean;
  readonly purpose: Purpose;
  /** Permitted decisions, and when the first and the last were made, ms. */
  readonly decisions: number;
  readonly first: number;
  readonly last: number;
  /** The stretch asked for over all of them, ms; null: from the beginning, without an end. */
  readonly from: number | null;
  readonly until: number | null;
}

/** Decisions looked at in one go: a running server answers others in between. */
const PAGE = 5_000;

interface Row {
  readonly reader: Hex;
  readonly purpose: Purpose;
  readonly decisions: number;
  readonly first: number;
  readonly last: number;
  readonly from_ms: number | null;
  readonly until_ms: number | null;
}

/**
 * Who had been permitted to read a stretch in which erased readings may lie, by the recorded decisions of every twin through which
 * they could be seen.
 */
export async function readEarlierReaders(
  tx: Tx,
  view: ChainView,
  { device, scope, months }: Plan,
): Promise<EarlierReader[]> {
  const twins = view.twinsOf(device).filter(({ assignment, security }) => security || assignment === scope);
  const found = new Map<string, EarlierReader>();
  for (const { id, security } of twins) {
    for await (const row of decisionsOf(tx, id, months)) {
      const name = `${id} ${row.reader} ${row.purpose}`;
      found.set(name, add(found.get(name), { ...row, twin: id, security }));
    }
  }
  return [...found.values()].sort((a, b) => a.first - b.first);
}

async function* decisionsOf(tx: Tx, twin: Hex, months: readonly string[]): AsyncGenerator<Row> {
  const subject = fromHex(twin, 32);
  const [ends] = await tx.query<{ last: number | null }>(
    `select max(sequence) as last from leaf where kind = ${LEAF_KINDS.decision} and subject = $1`,
    [subject],
  );
  const stretches = months.map(stretchOf);
  const [from, until] = [stretches.map(([begin]) => begin), stretches.map(([, end]) => end)];
  for (let at = 1; at <= (ends?.last ?? 0); at += PAGE) {
    yield* await tx.query<Row>(
      `select reader, purpose, count(*) as decisions, min(at) as first, max(at) as last,
         case when bool_or(from_ms is null) then null else min(from_ms) end as from_ms,
         case when bool_or(until_ms is null) then null else max(until_ms) end as until_ms
       from (select body ->> 'reader' as reader, body ->> 'purpose' as purpose, (body ->> 'at')::bigint as at,
           (body ->> 'from')::bigint as from_ms, (body ->> 'until')::bigint as until_ms
         from (select d.body::jsonb as body from leaf l join record d on d.position = l.position
           where l.kind = ${LEAF_KINDS.decision} and l.subject = $1 and l.sequence >= $2 and l.sequence < $3) as decided
         where (body ->> 'permit')::boolean and body ->> 'action' = 'read' and body ->> 'segments' <> '0') as permitted
       where exists (select 1 from unnest($4::bigint[], $5::bigint[]) as m (begins, ends)
         where coalesce(from_ms, m.begins) < m.ends and coalesce(until_ms, m.ends) > m.begins)
       group by reader, purpose`,
      [subject, at, at + PAGE, from, until],
    );
  }
}

function add(
  known: EarlierReader | undefined,
  row: Row & { readonly twin: Hex; readonly security: boolean },
): EarlierReader {
  const { reader, twin, security, purpose } = row;
  const least = (one: number | null, other: number | null): number | null =>
    one === null || other === null ? null : Math.min(one, other);
  const most = (one: number | null, other: number | null): number | null =>
    one === null || other === null ? null : Math.max(one, other);
  return {
    reader,
    twin,
    security,
    purpose,
    decisions: row.decisions + (known?.decisions ?? 0),
    first: Math.min(row.first, known?.first ?? row.first),
    last: Math.max(row.last, known?.last ?? row.last),
    from: known === undefined ? row.from_ms : least(known.from, row.from_ms),
    until: known === undefined ? row.until_ms : most(known.until, row.until_ms),
  };
}
