import { MlError } from "../errors.ts";
import { encodeColumn, signalsOf, typeColumn, type ColumnType } from "./columns.ts";
import { toLabels } from "./labels.ts";
import { readTable, type Table } from "./read-table.ts";
import { cutStretchesOf, type Stretch } from "./stretches.ts";
import { inferTimeFormat, toTimes, type TimeFormat } from "./time.ts";

/** Signals by column: what detectors see. Missing values are NaN. */
export interface Frame {
  readonly signals: readonly string[];
  readonly values: readonly Float64Array[];
  readonly rows: number;
  readonly stretches: readonly Stretch[];
}

/** How tables are read, frozen with a model so that later ones are read alike. */
export interface Reading {
  readonly hasHeader: boolean;
  readonly types: readonly ColumnType[];
  readonly time?: { readonly column: string; readonly format: TimeFormat } | undefined;
  readonly device?: string | undefined;
}

/** What a person says about files to learn from. */
export interface TrainingFiles {
  readonly files: readonly string[];
  readonly hasHeader: boolean;
  readonly time?: string | undefined;
  readonly timeFormat?: TimeFormat | undefined;
  readonly device?: string | undefined;
  readonly label?: string | undefined;
  /** The column that says what kind of attack a row is of; without it the label may. Never seen by a detector. */
  readonly kinds?: string | undefined;
  readonly drop: readonly string[];
  /** The word for a clean row, beside 0, false and nothing. */
  readonly normal: string;
}

export interface Training {
  readonly frame: Frame;
  /** 1 where attacked; undefined where no column says it. */
  readonly labels: Uint8Array | undefined;
  /** What each row is called by whoever labelled it. */
  readonly kinds: readonly string[] | undefined;
  readonly reading: Reading;
  readonly tables: readonly Table[];
}

/**
 * Reads files to learn from: the same columns in each, each file a stretch of its own.
 *
 * @throws UNUSABLE_TABLE, TIME_UNCLEAR
 */
export async function readTraining(wanted: TrainingFiles): Promise<Training> {
  const tables: Table[] = [];
  for (const file of wanted.files) tables.push(await readTable(file, wanted));
  const [first] = tables;
  if (first === undefined) throw new MlError("UNUSABLE_TABLE", { detail: "No file was named." });
  for (const table of tables) requireSameColumns(first, table);
  const named = [wanted.time, wanted.device, wanted.label, wanted.kinds, ...wanted.drop];
  for (const name of named) if (name !== undefined) requireColumn(first, name);
  const types = first.names
    .filter((name) => !named.includes(name))
    .map((name) =>
      typeColumn(
        name,
        tables.map((table) => ({ source: table.source, cells: cellsOf(table, name) })),
      ),
    );
  if (types.every(({ kind }) => kind === "constant"))
    throw new MlError("UNUSABLE_TABLE", { detail: "No column that is left tells anything: all are constant." });
  const reading: Reading = {
    hasHeader: wanted.hasHeader,
    types,
    time: wanted.time === undefined ? undefined : timeOf(tables, wanted.time, wanted),
    device: wanted.device,
  };
  const { label, normal } = wanted;
  const kinds = wanted.kinds ?? label;
  return {
    frame: toFrame(tables, reading),
    labels:
      label === undefined
        ? undefined
        : toLabels(
            tables.flatMap((table) => cellsOf(table, label)),
            normal,
          ),
    kinds: kinds === undefined ? undefined : tables.flatMap((table) => asFewStrings(cellsOf(table, kinds))),
    reading,
    tables,
  };
}

/** Cells that are kept: those that are alike as one string. */
function asFewStrings(cells: readonly string[]): string[] {
  const known = new Map<string, string>();
  return cells.map((cell) => known.get(cell) ?? (known.set(cell, cell), cell));
}

function timeOf(tables: readonly Table[], column: string, wanted: TrainingFiles): Reading["time"] {
  const parts = tables.flatMap((table) => byDevice(cellsOf(table, column), deviceCells(table, wanted.device)));
  return { column, format: wanted.timeFormat ?? inferTimeFormat(parts, column) };
}

/** Reads a file to be judged: columns that the model does not see may be absent. @throws as `readTraining` */
export async function readFrame(file: string, reading: Reading): Promise<{ frame: Frame; table: Table }> {
  const table = await readTable(file, reading);
  return { frame: toFrame([table], reading), table };
}

/** Tables as one frame, in their order. */
export function toFrame(tables: readonly Table[], reading: Reading): Frame {
  const parts = tables.map((table) => reading.types.flatMap((type) => encodeColumn(type, table)));
  const rows = tables.reduce((sum, table) => sum + table.rows, 0);
  const signals = reading.types.flatMap(signalsOf);
  const values = signals.map((_, signal) => {
    const joined = new Float64Array(rows);
    let at = 0;
    for (const part of parts) {
      joined.set(part[signal]!, at);
      at += part[signal]!.length;
    }
    return joined;
  });
  let first = 0;
  const stretches = tables.flatMap((table) => {
    const cut = stretchesOf(table, first, reading);
    first += table.rows;
    return cut;
  });
  return { signals, values, rows, stretches };
}

function stretchesOf(table: Table, first: number, { time, device }: Reading): Stretch[] {
  const devices = deviceCells(table, device);
  if (time === undefined) return cutStretchesOf(table.rows, first, devices);
  const cells = cellsOf(table, time.column);
  const times = new Float64Array(table.rows);
  for (const rows of cutStretchesOf(table.rows, 0, devices)) {
    const own = toTimes(
      [...rows].map((row) => cells[row]!),
      time.format,
      time.column,
    );
    rows.forEach((row, n) => (times[row] = own[n]!));
  }
  return cutStretchesOf(table.rows, first, devices, times);
}

const deviceCells = (table: Table, device: string | undefined): readonly string[] | undefined =>
  device === undefined ? undefined : cellsOf(table, device);

function byDevice(cells: readonly string[], devices: readonly string[] | undefined): string[][] {
  const rows = cutStretchesOf(cells.length, 0, devices);
  return rows.map((own) => [...own].map((row) => cells[row]!));
}

/** A column's cells, to be let go when they have been looked at. @throws UNUSABLE_TABLE naming those that there are */
export function cellsOf(table: Table, name: string): readonly string[] {
  requireColumn(table, name);
  return table.columns[table.names.indexOf(name)]!.texts();
}

function requireColumn({ names, source }: Table, column: string): void {
  if (names.includes(column)) return;
  const detail = `${source}: there is no column ${column}. There are ${names.slice(0, 60).join(", ")}.`;
  throw new MlError("UNUSABLE_TABLE", { file: source, column, detail });
}

function requireSameColumns(first: Table, table: Table): void {
  const at = [...first.names.keys()].find((n) => first.names[n] !== table.names[n]);
  if (at === undefined && first.names.length === table.names.length) return;
  const column = at === undefined ? table.names[first.names.length] : table.names[at];
  const detail = `${table.source} has not the columns of ${first.source}: they differ at column ${(at ?? first.names.length) + 1} (${column ?? "none"}).`;
  throw new MlError("UNUSABLE_TABLE", { file: table.source, column, detail });
}
