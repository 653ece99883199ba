import type { Hex } from "../../../protocol/bytes.ts";
import { TwinwardError } from "../../../protocol/errors.ts";
import { writeReceipt, type Receipt } from "../../../protocol/receipt.ts";
import type { Purpose } from "../../../protocol/words.ts";
import type { Permit } from "../../access/permit.ts";
import { describe } from "../../twin/describe.ts";
import type { Ahead } from "../../twin/history.ts";
import { createPictures } from "../../twin/picture.ts";
import type { LeafPlace } from "../../twin/receipts.ts";
import type { Routes } from "../app.ts";
import * as answers from "../answers/access.ts";
import * as shown from "../answers/twins.ts";
import {
  decisionsQuery,
  explainQuery,
  given,
  historyQuery,
  loginBody,
  pictureQuery,
  readersQuery,
  receiptQuery,
  recordsQuery,
  twinQuery,
} from "../asks.ts";
import { ASKS_CHAIN, ASKS_DATABASE, DECIDES, SHOWS, WRITES } from "../codes.ts";
import { endpoint } from "../endpoint.ts";
import type { ApiRooms } from "../rooms.ts";
import { sendJson, sendState, sendTwin } from "../send.ts";
import { twinsOf } from "../twins-of.ts";

const LOGIN_LIMIT = 16 * 1024;
const USUAL_READERS = 100;

/** Who you are, what you may see, and the seeing of it. */
export function accessRoutes(rooms: ApiRooms): Routes {
  const { access, chain, records, reader, receipts, sessions, refusals, documents, consortium } = rooms;
  const drawPicture = createPictures({ access, reader, documents });
  return {
    "/v1/session/nonce": {
      get: endpoint({
        summary: "A nonce for one sign-in within five minutes",
        answers: { 200: answers.nonce },
        // The time too: a message that is dated by a clock far from ours would be refused.
        serve: (_asked, response) =>
          sendJson(response, { nonce: sessions.nonce(), chainId: consortium.chainId, at: sessions.time() }),
      }),
    },
    "/v1/session/login": {
      post: endpoint({
        summary: "Sign in with Ethereum (ERC-4361): a token that says who you are, and nothing of what you may",
        description:
          "Signed by the address's key, or taken by the contract at it (ERC-1271). Resources urn:twinward:twin:<id> make a session that is good for these twins alone.",
        body: loginBody,
        limit: LOGIN_LIMIT,
        answers: { 200: answers.session },
        codes: ["SESSION_INVALID", "SIGN_INS_TOO_MANY", ...ASKS_CHAIN],
        serve: async ({ body: { message, signature } }, response) => {
          try {
            sendJson(response, await sessions.login(message, signature, response.req.socket.remoteAddress ?? ""));
          } catch (error) {
            if (error instanceof TwinwardError) refusals.count(error.code);
            throw error;
          }
        },
      }),
    },
    "/v1/twins": {
      get: endpoint({
        summary: "The twins that the chain connects with you",
        description:
          "A steward, a subject and its guardian see every grant on them, everybody else those that they have or gave.",
        session: true,
        answers: { 200: answers.twins },
        narrows: true,
        serve: ({ who, twins }, response) => {
          const all = twinsOf(chain.view(), who);
          sendJson(response, { twins: all.filter(({ twin }) => twins?.includes(twin) ?? true) });
        },
      }),
    },
    "/v1/twins/:id/history": {
      get: endpoint({
        summary: "A stretch of a twin: readings with what is permitted of them, and receipts",
        description: "The decision is recorded before the first byte leaves. docs/access.md",
        session: true,
        query: historyQuery,
        answers: { 200: shown.history },
        codes: SHOWS,
        serve: async ({ who, query, path }, response) => {
          const { purpose, segments, grant, since, until, ...stretch } = query;
          const asked = given({ purpose, segments, grant, from: since, until });
          const page = given(stretch);
          let ahead: Ahead | undefined;
          const permit = await access.authorize({ reader: who, twin: path("id"), ...asked }, (prospect) => {
            ahead = reader.ahead(prospect, page);
          });
          sendTwin(response, await reader.history(permit, page, ahead));
        },
      }),
    },
    "/v1/twins/:id/state": {
      get: endpoint({
        summary: "The newest values of a twin, with how old, late and complete they are",
        session: true,
        query: twinQuery,
        answers: { 200: shown.state },
        codes: SHOWS,
        serve: async ({ who, query, path }, response) => {
          const permit = await access.authorize({ reader: who, twin: path("id"), ...given(query) });
          sendState(response, await reader.newest(permit));
        },
      }),
    },
    "/v1/twins/:id/picture": {
      get: endpoint({
        summary:
          "What a stretch of a raw twin looks like: few of its samples, chosen to show its shape; no proof of it",
        description: "Never drawn across a gap, an erasure or a change of assignments. docs/formats/picture.md",
        session: true,
        query: pictureQuery,
        answers: { 200: shown.picture },
        codes: SHOWS,
        serve: async ({ who, query, path }, response) => {
          const { since, until, points, fromSequence, ...asked } = query;
          const stretch = given({ from: since, until });
          const permitted = (): Promise<Permit> =>
            access.authorize({ reader: who, twin: path("id"), ...given(asked), ...stretch });
          const ask = { ...given({ points, fromSequence }), isGone: () => response.destroyed };
          sendJson(response, await drawPicture(permitted, ask));
        },
      }),
    },
    "/v1/twins/:id/description": {
      get: endpoint({
        summary: "Which segments a twin shows you, in which unit and range, before any value",
        session: true,
        query: twinQuery,
        answers: { 200: shown.description },
        codes: [...DECIDES, "MODEL_UNKNOWN"],
        serve: async ({ who, query, path }, response) => {
          const permit = await access.authorize({ reader: who, twin: path("id"), ...given(query) });
          sendJson(response, await describe(permit, documents));
        },
      }),
    },
    "/v1/twins/:id/readers": {
      get: endpoint({
        summary: "Who can see a twin, and why: every grant with what would be decided now for each of its purposes",
        description: "All of them for the steward, the subject and its guardian; their own for who holds or gave one.",
        session: true,
        query: readersQuery,
        answers: { 200: answers.readers },
        codes: ["NOT_FOUND", ...ASKS_CHAIN],
        serve: async ({ who, query: { after = 0, limit = USUAL_READERS }, path }, response) => {
          const twin = path("id");
          const { at, readers } = await access.readers(who, twin);
          const next = after + limit < readers.length ? after + limit : null;
          sendJson(response, { twin, at, readers: readers.slice(after, after + limit), next });
        },
      }),
    },
    "/v1/decisions": {
      get: endpoint({
        summary: "Who asked to see a twin and what they were told, newest first; each has a receipt by its leaf",
        description:
          "All of them for the steward, the subject and its guardian; their own for readers. To look is recorded as well.",
        session: true,
        query: decisionsQuery,
        answers: { 200: answers.decisions },
        codes: ["NOT_FOUND", ...ASKS_CHAIN, ...WRITES],
        serve: async ({ who, query: { twin, ...stretch } }, response) => {
          const permit = await access.authorizeList(who, twin);
          const { records: decisions, next } = await records.list(permit, "decision", given(stretch));
          sendJson(response, { twin, decisions, next });
        },
      }),
    },
    "/v1/records": {
      get: endpoint({
        summary: "What was recorded of a twin, by its kind, newest first; each has a receipt by its leaf",
        description:
          "All of it for the steward, the subject and its guardian; what they did themselves for readers. To look is recorded as well.",
        session: true,
        query: recordsQuery,
        answers: { 200: answers.records },
        codes: ["NOT_FOUND", ...ASKS_CHAIN, ...WRITES],
        serve: async ({ who, query: { twin, kind, ...stretch } }, response) =>
          sendJson(response, await records.list(await access.authorizeList(who, twin), kind, given(stretch))),
      }),
    },
    "/v1/receipts/:leaf": {
      get: endpoint({
        summary: "The receipt of a reading or record, by its leaf's hash",
        session: true,
        query: receiptQuery,
        answers: { 200: shown.receipt },
        codes: [...SHOWS, "NOT_ANCHORED_YET"],
        serve: async ({ who, query, path }, response) => {
          const { twin, ...asked } = query;
          const receipt = await receiptFor(await receipts.find(path("leaf")), twin, who, asked);
          // The one text of a receipt: its RFC 8785 form, ready to be kept.
          response.type("application/json").send(writeReceipt(receipt));
        },
      }),
    },
    "/v1/decisions/explain": {
      get: endpoint({
        summary: "What would be decided now, and why; nothing is recorded",
        description: "About yourself, or about another reader where you are the device's steward.",
        session: true,
        query: explainQuery,
        answers: { 200: answers.explanation },
        codes: ["NOT_FOUND", ...ASKS_CHAIN, ...ASKS_DATABASE],
        serve: async ({ who, query }, response) => {
          const { twin, reader: other, ...asked } = query;
          sendJson(response, await access.explain({ reader: other ?? who, twin, ...given(asked) }, who));
        },
      }),
    },
  };

  /**
   * Every ask is decided and recorded first, whatever lies at the leaf, so that neither the answer nor the time that it
   * takes tells a stranger which leaves there are.
   */
  async function receiptFor(
    place: LeafPlace | undefined,
    twin: Hex | undefined,
    who: Hex,
    asked: { purpose?: Purpose | undefined; grant?: Hex | undefined },
  ): Promise<Receipt> {
    const twins = twin !== undefined ? [twin] : place ? await receipts.twinsFor(place, who, chain.view()) : [];
    if (twins.length === 0) {
      const record = place?.kind === "record" ? place : undefined;
      const permit = await access.authorizeRecord(who, record?.record);
      if (!record) throw new TwinwardError("NOT_FOUND");
      return receipts.forRecord(record, permit);
    }
    const permit = await authorizeOne(twins, who, asked);
    if (!place) throw new TwinwardError("NOT_FOUND");
    return receipts.forTwin(place, permit);
  }

  /** Through the first of these twins that permits it; where none does, the last denial. */
  async function authorizeOne(
    twins: readonly Hex[],
    who: Hex,
    asked: { purpose?: Purpose | undefined; grant?: Hex | undefined },
  ): ReturnType<typeof access.authorize> {
    let refused: unknown;
    for (const twin of twins) {
      try {
        return await access.authorize({ reader: who, twin, ...given(asked) });
      } catch (error) {
        refused = error;
        if (!(error instanceof TwinwardError) || error.code === "CHAIN_UNAVAILABLE") throw error;
      }
    }
    throw refused;
  }
}
