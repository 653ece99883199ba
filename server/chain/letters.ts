import { Transaction } from "ethers";
import { fromHex, toHex, type Hex } from "../../protocol/bytes.ts";
import type { Database, Tx } from "../store/database.ts";

/** A signed transaction as the table `outbox` keeps it. */
export interface SignedLetter {
  readonly hash: Hex;
  readonly nonce: number;
  readonly raw: Hex;
  readonly purpose: string;
}

/** Those of one sender, by nonce. */
export async function readLetters(tx: Tx, sender: Hex): Promise<SignedLetter[]> {
  const rows = await tx.query<{ hash: Uint8Array; nonce: number; raw: Uint8Array; purpose: string }>(
    "select hash, nonce, raw, purpose from outbox where sender = $1 order by nonce",
    [fromHex(sender, 20)],
  );
  return rows.map(({ hash, nonce, raw, purpose }) => ({ hash: toHex(hash), nonce, raw: toHex(raw), purpose }));
}

/** The nonce after those that are stored and after `pending` transactions; two outboxes on one database take turns. */
export async function nextNonce(tx: Tx, sender: Hex, pending: number): Promise<number> {
  await tx.query("lock table outbox in share row exclusive mode");
  const [row] = await tx.query<{ next: number | null }>("select max(nonce) + 1 as next from outbox where sender = $1", [
    fromHex(sender, 20),
  ]);
  return Math.max(pending, row?.next ?? 0);
}

export async function insertLetter(
  tx: Tx,
  sender: Hex,
  { nonce, raw, purpose }: Omit<SignedLetter, "hash">,
): Promise<SignedLetter> {
  const hash = Transaction.from(raw).hash as Hex;
  await tx.query("insert into outbox (hash, sender, nonce, raw, purpose) values ($1, $2, $3, $4, $5)", [
    fromHex(hash, 32),
    fromHex(sender, 20),
    nonce,
    fromHex(raw),
    purpose,
  ]);
  return { hash, nonce, raw, purpose };
}

/** Puts other bytes in a letter's place, under its nonce. */
export async function replaceLetter(database: Database, letter: SignedLetter, raw: Hex): Promise<SignedLetter> {
  const hash = Transaction.from(raw).hash as Hex;
  await database.query("update outbox set hash = $2, raw = $3 where hash = $1", [
    fromHex(letter.hash, 32),
    fromHex(hash, 32),
    fromHex(raw),
  ]);
  return { ...letter, hash, raw };
}

export async function deleteLetter(database: Database, hash: Hex): Promise<void> {
  await database.query("delete from outbox where hash = $1", [fromHex(hash, 32)]);
}
