import { fromHex, toHex, type Hex } from "../../protocol/bytes.ts";
import { readRecord, type LeafRecord } from "../../protocol/record.ts";
import { LEAF_KINDS } from "../../protocol/words.ts";
import type { ListPermit } from "../access/authorize.ts";
import type { Database } from "../store/database.ts";

/** Kinds of records that are listed of a twin. */
export const LISTED_KINDS = ["decision", "consent", "release", "export", "erasure"] as const;
export type ListedKind = (typeof LISTED_KINDS)[number];

/** A record with the leaf whose receipt proves it. */
export interface ListedRecord {
  readonly leaf: Hex;
  /** Of its kind and subject. */
  readonly sequence: number;
  readonly record: LeafRecord;
}

export interface RecordPage {
  readonly twin: Hex;
  readonly kind: ListedKind;
  /** Newest first; a page that is looked through may hold none that concerns the asker. */
  readonly records: readonly ListedRecord[];
  /** Give it as `before` to go on; null at the first. */
  readonly next: number | null;
}

export interface ListAsk {
  readonly before?: number;
  readonly limit?: number;
}

export const RECORD_LIMITS = { usual: 100, most: 500 };

interface Row {
  readonly sequence: number;
  readonly position: number;
  readonly hash: Uint8Array;
  readonly body: string;
}

export interface Records {
  /** What was recorded of a twin, as far as it concerns the asker. Each page looks at `limit` records at most. */
  list(permit: ListPermit, kind: ListedKind, ask?: ListAsk): Promise<RecordPage>;
  /** The steps of a case that are leaves by now. */
  steps(of: Hex): Promise<readonly { readonly leaf: Hex; readonly record: LeafRecord }[]>;
}

export function createRecords(database: Database): Records {
  /** By the sequence of their leaves, which is an index. */
  const ofTwin = (kind: number, subject: Hex, before: number, limit: number): Promise<Row[]> =>
    database.query<Row>(
      `select l.sequence, l.position, l.hash, r.body
       from (select position, sequence, hash from leaf where kind = $1 and subject = $2 and sequence < $3
             order by sequence desc limit $4) l
         cross join lateral (select body from record where position = l.position limit 1) r
       order by l.sequence desc`,
      [kind, fromHex(subject, 32), before, limit],
    );

  /** Also those beside the device, which are of an assignment: few. By their positions. */
  const ofBoth = (kind: number, subjects: readonly Hex[], before: number, limit: number): Promise<Row[]> =>
    database.query<Row>(
      `select l.sequence, l.position, l.hash, r.body from leaf l join record r on r.position = l.position
       where l.kind = $1 and l.subject = any($2::bytea[]) and l.position < $3 order by l.position desc limit $4`,
      [kind, subjects.map((subject) => fromHex(subject, 32)), before, limit],
    );

  return {
    async steps(of) {
      const rows = await ofTwin(LEAF_KINDS.step, of, Number.MAX_SAFE_INTEGER, RECORD_LIMITS.most);
      return rows.map(({ hash, body }) => ({ leaf: toHex(hash), record: readRecord(body) }));
    },

    async list(permit, kind, { before = Number.MAX_SAFE_INTEGER, limit = RECORD_LIMITS.usual } = {}) {
      const { twin, view } = permit;
      const looked = Math.min(limit, RECORD_LIMITS.most);
      const device = view.twin(twin)?.device;
      const isWide = kind === "consent" || kind === "erasure";
      const rows = isWide
        ? await ofBoth(LEAF_KINDS[kind], device === undefined ? [twin] : [twin, device], before, looked)
        : await ofTwin(LEAF_KINDS[kind], twin, before, looked);
      const all = rows.map(({ sequence, hash, body }) => ({ leaf: toHex(hash), sequence, record: readRecord(body) }));
      const last = rows.at(-1);
      const place = isWide ? last?.position : last?.sequence;
      const first = isWide ? 0 : 1;
      const next = rows.length === looked && place !== undefined && place > first ? place : null;
      return { twin, kind, records: all.filter(({ record }) => concerns(record, kind, permit)), next };
    },
  };
}

/** Of its whole twin to a steward, a subject and its guardian; to others what they themselves did or were given. */
function concerns(record: LeafRecord, kind: ListedKind, permit: ListPermit): boolean {
  const { twin, view, reader, concern, opening } = permit;
  // Beside a device lies also what is of its other assignments, and other persons.
  const isOfTwin = record.twin === twin || (record.twin ?? null) === null;
  const scope = record.scope ?? null;
  if (!isOfTwin || (scope !== null && scope !== view.twin(twin)?.assignment)) return false;
  // Whoever is concerned with one opening of an emergency twin is shown what was done by it.
  if (opening !== undefined) return kind === "decision" && openingOf(record) === opening;
  if (concern === "whole") return true;
  return kind !== "release" && (record.reader === reader || record.by === reader);
}

function openingOf({ because }: LeafRecord): unknown {
  return typeof because === "object" && because !== null && "opening" in because ? because.opening : undefined;
}
