import { TwinwardError } from "../../../protocol/errors.ts";
import type { Routes } from "../app.ts";
import * as answers from "../answers/twins.ts";
import { exportQuery, given, streamQuery } from "../asks.ts";
import { SHOWS } from "../codes.ts";
import { endpoint } from "../endpoint.ts";
import { sendStream } from "../event-stream.ts";
import { sendExport } from "../export-lines.ts";
import type { ApiRooms } from "../rooms.ts";

/** A twin as it comes, and all of a stretch at once. */
export function liveRoutes({ streams, exports, sessions, log }: ApiRooms): Routes {
  return {
    "/v1/twins/:id/stream": {
      get: endpoint({
        summary: "A twin as it comes: readings or releases as events, each lease of a minute by a decision of its own",
        description:
          "From the present on, or from `since` or `fromSequence`; after Last-Event-ID where it is given. docs/formats/stream.md",
        session: true,
        query: streamQuery,
        answers: {},
        events: answers.streamEvents,
        codes: [...SHOWS, "STREAMS_TOO_MANY", "SERVER_ENDING"],
        serve: async ({ who, until, query, lastEvent, path }, response) => {
          const { since, fromSequence, ...asked } = query;
          const beginning = fromSequence ?? since;
          const after = lastEvent ?? (beginning === undefined ? undefined : Math.max(0, (fromSequence ?? 0) - 1));
          await during(until, async (stop) => {
            const asks = { reader: who, twin: path("id"), ...given(asked), ...given({ from: since, after }) };
            await sendStream(response, streams.follow(asks, stop.signal), stop, log);
          });
        },
      }),
    },
    "/v1/twins/:id/export": {
      get: endpoint({
        summary: "A stretch of a twin in one file that `verify` checks whole: values, and beside them what proves them",
        description:
          "Streamed; decided as a live stream is, and recorded as a leaf with the digest of what was sent. docs/formats/export.md",
        session: true,
        query: exportQuery,
        answers: {},
        lines: answers.exportLine,
        codes: [...SHOWS, "STREAMS_TOO_MANY", "SERVER_ENDING"],
        serve: async ({ who, until: over, query, path }, response) => {
          const { since, until, ...asked } = query;
          await during(over, async (stop) => {
            const asks = { reader: who, twin: path("id"), ...given(asked), ...given({ from: since, until }) };
            const parts = streams.follow({ ...asks, after: 0, whole: true }, stop.signal);
            const stretch = { from: since ?? null, until: until ?? null };
            await sendExport({ response, parts, exports, stop, log, reader: who, ...stretch });
          });
        },
      }),
    },
  };

  /** Something that goes on: it is stopped when the session ends (seconds), or the server does. */
  async function during(until: number | undefined, work: (stop: AbortController) => Promise<void>): Promise<void> {
    const stop = new AbortController();
    const over = new TwinwardError("SESSION_INVALID", { detail: "The session has ended." });
    const timer = setTimeout(() => stop.abort(over), 1000 * (until ?? 0) - sessions.time());
    const end = (): void => stop.abort(streams.ending.reason);
    streams.ending.addEventListener("abort", end);
    try {
      await work(stop);
    } finally {
      clearTimeout(timer);
      streams.ending.removeEventListener("abort", end);
    }
  }
}
