import { TwinwardError } from "../../../protocol/errors.ts";
import type { Routes } from "../app.ts";
import * as answers from "../answers.ts";
import { given, streamQuery } from "../asks.ts";
import { SHOWS } from "../codes.ts";
import { endpoint } from "../endpoint.ts";
import { sendStream } from "../event-stream.ts";
import type { ApiRooms } from "../rooms.ts";

/** A twin as it comes. */
export function liveRoutes({ streams, sessions, log }: ApiRooms): Routes {
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
          const stop = new AbortController();
          const over = new TwinwardError("SESSION_INVALID", { detail: "The session has ended." });
          const timer = setTimeout(() => stop.abort(over), 1000 * (until ?? 0) - sessions.time());
          const end = (): void => stop.abort(streams.ending.reason);
          streams.ending.addEventListener("abort", end);
          try {
            const stretch = given({ from: since, after });
            const parts = streams.follow({ reader: who, twin: path("id"), ...given(asked), ...stretch }, stop.signal);
            await sendStream(response, parts, stop, log);
          } finally {
            clearTimeout(timer);
            streams.ending.removeEventListener("abort", end);
          }
        },
      }),
    },
  };
}
