// Loaded into a real server before anything else (NODE_OPTIONS=--import): does to one write what the test says, once. The server
// knows nothing of it. What FAULT_FILE holds, as JSON, is armed the moment it is there; it is taken away when it has happened.
import { PGlite } from "@electric-sql/pglite";
import { existsSync, readFileSync, renameSync } from "node:fs";
import promises from "node:fs/promises";
import { syncBuiltinESMExports } from "node:module";

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

interface Runner {
  query(sql: string, ...rest: unknown[]): Promise<unknown>;
}
type Work = (runner: Runner) => Promise<unknown>;
const words = (sql: string): string => sql.replaceAll(/\s+/g, " ").trim();

const postgres = PGlite.prototype as unknown as {
  query: (sql: string, ...rest: unknown[]) => Promise<unknown>;
  transaction: (work: Work) => Promise<unknown>;
};
const { query, transaction } = postgres;
postgres.query = function (this: unknown, sql, ...rest) {
  return around(words(sql), () => query.call(this, sql, ...rest));
};
// Inside a transaction "made" is when it is committed.
postgres.transaction = async function (this: unknown, work) {
  let fault: Fault | undefined;
  const value = await transaction.call(this, (runner) =>
    work(
      new Proxy(runner, {
        get: (target, name): unknown => {
          const found = Reflect.get(target, name, target) as unknown;
          if (name !== "query") return typeof found === "function" ? (found.bind(target) as unknown) : found;
          return async (sql: string, ...rest: unknown[]) => {
            const taken = take(words(sql));
            if (taken !== undefined) before(taken);
            fault ??= taken;
            return target.query(sql, ...rest);
          };
        },
      }),
    ),
  );
  if (fault !== undefined) after(fault);
  return value;
};

/** `…/data/keys/data-keys.json.new` → `keys/data-keys.json.new` */
const nameOf = (path: unknown): string => String(path).split("/").slice(-2).join("/");
const { open, rename } = promises;
promises.open = async (path, ...rest) => {
  const handle = await around(`open ${nameOf(path)}`, () => open(path, ...rest));
  for (const name of ["write", "writeFile", "sync", "datasync"] as const) {
    const call = handle[name].bind(handle) as (...words: unknown[]) => Promise<unknown>;
    Object.assign(handle, {
      [name]: (...words: unknown[]) => around(`${name} ${nameOf(path)}`, () => call(...words)),
    });
  }
  return handle;
};
promises.rename = (from, to) => around(`rename ${nameOf(to)}`, () => rename(from, to));
syncBuiltinESMExports();
