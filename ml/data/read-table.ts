import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { basename } from "node:path";
import { CsvError, parse } from "csv-parse";
import { MlError } from "../errors.ts";
import { packCells, type Cells, type CellsInTheMaking } from "./packed-cells.ts";

/** A file of rows as text: nothing is interpreted yet. */
export interface Table {
  /** The file's name, for errors. */
  readonly source: string;
  readonly names: readonly string[];
  /** Cells by column, in the order of `names`. */
  readonly columns: readonly Cells[];
  readonly rows: number;
  /** SHA-256 of the file's bytes. */
  readonly digest: `0x${string}`;
}

export interface ReadOptions {
  /** Whether the first row names the columns; without it they are c0, c1, … */
  readonly hasHeader: boolean;
}

/** What does not fit is refused before it fills the memory. */
const MOST_CELLS = 200_000_000;
const MOST_COLUMNS = 10_000;

/**
 * Reads a CSV as a stream. Empty lines are no rows; cells are trimmed; quoted cells may hold commas and line ends.
 *
 * @throws UNUSABLE_TABLE with the row (from 1, the header not counted) and, where there is one, the column
 */
export async function readTable(file: string, { hasHeader }: ReadOptions): Promise<Table> {
  const source = basename(file);
  const refuse = (detail: string, facts: object = {}, cause?: unknown): MlError =>
    new MlError("UNUSABLE_TABLE", { file: source, ...facts, detail: `${source}: ${detail}` }, cause);
  const hash = createHash("sha256");
  const stream = createReadStream(file);
  stream.on("data", (chunk) => hash.update(chunk));
  const parser = stream.pipe(parse({ bom: true, trim: true, skip_empty_lines: true, relax_column_count: true }));
  stream.on("error", (error) => parser.destroy(error));

  let names: string[] | undefined;
  let columns: CellsInTheMaking[] = [];
  let rows = 0;
  const begin = (found: string[]): void => {
    names = found;
    columns = found.map(() => packCells());
    const fault = faultOfNames(found);
    if (fault !== undefined) throw refuse(fault);
  };
  try {
    for await (const cells of parser as AsyncIterable<string[]>) {
      if (names === undefined) {
        begin(hasHeader ? cells : cells.map((_, column) => `c${column}`));
        if (hasHeader) continue;
      }
      rows += 1;
      if (cells.length !== columns.length) throw refuse(raggedRow(rows, cells.length, names ?? []), { row: rows });
      if (rows * columns.length > MOST_CELLS) throw refuse(`it has more than ${MOST_CELLS} cells.`);
      for (let column = 0; column < cells.length; column++) columns[column]!.push(cells[column]!);
    }
  } catch (error) {
    if (error instanceof MlError) throw error;
    if (error instanceof CsvError) throw refuse(`after row ${rows}: ${error.message}`, { row: rows + 1 }, error);
    throw refuse("it cannot be read.", {}, error);
  } finally {
    stream.destroy();
  }
  if (names === undefined || rows === 0) throw refuse("it has no rows.");
  return { source, names, columns, rows, digest: `0x${hash.digest("hex")}` };
}

function faultOfNames(names: readonly string[]): string | undefined {
  if (names.length > MOST_COLUMNS) return `it has more than ${MOST_COLUMNS} columns.`;
  const unnamed = names.findIndex((name) => name === "");
  if (unnamed >= 0) return `column ${unnamed + 1} has no name. Without a header, say --no-header.`;
  const twice = names.find((name, at) => names.indexOf(name) !== at);
  if (twice !== undefined) return `two columns are called ${twice}. Without a header, say --no-header.`;
  const long = names.find((name) => name.length > 100);
  return long === undefined ? undefined : `a column's name is longer than 100 signs: ${long.slice(0, 40)}…`;
}

function raggedRow(row: number, found: number, names: readonly string[]): string {
  const where =
    found < names.length ? `nothing in column ${names[found]}` : `more than the last column ${names.at(-1)}`;
  return `row ${row} has ${found} cells instead of ${names.length}: ${where}.`;
}
