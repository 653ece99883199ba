import { TwinwardError } from "../../../protocol/errors.ts";
import type { ListedOpening } from "../../access/openings.ts";
import * as answers from "../answers/access.ts";
import type { Routes } from "../app.ts";
import { openingQuery, openingsQuery } from "../asks.ts";
import { ASKS_CHAIN, WRITES } from "../codes.ts";
import { endpoint } from "../endpoint.ts";
import type { Records } from "../../twin/records.ts";
import type { ApiRooms } from "../rooms.ts";
import { sendJson } from "../send.ts";

const USUAL_OPENINGS = 50;

/** Who read in an emergency without being asked first, and who looks at it afterwards. */
export function breakGlassRoutes({ access, records, consortium }: ApiRooms): Routes {
  const requireContract = (): void => {
    if (!consortium.contracts.BreakGlass) throw new TwinwardError("BREAK_GLASS_ABSENT");
  };
  return {
    "/v1/break-glass": {
      get: endpoint({
        summary: "What was opened in an emergency, what waits for its review, and what you may open; newest first",
        description:
          "For holders and reviewers of the member, the device's steward, and the person whose data it is. Opening, ending and reviewing are " +
          "transactions of your own, to the contract BreakGlass. docs/access.md",
        session: true,
        query: openingsQuery,
        answers: { 200: answers.openings },
        codes: ["BREAK_GLASS_ABSENT", ...ASKS_CHAIN],
        serve: async ({ who, query: { state, after = 0, limit = USUAL_OPENINGS } }, response) => {
          requireContract();
          const { at, emergencies, openings, nonce, grantsPaused } = await access.openings(who);
          const asked = openings.filter((one) => state === undefined || one.state === state);
          const next = after + limit < asked.length ? after + limit : null;
          const page = asked.slice(after, after + limit).map(shown);
          sendJson(response, { at, grantsPaused, nonce, emergencies, openings: page, next });
        },
      }),
    },
    "/v1/break-glass/:id": {
      get: endpoint({
        summary: "The case of one opening: its steps on the chain, and every decision that rests on it",
        description: "For whom the opening concerns. To look is recorded, as with all decisions.",
        session: true,
        query: openingQuery,
        answers: { 200: answers.openingCase },
        codes: ["NOT_FOUND", "BREAK_GLASS_ABSENT", ...ASKS_CHAIN, ...WRITES],
        serve: async ({ who, query: { before, limit }, path }, response) => {
          requireContract();
          const permit = await access.authorizeOpening(who, path("id"));
          const asked = { ...(before !== undefined && { before }), ...(limit !== undefined && { limit }) };
          const { records: reads, next } = await records.list(permit, "decision", asked);
          const leaves = await records.steps(permit.listed.opening.case);
          const steps = stepsOf(permit.listed, leaves);
          sendJson(response, { at: permit.at, ...shown(permit.listed), steps, reads, next });
        },
      }),
    },
  };
}

function shown({ opening, device, assignment, state, may }: ListedOpening): object {
  const { id, case: caseId, review, ended, ...facts } = opening;
  return { opening: id, case: caseId, device, assignment, state, may, ...facts, ended, review };
}

/** What happened on the chain, in its order, each with its leaf; null a moment after it happened. */
function stepsOf({ opening }: ListedOpening, leaves: Awaited<ReturnType<Records["steps"]>>): object[] {
  const { opener, openedAt, transaction: first, ended, review } = opening;
  const step = (name: string, { by, at, transaction }: { by: string; at: number; transaction: string }): object => {
    const own = leaves.find(({ record }) => record.step === name && record.transaction === transaction);
    return { step: name, by, at, transaction, leaf: own?.leaf ?? null };
  };
  return [
    step("opened", { by: opener, at: openedAt, transaction: first }),
    ...(ended ? [step("ended", ended)] : []),
    ...(review ? [step("reviewed", review)] : []),
  ];
}
