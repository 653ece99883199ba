import type { ApiRooms } from "../rooms.ts";
import * as answers from "../answers/integrity.ts";
import { anchorsQuery, checkBody, formatBody, readingsBody } from "../asks.ts";
import type { Routes } from "../app.ts";
import { ASKS_DATABASE, WRITES } from "../codes.ts";
import { endpoint } from "../endpoint.ts";
import { sendJson } from "../send.ts";
import { knownTo } from "../twins-of.ts";
import { TwinwardError } from "../../../protocol/errors.ts";
import { lastOf } from "../../../protocol/line.ts";

/** Bytes of a request: 64 full readings of eight segments and ten samples are some 200 kB. */
const READINGS_LIMIT = 8 * 1024 * 1024;
const ONE_READING_LIMIT = 256 * 1024;
const DOCUMENT_LIMIT = 128 * 1024;
const USUAL_ANCHORS = 100;

/** Readings in, anchors out: what the integrity road shows to everybody. */
export function integrityRoutes(rooms: ApiRooms): Routes {
  const { gateway, chain, documents, fleet, openFleet, consortiumNow, now } = rooms;
  return {
    "/v1/readings": {
      post: endpoint({
        summary: "Send signed readings; each gets its ack, its refusal, or is held",
        description:
          "Results come in the order of the readings. An ack is sent after the reading is on disk. docs/formats/reading.md",
        body: readingsBody,
        limit: READINGS_LIMIT,
        answers: { 200: answers.postedReadings },
        codes: ["STREAM_SUSPENDED", "STREAM_FENCED", "DISK_NEARLY_FULL", "KEYS_UNWRITABLE", ...WRITES],
        serve: async ({ body: { readings } }, response) =>
          sendJson(response, { results: await gateway.accept(readings) }),
      }),
    },
    "/v1/readings/check": {
      post: endpoint({
        summary: "What would become of a reading; stores nothing",
        body: checkBody,
        limit: ONE_READING_LIMIT,
        answers: { 200: answers.checkedReading },
        codes: ASKS_DATABASE,
        serve: async ({ body: { reading } }, response) => sendJson(response, await gateway.check(reading)),
      }),
    },
    "/v1/devices": {
      get: endpoint({
        summary: openFleet
          ? "Every registered device and how far its last reading has come; no value of one"
          : "The registered devices that are your affair and how far the last reading of each has come; no value of one",
        session: !openFleet,
        narrows: true,
        answers: { 200: answers.devices },
        codes: ASKS_DATABASE,
        serve: async ({ who, twins }, response) => {
          const view = chain.view();
          const isKnown = knownTo(view, who, twins);
          const devices = (await fleet(view)).filter(({ id }) => isKnown(id));
          sendJson(response, { at: now(), devices });
        },
      }),
    },
    "/v1/documents": {
      post: endpoint({
        summary: "Lay down a device model or manifest whose hash the chain has",
        body: formatBody,
        limit: DOCUMENT_LIMIT,
        answers: { 200: answers.keptDocument },
        codes: ["UNUSABLE_DEVICE_MODEL", "UNUSABLE_MANIFEST", ...WRITES],
        serve: async ({ body }, response) => {
          const { hash, kind } = await documents.keep(body);
          sendJson(response, { hash, kind });
        },
      }),
    },
    "/v1/documents/:hash": {
      get: endpoint({
        summary: "The very bytes whose SHA-256 is the hash",
        answers: { 200: answers.document },
        codes: ["NOT_FOUND", ...ASKS_DATABASE],
        serve: async ({ path }, response) => {
          const found = await documents.find(path("hash"));
          if (!found) throw new TwinwardError("NOT_FOUND");
          response.type("application/json").send(found.body);
        },
      }),
    },
    "/v1/anchors": {
      get: endpoint({
        summary: "Anchors of a stream as the chain has them, newest first",
        query: anchorsQuery,
        answers: { 200: answers.anchors },
        serve: ({ query: { stream, before, limit = USUAL_ANCHORS } }, response) => {
          const view = chain.view();
          const streams = view.streams();
          const [first] = streams;
          const newest = first && lastOf(first.id, (id) => streams.find((one) => one.id === id));
          const chosen = stream ?? newest;
          const all = chosen === undefined ? [] : view.anchors(chosen);
          const end = Math.min(before ?? all.length, all.length);
          const start = Math.max(0, end - limit);
          const anchors = all.slice(start, end).reverse();
          const standing = streams.find(({ id }) => id === chosen)?.standing ?? null;
          const next = start > 0 ? start : null;
          sendJson(response, { stream: chosen ?? null, standing, size: all.length, anchors, next });
        },
      }),
    },
    "/v1/consortium": {
      get: endpoint({
        summary: "The consortium that this server belongs to; trust a copy that you got otherwise",
        answers: { 200: answers.consortium },
        serve: (_asked, response) => sendJson(response, consortiumNow()),
      }),
    },
  };
}
