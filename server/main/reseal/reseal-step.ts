import { fromHex, toHex, type Hex } from "../../../protocol/bytes.ts";
import { TwinwardError } from "../../../protocol/errors.ts";
import { scopesOf } from "../../chain/scopes-of.ts";
import type { Chain } from "../../chain/view.ts";
import type { KeyStore } from "../../keys/key-store.ts";
import {
  openAside,
  openReading,
  readingPlaintext,
  sealAside,
  sealReading,
  type AsidePlace,
} from "../../keys/sealed-reading.ts";
import { FINDING_COLUMNS, openFinding, sealFinding, type FindingRow } from "../../response/sealed-finding.ts";
import type { Database, Tx } from "../../store/database.ts";
import { readReadings } from "../../store/read-readings.ts";
import { firstMisplaced, readScopes, withScope, writeScopes, type Misplaced } from "../../store/sealed-scopes.ts";
import { lockStream } from "../../store/stream-row.ts";

export interface ResealParts {
  readonly database: Database;
  readonly keys: KeyStore;
  readonly chain: Pick<Chain, "view">;
  readonly stream: Hex;
}

/** Rows in one transaction: whoever commits readings waits for it. */
const PAGE = 128;

const LAST_SEQUENCE = "(body::jsonb #>> '{verdict,lastSequence}')::bigint";

/** Where rows are moved to, and what they are moved by. */
interface Move extends Misplaced {
  readonly tx: Tx;
  readonly keys: KeyStore;
  readonly device: Hex;
}

/**
 * Seals the next rows of a device again that lie under the key of another scope than the chain says now; false when there are none
 * left. One transaction, behind the stream's row: no gateway commits and no key is destroyed meanwhile, and what the table says of
 * whose key they lie under is true before and after it. Die anywhere, and the next one goes on. Throws KEY_MISSING where the key
 * store is closed, and what the database throws.
 */
export async function resealStep(parts: ResealParts, device: Hex): Promise<boolean> {
  for (;;) {
    try {
      return await stepOnce(parts, device);
    } catch (error) {
      if (!(error instanceof KeysNeeded)) throw error;
      // On disk before anything is sealed with them, and outside the transaction: making them may take one of its own.
      for (const month of error.months) await parts.keys.ensure(error.scope, month);
    }
  }
}

function stepOnce({ database, keys, chain, stream }: ResealParts, device: Hex): Promise<boolean> {
  return database.transaction(
    async (tx) => {
      const size = await lockStream(tx, stream);
      const have = (await readScopes(tx, [device])).get(device);
      const change = have && firstMisplaced(have, scopesOf(chain.view(), device));
      if (!have || !change) return false;
      const move = { ...change, tx, keys, device };
      if (await resealFindings(move)) return true;
      const last = await resealReadings(move, size);
      // Behind the last of them nothing is stored; what comes is sealed for the new scope, by what is written here.
      if (last === undefined) await resealAside(move);
      await writeScopes(tx, device, withScope(have, last === undefined ? change : { ...change, until: last + 1 }));
      return true;
    },
    { holdsOthersUp: true },
  );
}

/** The sequence of the last one of a full page; undefined when there are no more. */
async function resealReadings(move: Move, size: number): Promise<number | undefined> {
  const { tx, keys, device, from, until, scope } = move;
  const rows = await readReadings(tx, { device, fromSequence: from, untilSequence: until, limit: PAGE });
  const misplaced = rows.filter((row) => row.scope !== scope);
  requireKeys(move, misplaced);
  const moved = misplaced.flatMap((row) => {
    const opened = openOrGone(move, row.month, () => openReading(keys, { device, ...row }, row));
    if (!opened) return [];
    const place = { device, ...row, scope, resealedAt: size };
    return [{ position: row.position, ...sealReading(keys, place, readingPlaintext(opened)) }];
  });
  const months = await tx.query<{ position: number; month: number }>(
    "select position, accepted_month as month from leaf where position = any($1::bigint[])",
    [moved.map(({ position }) => position)],
  );
  const monthAt = new Map(months.map(({ position, month }) => [position, month]));
  for (const [month, those] of Map.groupBy(moved, ({ position }) => monthAt.get(position))) {
    // The month in the text, so that the other partitions are not even planned for.
    await tx.query(
      `update reading r set scope = $1, resealed_at = $2, nonce = g.nonce, sealed = g.sealed
       from unnest($3::bigint[], $4::bytea[], $5::bytea[]) as g (position, nonce, sealed)
       where r.accepted_month = ${Number(month)} and r.position = g.position`,
      [
        fromHex(scope, 32),
        size,
        those.map(({ position }) => position),
        those.map(({ nonce }) => nonce),
        those.map(({ sealed }) => sealed),
      ],
    );
  }
  return rows.length < PAGE ? undefined : rows.at(-1)?.sequence;
}

interface AsideRow {
  readonly number: number | null;
  readonly code: string | null;
  readonly sequence: number;
  readonly content: Uint8Array;
  readonly received_at: number;
  readonly scope: Uint8Array;
  readonly month: string;
  readonly nonce: Uint8Array;
  readonly sealed: Uint8Array;
}

/** Held readings and evidence: 64 each at most. */
async function resealAside(move: Move): Promise<void> {
  const { tx, keys, device, from, until, scope } = move;
  const rest = "sequence, content, received_at, scope, month, nonce, sealed";
  const given = "device = $1 and sequence >= $2 and ($3::bigint is null or sequence < $3) and scope <> $4";
  const rows = await tx.query<AsideRow>(
    `select null::bigint as number, null::text as code, ${rest} from held where ${given}
     union all select number, code, ${rest} from evidence where ${given}`,
    [fromHex(device, 32), from, until, fromHex(scope, 32)],
  );
  requireKeys(move, rows);
  for (const { number, code, sequence, content, received_at, month, ...row } of rows) {
    const place: AsidePlace = {
      ...{ device, sequence, content: toHex(content), scope: toHex(row.scope), month, receivedAt: received_at },
      ...(number !== null && code !== null && { evidence: { number, code } }),
    };
    const text = openOrGone(move, month, () => openAside(keys, place, row));
    if (text === undefined) continue;
    const { nonce, sealed } = sealAside(keys, { ...place, scope }, text);
    await tx.query(
      number === null
        ? `update held set scope = $4, nonce = $5, sealed = $6 where device = $1 and sequence = $2 and content = $3`
        : `update evidence set scope = $4, nonce = $5, sealed = $6 where device = $1 and sequence = $2 and content = $3`,
      [fromHex(device, 32), sequence, content, fromHex(scope, 32), nonce, sealed],
    );
  }
}

/** A finding lies under the key of the last reading that it is about. True when a page was moved, and there may be more. */
async function resealFindings(move: Move): Promise<boolean> {
  const { tx, keys, device, from, until, scope } = move;
  // Nobody keeps one meanwhile.
  await tx.script("lock table finding in share row exclusive mode");
  const rows = await tx.query<FindingRow & { readonly month: string }>(
    `select ${FINDING_COLUMNS} from finding where body::jsonb #>> '{verdict,device}' = $1 and sealed is not null
       and scope <> $4 and ${LAST_SEQUENCE} >= $2 and ($3::bigint is null or ${LAST_SEQUENCE} < $3) limit ${PAGE}`,
    [device, from, until, fromHex(scope, 32)],
  );
  requireKeys(move, rows);
  let moved = 0;
  for (const row of rows) {
    const { month } = row;
    const signed = openOrGone(move, month, () => openFinding(keys, row));
    if (!signed) continue;
    const place = { scope, month, digest: toHex(row.digest), oracle: toHex(row.oracle) };
    const { nonce, sealed } = sealFinding(keys, place, signed.body);
    await tx.query("update finding set scope = $3, nonce = $4, sealed = $5 where digest = $1 and oracle = $2", [
      ...[row.digest, row.oracle],
      ...[fromHex(scope, 32), nonce, sealed],
    ]);
    moved += 1;
  }
  return rows.length === PAGE && moved > 0;
}

/** Keys under which rows are to be sealed, and which are not there yet. */
class KeysNeeded extends Error {
  readonly scope: Hex;
  readonly months: readonly string[];

  constructor(scope: Hex, months: readonly string[]) {
    super(`keys of ${scope} are needed`);
    this.scope = scope;
    this.months = months;
  }
}

function requireKeys({ keys, scope }: Move, rows: readonly { readonly month: string }[]): void {
  const missing = [...new Set(rows.map(({ month }) => month))].filter((month) => !keys.has(scope, month));
  if (missing.length > 0) throw new KeysNeeded(scope, missing);
}

/**
 * What was sealed; undefined where its key was destroyed, or it was changed: it stays what it is. With a key store that is closed
 * nothing opens, which says nothing of a row.
 */
function openOrGone<T>({ keys, scope }: Move, month: string, open: () => T): T | undefined {
  try {
    return open();
  } catch (error) {
    const isGone = error instanceof TwinwardError && ["KEY_MISSING", "SEALED_UNREADABLE"].includes(error.code);
    if (!isGone || !keys.has(scope, month)) throw error;
    return undefined;
  }
}
