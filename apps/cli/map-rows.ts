import { createReadStream, readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { parse } from "csv-parse";
import { readDeviceModel, type DeviceModel } from "../../protocol/device-model.ts";
import { TwinwardError } from "../../protocol/errors.ts";
import { parseStrict } from "../../protocol/json.ts";
import { Shape } from "../../protocol/shape.ts";

/** map@1: which CSV column becomes which segment of which device model. */
export interface ColumnMap {
  readonly model: DeviceModel;
  /** CSV column → segment. */
  readonly columns: ReadonlyMap<string, string>;
}

/** One row of a CSV as a device measured it. */
export interface MappedRow {
  /** Row number in the file, from 1, without the head. */
  readonly number: number;
  /** The text of the time column, where one was named. */
  readonly time: string | undefined;
  readonly values: ReadonlyMap<string, number | null>;
}

/** Reads a map; the model's path is relative to the map. Throws UNUSABLE_INPUT or UNUSABLE_DEVICE_MODEL. */
export function readColumnMap(file: string): ColumnMap {
  const shape = new Shape("UNUSABLE_INPUT", parseFile(file));
  const found = shape.members(["format", "model", "columns"]);
  found.format.literal("map@1");
  const model = readDeviceModel(parseFile(resolve(dirname(file), found.model.text())));
  const columns = new Map(Object.entries(found.columns.object()).map(([column, segment]) => [column, String(segment)]));
  const fault = (detail: string) => new TwinwardError("UNUSABLE_INPUT", { file, detail: `${file}: ${detail}` });
  if (columns.size === 0) throw fault("it names no column.");
  const taken = new Set<string>();
  for (const [column, segment] of columns) {
    if (!model.segments.some(({ name }) => name === segment))
      throw fault(`column ${column}: ${model.name} has no segment ${segment}.`);
    if (taken.has(segment)) throw fault(`column ${column}: another column is the segment ${segment} already.`);
    taken.add(segment);
  }
  return { model, columns };
}

function parseFile(file: string): unknown {
  try {
    return parseStrict(readFileSync(file, "utf8"));
  } catch (cause) {
    throw new TwinwardError("UNUSABLE_INPUT", { file, detail: `${file} cannot be read as JSON.` }, cause);
  }
}

/** Streams a CSV's rows. Empty cells and cells that are no number become null. Throws UNUSABLE_INPUT for a missing column. */
export async function* mapRows(file: string, { columns }: ColumnMap, timeColumn?: string): AsyncGenerator<MappedRow> {
  const source = createReadStream(file);
  const parser = source.pipe(
    parse({ columns: true, bom: true, trim: true, skip_empty_lines: true, relax_column_count: false }),
  );
  source.on("error", (error) => parser.destroy(error));
  let number = 0;
  try {
    for await (const row of parser as AsyncIterable<Record<string, string>>) {
      number += 1;
      if (number === 1) {
        const missing = [...columns.keys(), ...(timeColumn === undefined ? [] : [timeColumn])].find(
          (column) => !(column in row),
        );
        if (missing !== undefined)
          throw new TwinwardError("UNUSABLE_INPUT", { file, detail: `${file} has no column ${missing}.` });
      }
      const values = new Map([...columns].map(([column, segment]) => [segment, toNumber(row[column])]));
      yield { number, time: timeColumn === undefined ? undefined : row[timeColumn], values };
    }
  } catch (cause) {
    if (cause instanceof TwinwardError) throw cause;
    throw new TwinwardError(
      "UNUSABLE_INPUT",
      { file, detail: `${file}: ${cause instanceof Error ? cause.message : String(cause)}` },
      cause,
    );
  }
}

/** How many rows a CSV has, after one look at all of them. Throws as they do, and UNUSABLE_INPUT where there are none. */
export async function countRows(file: string, rows: AsyncGenerator<unknown>): Promise<number> {
  let count = 0;
  while ((await rows.next()).done !== true) count += 1;
  if (count === 0) throw new TwinwardError("UNUSABLE_INPUT", { file, detail: `${file} has no rows.` });
  return count;
}

function toNumber(text: string | undefined): number | null {
  if (text === undefined || text === "") return null;
  const value = Number(text);
  return Number.isFinite(value) ? value : null;
}
