import type { AckProof } from "../../protocol/ack.ts";
import type { Hex } from "../../protocol/bytes.ts";
import type { Tx } from "./database.ts";

/** A reading as it becomes a leaf. Its place among the device's sequences was decided before. */
export interface ReadingEntry {
  readonly kind: "reading";
  readonly device: Hex;
  readonly sequence: number;
  readonly content: Hex;
  /** header.payload, what the device signed. */
  readonly signingInput: string;
  readonly signature: Uint8Array;
  /** The period [from, to), ms. */
  readonly per: readonly [number, number];
  /** The assignment, or the device between assignments; with `month` (YYYY-MM of `per[0]`, UTC) it names the data key. */
  readonly scope: Hex;
  readonly month: string;
  /** AES-256-GCM of {disclosures, flags}: server/keys/sealed-reading.ts. */
  readonly nonce: Uint8Array;
  readonly sealed: Uint8Array;
}

/** A record as it becomes a leaf; its sequence is counted here, per kind and subject, so the body doesn't have it. */
export interface RecordEntry {
  readonly kind: "record";
  /** Number of the leaf kind, 2 to 11. */
  readonly leafKind: number;
  readonly subject: Hex;
  /** RFC 8785 text, and its SHA-256. */
  readonly body: string;
  readonly content: Hex;
  readonly signature?: Uint8Array;
}

export type Entry = ReadingEntry | RecordEntry;

/** Where an entry came to lie: durable when whoever waits for it hears of it. */
export interface Placed {
  /** In the stream, as its acks and anchors count. */
  readonly position: number;
  readonly sequence: number;
  readonly leaf: Hex;
  /** The gateway's promise over the whole group, with this leaf's place in it. */
  readonly ack: AckProof;
  readonly index: number;
  readonly path: readonly Hex[];
}

/**
 * What a work wants done. `result` and `writes` get the entries' places, in the entries' order. `writes` may fill tables of
 * the work's own room in the same transaction; it may not touch leaf, reading, record, device_head, ack or stream.
 */
export interface Wanted<T> {
  readonly entries: readonly Entry[];
  readonly writes?: (tx: Tx, placed: readonly Placed[]) => Promise<void>;
  readonly result: (placed: readonly Placed[]) => T;
}

/**
 * Decides, inside the transaction that holds the stream, what becomes a leaf. It only reads: it may be run again after a
 * rollback, and what other works of the same group want is not visible to it.
 */
export type Work<T> = (tx: Tx) => Promise<Wanted<T>>;
