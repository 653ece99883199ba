import type { Tx } from "./database.ts";

/** The month, UTC, in whose partition lies what was accepted at this time, ms: yyyymm. */
export function acceptedMonthOf(acceptedAt: number): number {
  const at = new Date(acceptedAt);
  return at.getUTCFullYear() * 100 + at.getUTCMonth() + 1;
}

/**
 * Makes the partition of a month, and the next one's, where they are missing: a server's transaction that has looked at readings
 * before may go on with the partitions that it knew, so a month's is there long before its first reading. Whoever calls holds the
 * stream's row, so no other gateway makes them meanwhile.
 */
export async function makeMonths(tx: Tx, month: number): Promise<void> {
  await makeMonth(tx, month);
  await makeMonth(tx, month % 100 === 12 ? month + 89 : month + 1);
}

/** Made apart and then attached, which unlike `create table … partition of` waits for no reader, and lets none wait. */
export async function makeMonth(tx: Tx, month: number): Promise<void> {
  const name = `reading_${month}`;
  const [table] = await tx.query<{ there: boolean }>("select to_regclass($1) is not null as there", [name]);
  if (table?.there === true) return;
  // Base64 and sealed bytes don't compress: they are stored as they are, in the row.
  await tx.script(
    `create table ${name} (like reading including storage, primary key (position)) with (toast_tuple_target = 8160);
     alter table reading attach partition ${name} for values in (${month})`,
  );
}
