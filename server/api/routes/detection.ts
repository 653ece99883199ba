import type { Hex } from "../../../protocol/bytes.ts";
import { TwinwardError } from "../../../protocol/errors.ts";
import { FINDING_BYTES } from "../../../protocol/finding.ts";
import * as answers from "../answers/detection.ts";
import type { Routes } from "../app.ts";
import { findingsQuery, formatBody, given, verdictsQuery } from "../asks.ts";
import { ASKS_CHAIN, ASKS_DATABASE, WRITES } from "../codes.ts";
import { endpoint } from "../endpoint.ts";
import type { ApiRooms, ApiView } from "../rooms.ts";
import { sendJson } from "../send.ts";
import { knownTo } from "../twins-of.ts";

const USUAL_VERDICTS = 100;

/**
 * What oracles saw and what a quorum agreed on. A finding speaks by its signatures, so it is laid down without a session; its
 * score and explanation come from a patient's values and cannot be left out of what was signed, so it is not shown to all.
 */
export function detectionRoutes(rooms: ApiRooms): Routes {
  const { chain, findings, openFleet } = rooms;
  return {
    "/v1/verdicts": {
      get: endpoint({
        summary: openFleet
          ? "What quorums of oracles agreed on, newest first"
          : "What quorums of oracles agreed on of the devices that are your affair, newest first",
        session: !openFleet,
        narrows: true,
        query: verdictsQuery,
        answers: { 200: answers.verdicts },
        serve: ({ who, twins, query: { device, limit = USUAL_VERDICTS } }, response) => {
          const view = chain.view();
          const isKnown = knownTo(view, who, twins);
          const asked = view.verdicts().filter((verdict) => device === undefined || verdict.device === device);
          const verdicts = asked.filter((verdict) => isKnown(verdict.device));
          sendJson(response, { verdicts: verdicts.slice(-limit).reverse() });
        },
      }),
    },
    "/v1/verdicts/findings": {
      get: endpoint({
        summary: "What single oracles saw",
        description: "Of every device for an oracle; of one device also for its steward.",
        session: true,
        query: findingsQuery,
        answers: { 200: answers.findings },
        codes: ["NOT_FOUND", ...ASKS_CHAIN, ...ASKS_DATABASE],
        serve: async ({ who, query }, response) => {
          const asked = given(query);
          if (!maySee(await chain.fresh(), who, asked.device)) throw new TwinwardError("NOT_FOUND");
          sendJson(response, { findings: await findings.list(asked) });
        },
      }),
      post: endpoint({
        summary: "Lay a finding down; it speaks by its signatures",
        body: formatBody,
        // JSON writes a quote or backslash of the body with two characters; a canonical body has no other that it escapes.
        limit: 2 * FINDING_BYTES,
        answers: { 204: null },
        codes: [
          "FINDING_MALFORMED",
          "FINDING_SIGNATURE_INVALID",
          "FINDING_ORACLE_UNKNOWN",
          "FINDING_UNFOUNDED",
          "DETECTOR_UNEXPECTED",
          "FINDINGS_TOO_MANY",
          ...ASKS_CHAIN,
          ...WRITES,
        ],
        serve: async ({ body }, response) => {
          await findings.accept(body);
          response.status(204).end();
        },
      }),
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
