import { createHash } from "node:crypto";
import type { Response } from "express";
import { toHex, type Hex } from "../../protocol/bytes.ts";
import { TwinwardError } from "../../protocol/errors.ts";
import { lineOfReading, lineOfRelease, writeLine, type ExportLine, type HeadLine } from "../../protocol/export.ts";
import type { Exports } from "../twin/exports.ts";
import { isScoped, type History } from "../twin/scope.ts";
import type { StreamPart } from "../twin/streams.ts";
import { roomIn } from "./event-stream.ts";
import type { Log } from "./rooms.ts";

/** A reader that takes nothing for so long is not waited for, ms: an archive is fetched by a program, which may be slow. */
const TAKES_WITHIN_MS = 60_000;

interface Sending {
  readonly response: Response;
  readonly parts: AsyncGenerator<StreamPart>;
  readonly exports: Exports;
  /** Aborted by what ends it from outside; aborted here when the reader is gone. */
  readonly stop: AbortController;
  readonly log: Log;
  /** Who asked, and for which stretch, ms. */
  readonly reader: Hex;
  readonly from: number | null;
  readonly until: number | null;
}

/** What has left so far. */
interface Sent {
  lines: number;
  first: number | undefined;
  last: number;
  page: Omit<History, "readings" | "releases"> | undefined;
  decision: Hex | undefined;
}

/**
 * Sends an export@1 line by line, one step of a stream at a time, and never more of it in memory than that. What left is a leaf before
 * the last line says so; an export that is stopped says by what, and one that is cut off has no last line.
 */
export async function sendExport(sending: Sending): Promise<void> {
  const { response, parts, exports, stop, log, reader, from, until } = sending;
  const digest = createHash("sha256");
  const sent: Sent = { lines: 0, first: undefined, last: 0, page: undefined, decision: undefined };
  let ended: string | null = "ABANDONED";
  const gone = (): void => stop.abort();
  response.once("close", gone);
  try {
    for (let next = await parts.next(); ; next = await parts.next()) {
      if (next.done) {
        ended = null;
        break;
      }
      if (response.headersSent === false) begin(response);
      if (response.req.method === "HEAD") break;
      for (const line of linesOf(next.value, sent, { from, until })) {
        const text = writeLine(line);
        count(sent, line);
        digest.update(text);
        if (!response.write(text)) await roomIn(response, stop.signal, TAKES_WITHIN_MS);
        if (response.destroyed || stop.signal.aborted) break;
      }
      if (response.destroyed) break;
    }
  } catch (error) {
    // Nobody is there to be told, and nothing was sent.
    if (response.destroyed && !sent.page) return;
    if (!response.headersSent) throw error;
    ended = response.destroyed ? "ABANDONED" : error instanceof TwinwardError ? error.code : "INTERNAL";
    if (ended === "INTERNAL") log.error({ err: error }, "an export ended");
  } finally {
    response.off("close", gone);
    await parts.return(undefined);
  }
  if (!sent.page || sent.decision === undefined) return void response.end();
  const { twin, device, purpose } = sent.page;
  const sequences = sent.first === undefined ? null : ([sent.first, sent.last] as const);
  const said = { reader, twin, device, purpose, decision: sent.decision, from, until, lines: sent.lines, sequences };
  try {
    const end = await exports.end({ ...said, digest: toHex(digest.digest()), ended });
    // From here on the leaf says what left, whether or not the last line arrives.
    response.end(writeLine(end));
  } catch (error) {
    log.error({ err: error }, "an export could not be recorded");
    response.destroy();
  }
}

function begin(response: Response): void {
  response.set({ "Content-Type": "application/x-ndjson", "Cache-Control": "no-store" });
  response.set("Content-Disposition", 'attachment; filename="export.ndjson"');
}

function linesOf(part: StreamPart, sent: Sent, stretch: Pick<HeadLine, "from" | "until">): ExportLine[] {
  if (part.kind === "live" || part.kind === "beat") return [];
  if (!isScoped(part.twin)) throw new TwinwardError("INTERNAL", { detail: "Not a scoped twin." });
  const { readings, releases = [], ...page } = part.twin.toJSON();
  if (part.kind === "lease") {
    const lines: ExportLine[] = [{ kind: "decision", leaf: page.decision.leaf, distrusted: page.distrusted }];
    if (!sent.page) lines.unshift(headOf(page, stretch));
    sent.page ??= page;
    sent.decision ??= page.decision.leaf;
    return lines;
  }
  return [...readings.map(lineOfReading), ...releases.map(lineOfRelease)];
}

/** Releases come in the order of time, and have their sequences in the order in which they were drawn. */
function count(sent: Sent, line: ExportLine): void {
  sent.lines += 1;
  if (line.kind !== "reading" && line.kind !== "release") return;
  sent.first = Math.min(sent.first ?? line.sequence, line.sequence);
  sent.last = Math.max(sent.last, line.sequence);
}

function headOf(page: NonNullable<Sent["page"]>, stretch: Pick<HeadLine, "from" | "until">): HeadLine {
  const { twin, device, model, purpose, segments, transform } = page;
  const whose = { twin, device, model, purpose, segments, ...stretch, ...(transform && { transform }) };
  return { kind: "head", format: "export@1", ...whose };
}
