import { protocol } from "@electric-sql/pglite";

/** The words of PostgreSQL's protocol (its documentation, chapter "Message Formats"), for both sides of the embedded database. */
export const [ROW, ROW_DESCRIPTION, ERROR] = [..."DTE"].map((type) => type.charCodeAt(0));

export const SYNC = message("S");

/** A message of this type, its length counted. */
export function message(type: string, ...parts: readonly Uint8Array[]): Buffer {
  const length = parts.reduce((sum, part) => sum + part.length, 4);
  return Buffer.concat([Buffer.from(type), int32(length), ...parts], length + 1);
}

export function cstring(text: string): Buffer {
  return Buffer.from(`${text}\0`, "utf8");
}

export function int16(value: number): Buffer {
  const bytes = Buffer.allocUnsafe(2);
  bytes.writeInt16BE(value);
  return bytes;
}

export function int32(value: number): Buffer {
  const bytes = Buffer.allocUnsafe(4);
  bytes.writeInt32BE(value);
  return bytes;
}

/** Where the messages of an answer lie in it. */
export function* messagesOf(answer: Buffer): Generator<{ type: number; start: number; end: number }> {
  for (let at = 0; at + 5 <= answer.length;) {
    const end = at + 1 + answer.readInt32BE(at + 1);
    yield { type: answer[at] as number, start: at + 5, end };
    at = end;
  }
}

/** An error as PGlite's own parser makes it: with its SQLSTATE as `code`. */
export type DatabaseError = Error & { readonly severity?: string | undefined };

/** The error of an answer: the one after which nothing can be asked any more, else the first. */
export function errorIn(answer: Buffer): DatabaseError | undefined {
  if (![...messagesOf(answer)].some(({ type }) => type === ERROR)) return undefined;
  const errors: DatabaseError[] = [];
  new protocol.Parser().parse(answer, (said) => {
    if (said instanceof Error) errors.push(said);
  });
  const unnamed = new Error("The embedded database refused, and did not say why.");
  return errors.find(isTheEnd) ?? errors[0] ?? unnamed;
}

/** Whether PostgreSQL would have ended its process with it. These are about files and memory, never about what was asked. */
export function isTheEnd({ severity }: DatabaseError): boolean {
  return severity === "PANIC" || severity === "FATAL";
}
