// Loaded into a real server before anything else (NODE_OPTIONS=--import): does to one write what the test says, once. The server
// knows nothing of it. What FAULT_FILE holds, as JSON, is armed the moment it is there; it is taken away when it has happened.
import { existsSync, readFileSync, renameSync } from "node:fs";
import promises from "node:fs/promises";
import { syncBuiltinESMExports } from "node:module";
import type { Parameter } from "../../server/store/parameters.ts";
import { PGliteWire } from "../../server/store/pglite-wire.ts";

/** `failed`: it is not made. `persisted`: it is made, and reported as failed. `killed`: SIGKILL before; `killed-after`: after it. */
export type Mode = "failed" | "persisted" | "killed" | "killed-after";

export interface Fault {
  /** The beginning of an SQL statement, or a file call: `write chain/journal`. */
  readonly point: string;
  readonly mode: Mode;
}

const file = process.env.FAULT_FILE;

/** The armed fault, if this is its point; from now on it has happened. */
function take(point: string): Fault | undefined {
  if (file === undefined || !existsSync(file)) return undefined;
  const fault = JSON.parse(readFileSync(file, "utf8")) as Fault;
  if (!point.startsWith(fault.point)) return undefined;
  renameSync(file, `${file}.happened`);
  return fault;
}

function before({ mode, point }: Fault): void {
  if (mode === "killed") process.kill(process.pid, "SIGKILL");
  if (mode === "failed") throw new Error(`injected: ${point} failed`);
}

function after({ mode, point }: Fault): void {
  if (mode === "killed-after") process.kill(process.pid, "SIGKILL");
  if (mode === "persisted") throw new Error(`injected: ${point} was made, and nobody knows`);
}

async function around<T>(point: string, write: () => Promise<T>): Promise<T> {
  const fault = take(point);
  if (fault === undefined) return write();
  before(fault);
  const value = await write();
  after(fault);
  return value;
}

type Query = (this: unknown, sql: string, parameters?: readonly Parameter[]) => Promise<unknown>;
const words = (sql: string): string => sql.replaceAll(/\s+/g, " ").trim();
const wire = PGliteWire.prototype as { query: Query; script: Query };
/** What happened in the transaction that is open: there "made" is when it is committed. */
let inside: { fault?: Fault | undefined } | undefined;
for (const name of ["query", "script"] as const) {
  const ask = wire[name];
  wire[name] = async function (this: unknown, sql, parameters) {
    const query = (): Promise<unknown> => ask.call(this, sql, parameters);
    if (sql === "begin") inside = {};
    const open = inside;
    if (sql === "commit" || sql === "rollback") inside = undefined;
    if (open === undefined) return around(words(sql), query);
    const taken = take(words(sql));
    if (taken !== undefined) before(taken);
    open.fault ??= taken;
    const answer = await query();
    if (sql === "commit" && open.fault !== undefined) after(open.fault);
    return answer;
  };
}

/** `…/data/keys/data-keys.json.new` → `keys/data-keys.json.new` */
const nameOf = (path: unknown): string => String(path).split("/").slice(-2).join("/");
const { open, rename, link, rm, writeFile } = promises;
promises.open = async (path, ...rest) => {
  const handle = await around(`open ${nameOf(path)}`, () => open(path, ...rest));
  for (const name of ["write", "writeFile", "sync", "datasync", "truncate"] as const) {
    const call = handle[name].bind(handle) as (...words: unknown[]) => Promise<unknown>;
    Object.assign(handle, {
      [name]: (...words: unknown[]) => around(`${name} ${nameOf(path)}`, () => call(...words)),
    });
  }
  return handle;
};
promises.rename = (from, to) => around(`rename ${nameOf(to)}`, () => rename(from, to));
promises.rm = (path, ...rest) => around(`rm ${nameOf(path)}`, () => rm(path, ...rest));
promises.link = (from, to) => around(`link ${nameOf(to)}`, () => link(from, to));
promises.writeFile = (path, ...rest) => around(`writeFile ${nameOf(path)}`, () => writeFile(path, ...rest));
syncBuiltinESMExports();
