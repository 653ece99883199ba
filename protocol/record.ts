import type { Hex } from "./bytes.ts";
import { checkConsentRecord } from "./consent-record.ts";
import { checkExportRecord } from "./export-record.ts";
import { TwinwardError } from "./errors.ts";
import { sha256Hex } from "./hash.ts";
import { canonical, parseStrict } from "./json.ts";
import { checkRelease } from "./release.ts";
import { checkRequestRecord } from "./request-record.ts";
import { Shape } from "./shape.ts";
import { checkStepRecord } from "./step-record.ts";
import { LEAF_KINDS, PURPOSES, type LeafKind, type Purpose } from "./words.ts";

/** What every record says, whatever it records. docs/formats/records.md. */
export interface RecordHead {
  /** name@version; the name is the leaf kind. */
  readonly format: string;
  readonly stream: Hex;
  /** When it happened, ms. */
  readonly at: number;
  /** 128 fresh bits, hex: without it a record could be guessed from a sibling hash in somebody else's receipt. */
  readonly salt: Hex;
}

/** A record: its head and whatever else its format says. */
export type LeafRecord = RecordHead & { readonly [member: string]: unknown };

/** decision@1: what a reader asked and was answered, and on what that rests. */
export interface DecisionRecord extends RecordHead {
  readonly format: "decision@1";
  /** Address of the reader. */
  readonly reader: Hex;
  readonly twin: Hex;
  readonly device: Hex;
  readonly action: "read" | "command";
  readonly purpose: Purpose;
  /** Segments bitmap asked for, decimal. */
  readonly segments: string;
  readonly permit: boolean;
  /** The reason's word, as `explain` names it. */
  readonly reason: string;
  readonly because: {
    readonly grant: Hex | null;
    /** The opening of the glass, where there is no grant. */
    readonly opening?: Hex;
    /** The block that the answer rests on; timestamp in seconds. */
    readonly block: { readonly number: number; readonly hash: Hex; readonly timestamp: number };
  };
  /** The stretch asked for, ms, [from, until). */
  readonly from: number | null;
  readonly until: number | null;
  /** Set where the chain could not be seen and a grant with continuity was honoured: the last block's time, seconds. */
  readonly notSeenSince?: number;
  /** First and last sequence sent, where the answer was sent whole. */
  readonly sequences?: readonly [number, number];
  /** A live stream goes on for so many seconds at most, until the next decision. */
  readonly lease?: number;
  /** This says nothing anew, but how an earlier decision with a lease was used. */
  readonly closes?: Closing;
}

/** What was sent under a lease that is over: its decision's leaf, and the first and last sequence; null for nothing. */
export interface Closing {
  readonly decision: Hex;
  readonly sequences: readonly [number, number] | null;
}

/** erasure@1: the data keys of these months were destroyed. What was sealed under them lies before this leaf, and opens no more. */
export interface ErasureRecord extends RecordHead {
  readonly format: "erasure@1";
  readonly device: Hex;
  /** The assignment; the device itself for what it said between assignments. */
  readonly scope: Hex;
  /** YYYY-MM, ascending: the months in which the erased readings begin. */
  readonly months: readonly string[];
  /** Somebody asked for it, or the device model says how long its readings are kept. */
  readonly cause: "request" | "retention";
}

/** A record's RFC 8785 text and its content, the SHA-256 of that text. */
export interface WrittenRecord {
  readonly text: string;
  readonly content: Hex;
}

/** Writes a record. Throws UNUSABLE_RECORD when its head is not what every record has. */
export function buildRecord<R extends RecordHead>(record: R): WrittenRecord {
  const text = canonical(record);
  checkRecord(new Shape("UNUSABLE_RECORD", record));
  return { text, content: sha256Hex(text) };
}

/** Reads a record's text, which must be its RFC 8785 form. Throws UNUSABLE_RECORD. */
export function readRecord(text: string): LeafRecord {
  let value: unknown;
  try {
    value = parseStrict(text);
  } catch (cause) {
    throw new TwinwardError("UNUSABLE_RECORD", { ...(cause as TwinwardError).facts }, cause);
  }
  const record = checkRecord(new Shape("UNUSABLE_RECORD", value));
  if (canonical(record) !== text)
    throw new TwinwardError("UNUSABLE_RECORD", { path: "$", detail: "Not in its RFC 8785 form." });
  return record;
}

/** The leaf kind of a record's format, or undefined for a name that is none. */
export function recordKind(format: string): number | undefined {
  const name = format.slice(0, format.indexOf("@"));
  return name !== "reading" && Object.hasOwn(LEAF_KINDS, name) ? LEAF_KINDS[name as LeafKind] : undefined;
}

/** Holds a value against what every record has and, where the format is known here, against all of it. */
export function checkRecord(shape: Shape): LeafRecord {
  const object = shape.object();
  const names = ["format", "stream", "at", "salt"] as const;
  const rest = Object.keys(object).filter((name) => !(names as readonly string[]).includes(name));
  const head = shape.members(names, rest);
  const format = head.format.matching(/^[a-z]+@[1-9][0-9]*$/, "name@version");
  if (recordKind(format) === undefined) throw head.format.fault("no kind of leaf");
  head.stream.hex(32);
  head.at.integer();
  head.salt.hex(16);
  if (format === "decision@1") checkDecision(shape);
  if (format === "request@1") checkRequestRecord(shape);
  if (format === "erasure@1") checkErasure(shape);
  if (format === "consent@1") checkConsentRecord(shape);
  if (format === "step@1") checkStepRecord(shape);
  if (format === "export@1") checkExportRecord(shape);
  if (format === "release@1") checkRelease(shape);
  return object as LeafRecord;
}

const DECISION = [
  "format",
  "stream",
  "at",
  "salt",
  "reader",
  "twin",
  "device",
  "action",
  "purpose",
  "segments",
  "permit",
  "reason",
  "because",
  "from",
  "until",
] as const;

function checkDecision(shape: Shape): void {
  const found = shape.members(DECISION, ["sequences", "notSeenSince", "lease", "closes"]);
  found.notSeenSince?.integer();
  found.reader.hex(20);
  found.twin.hex(32);
  found.device.hex(32);
  found.action.literal("read", "command");
  found.purpose.literal(...PURPOSES);
  found.segments.matching(/^(?:0|[1-9][0-9]{0,19})$/, "a decimal bitmap");
  if (typeof found.permit.value !== "boolean") throw found.permit.fault("not true or false");
  found.reason.matching(/^[A-Z][A-Za-z]*$/, "a reason's word");
  const because = found.because.members(["grant", "block"], ["opening"]);
  because.opening?.hex(32);
  because.grant.orNull((grant) => grant.hex(32));
  const block = because.block.members(["number", "hash", "timestamp"]);
  block.number.integer();
  block.hash.hex(32);
  block.timestamp.integer();
  found.from.orNull((time) => time.integer());
  found.until.orNull((time) => time.integer());
  if (found.sequences) checkSequences(found.sequences);
  found.lease?.integer(1);
  const closes = found.closes?.members(["decision", "sequences"]);
  closes?.decision.hex(32);
  closes?.sequences.orNull(checkSequences);
}

function checkSequences(shape: Shape): void {
  const [first = 0, last = 0, ...more] = shape.list((item) => item.integer(1));
  if (more.length > 0 || last < first || first === 0) throw shape.fault("not [first, last]");
}

const ERASURE = ["format", "stream", "at", "salt", "device", "scope", "months", "cause"] as const;

function checkErasure(shape: Shape): void {
  const found = shape.members(ERASURE);
  found.device.hex(32);
  found.scope.hex(32);
  const months = found.months.list((month) => month.matching(/^\d{4}-(?:0[1-9]|1[0-2])$/, "a month"));
  const ascends = months.every((month, n) => n === 0 || (months[n - 1] ?? "") < month);
  if (months.length === 0 || !ascends) throw found.months.fault("not one month or more, ascending");
  found.cause.literal("request", "retention");
}
