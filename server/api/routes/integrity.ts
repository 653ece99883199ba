import type { ApiRooms } from "../rooms.ts";
import { anchorsQuery, ask, checkBody, noQuery, pathId, query, readingsBody } from "../asks.ts";
import { readBody } from "../body.ts";
import type { Routes } from "../app.ts";
import { sendJson } from "../send.ts";
import { TwinwardError } from "../../../protocol/errors.ts";
import { lastOf } from "../../../protocol/line.ts";

/** Bytes of a request: 64 full readings of eight segments and ten samples are some 200 kB. */
const READINGS_LIMIT = 8 * 1024 * 1024;
const ONE_READING_LIMIT = 256 * 1024;
const DOCUMENT_LIMIT = 128 * 1024;
const USUAL_ANCHORS = 100;

/** Readings in, anchors out: what the integrity road shows to everybody. */
export function integrityRoutes(rooms: ApiRooms): Routes {
  const { gateway, chain, documents, fleet, consortium, now } = rooms;
  return {
    "/v1/readings": {
      limit: READINGS_LIMIT,
      async post(request, response) {
        const { readings } = ask(readingsBody, readBody(request), "body");
        sendJson(response, { results: await gateway.accept(readings) });
      },
    },
    "/v1/readings/check": {
      limit: ONE_READING_LIMIT,
      async post(request, response) {
        const { reading } = ask(checkBody, readBody(request), "body");
        sendJson(response, await gateway.check(reading));
      },
    },
    "/v1/devices": {
      async get(request, response) {
        query(noQuery, request);
        sendJson(response, { at: now(), devices: await fleet(chain.view()) });
      },
    },
    "/v1/documents": {
      limit: DOCUMENT_LIMIT,
      async post(request, response) {
        const { hash, kind } = await documents.keep(readBody(request));
        sendJson(response, { hash, kind });
      },
    },
    "/v1/documents/:hash": {
      async get(request, response) {
        query(noQuery, request);
        const found = await documents.find(pathId(request, "hash"));
        if (!found) throw new TwinwardError("NOT_FOUND");
        // The very bytes whose SHA-256 is the hash.
        response.type("application/json").send(found.body);
      },
    },
    "/v1/anchors": {
      async get(request, response) {
        const { stream, before, limit = USUAL_ANCHORS } = query(anchorsQuery, request);
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
    },
    "/v1/consortium": {
      async get(request, response) {
        query(noQuery, request);
        sendJson(response, consortium);
      },
    },
  };
}
