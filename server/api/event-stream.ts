import type { Response } from "express";
import { toProblem, TwinwardError } from "../../protocol/errors.ts";
import { isScoped } from "../twin/scope.ts";
import type { StreamPart } from "../twin/streams.ts";
import type { Log } from "./rooms.ts";

/** A reader that takes nothing for so long is not waited for, ms: it may come again, and goes on by Last-Event-ID. */
const TAKES_WITHIN_MS = 10_000;
/** How long a browser shall wait before it comes again, ms. */
const AGAIN_AFTER_MS = 1_000;

/**
 * Sends a live stream as events, part by part: the next one is asked for when the socket has room again, so that a slow reader
 * costs no more memory than one part. What is thrown before the first part is an answer like any other; afterwards it is the
 * event `end`. `stop` is what ends the stream; aborted here when the reader is gone or takes nothing.
 */
export async function sendStream(
  response: Response,
  parts: AsyncGenerator<StreamPart>,
  stop: AbortController,
  log: Log,
  takesWithinMs = TAKES_WITHIN_MS,
): Promise<void> {
  const gone = (): void => stop.abort();
  response.once("close", gone);
  try {
    let next = await parts.next();
    response.set({ "Content-Type": "text/event-stream", "Cache-Control": "no-store", "X-Accel-Buffering": "no" });
    if (response.req.method === "HEAD") return void response.end();
    response.flushHeaders();
    response.write(`retry: ${AGAIN_AFTER_MS}\n\n`);
    for (; !next.done; next = await parts.next()) {
      const text = eventsOf(next.value);
      if (text !== "" && !response.write(text)) await roomIn(response, stop.signal, takesWithinMs);
      if (response.destroyed) return;
    }
  } catch (error) {
    // Nobody is there to be told.
    if (response.destroyed) return;
    if (!response.headersSent) throw error;
    const problem = toProblem(error);
    if (problem.status >= 500) log.error({ code: problem.code, err: error }, "a live stream ended");
    response.end(`event: end\ndata: ${JSON.stringify(problem)}\n\n`);
  } finally {
    response.off("close", gone);
    // Records what was sent: also where the reader has gone in the middle of a part.
    await parts.return(undefined);
  }
}

function eventsOf(part: StreamPart): string {
  if (part.kind === "live") return event("live", {}, part.at);
  if (part.kind === "beat") return ": beat\n\n";
  if (!isScoped(part.twin)) throw new TwinwardError("INTERNAL", { detail: "Not a scoped twin." });
  const { readings, releases = [], ...page } = part.twin.toJSON();
  if (part.kind === "lease") {
    const { twin, device, model, purpose, segments, distrusted, decision, block, transform } = page;
    const whose = { format: "stream@1", twin, device, model, purpose, segments, distrusted, decision, block };
    return event("lease", { ...whose, seconds: part.seconds, ...(transform && { transform }) }, part.at);
  }
  const shown = readings.map((reading) => event("reading", reading, reading.sequence));
  return [...shown, ...releases.map((release) => event("release", release, release.from))].join("");
}

/** JSON has no line breaks of its own, so an event's data is one line. */
const event = (name: string, value: object, id?: number): string =>
  `event: ${name}\n${id === undefined ? "" : `id: ${id}\n`}data: ${JSON.stringify(value)}\n\n`;

/** Waits until the socket has room. A reader who takes nothing is cut off: what lies in the socket is all it may still get. */
export async function roomIn(response: Response, signal: AbortSignal, withinMs: number): Promise<void> {
  let late: NodeJS.Timeout | undefined;
  const woken = Promise.withResolvers<void>();
  const abort = (): void => woken.resolve();
  try {
    response.once("drain", woken.resolve);
    signal.addEventListener("abort", abort);
    if (signal.aborted) abort();
    late = setTimeout(() => {
      response.destroy();
      woken.resolve();
    }, withinMs);
    await woken.promise;
  } finally {
    clearTimeout(late);
    response.off("drain", woken.resolve);
    signal.removeEventListener("abort", abort);
  }
}
