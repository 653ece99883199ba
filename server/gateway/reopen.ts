import type { Hex } from "../../protocol/bytes.ts";
import { ERRORS, TwinwardError, type ErrorCode } from "../../protocol/errors.ts";
import type { KeyStore } from "../keys/key-store.ts";
import { openAside } from "../keys/sealed-reading.ts";
import type { Tx } from "../store/database.ts";
import { readHeads } from "../store/read-readings.ts";
import { readHeld, type HeldReading } from "./held.ts";
import { follows, NO_HEAD } from "./order.ts";
import type { Candidate } from "./place-readings.ts";
import type { VerifiedReading } from "./verify-reading.ts";

export interface ReopenParts {
  readonly database: Tx;
  readonly keys: KeyStore;
  /** Verifies texts off the main thread, each as a reading of its device. */
  readonly verify: (
    texts: readonly { readonly text: string; readonly device: Hex; readonly receivedAt: number }[],
  ) => Promise<(VerifiedReading | TwinwardError)[]>;
  readonly report?: (error: unknown) => void;
}

/** Held readings by `nameOf`: verified again, or null where they are not authentic any more. What is not here goes on waiting. */
export type Reopened = ReadonlyMap<string, Candidate | null>;

/** Says nothing about the reading, only that it could not be looked at now. */
const isOurs = (code: ErrorCode): boolean => ERRORS[code].status >= 500;

/** What tells held readings apart. */
export function nameOf({ device, sequence, content }: Pick<HeldReading, "device" | "sequence" | "content">): string {
  return `${device}:${sequence}:${content}`;
}

/**
 * Verifies anew the held readings that these candidates may release, because their keys may have been marked meanwhile. Before
 * the placing transaction, not in it: nobody waits for the stream while signatures are checked. Only a device one of whose
 * candidates follows its head can release anything, so that a device cannot make us verify all it holds by sending more of it.
 */
export async function reopenHeld(parts: ReopenParts, candidates: readonly Candidate[]): Promise<Reopened> {
  const heads = await readHeads(parts.database, [...new Set(candidates.map(({ device }) => device))]);
  const moving = candidates.filter((candidate) => follows(heads.get(candidate.device) ?? NO_HEAD, candidate));
  if (moving.length === 0) return new Map();
  const rows = await readHeld(parts.database, [...new Set(moving.map(({ device }) => device))]);
  const reopened = new Map<string, Candidate | null>();
  const opened: { row: HeldReading; text: string }[] = [];
  for (const row of rows) {
    try {
      const { nonce = new Uint8Array(), sealed = new Uint8Array() } = row;
      opened.push({ row, text: openAside(parts.keys, row, { nonce, sealed }) });
    } catch (error) {
      parts.report?.(error);
      reopened.set(nameOf(row), null);
    }
  }
  const texts = opened.map(({ row: { device, receivedAt }, text }) => ({ text, device, receivedAt }));
  const verified = await parts.verify(texts);
  for (const [i, { row, text }] of opened.entries()) {
    const found = verified[i] ?? new TwinwardError("INTERNAL");
    if (!(found instanceof TwinwardError)) {
      reopened.set(nameOf(row), { ...found, text, scope: row.scope, month: row.month });
      continue;
    }
    parts.report?.(found);
    if (!isOurs(found.code)) reopened.set(nameOf(row), null);
  }
  return reopened;
}
