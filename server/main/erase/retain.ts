import { fromHex, type Hex } from "../../../protocol/bytes.ts";
import type { ChainView } from "../../chain/view.ts";
import { monthOf } from "../../keys/sealed-reading.ts";
import type { Database, Tx } from "../../store/database.ts";
import type { Erasure } from "./erasure.ts";
import { stretchOf } from "./plan.ts";

const DAY_MS = 86_400_000;
/** A month is a coarse thing: looking more often finds nothing more. */
const EVERY_MS = 3_600_000;

/** Whether a month's readings have been kept as long as their model says, since they were taken and since they came in. Pure. */
export function isOver(month: string, acceptedAt: number, retentionDays: number, now: number): boolean {
  const [, end] = stretchOf(month);
  return Math.max(end, acceptedAt) + retentionDays * DAY_MS <= now;
}

export interface RetentionParts {
  readonly database: Database;
  readonly erasure: Pick<Erasure, "list" | "erase">;
  readonly view: () => ChainView;
  readonly model: (hash: Hex) => Promise<{ readonly retentionDays?: number } | undefined>;
  /** ms. */
  readonly now: () => number;
  readonly report: (error: unknown) => void;
}

/** Erases whatever has been kept long enough, now and every hour. What fails is reported and tried again the next time. */
export function startRetention(parts: RetentionParts): { close(): Promise<void> } {
  let closed = false;
  let running: Promise<void> = Promise.resolve();
  const look = (): void => {
    running = running.then(() => (closed ? undefined : retain(parts).catch(parts.report)));
  };
  look();
  const timer = setInterval(look, EVERY_MS);
  timer.unref();
  return {
    close: async () => {
      closed = true;
      clearInterval(timer);
      await running;
    },
  };
}

/** One look at everything that has a key. */
export async function retain({ database, erasure, view, model, now }: RetentionParts): Promise<void> {
  for (const { device, scope, months } of await erasure.list()) {
    const hash = view().device(device)?.modelHash;
    const days = hash === undefined ? undefined : (await model(hash))?.retentionDays;
    if (days === undefined) continue;
    const over: string[] = [];
    // Most months are too young by their name alone: only of the others is it asked when their last reading came.
    for (const month of months.filter((each) => isOver(each, 0, days, now())))
      if (isOver(month, await lastAccepted(database, device, month), days, now())) over.push(month);
    if (over.length > 0) await erasure.erase({ scope, months: over }, "retention");
  }
}

/** When the newest reading of a device's month came in, ms; 0 where none did. A clock may say anything, an ack does not. */
async function lastAccepted(tx: Tx, device: Hex, month: string): Promise<number> {
  const [begins, ends] = boundsOf(month);
  const parameters = [fromHex(device, 32), begins, ends];
  // Each by an index, and readings alone have times: those in their clock's order, and the few that were behind it.
  const places = await tx.query<{ position: number }>(
    `(select position from leaf where subject = $1 and latest_ms >= $2 and latest_ms < $3
        order by latest_ms desc, sequence desc limit 1)
     union all
     (select position from leaf where subject = $1 and from_ms >= $2 and from_ms < $3 and from_ms < latest_ms)`,
    parameters,
  );
  if (places.length === 0) return 0;
  const [ack] = await tx.query<{ accepted_at: number }>(
    "select accepted_at from ack where first <= $1 order by first desc limit 1",
    [Math.max(...places.map(({ position }) => position))],
  );
  return ack?.accepted_at ?? 0;
}

/** A month as readings fall under it: the first and the last one have all that is beyond them. */
function boundsOf(month: string): readonly [number, number] {
  const [from, until] = stretchOf(month);
  const isFirst = month === monthOf(0);
  const isLast = month === monthOf(Number.MAX_SAFE_INTEGER);
  return [isFirst ? 0 : from, isLast ? Number.MAX_SAFE_INTEGER : until];
}
