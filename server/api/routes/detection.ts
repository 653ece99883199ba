import { FINDING_BYTES } from "../../../protocol/finding.ts";
import type { Routes } from "../app.ts";
import { findingsQuery, given, query, verdictsQuery } from "../asks.ts";
import { readBody } from "../body.ts";
import type { ApiRooms } from "../rooms.ts";
import { sendJson } from "../send.ts";

const USUAL_VERDICTS = 100;

/** What oracles saw and what a quorum agreed on. A finding speaks by its signatures, so it needs no session. */
export function detectionRoutes(rooms: ApiRooms): Routes {
  const { chain, findings } = rooms;
  return {
    "/v1/verdicts": {
      async get(request, response) {
        const { device, limit = USUAL_VERDICTS } = query(verdictsQuery, request);
        const all = chain.view().verdicts();
        const verdicts = all.filter((verdict) => device === undefined || verdict.device === device);
        sendJson(response, { verdicts: verdicts.slice(-limit).reverse() });
      },
    },
    "/v1/verdicts/findings": {
      // JSON writes a quote or backslash of the body with two characters; a canonical body has no other that it escapes.
      limit: 2 * FINDING_BYTES,
      async get(request, response) {
        sendJson(response, { findings: await findings.list(given(query(findingsQuery, request))) });
      },
      async post(request, response) {
        await findings.accept(readBody(request));
        response.status(204).end();
      },
    },
  };
}
