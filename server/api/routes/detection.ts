import type { Hex } from "../../../protocol/bytes.ts";
import { TwinwardError } from "../../../protocol/errors.ts";
import { FINDING_BYTES } from "../../../protocol/finding.ts";
import type { Routes } from "../app.ts";
import { findingsQuery, given, query, verdictsQuery } from "../asks.ts";
import { readBody } from "../body.ts";
import { identify } from "../identify.ts";
import type { ApiRooms, ApiView } from "../rooms.ts";
import { sendJson } from "../send.ts";

const USUAL_VERDICTS = 100;

/**
 * What oracles saw and what a quorum agreed on. A finding speaks by its signatures, so it is laid down without a session; its
 * score and explanation come from a patient's values and cannot be left out of what was signed, so it is not shown to all.
 */
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
        const who = identify(request, rooms);
        const asked = given(query(findingsQuery, request));
        if (!maySee(await chain.fresh(), who, asked.device)) throw new TwinwardError("NOT_FOUND");
        sendJson(response, { findings: await findings.list(asked) });
      },
      async post(request, response) {
        await findings.accept(readBody(request));
        response.status(204).end();
      },
    },
  };
}

/**
 * Findings are for oracles; about one device also for its steward. Readers' grants name segments, and a finding tells of all
 * that are judged.
 */
function maySee(view: ApiView, who: Hex, device: Hex | undefined): boolean {
  return view.isOracle(who) || (device !== undefined && view.device(device)?.steward === who);
}
