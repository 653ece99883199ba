import { MlError } from "../../ml/errors.ts";
import { ERRORS, TwinwardError } from "../../protocol/errors.ts";

/** How a check went, by shape as well as by word. */
export const MARKS = { passed: "✔", failed: "✖", "not checked": "○" } as const;

/** A table for people: columns as wide as their widest cell. */
export function printTable(head: readonly string[], rows: readonly (readonly string[])[]): void {
  const widths = head.map((name, column) => Math.max(name.length, ...rows.map((row) => (row[column] ?? "").length)));
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join("  ")
      .trimEnd();
  console.log(line(head));
  console.log(line(widths.map((width) => "─".repeat(width))));
  for (const row of rows) console.log(line(row));
}

export function printJson(value: unknown): void {
  console.log(JSON.stringify(value, (_, part: unknown) => (typeof part === "bigint" ? part.toString() : part), 2));
}

/** The models' room knows no table; its words are lines of ours. */
export const asTwinwardError = (error: unknown): unknown =>
  error instanceof MlError ? new TwinwardError(error.code, error.facts, error.cause) : error;

/** One error for people: what happened, the code, what to do. Never a stack, never a secret. */
export function explainError(error: unknown): string {
  if (error instanceof TwinwardError) {
    const { message, remedy } = ERRORS[error.code];
    const detail = typeof error.facts.detail === "string" ? error.facts.detail : message;
    return `${error.code}: ${detail}\n  What to do: ${remedy}`;
  }
  if (error instanceof Error && "code" in error && error.code === "ENOSPC")
    return explainError(new TwinwardError("DISK_FULL", { detail: error.message }));
  return error instanceof Error ? error.message : String(error);
}

export const shortId = (id: string): string => (id.length > 18 ? `${id.slice(0, 10)}…${id.slice(-6)}` : id);

export const timeOf = (ms: number): string => new Date(ms).toISOString();
