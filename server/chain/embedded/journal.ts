import { open, type FileHandle } from "node:fs/promises";
import { TwinwardError } from "../../../protocol/errors.ts";
import { sha256Hex } from "../../../protocol/hash.ts";
import type { Hex } from "../../../protocol/bytes.ts";

/** What the embedded chain remembers, in the order in which it happened. */
export type Entry =
  /** A signed transaction that was taken; written before the node hears of it. */
  | { readonly raw: Hex }
  /** A taken transaction that the node then refused. */
  | { readonly refused: Hex }
  /** A block that the node mined; written before anybody may see it. */
  | { readonly block: number; readonly timestamp: number; readonly hash: Hex; readonly transactions: readonly Hex[] };

interface Waiting {
  readonly line: Buffer;
  resolve(): void;
  reject(error: unknown): void;
}

/**
 * The append-only file behind the embedded chain: a line per entry, `<first 8 digits of its SHA-256> <JSON>`.
 * Appends that come while one is being synced share the next sync.
 */
export class Journal {
  readonly #file: FileHandle;
  #size: number;
  #waiting: Waiting[] = [];
  #writing: Promise<void> | undefined;
  #broken: Error | undefined;

  private constructor(file: FileHandle, size: number) {
    this.#file = file;
    this.#size = size;
  }

  /**
   * Opens the journal and reads its entries from byte `offset` on; undefined when the file is shorter than that. An unfinished
   * tail (we died while writing it, so nobody had an answer) is cut off; damage before the last whole line throws CHAIN_LOG_DAMAGED.
   */
  static async open(path: string, offset: number): Promise<{ journal: Journal; entries: Entry[] } | undefined> {
    const file = await open(path, "a+", 0o600);
    try {
      const { size } = await file.stat();
      if (size < offset) {
        await file.close();
        return undefined;
      }
      const bytes = Buffer.alloc(size - offset);
      for (let at = 0; at < bytes.length;) {
        const { bytesRead } = await file.read(bytes, at, bytes.length - at, offset + at);
        if (bytesRead === 0) throw new TwinwardError("CHAIN_LOG_DAMAGED", { detail: "It became shorter while read." });
        at += bytesRead;
      }
      const { entries, good } = readEntries(bytes, offset);
      if (offset + good < size) {
        await file.truncate(offset + good);
        await file.datasync();
      }
      return { journal: new Journal(file, offset + good), entries };
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  /** Bytes that are durable once `flush` has resolved. */
  get size(): number {
    return this.#size;
  }

  /** Resolves when the entry is on disk. After one failed write nothing is taken any more: what is on disk is unknown. */
  append(entry: Entry): Promise<void> {
    // Nor would anything be left to wait for: `flush` would wait forever.
    if (this.#broken !== undefined) return Promise.reject(this.#broken);
    const line = encode(entry);
    this.#size += line.length;
    return new Promise((resolve, reject) => {
      this.#waiting.push({ line, resolve, reject });
      this.#writing ??= this.#drain();
    });
  }

  async flush(): Promise<void> {
    while (this.#writing !== undefined) await this.#writing;
  }

  async close(): Promise<void> {
    await this.flush();
    await this.#file.close();
  }

  async #drain(): Promise<void> {
    while (this.#waiting.length > 0) {
      const group = this.#waiting;
      this.#waiting = [];
      try {
        if (this.#broken !== undefined) throw this.#broken;
        const bytes = Buffer.concat(group.map((waiting) => waiting.line));
        for (let at = 0; at < bytes.length;) at += (await this.#file.write(bytes, at)).bytesWritten;
        await this.#file.datasync();
        for (const waiting of group) waiting.resolve();
      } catch (error) {
        this.#broken ??= error instanceof Error ? error : new Error(String(error));
        for (const waiting of group) waiting.reject(this.#broken);
      }
    }
    this.#writing = undefined;
  }
}

function encode(entry: Entry): Buffer {
  const json = JSON.stringify(entry);
  return Buffer.from(`${checkOf(json)} ${json}\n`);
}

const checkOf = (json: string): string => sha256Hex(json).slice(2, 10);

/** Entries of `bytes` and how many of them are whole. A bad line is a torn tail only when no whole line follows. */
function readEntries(bytes: Buffer, offset: number): { entries: Entry[]; good: number } {
  const entries: Entry[] = [];
  let good = 0;
  let bad: number | undefined;
  for (let at = 0; at < bytes.length;) {
    const end = bytes.indexOf(10, at);
    const line = end < 0 ? undefined : bytes.toString("utf8", at, end);
    const json = line?.slice(9);
    if (line !== undefined && json !== undefined && line.slice(0, 9) === `${checkOf(json)} `) {
      if (bad !== undefined) throw new TwinwardError("CHAIN_LOG_DAMAGED", { at: offset + bad });
      entries.push(JSON.parse(json) as Entry);
      good = end + 1;
    } else {
      bad ??= at;
    }
    if (end < 0) break;
    at = end + 1;
  }
  return { entries, good };
}
