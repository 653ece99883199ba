import { fromHex, toHex, ZERO_32, type Hex } from "../../../protocol/bytes.ts";
import { readRecord } from "../../../protocol/record.ts";
import type { Asking } from "../../../protocol/request.ts";
import type { AnswerRecord, AskedRecord } from "../../../protocol/request-record.ts";
import type { Tx } from "../../store/database.ts";
import type { RequestState } from "./weigh-answer.ts";

/** A request as it is stored: its two records and their leaves. */
export interface KeptRequest {
  readonly request: Hex;
  readonly state: RequestState;
  /** ms. */
  readonly at: number;
  readonly expires: number;
  readonly asked: Asking;
  /** Hash of the leaf that says what was asked. */
  readonly leaf: Hex;
  /** The record that ended it, with its leaf; null while it is open. */
  readonly answer: AnswerRecord | null;
  readonly answerLeaf: Hex | null;
  /** Of the asked leaf, by which requests are paged. */
  readonly position: number;
}

export interface RequestFilter {
  readonly request?: Hex | undefined;
  readonly state?: RequestState | undefined;
  /** Positions below this one. */
  readonly before?: number | undefined;
  readonly limit?: number | undefined;
}

/** Whose requests: a reader's own, and those on twins or for manifests that a steward decides about. */
export interface Concern {
  readonly reader: Hex;
  readonly twins: readonly Hex[];
  readonly manifests: readonly Hex[];
}

interface Row {
  position: number;
  expires: number;
  state: RequestState;
  body: string;
  leaf: Uint8Array;
  answer: string | null;
  answer_leaf: Uint8Array | null;
}

const SELECT = `select r.position, r.expires, coalesce(a.state, 'open') as state, d.body, l.hash as leaf,
    ad.body as answer, al.hash as answer_leaf
  from request r join record d on d.position = r.position join leaf l on l.position = r.position
  left join request_answer a on a.request = r.id
  left join record ad on ad.position = a.position left join leaf al on al.position = a.position`;

export async function findRequest(tx: Tx, id: Hex): Promise<KeptRequest | undefined> {
  const [row] = await tx.query<Row>(`${SELECT} where r.id = $1`, [fromHex(id, 32)]);
  return row && toKept(row);
}

/** Newest first. */
export async function listRequests(tx: Tx, concern: Concern, filter: RequestFilter): Promise<KeptRequest[]> {
  const { request, state, before, limit } = filter;
  // No request names zeros; so no list is ever empty.
  const ids = (list: readonly Hex[]): Uint8Array[] => [ZERO_32, ...list].map((id) => fromHex(id, 32));
  const rows = await tx.query<Row>(
    `${SELECT} where (r.reader = $1 or r.twin = any($2::bytea[]) or r.manifest = any($3::bytea[]))
       and ($4::bytea is null or r.id = $4) and ($5::text is null or coalesce(a.state, 'open') = $5)
       and ($6::bigint is null or r.position < $6)
     order by r.position desc limit $7`,
    [
      fromHex(concern.reader, 20),
      ids(concern.twins),
      ids(concern.manifests),
      request === undefined ? null : fromHex(request, 32),
      state ?? null,
      before ?? null,
      limit ?? 100,
    ],
  );
  return rows.map(toKept);
}

/** Open ones whose time has come within (after, until], ms; the oldest first. */
export async function overdueRequests(tx: Tx, after: number, until: number, limit: number): Promise<KeptRequest[]> {
  const rows = await tx.query<Row>(
    `${SELECT} where r.expires > $1 and r.expires <= $2 and a.request is null order by r.expires, r.position limit $3`,
    [after, until, limit],
  );
  return rows.map(toKept);
}

/** How many a reader has open, and has asked since a time (ms). */
export async function countRequests(
  tx: Tx,
  reader: Hex,
  since: number,
): Promise<{ readonly open: number; readonly since: number }> {
  const [row] = await tx.query<{ open: number; since: number }>(
    `select (select count(*) from request r left join request_answer a on a.request = r.id
               where r.reader = $1 and a.request is null) as open,
            (select count(*) from request r where r.reader = $1 and r.at > $2) as since`,
    [fromHex(reader, 20), since],
  );
  return row ?? { open: 0, since: 0 };
}

/** How many are open, of all readers together. */
export async function countOpen(tx: Tx): Promise<number> {
  const [row] = await tx.query<{ open: number }>(
    "select (select count(*) from request) - (select count(*) from request_answer) as open",
  );
  return row?.open ?? 0;
}

/** The row of an asked record whose leaf was just written. */
export async function insertRequest(tx: Tx, leaf: Hex, record: AskedRecord, expires: number): Promise<void> {
  const { request, reader, asked, at } = record;
  await tx.query(
    `insert into request (id, position, reader, twin, manifest, at, expires)
     select $1, l.position, $3, $4, $5, $6, $7 from leaf l where l.hash = $2`,
    [
      fromHex(request, 32),
      fromHex(leaf, 32),
      fromHex(reader, 20),
      asked.twin && fromHex(asked.twin, 32),
      asked.manifest && fromHex(asked.manifest, 32),
      at,
      expires,
    ],
  );
}

/** The row of an answer whose leaf was just written, and its webhook. A second answer fails by its key. */
export async function insertAnswer(tx: Tx, leaf: Hex, record: AnswerRecord, webhook: boolean): Promise<void> {
  const request = fromHex(record.request, 32);
  await tx.query(
    "insert into request_answer (request, position, state) select $1, l.position, $3 from leaf l where l.hash = $2",
    [request, fromHex(leaf, 32), record.step],
  );
  if (webhook) await tx.query("insert into webhook (request, attempts, due) values ($1, 0, $2)", [request, record.at]);
}

function toKept(row: Row): KeptRequest {
  const { request, at, asked } = readRecord(row.body) as unknown as AskedRecord;
  return {
    request,
    state: row.state,
    at,
    expires: row.expires,
    asked,
    leaf: toHex(row.leaf),
    answer: row.answer === null ? null : (readRecord(row.answer) as unknown as AnswerRecord),
    answerLeaf: row.answer_leaf && toHex(row.answer_leaf),
    position: row.position,
  };
}
