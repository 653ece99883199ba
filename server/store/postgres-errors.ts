import pg from "pg";
import { TwinwardError } from "../../protocol/errors.ts";

/**
 * SQLSTATEs that say "not now" or "not you" instead of something about a statement: connection exceptions (08), who may come
 * in (28), no such database, too many connections, a server that shuts down, starts up or is a standby.
 */
const UNAVAILABLE = /^(08...|28...|3D000|53300|57P0[1-5]|25006|25P0[34])$/;

const DISK_FULL = "53100";

/** Both drivers give the server's errors a SQLSTATE of five characters. */
export function sqlstateOf(error: unknown): string | undefined {
  const code: unknown = error instanceof Error && "code" in error ? error.code : undefined;
  // EPIPE looks like one; what the operating system says has a `syscall`.
  const isSqlstate = typeof code === "string" && /^[0-9A-Z]{5}$/.test(code) && !(error as { syscall?: string }).syscall;
  return isSqlstate ? code : undefined;
}

/**
 * What the driver throws, as we throw it: DATABASE_UNAVAILABLE where the server could not be asked (a connection refused,
 * cut or too late), with the reason in `detail`; DISK_FULL; errors of a statement, and values that we cannot hold, as they are.
 */
export function asOurs(error: unknown): unknown {
  if (error instanceof TwinwardError || error instanceof RangeError || error instanceof TypeError) return error;
  if (sqlstateOf(error) === DISK_FULL) return new TwinwardError("DISK_FULL", {}, error);
  if (error instanceof pg.DatabaseError && !UNAVAILABLE.test(error.code ?? "")) return error;
  return new TwinwardError("DATABASE_UNAVAILABLE", {}, error);
}

/** For whoever starts the server: where it was looked for and what was said. Never a password: no driver's message has one. */
export function explain(error: unknown): string {
  const cause = error instanceof TwinwardError && error.cause !== undefined ? error.cause : error;
  // "localhost" is tried at each of its addresses; the whole then has no words of its own.
  const one = cause instanceof AggregateError ? (cause.errors[0] as unknown) : cause;
  return one instanceof Error ? one.message : String(one);
}

/** The same of the embedded one, which can always be asked. */
export function asOursEmbedded(error: unknown): unknown {
  return sqlstateOf(error) === DISK_FULL ? new TwinwardError("DISK_FULL", {}, error) : error;
}
