import { MlError } from "../errors.ts";
import { isMissing, toNumber } from "./cells.ts";
import type { Table } from "./read-table.ts";

/** What a column holds, learned on training rows alone. A constant tells nothing, and becomes no signal. */
export type ColumnType =
  | { readonly name: string; readonly kind: "number" }
  | { readonly name: string; readonly kind: "boolean"; readonly values: readonly [string, string] }
  | { readonly name: string; readonly kind: "category"; readonly values: readonly string[] }
  | { readonly name: string; readonly kind: "constant" };

/** A column nearly all of whose cells are this share of numbers has odd cells, not words. */
const NUMERIC_SHARE = 0.95;
const NUMERIC_DISTINCT = 20;
/** Values of a category that get a signal of their own; the rest are other values. */
const MOST_VALUES = 32;
const LEAST_ROWS_OF_VALUE = 5;

/**
 * A column's type.
 *
 * @param parts the column's cells, file by file
 * @throws UNUSABLE_TABLE naming file, row and column of a cell that is no number among numbers
 */
export function typeColumn(name: string, parts: readonly { source: string; cells: readonly string[] }[]): ColumnType {
  if (parts.every(({ cells }) => cells.every((cell) => isMissing(cell) || !Number.isNaN(toNumber(cell)))))
    return { name, kind: isConstant(parts) ? "constant" : "number" };
  const counts = new Map<string, number>();
  for (const { cells } of parts)
    for (const cell of cells) if (!isMissing(cell)) counts.set(cell, (counts.get(cell) ?? 0) + 1);
  const values = [...counts.keys()];
  const odd = values.filter((value) => Number.isNaN(toNumber(value)));
  refuseOddCells(name, parts, counts, odd);
  if (values.length === 1) return { name, kind: "constant" };
  if (values.length === 2) return { name, kind: "boolean", values: values.sort() as [string, string] };
  const frequent = [...counts].filter(([, count]) => count >= LEAST_ROWS_OF_VALUE).sort(byCount);
  if (frequent.length === 0) return { name, kind: "constant" };
  return { name, kind: "category", values: frequent.slice(0, MOST_VALUES).map(([value]) => value) };
}

/** Whether all numbers are one. */
function isConstant(parts: readonly { cells: readonly string[] }[]): boolean {
  let first: number | undefined;
  return parts.every(({ cells }) =>
    cells.every((cell) => isMissing(cell) || toNumber(cell) === (first ??= toNumber(cell))),
  );
}

const byCount = ([a, n]: [string, number], [b, m]: [string, number]): number => m - n || (a < b ? -1 : 1);

function refuseOddCells(
  name: string,
  parts: readonly { source: string; cells: readonly string[] }[],
  counts: ReadonlyMap<string, number>,
  odd: readonly string[],
): void {
  const rows = [...counts.values()].reduce((sum, count) => sum + count, 0);
  const oddRows = odd.reduce((sum, value) => sum + (counts.get(value) ?? 0), 0);
  if (counts.size - odd.length < NUMERIC_DISTINCT || rows - oddRows < NUMERIC_SHARE * rows) return;
  for (const { source, cells } of parts) {
    const at = cells.findIndex((cell) => !isMissing(cell) && Number.isNaN(toNumber(cell)));
    if (at >= 0) throw oddCell(source, at, name, cells[at]!);
  }
}

function oddCell(file: string, at: number, column: string, cell: string): MlError {
  const detail = `${file}: row ${at + 1}, column ${column}: '${cell.slice(0, 60)}' is no number, the others are.`;
  return new MlError("UNUSABLE_TABLE", { file, row: at + 1, column, detail });
}

/** Names of the signals that a column becomes. */
export function signalsOf(type: ColumnType): string[] {
  if (type.kind === "constant") return [];
  return type.kind === "category" ? type.values.map((value) => `${type.name}=${value.slice(0, 60)}`) : [type.name];
}

/**
 * A column as signals: a number as it is, a boolean as 0 or 1, a category as one signal for each known value. What is
 * missing is NaN; a value that training never saw is none of the known ones.
 *
 * @throws UNUSABLE_TABLE naming row and column of what should be a number
 */
export function encodeColumn(type: ColumnType, table: Table): Float64Array[] {
  if (type.kind === "constant") return [];
  const cells = table.columns[table.names.indexOf(type.name)]?.texts();
  if (cells === undefined) {
    const detail = `${table.source}: there is no column ${type.name}, which the model sees.`;
    throw new MlError("UNUSABLE_TABLE", { file: table.source, column: type.name, detail });
  }
  if (type.kind === "number") return [Float64Array.from(cells, (cell, at) => numberAt(cell, at, type.name, table))];
  if (type.kind === "boolean")
    return [Float64Array.from(cells, (cell) => (cell === type.values[1] ? 1 : cell === type.values[0] ? 0 : NaN))];
  return type.values.map((value) =>
    Float64Array.from(cells, (cell) => (isMissing(cell) ? NaN : Number(cell === value))),
  );
}

function numberAt(cell: string, at: number, name: string, { source }: Table): number {
  const value = toNumber(cell);
  if (Number.isNaN(value) && !isMissing(cell)) throw oddCell(source, at, name, cell);
  return value;
}
