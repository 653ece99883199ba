import { TwinwardError } from "../../../protocol/errors.ts";
import * as answers from "../answers/asking.ts";
import type { Routes } from "../app.ts";
import { approveBody, formatBody, refuseBody, requestsQuery } from "../asks.ts";
import { ASKS_CHAIN, ASKS_DATABASE, REFUSED_ON_CHAIN, WRITES } from "../codes.ts";
import { endpoint, type Endpoint } from "../endpoint.ts";
import type { ApiRooms } from "../rooms.ts";
import { sendJson } from "../send.ts";

/** A request is some 1 500 bytes of JSON, whose text may be escaped; a contract's signature 8 192 at most. */
const REQUEST_LIMIT = 24 * 1024;
const USUAL_REQUESTS = 50;

/** From nothing to a grant: what is on offer, the wish for it, and the steward's answer. */
export function askingRoutes({ offers, requests, refusals, relays }: ApiRooms): Routes {
  const relay = (summary: string): Endpoint =>
    endpoint({
      summary,
      description:
        "Checked by the contract, sent by this server, who pays; done when it answers. docs/formats/signed-acts.md",
      session: true,
      body: formatBody,
      limit: REQUEST_LIMIT,
      answers: { 200: answers.relayed },
      codes: ["UNUSABLE_ACT", "REQUESTS_TOO_MANY", ...REFUSED_ON_CHAIN, ...ASKS_CHAIN, ...WRITES],
      serve: async ({ who, body }, response) => sendJson(response, await relays.take(body, who)),
    });
  return {
    "/v1/grants": { post: relay("Send a grant or a revocation that its grantor has signed: grant@1, revocation@1") },
    "/v1/consents": { post: relay("Send a consent that the subject or its guardian has signed: consent@1") },
    "/v1/catalogue": {
      get: endpoint({
        summary: "Device models and manifests on offer: no device, no twin, nobody",
        answers: { 200: answers.catalogue },
        codes: ASKS_DATABASE,
        serve: async (_asked, response) => sendJson(response, await offers.catalogue()),
      }),
    },
    "/v1/requests": {
      post: endpoint({
        summary: "Ask for a twin: request@1, signed by whoever wishes to read",
        description: "A twin that does not exist is taken like any other. docs/formats/request.md",
        body: formatBody,
        limit: REQUEST_LIMIT,
        answers: { 200: answers.acknowledged },
        codes: [
          "UNUSABLE_REQUEST",
          "REQUEST_SIGNATURE_INVALID",
          "REQUEST_UNFOUNDED",
          "REQUESTS_TOO_MANY",
          "WEBHOOK_REFUSED",
          "DISK_NEARLY_FULL",
          ...ASKS_CHAIN,
          ...WRITES,
        ],
        serve: async ({ body }, response) => {
          try {
            sendJson(response, await requests.ask(body, response.req.socket.remoteAddress ?? ""));
          } catch (error) {
            if (error instanceof TwinwardError) refusals.count(error.code);
            throw error;
          }
        },
      }),
      get: endpoint({
        summary: "Your requests, and as a steward those on your devices; newest first",
        session: true,
        query: requestsQuery,
        answers: { 200: answers.requests },
        codes: [...ASKS_CHAIN, ...ASKS_DATABASE],
        serve: async ({ who, query: { limit = USUAL_REQUESTS, ...filter } }, response) => {
          const found = await requests.list(who, { ...filter, limit });
          const next = found.length < limit ? null : (found.at(-1)?.position ?? null);
          sendJson(response, { requests: found, next });
        },
      }),
    },
    "/v1/requests/:id/approve": {
      post: endpoint({
        summary: "Answer with a grant on chain whose nonce is the request: all that was asked, or less",
        session: true,
        body: approveBody,
        limit: REQUEST_LIMIT,
        answers: { 200: answers.request },
        codes: [
          "NOT_FOUND",
          "GRANT_UNKNOWN",
          "GRANT_EXCEEDS_REQUEST",
          "REQUEST_ANSWERED",
          "REQUEST_EXPIRED",
          ...ASKS_CHAIN,
          ...WRITES,
        ],
        serve: async ({ who, path, body: { grant } }, response) =>
          sendJson(response, await requests.approve(path("id"), who, grant)),
      }),
    },
    "/v1/requests/:id/refuse": {
      post: endpoint({
        summary: "Refuse with a reason",
        session: true,
        body: refuseBody,
        limit: REQUEST_LIMIT,
        answers: { 200: answers.request },
        codes: ["NOT_FOUND", "UNUSABLE_REQUEST", "REQUEST_ANSWERED", "REQUEST_EXPIRED", ...ASKS_CHAIN, ...WRITES],
        serve: async ({ who, path, body: { reason } }, response) =>
          sendJson(response, await requests.refuse(path("id"), who, reason)),
      }),
    },
  };
}
