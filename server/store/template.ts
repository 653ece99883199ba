import { PGlite } from "@electric-sql/pglite";
import { randomBytes } from "node:crypto";
import { mkdir, open, readFile, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";
import { toHex, utf8 } from "../../protocol/bytes.ts";
import { sha256 } from "../../protocol/hash.ts";
import type { Tx } from "./database.ts";
import { migrate, type Migration } from "./migrate.ts";
import { syncDirectory } from "./write-durably.ts";

const CACHE = fileURLToPath(new URL("../../node_modules/.cache/twinward/", import.meta.url));
const BLOCK = 512;

/** Two of initdb's three databases are there to make others from; ours is the only one, with a third of their files. */
const ONE_DATABASE = ["template0", "template1"].flatMap((name) => [
  `alter database ${name} is_template false`,
  `drop database ${name}`,
]);

/**
 * Makes a PostgreSQL data directory at `directory`, which must not exist, with the tables that these migrations make. In
 * WebAssembly that takes seconds, so it is done once, in memory, and kept beside the dependencies for every later start and test.
 * The directory appears by a rename after all its files are on disk: a kill in between leaves a directory that the next
 * call removes, never half a database.
 */
export async function createDataDirectory(directory: string, tables: readonly Migration[] = []): Promise<void> {
  const files = untar(gunzipSync(await template(tables)));
  const making = `${directory}.new`;
  await rm(making, { recursive: true, force: true });
  await mkdir(making, { recursive: true, mode: 0o700 });
  const directories = new Set([making]);
  for (const { name, isDirectory } of files) directories.add(join(making, isDirectory ? name : dirname(name)));
  for (const path of directories) await mkdir(path, { recursive: true, mode: 0o700 });
  const waiting = files.filter((file) => !file.isDirectory);
  // A few at a time: the disk joins their syncs.
  const writers = Array.from({ length: 32 }, async () => {
    for (let file = waiting.pop(); file; file = waiting.pop()) await writeSynced(join(making, file.name), file.bytes);
  });
  await Promise.all(writers);
  await Promise.all([...directories].map(syncDirectory));
  await rename(making, directory);
  await syncDirectory(dirname(directory));
}

async function writeSynced(path: string, bytes: Uint8Array): Promise<void> {
  const file = await open(path, "w", 0o600);
  try {
    await file.writeFile(bytes);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** The kept data directory as a gzipped tar; made now where there is none yet. `npm ci` calls it, so that no start waits. */
export async function template(tables: readonly Migration[]): Promise<Uint8Array> {
  const name = join(CACHE, `database-${await version()}-${nameOf(tables)}.tar.gz`);
  const kept = await readFile(name).catch(() => undefined);
  if (kept) return kept;
  const database = await PGlite.create();
  for (const statement of ONE_DATABASE) await database.exec(statement);
  if (tables.length > 0) await migrate(asOurs(database), tables);
  await database.exec("checkpoint");
  const dump = await database.dumpDataDir("gzip");
  await database.close();
  const bytes = new Uint8Array(await dump.arrayBuffer());
  const written = `${name}.${randomBytes(6).toString("hex")}`;
  try {
    await mkdir(CACHE, { recursive: true });
    await writeFile(written, bytes);
    await rename(written, name);
  } catch {
    // A read-only installation: every start makes its own, seconds slower.
    await rm(written, { force: true }).catch(() => undefined);
  }
  return bytes;
}

function nameOf(tables: readonly Migration[]): string {
  const all = utf8(JSON.stringify([ONE_DATABASE, tables.map((migration) => toHex(migration.sha256))]));
  return toHex(sha256(all)).slice(2, 18);
}

function asOurs(database: PGlite): Parameters<typeof migrate>[0] {
  const over = (one: Pick<PGlite, "query" | "exec">): Tx => ({
    query: async <T>(sql: string, parameters: readonly unknown[] = []) =>
      (await one.query<T>(sql, [...parameters])).rows,
    script: async (sql) => void (await one.exec(sql)),
  });
  return { ...over(database), transaction: (work) => database.transaction((tx) => work(over(tx))) };
}

async function version(): Promise<string> {
  const path = join(dirname(fileURLToPath(import.meta.resolve("@electric-sql/pglite"))), "..", "package.json");
  return (JSON.parse(await readFile(path, "utf8")) as { version: string }).version;
}

interface TarFile {
  readonly name: string;
  readonly isDirectory: boolean;
  readonly bytes: Uint8Array;
}

/** Files of a ustar archive that we made ourselves: plain files and directories, short names. */
function untar(archive: Uint8Array): TarFile[] {
  const text = (from: number, size: number): string =>
    Buffer.from(archive.buffer, archive.byteOffset + from, size)
      .toString("latin1")
      .replace(/\0[^]*$/, "");
  const files: TarFile[] = [];
  for (let at = 0; at + BLOCK <= archive.length && archive[at] !== 0;) {
    const prefix = text(at + 345, 155);
    const name = `${prefix === "" ? "" : `${prefix}/`}${text(at, 100)}`.replace(/^\/+/, "");
    const size = parseInt(text(at + 124, 12).trim() || "0", 8);
    const kind = text(at + 156, 1);
    files.push({ name, isDirectory: kind === "5", bytes: archive.subarray(at + BLOCK, at + BLOCK + size) });
    at += BLOCK + Math.ceil(size / BLOCK) * BLOCK;
  }
  return files.filter(({ name }) => name !== "" && name !== "." && !name.split("/").includes(".."));
}
