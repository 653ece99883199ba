import { MlError } from "../errors.ts";
import { toNumber } from "./cells.ts";

/** How a column writes the time: the order of day, month and year, or a count since a beginning. */
export const TIME_FORMATS = ["ymd", "dmy", "mdy", "seconds", "milliseconds", "count"] as const;
export type TimeFormat = (typeof TIME_FORMATS)[number];

const WORDS: Readonly<Record<TimeFormat, string>> = {
  ymd: "year, month, day",
  dmy: "day, month, year",
  mdy: "month, day, year",
  seconds: "seconds since 1970",
  milliseconds: "milliseconds since 1970",
  count: "a number that counts up",
};

const DATE =
  /^(\d{1,4})([/.-])(\d{1,2})\2(\d{1,4})(?:[ T]+(\d{1,2})(?::(\d{2})(?::(\d{2}(?:\.\d{1,9})?))?)?\s*([AaPp][Mm])?\s*(Z|[+-]\d{2}:?\d{2})?)?$/;

/** A cell's time in ms (a count as it is); NaN where it is none in this format. Without a zone it is read as UTC. */
export function parseTime(cell: string, format: TimeFormat): number {
  if (format === "count" || format === "milliseconds") return toNumber(cell);
  if (format === "seconds") return 1000 * toNumber(cell);
  const found = DATE.exec(cell);
  if (found === null) return NaN;
  const [first, second, third] = [found[1]!, found[3]!, found[4]!];
  const [year, month, day] = (
    { ymd: [first, second, third], dmy: [third, second, first], mdy: [third, first, second] } as const
  )[format];
  const date = toDate(year, month, day);
  return date + timeOfDay(found[5], found[6], found[7], found[8]) - zone(found[9]);
}

/** Midnight in ms; NaN for a day that is in no calendar. Two digits of a year are 1970 to 2069. */
function toDate(yearText: string, monthText: string, dayText: string): number {
  if ((yearText.length !== 2 && yearText.length !== 4) || monthText.length > 2 || dayText.length > 2) return NaN;
  const short = Number(yearText);
  const year = yearText.length === 4 ? short : short + (short < 70 ? 2000 : 1900);
  const [month, day] = [Number(monthText), Number(dayText)];
  const date = new Date(Date.UTC(year, month - 1, day));
  return date.getUTCMonth() === month - 1 && date.getUTCDate() === day ? date.getTime() : NaN;
}

function timeOfDay(hourText = "0", minuteText = "0", secondText = "0", half?: string): number {
  let hour = Number(hourText);
  const [minute, second] = [Number(minuteText), Number(secondText)];
  if (half !== undefined) {
    if (hour < 1 || hour > 12) return NaN;
    hour = (hour % 12) + (half.toLowerCase() === "pm" ? 12 : 0);
  }
  if (hour > 24 || minute > 59 || second >= 61) return NaN;
  return ((hour * 60 + minute) * 60 + second) * 1000;
}

function zone(text: string | undefined): number {
  if (text === undefined || text === "Z") return 0;
  const [hours, minutes] = [Number(text.slice(1, 3)), Number(text.slice(-2))];
  return (text.startsWith("-") ? -1 : 1) * (hours * 60 + minutes) * 60_000;
}

/** What a column of numbers counts, by its size: nothing else tells seconds from milliseconds. */
function formatOfNumbers(cells: readonly string[]): TimeFormat {
  const [first, last] = [toNumber(cells[0] ?? ""), toNumber(cells.at(-1) ?? "")];
  const lies = (from: number, to: number): boolean => first >= from && last < to;
  return lies(1e8, 1e10) ? "seconds" : lies(1e11, 1e13) ? "milliseconds" : "count";
}

const candidatesFor = (cells: readonly string[]): readonly TimeFormat[] =>
  Number.isNaN(toNumber(cells[0] ?? "")) ? ["ymd", "dmy", "mdy"] : [formatOfNumbers(cells)];

type Fault = { readonly at: number; readonly why: string };

/** Where a column first is no time in this format, or goes back; undefined where it increases (standing still may happen). */
function faultOf(cells: readonly string[], format: TimeFormat): Fault | undefined {
  let before = -Infinity;
  for (let at = 0; at < cells.length; at++) {
    const time = parseTime(cells[at]!, format);
    if (Number.isNaN(time)) return { at, why: `'${cells[at]}' is no time` };
    if (time < before) return { at, why: `'${cells[at]}' goes back` };
    before = time;
  }
  return before > parseTime(cells[0]!, format) ? undefined : { at: cells.length - 1, why: "it stands still" };
}

/**
 * The one format in which each of these columns (a file's, a device's) increases.
 *
 * @throws TIME_UNCLEAR with the candidates: those in which it increases where they are several, else where each fails
 */
export function inferTimeFormat(columns: readonly (readonly string[])[], name: string): TimeFormat {
  const candidates = candidatesFor(columns[0] ?? []);
  const faults = candidates.map((format) => columns.map((cells) => faultOf(cells, format)).find(Boolean));
  const fitting = candidates.filter((_, n) => faults[n] === undefined);
  const [format] = fitting;
  if (format !== undefined && fitting.length === 1) return format;
  // Dates such as 05/05/2014 alone: what cannot be told apart need not be.
  if (format !== undefined && fitting.every((other) => sameTimes(columns, format, other))) return format;
  const told =
    fitting.length > 1
      ? `increases as ${fitting.map((each) => `${each} (${WORDS[each]})`).join(" and as ")}: name one with --time-format`
      : `increases in no format: ${candidates.map((each, n) => `as ${each} row ${(faults[n]?.at ?? 0) + 1}: ${faults[n]?.why}`).join("; ")}`;
  throw new MlError("TIME_UNCLEAR", { column: name, candidates: fitting, detail: `The column ${name} ${told}.` });
}

const sameTimes = (columns: readonly (readonly string[])[], one: TimeFormat, other: TimeFormat): boolean =>
  columns.every((cells) => cells.every((cell) => parseTime(cell, one) === parseTime(cell, other)));

/** Times in ms. @throws TIME_UNCLEAR naming the row where it is no time in this format, or goes back */
export function toTimes(cells: readonly string[], format: TimeFormat, name: string): Float64Array {
  const times = Float64Array.from(cells, (cell) => parseTime(cell, format));
  const at = times.findIndex((time, n) => Number.isNaN(time) || (n > 0 && time < times[n - 1]!));
  if (at < 0) return times;
  const why = Number.isNaN(times[at]!) ? "is no time" : "goes back in time";
  const detail = `The column ${name}, row ${at + 1}: '${cells[at]}' ${why} as ${WORDS[format]}.`;
  throw new MlError("TIME_UNCLEAR", { column: name, row: at + 1, format, detail });
}
