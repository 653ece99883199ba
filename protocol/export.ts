import type { AckProof } from "./ack.ts";
import type { Hex } from "./bytes.ts";
import type { Disclosure } from "./disclosure.ts";
import type { ExportRecord } from "./export-record.ts";
import { canonical } from "./json.ts";
import { parsePresentation } from "./reading.ts";
import type { Receipt } from "./receipt.ts";
import { valuesOf, type ReleaseRecord, type Transform } from "./release.ts";
import type { Flag, Purpose } from "./words.ts";

/**
 * export@1: a stretch of a twin in one file, a line of RFC 8785 JSON each: values as any tool reads them, and beside them what
 * proves them. docs/formats/export.md.
 */
export type ExportLine = HeadLine | DecisionLine | ReadingLine | ReleaseLine | EndLine;

/** The first line: whose and which. */
export interface HeadLine {
  readonly kind: "head";
  readonly format: "export@1";
  readonly twin: Hex;
  readonly device: Hex;
  readonly model: string;
  readonly purpose: Purpose;
  readonly segments: readonly string[];
  /** The stretch asked for, ms, [from, until); null is open. */
  readonly from: number | null;
  readonly until: number | null;
  /** Of a derived twin. */
  readonly transform?: Transform;
}

/** What follows rests on this decision, until the next. */
export interface DecisionLine {
  readonly kind: "decision";
  readonly leaf: Hex;
  readonly distrusted: { readonly verdict: Hex | null } | null;
}

interface ShownLine {
  readonly sequence: number;
  /** ms, [from, until). */
  readonly from: number;
  readonly until: number;
  readonly flags: readonly Flag[];
  readonly erased?: true;
  /** Null while it was not anchored. */
  readonly receipt: Receipt | null;
}

export interface ReadingLine extends ShownLine {
  readonly kind: "reading";
  readonly gap: { readonly from: number; readonly to: number } | null;
  /** By segment: unit, times from the beginning of the period in ms, values. */
  readonly values: Readonly<Record<string, Pick<Disclosure, "t" | "v"> & { readonly u: string }>>;
  /** SD-JWT, where there is no receipt, which holds it too. */
  readonly reading?: string;
}

export interface ReleaseLine extends ShownLine {
  readonly kind: "release";
  /** By segment: unit and aggregates. */
  readonly values: Readonly<Record<string, Readonly<Record<string, number | string | null>>>>;
  /** Record and disclosed values, where there is no receipt, which holds them too. */
  readonly record?: ReleaseRecord;
  readonly disclosed?: readonly string[];
}

/** The last line: what was sent, as a leaf, and the gateway's promise for it: nobody else can have written it. */
export interface EndLine {
  readonly kind: "end";
  readonly record: ExportRecord;
  /** Of the leaf, counted per twin. */
  readonly sequence: number;
  readonly ack: AckProof;
}

/** What a history shows of one reading, as far as a line has it. */
interface ShownReading extends Omit<ShownLine, "receipt"> {
  readonly gap: ReadingLine["gap"];
  readonly reading: string;
  readonly receipt?: Receipt | null;
}

interface ShownRelease extends Omit<ShownLine, "receipt"> {
  readonly record: ReleaseRecord;
  readonly values: readonly string[];
  readonly receipt?: Receipt | null;
}

export function lineOfReading({
  sequence,
  from,
  until,
  flags,
  erased,
  gap,
  reading,
  receipt,
}: ShownReading): ReadingLine {
  const values = samplesOf(reading);
  const shown = { sequence, from, until, flags, ...(erased && { erased }) };
  return { kind: "reading", ...shown, gap, values, receipt: receipt ?? null, ...(!receipt && { reading }) };
}

export function lineOfRelease({
  sequence,
  from,
  until,
  flags,
  erased,
  record,
  values,
  receipt,
}: ShownRelease): ReleaseLine {
  const shown = { sequence, from, until, flags, ...(erased && { erased }) };
  const rest = receipt ? {} : { record, disclosed: values };
  return { kind: "release", ...shown, values: aggregatesOf(values), receipt: receipt ?? null, ...rest };
}

/** What a presentation discloses, as a line says it. */
export function samplesOf(reading: string): ReadingLine["values"] {
  const { disclosures } = parsePresentation(reading);
  return Object.fromEntries(disclosures.map(({ segment, unit: u, t, v }) => [segment, { u, t, v }]));
}

/** What disclosed values of a release say, as a line says it. */
export function aggregatesOf(values: readonly string[]): ReleaseLine["values"] {
  return Object.fromEntries(
    valuesOf(values).map(({ segment, unit: u, aggregates }) => [segment, { u, ...aggregates }]),
  );
}

/** A line's one text, with its line feed. */
export const writeLine = (line: ExportLine): string => `${canonical(line)}\n`;
