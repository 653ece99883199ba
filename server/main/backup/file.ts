import { createHash } from "node:crypto";
import { createReadStream, createWriteStream, existsSync } from "node:fs";
import { open, rename, rm, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGunzip, createGzip } from "node:zlib";
import { parseConsortium, type Consortium } from "../../../protocol/consortium.ts";
import { isHex, type Hex } from "../../../protocol/bytes.ts";
import { TwinwardError } from "../../../protocol/errors.ts";
import type { CopiedHead, CopiedPage } from "../../store/copy-out.ts";
import { syncDirectory } from "../../store/write-durably.ts";

/** The first line of a backup@1. Pages follow, a line each: the table's name and its rows. */
export interface BackupHead {
  readonly format: "backup@1";
  /** ISO 8601. */
  readonly made: string;
  readonly consortium: Consortium;
  readonly copied: CopiedHead;
}

/** Its last line: without it a backup is not whole. `sha256` is over all lines before it. */
export interface BackupEnd {
  readonly rows: Readonly<Record<string, number>>;
  readonly sha256: Hex;
}

/** Writes a new file, for its owner only; it appears under its name when all of it is on disk. */
export async function writeBackupFile(
  file: string,
  head: BackupHead,
  pages: AsyncIterable<CopiedPage>,
): Promise<BackupEnd & { readonly bytes: number }> {
  if (existsSync(file)) throw new TwinwardError("UNUSABLE_INPUT", { file, detail: `${file} is there already.` });
  const aside = `${file}.new`;
  const rows: Record<string, number> = {};
  const hash = createHash("sha256");
  let sha256: Hex = "0x";
  async function* lines(): AsyncGenerator<string> {
    const said = (value: unknown): string => {
      const line = `${JSON.stringify(value)}\n`;
      hash.update(line);
      return line;
    };
    yield said(head);
    for await (const { table, rows: found } of pages) {
      rows[table] = (rows[table] ?? 0) + found.length;
      yield said([table, ...found]);
    }
    sha256 = `0x${hash.digest("hex")}`;
    yield `${JSON.stringify({ rows, sha256 })}\n`;
  }
  try {
    // Made here and now: what lies there may lead elsewhere, or let others read it.
    await rm(aside, { force: true });
    await pipeline(Readable.from(lines()), createGzip(), createWriteStream(aside, { flags: "wx", mode: 0o600 }));
    const written = await open(aside, "r");
    await written.sync().finally(() => written.close());
    await rename(aside, file);
    await syncDirectory(dirname(file));
  } catch (error) {
    await rm(aside, { force: true });
    throw error;
  }
  return { rows, sha256, bytes: (await stat(file)).size };
}

/** A backup that was read to its end and is whole. */
export interface Backup {
  readonly head: BackupHead;
  readonly end: BackupEnd;
  /** Its rows, read once more. */
  readonly pages: () => AsyncGenerator<CopiedPage>;
}

/** Reads it through before anything rests on it. Throws UNUSABLE_BACKUP. */
export async function readBackupFile(file: string): Promise<Backup> {
  const hash = createHash("sha256");
  const rows: Record<string, number> = {};
  let head: BackupHead | undefined;
  let end: BackupEnd | undefined;
  for await (const line of linesOf(file)) {
    if (end) throw unusable(file, "Something follows its last line.");
    const value = parse(file, line);
    if (head === undefined) head = readHead(file, value);
    else if (Array.isArray(value)) {
      const [table, ...found] = readPage(file, value);
      rows[table] = (rows[table] ?? 0) + found.length;
    } else end = value as BackupEnd;
    if (!end) hash.update(`${line}\n`);
  }
  if (!head || !end) throw unusable(file, "It ends too early.");
  const isWhole = end.sha256 === `0x${hash.digest("hex")}` && JSON.stringify(end.rows) === JSON.stringify(rows);
  if (!isWhole) throw unusable(file, "It is not what was written: its check does not fit.");
  const found = head;
  async function* pages(): AsyncGenerator<CopiedPage> {
    let first = true;
    for await (const line of linesOf(file)) {
      const value = parse(file, line);
      if (!first && Array.isArray(value)) {
        const [table, ...given] = readPage(file, value);
        yield { table, rows: given };
      }
      first = false;
    }
  }
  return { head: found, end, pages };
}

function readHead(file: string, value: unknown): BackupHead {
  const head = (value ?? {}) as Partial<BackupHead>;
  const { copied } = head;
  const whole =
    head.format === "backup@1" &&
    typeof head.made === "string" &&
    copied !== undefined &&
    Number.isSafeInteger(copied.size) &&
    Number.isSafeInteger(copied.batches) &&
    (copied.stream === null || isHex(copied.stream, 32)) &&
    Array.isArray(copied.migrations) &&
    copied.migrations.every((one) => isHex(one, 32));
  if (!whole) throw unusable(file, "Its first line is not that of a backup@1.");
  try {
    return { ...(head as BackupHead), consortium: parseConsortium(JSON.stringify(head.consortium)) };
  } catch (cause) {
    throw unusable(file, "It names no consortium.", cause);
  }
}

function readPage(file: string, value: unknown[]): [string, ...string[]] {
  if (value.length > 0 && value.every((one) => typeof one === "string")) return value as [string, ...string[]];
  throw unusable(file, "One of its lines is not a page of rows.");
}

/** Lines end with a line feed and nothing else: JSON has no other, whatever a row's text holds. */
async function* linesOf(file: string): AsyncGenerator<string> {
  let rest: Buffer[] = [];
  const source = createReadStream(file);
  const gunzip = createGunzip();
  source.on("error", (error) => gunzip.destroy(error));
  try {
    for await (const chunk of source.pipe(gunzip) as AsyncIterable<Buffer>) {
      let from = 0;
      for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, from)) {
        yield Buffer.concat([...rest, chunk.subarray(from, end)]).toString("utf8");
        rest = [];
        from = end + 1;
      }
      rest.push(chunk.subarray(from));
    }
  } catch (cause) {
    throw cause instanceof TwinwardError
      ? cause
      : unusable(file, `It cannot be read: ${(cause as Error).message}.`, cause);
  } finally {
    source.destroy();
    gunzip.destroy();
  }
  if (rest.some((part) => part.length > 0)) throw unusable(file, "It ends within a line.");
}

function parse(file: string, line: string): unknown {
  try {
    return JSON.parse(line);
  } catch (cause) {
    throw unusable(file, "One of its lines is not JSON.", cause);
  }
}

function unusable(file: string, detail: string, cause?: unknown): TwinwardError {
  return new TwinwardError("UNUSABLE_BACKUP", { file, detail: `${file}: ${detail}` }, cause);
}
