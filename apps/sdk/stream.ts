import { TwinwardError, type ErrorCode } from "../../protocol/errors.ts";
import type { HistoryPage, HistoryReading, HistoryRelease } from "./answers.ts";
import { errorOf } from "./problem.ts";

/** stream@1: a decision by which a live stream goes on, for `seconds` at most; then there is another. */
export interface StreamLease extends Omit<
  HistoryPage,
  "format" | "readings" | "next" | "releases" | "nextSince" | "withheld"
> {
  readonly format: "stream@1";
  readonly seconds: number;
}

/** What a live stream tells. `broken` is the SDK's own: the connection ended, and is made again. */
export type StreamEvent =
  | { readonly type: "lease"; readonly lease: StreamLease }
  | { readonly type: "reading"; readonly reading: HistoryReading }
  | { readonly type: "release"; readonly release: HistoryRelease }
  /** All that there was has been told. */
  | { readonly type: "live" }
  | { readonly type: "broken"; readonly error: TwinwardError };

/** Opens the stream after an event's id; the response has begun, and its body is the events. */
export type OpenStream = (after: number | undefined, signal: AbortSignal) => Promise<Response>;

/** After these the stream is opened again; all others end it. */
const PASSING: ReadonlySet<ErrorCode> = new Set([
  ...(["SERVER_UNREACHABLE", "SERVER_ENDING", "OVERLOADED", "SESSION_INVALID", "DATABASE_UNAVAILABLE"] as const),
  ...([
    "DATABASE_ENDED",
    "DISK_FULL",
    "CHAIN_UNAVAILABLE",
    "CHAIN_BEHIND",
    "CHAIN_STALE",
    "STREAMS_TOO_MANY",
    "NOT_RESEALED_YET",
  ] as const),
]);
/** The server breaks its silence every 15 s. */
const SILENT_MS = 45_000;
const AGAIN_MS = { first: 500, most: 10_000 };
/** Characters of one event; a reading is far smaller. */
const MOST = 16 * 1024 * 1024;

/**
 * A twin as it comes, for as long as it is asked for: a connection that breaks is made again, after the last event that came.
 * Returns when `signal` is aborted; throws why the server ended it for good, and what keeps it from being opened at first.
 */
export async function* followTwin(
  open: OpenStream,
  after: number | undefined,
  signal: AbortSignal | undefined,
): AsyncGenerator<StreamEvent> {
  let last = after;
  let wait = AGAIN_MS.first;
  let opened = false;
  for (;;) {
    const cut = new AbortController();
    const stop = signal === undefined ? cut.signal : AbortSignal.any([cut.signal, signal]);
    let broken = new TwinwardError("SERVER_UNREACHABLE", { detail: "The connection of a live stream has ended." });
    try {
      const response = await open(last, stop);
      opened = true;
      for await (const { name, id, data } of eventsOf(response, cut)) {
        wait = AGAIN_MS.first;
        if (name === "end") throw errorOf(data, 503);
        const event = eventOf(name, data);
        if (event) yield event;
        // Not before it was taken: what is told twice can be passed over, what is not told at all cannot be got back.
        last = id ?? last;
      }
    } catch (error) {
      if (signal?.aborted === true) return;
      if (error instanceof TwinwardError) broken = error;
      if (!opened || !PASSING.has(broken.code)) throw error;
    } finally {
      cut.abort();
    }
    if (signal?.aborted === true) return;
    yield { type: "broken", error: broken };
    await pause(wait, signal);
    wait = Math.min(2 * wait, AGAIN_MS.most);
  }
}

/** Names that are not known are those of a later server. */
function eventOf(name: string, data: unknown): StreamEvent | undefined {
  if (name === "lease") return { type: "lease", lease: data as StreamLease };
  if (name === "reading") return { type: "reading", reading: data as HistoryReading };
  if (name === "release") return { type: "release", release: data as HistoryRelease };
  return name === "live" ? { type: "live" } : undefined;
}

interface RawEvent {
  readonly name: string;
  readonly id: number | undefined;
  readonly data: unknown;
}

/** The events of a response, whole ones only. A connection that breaks or falls silent ends them. */
async function* eventsOf({ body }: Response, cut: AbortController): AsyncGenerator<RawEvent> {
  if (!body) return;
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let text = "";
  for (;;) {
    const silent = setTimeout(() => cut.abort(), SILENT_MS);
    const taken = await reader.read().catch(() => undefined);
    clearTimeout(silent);
    if (!taken || taken.done) return;
    text += decoder.decode(taken.value, { stream: true });
    const blocks = text.split("\n\n");
    text = blocks.pop() ?? "";
    if (text.length > MOST) return;
    for (const block of blocks) {
      const fields = new Map(
        block.split("\n").map((line) => [/^\w*/.exec(line)?.[0] ?? "", line.replace(/^\w*: ?/, "")]),
      );
      const [name, id, data] = [fields.get("event"), fields.get("id"), fields.get("data")];
      if (name === undefined || data === undefined) continue;
      yield { name, id: id === undefined ? undefined : Number(id), data: JSON.parse(data) as unknown };
    }
  }
}

function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal?.addEventListener("abort", done);
  });
}
