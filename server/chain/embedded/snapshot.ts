import { readFile } from "node:fs/promises";
import { promisify } from "node:util";
import { gunzip } from "node:zlib";
import { fromHex, fromUtf8, toHex, utf8, type Hex } from "../../../protocol/bytes.ts";
import { sha256 } from "../../../protocol/hash.ts";
import { writeDurably } from "../../store/write-durably.ts";

/** Where in the chain and in the journal a snapshot stands. */
export interface SnapshotPlace {
  readonly number: number;
  readonly hash: Hex;
  readonly timestamp: number;
  /** Bytes of the journal whose effect the snapshot holds. */
  readonly offset: number;
  /** Raw transactions that were taken before `offset` and are not in a block yet. */
  readonly pending: readonly Hex[];
}

/**
 * The node's dumped state with its place: a line of JSON, then the dump (gzip). Written beside and renamed, so that a reader
 * sees the old one or the new one. Only a shortcut: the journal alone gives the same chain.
 */
export async function writeSnapshot(path: string, place: SnapshotPlace, dump: Hex): Promise<void> {
  const body = fromHex(dump);
  const line = utf8(`${JSON.stringify({ ...place, sha256: toHex(sha256(body)) })}\n`);
  await writeDurably(path, Buffer.concat([line, body]));
}

/** The snapshot's place and the node's state as JSON bytes; undefined when there is none that is whole. */
export async function readSnapshot(path: string): Promise<{ place: SnapshotPlace; state: Uint8Array } | undefined> {
  try {
    const bytes = await readFile(path);
    const end = bytes.indexOf(10);
    const { sha256: expected, ...place } = JSON.parse(fromUtf8(bytes.subarray(0, end))) as SnapshotPlace & {
      sha256: Hex;
    };
    const body = bytes.subarray(end + 1);
    if (toHex(sha256(body)) !== expected) return undefined;
    return { place, state: await promisify(gunzip)(body) };
  } catch {
    // Absent or unreadable: either way the journal is replayed from its beginning.
    return undefined;
  }
}
