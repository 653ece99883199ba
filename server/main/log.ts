import pino, { type DestinationStream, type Logger } from "pino";
import { ERRORS, TwinwardError } from "../../protocol/errors.ts";

/**
 * The log: one JSON object a line. No value of a reading is ever in it. What rooms log is chosen so; an error's own text is
 * not, because whoever threw it may have quoted what it was given (JSON.parse does, a database's driver keeps the parameters
 * of the query). So errors are told by code and place, and by their own words only where these are ours or the system's.
 */
export function createLog(level: string, destination: DestinationStream): Logger {
  const serializers = { err: tellError, error: tellError };
  return pino({ level, base: null, timestamp: pino.stdTimeFunctions.isoTime, serializers }, destination);
}

/** An error as it may be logged. */
export function tellError(error: unknown): object {
  if (error instanceof TwinwardError) {
    const { status, message } = ERRORS[error.code];
    // Below 500 the case is somebody's input, and its detail may quote it.
    const detail = status >= 500 && typeof error.facts.detail === "string" ? { detail: error.facts.detail } : {};
    const cause = error.cause === undefined ? {} : { cause: tellError(error.cause) };
    return { code: error.code, message, ...detail, ...cause };
  }
  if (!(error instanceof Error)) return { type: typeof error };
  const { code, syscall, table, constraint, routine } = error as Error & Record<string, unknown>;
  const words = { code, table, constraint, routine };
  const known = Object.fromEntries(Object.entries(words).filter(([, value]) => typeof value === "string"));
  // A system call's error names the call and the file.
  const said = typeof syscall === "string" ? { message: error.message } : {};
  return { type: error.name, ...known, ...said, at: framesOf(error) };
}

/** Where it was thrown, without what was said. */
function framesOf({ stack = "" }: Error): string[] {
  return stack
    .split("\n")
    .filter((line) => /^\s+at /.test(line))
    .slice(0, 12)
    .map((line) => line.trim());
}

/** What an oracle wrote to its stderr, line by line: its own events without their reasons' words, and where it failed. */
export function tellOracleLine(line: string): object | undefined {
  try {
    const { why, ...event } = JSON.parse(line) as { why?: unknown };
    const [code] = typeof why === "string" ? (/^[A-Z]{2,}(?:_[A-Z]+)+/.exec(why) ?? []) : [];
    return { ...event, ...(code === undefined ? {} : { code }) };
  } catch {
    const text = line.trim();
    if (/^at /.test(text)) return { at: text };
    const [type] = /^(?:Uncaught )?[A-Z]\w*Error\b/.exec(text) ?? [];
    return type === undefined ? undefined : { type };
  }
}
