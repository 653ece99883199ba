import { fromHex, toHex, type Hex } from "../../protocol/bytes.ts";
import type { Tx } from "./database.ts";

/** From this sequence on a device's readings belong to this scope: an assignment, or the device between assignments. */
export interface ScopeFrom {
  readonly from: number;
  readonly scope: Hex;
}

/** Of one device, ascending, the first from sequence 1 on, neighbours different; the last has no end. */
export type Scopes = readonly ScopeFrom[];

/** A stretch of sequences [from, until) that belongs to another scope than it lies under; `until` null: without an end. */
export interface Misplaced extends ScopeFrom {
  readonly until: number | null;
}

export function scopeAt(scopes: Scopes, sequence: number): Hex | undefined {
  return scopes.findLast(({ from }) => from <= sequence)?.scope;
}

/** The first stretch where two differ, with the scope that is wanted there; undefined where they are alike. */
export function firstMisplaced(have: Scopes, wanted: Scopes): Misplaced | undefined {
  const bounds = [...new Set([...have, ...wanted].map(({ from }) => from))].sort((a, b) => a - b);
  for (const [index, from] of bounds.entries()) {
    const scope = scopeAt(wanted, from);
    if (scope !== undefined && scope !== scopeAt(have, from)) return { from, until: bounds[index + 1] ?? null, scope };
  }
  return undefined;
}

/** The same with another scope in a stretch. */
export function withScope(scopes: Scopes, { from, until, scope }: Misplaced): Scopes {
  const after = until === null ? undefined : scopeAt(scopes, until);
  const changed = [
    ...scopes.filter((one) => one.from < from),
    { from, scope },
    ...(until === null || after === undefined ? [] : [{ from: until, scope: after }]),
    ...scopes.filter((one) => until !== null && one.from > until),
  ];
  return changed.filter((one, index) => one.scope !== changed[index - 1]?.scope);
}

/** Under whose keys the readings of these devices lie, of all where none are named; a device that nothing is stored of has none. */
export async function readScopes(tx: Tx, devices?: readonly Hex[]): Promise<Map<Hex, Scopes>> {
  const rows = await tx.query<{ device: Uint8Array; from_sequence: number; scope: Uint8Array }>(
    `select device, from_sequence, scope from sealed_scope${devices ? " where device = any($1::bytea[])" : ""}
     order by device, from_sequence`,
    devices ? [devices.map((device) => fromHex(device, 32))] : [],
  );
  const found = new Map<Hex, ScopeFrom[]>();
  for (const row of rows) {
    const device = toHex(row.device);
    const scopes = found.get(device) ?? [];
    scopes.push({ from: row.from_sequence, scope: toHex(row.scope) });
    found.set(device, scopes);
  }
  return found;
}

/** Within a transaction that holds the stream's row: nobody seals meanwhile by what was. */
export async function writeScopes(tx: Tx, device: Hex, scopes: Scopes): Promise<void> {
  const id = fromHex(device, 32);
  await tx.query("delete from sealed_scope where device = $1", [id]);
  await tx.query(
    `insert into sealed_scope (device, from_sequence, scope)
     select $1::bytea, * from unnest($2::bigint[], $3::bytea[])`,
    [id, scopes.map(({ from }) => from), scopes.map(({ scope }) => fromHex(scope, 32))],
  );
}

/** Makes the table from the readings, as the migration that brought it: a copy of the database does not have it. */
export async function learnScopes(tx: Tx): Promise<void> {
  await tx.script(
    `delete from sealed_scope;
     insert into sealed_scope (device, from_sequence, scope)
       select device, case when before is null then 1 else sequence end, scope from (
         select device, sequence, scope, lag(scope) over (partition by device order by sequence) as before from reading
       ) x where before is distinct from scope`,
  );
}
