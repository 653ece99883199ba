import { sha256 } from "@noble/hashes/sha2.js";
import { readAckProof, verifyAckLeaf, verifyAckSignature } from "./ack.ts";
import { toHex, utf8, type Hex } from "./bytes.ts";
import type { CheckResult } from "./checks.ts";
import { groupOfStream, keyTermsOf } from "./consortium.ts";
import { TwinwardError } from "./errors.ts";
import {
  aggregatesOf,
  samplesOf,
  type DecisionLine,
  type EndLine,
  type HeadLine,
  type ReadingLine,
  type ReleaseLine,
} from "./export.ts";
import type { ExportRecord } from "./export-record.ts";
import { keyOfPromise } from "./gateway-key.ts";
import { sha256Hex } from "./hash.ts";
import { canonical } from "./json.ts";
import { leafHash } from "./leaf.ts";
import { parsePresentation } from "./reading.ts";
import { checkRecord, type LeafRecord } from "./record.ts";
import { isRelease, strayValues } from "./release.ts";
import { Shape } from "./shape.ts";
import { verifyReceipt, type Trust } from "./verify.ts";
import { LEAF_KINDS } from "./words.ts";

/** One thing that was looked at, over all lines that it is of. */
export interface ExportCheck {
  readonly name: string;
  readonly result: CheckResult;
  readonly detail: string;
}

export interface ExportVerification {
  readonly checks: readonly ExportCheck[];
  /** "failed" when any check failed, else "not checked" when any was not made, else "passed". */
  readonly outcome: CheckResult;
}

/** How a check went over the lines, and where it went wrong first. */
class Tally {
  #passed = 0;
  #open = 0;
  #why = "";
  #fault: string | undefined;

  add(result: CheckResult, line: number, detail: string): void {
    if (result === "passed") this.#passed += 1;
    else if (result === "failed") this.#fault ??= `line ${line}: ${detail}`;
    else if (this.#open++ === 0) this.#why = detail;
  }

  told(name: string): ExportCheck {
    if (this.#fault !== undefined) return { name, result: "failed", detail: this.#fault };
    const all = this.#passed + this.#open;
    if (this.#open > 0) return { name, result: "not checked", detail: `${this.#open} of ${all}: ${this.#why}` };
    return { name, result: "passed", detail: `${all} of ${all}` };
  }
}

/**
 * Verifies an export@1 as a stranger would, line by line, holding no more than one: every receipt by itself, every value against what
 * its reading or release discloses, and the whole against the gateway's promise for what it sent. `lines` are its lines without their
 * line feeds. Throws UNUSABLE_EXPORT where its first line is none of an export.
 */
export async function verifyExport(lines: AsyncIterable<string>, trust: Trust): Promise<ExportVerification> {
  const tallies = new Map<string, Tally>();
  const tell = (name: string, result: CheckResult, line: number, detail = ""): void => {
    const tally = tallies.get(name) ?? new Tally();
    tally.add(result, line, detail);
    tallies.set(name, tally);
  };
  const hold = (name: string, holds: boolean, line: number, bad: string): void =>
    tell(name, holds ? "passed" : "failed", line, bad);

  const digest = sha256.create();
  let head: HeadLine | undefined;
  let decided = false;
  let last: { readonly place: number; readonly content: Hex | undefined; readonly sequence: number } | undefined;
  let lowest: number | undefined;
  let highest: number | undefined;
  let decision: Hex | undefined;
  let end: { readonly line: EndLine; readonly at: number; readonly digest: Hex } | undefined;
  let at = 0;
  for await (const text of lines) {
    at += 1;
    if (!head) {
      head = readHead(text);
      digest.update(utf8(`${text}\n`));
      continue;
    }
    hold("nothing after the end", end === undefined, at, "the last line is not the end");
    if (end) continue;
    const value = parseLine(text);
    const kind = value?.kind;
    hold("lines", kind !== undefined, at, "it is no line of an export in its RFC 8785 form");
    try {
      if (kind === "end") end = { line: readEnd(value), at, digest: toHex(digest.digest()) };
      else if (kind === "decision") {
        decided = true;
        decision ??= (value as unknown as DecisionLine).leaf;
      } else if (kind === "reading" || kind === "release") {
        hold("decision of each line", decided, at, "no decision stands before it");
        const one = value as unknown as ReadingLine | ReleaseLine;
        last = await verifyLine(one, at, last);
        // Releases have their sequences in the order in which they were drawn, and lie here in the order of time.
        if (lowest === undefined || one.sequence < lowest) lowest = one.sequence;
        if (highest === undefined || one.sequence > highest) highest = one.sequence;
      }
    } catch (error) {
      if (!(error instanceof TwinwardError || error instanceof TypeError)) throw error;
      hold("lines", false, at, error.message);
    }
    if (!end) digest.update(utf8(`${text}\n`));
  }
  if (!head) throw new TwinwardError("UNUSABLE_EXPORT", { detail: "It has no line." });
  verifyEnd(head, lowest === undefined || highest === undefined ? null : [lowest, highest]);
  const checks = [...tallies].map(([name, tally]) => tally.told(name));
  const results = new Set(checks.map(({ result }) => result));
  const outcome = results.has("failed") ? "failed" : results.has("not checked") ? "not checked" : "passed";
  return { checks, outcome };

  async function verifyLine(one: ReadingLine | ReleaseLine, line: number, before: typeof last): Promise<typeof last> {
    const { twin, device, segments } = head as HeadLine;
    if (one.receipt) {
      const { checks: told } = await verifyReceipt(one.receipt, trust);
      for (const { name, result, detail } of told) tell(name, result, line, detail);
    } else tell("receipt", "not checked", line, "it was not anchored yet when it was exported");
    const named = Object.keys(one.values);
    const bare = named.every((name) => segments.includes(name));
    hold("segments of each line", bare, line, "it shows a segment that was not granted");
    if (one.kind === "reading") {
      const disclosed = one.receipt?.disclosed;
      const presented = disclosed ? ("reading" in disclosed ? disclosed.reading : "") : (one.reading ?? "");
      const parsed = parsePresentation(presented);
      const { per, prev, content, sequence } = parsed;
      const isIts =
        parsed.device === device && sequence === one.sequence && per[0] === one.from && per[1] === one.until;
      hold("reading of each line", isIts, line, "its reading is of another device, sequence or time");
      hold(
        "values of each line",
        canonical(samplesOf(presented)) === canonical(one.values),
        line,
        "its values are not what its reading discloses",
      );
      const follows = before?.sequence === sequence - 1;
      hold("order", before === undefined || before.place < sequence, line, "it does not come after the one before it");
      if (follows && before?.content !== undefined)
        hold("chain of readings", prev === before.content, line, "the device signed another reading before it");
      return { place: sequence, sequence, content };
    }
    const disclosed = one.receipt?.disclosed;
    const record: LeafRecord | undefined = disclosed
      ? "record" in disclosed
        ? disclosed.record
        : undefined
      : one.record && { ...one.record };
    const values = disclosed ? ("record" in disclosed ? (disclosed.values ?? []) : []) : (one.disclosed ?? []);
    const isIts =
      record !== undefined &&
      isRelease(record) &&
      record.twin === twin &&
      record.from === one.from &&
      record.until === one.until;
    hold(
      "release of each line",
      isIts && strayValues(record, values).length === 0,
      line,
      "its release is of another twin or interval",
    );
    hold(
      "values of each line",
      canonical(aggregatesOf(values)) === canonical(one.values),
      line,
      "its values are not what its release discloses",
    );
    hold("order", before === undefined || before.place < one.from, line, "it does not come after the one before it");
    return { place: one.from, sequence: one.sequence, content: undefined };
  }

  /** The gateway's word for the whole: lines, digest and whether that is all. */
  function verifyEnd(
    { twin, device, purpose, from, until }: HeadLine,
    stretch: readonly [number, number] | null,
  ): void {
    if (!end) return hold("end", false, at, "the end is missing: it was cut off");
    const { record, sequence, ack } = end.line;
    const isIts =
      record.twin === twin && record.device === device && record.purpose === purpose && record.decision === decision;
    const isAll = record.from === from && record.until === until && canonical(record.sequences) === canonical(stretch);
    hold("end", isIts && isAll && record.lines === end.at - 1, end.at, "it is the end of another export");
    hold("digest", record.digest === end.digest, end.at, `the lines before it make ${end.digest}`);
    const leaf = leafHash(LEAF_KINDS.export, twin, sequence, sha256Hex(canonical(record)));
    const isPromised = record.stream === ack.stream && verifyAckLeaf(ack, leaf);
    hold("export in ack", isPromised, end.at, "the promise is not for this export");
    const { consortium } = trust;
    if (!consortium) tell("export signature", "not checked", end.at, "no consortium was given");
    else {
      const group = groupOfStream(consortium, ack.stream);
      const key = group && keyOfPromise(keyTermsOf(group), ack);
      const here = ack.chainId === consortium.chainId && ack.anchorLog === consortium.contracts.AnchorLog;
      const holds = here && key !== undefined && verifyAckSignature(ack, key);
      hold("export signature", holds, end.at, "not signed by a gateway of the consortium");
    }
    const { ended } = record;
    tell(
      "complete",
      ended === null ? "passed" : "not checked",
      end.at,
      `it was ended by ${ended ?? ""} before all was sent`,
    );
  }
}

type Parsed = Readonly<Record<string, unknown>> & { readonly kind?: unknown };

/** A line in its RFC 8785 form; nothing else, nor what has no such form, like half of a surrogate pair. */
function parseLine(text: string): Parsed | undefined {
  try {
    const value: unknown = JSON.parse(text);
    const isIts = typeof value === "object" && value !== null && canonical(value) === text;
    return isIts ? (value as Parsed) : undefined;
  } catch {
    return undefined;
  }
}

function readHead(text: string): HeadLine {
  const value = parseLine(text);
  const isHead = value?.kind === "head" && value.format === "export@1";
  if (!isHead) throw new TwinwardError("UNUSABLE_EXPORT", { detail: "Its first line is not the head of an export@1." });
  const found = new Shape("UNUSABLE_EXPORT", value).members(
    ["kind", "format", "twin", "device", "model", "purpose", "segments", "from", "until"],
    ["transform"],
  );
  found.twin.hex(32);
  found.device.hex(32);
  found.segments.list((one) => one.text(), 64);
  return value as unknown as HeadLine;
}

function readEnd(value: unknown): EndLine {
  const found = new Shape("UNUSABLE_EXPORT", value).members(["kind", "record", "sequence", "ack"]);
  const record = checkRecord(found.record);
  if (record.format !== "export@1") throw found.record.fault("no export@1");
  const ack = readAckProof(found.ack);
  return { kind: "end", record: record as unknown as ExportRecord, sequence: found.sequence.integer(1), ack };
}
