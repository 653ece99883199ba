import { fromHex, toHex } from "../../protocol/bytes.ts";
import type { ErrorCode } from "../../protocol/errors.ts";
import type { KeyStore } from "../keys/key-store.ts";
import { sealAside } from "../keys/sealed-reading.ts";
import type { Tx } from "../store/database.ts";
import type { Candidate } from "./place-readings.ts";

/** Kept per device: enough to convict it, not enough to fill the disk. The first ones stay. */
const EVIDENCE_PER_DEVICE = 64;

/** An authentic reading that was refused for its place. */
export interface Refused {
  readonly candidate: Candidate;
  readonly code: ErrorCode;
}

/** Keeps what a device signed twice or out of its chain: with the accepted reading it proves equivocation. */
export async function keepEvidence(tx: Tx, keys: KeyStore, refused: readonly Refused[]): Promise<void> {
  if (refused.length === 0) return;
  const devices = new Set(refused.map(({ candidate }) => candidate.device));
  const rows = await tx.query<{ device: Uint8Array; content: Uint8Array }>(
    "select device, content from evidence where device = any($1::bytea[])",
    [[...devices].map((device) => fromHex(device, 32))],
  );
  const kept = new Map([...devices].map((device) => [device, new Set<string>()]));
  for (const { device, content } of rows) kept.get(toHex(device))?.add(toHex(content));
  const fresh = refused.filter(({ candidate: { device, content } }) => {
    const contents = kept.get(device);
    if (!contents || contents.has(content) || contents.size >= EVIDENCE_PER_DEVICE) return false;
    contents.add(content);
    return true;
  });
  if (fresh.length === 0) return;
  const [{ next } = { next: 0 }] = await tx.query<{ next: number }>(
    "select coalesce(max(number) + 1, 0) as next from evidence",
  );
  const sealed = fresh.map(({ candidate, code }, i) => {
    const { device, sequence, content, scope, month, receivedAt, text } = candidate;
    const evidence = { number: next + i, code };
    return sealAside(keys, { device, sequence, content, scope, month, receivedAt, evidence }, text);
  });
  await tx.query(
    `insert into evidence (number, device, sequence, content, code, received_at, scope, month, nonce, sealed)
     select * from unnest($1::bigint[], $2::bytea[], $3::bigint[], $4::bytea[], $5::text[], $6::bigint[], $7::bytea[],
       $8::text[], $9::bytea[], $10::bytea[])`,
    [
      fresh.map((_, i) => next + i),
      fresh.map(({ candidate }) => fromHex(candidate.device, 32)),
      fresh.map(({ candidate }) => candidate.sequence),
      fresh.map(({ candidate }) => fromHex(candidate.content, 32)),
      fresh.map(({ code }) => code),
      fresh.map(({ candidate }) => candidate.receivedAt),
      fresh.map(({ candidate }) => fromHex(candidate.scope, 32)),
      fresh.map(({ candidate }) => candidate.month),
      sealed.map(({ nonce }) => nonce),
      sealed.map((each) => each.sealed),
    ],
  );
}
