import type { Hex } from "../../../protocol/bytes.ts";
import { TwinwardError } from "../../../protocol/errors.ts";
import { writeReceipt } from "../../../protocol/receipt.ts";
import { purposeNames } from "../../../protocol/words.ts";
import { describe } from "../../twin/describe.ts";
import type { Routes } from "../app.ts";
import {
  ask,
  explainQuery,
  given,
  historyQuery,
  loginBody,
  noQuery,
  pathId,
  query,
  receiptQuery,
  twinQuery,
} from "../asks.ts";
import { readBody } from "../body.ts";
import { identify } from "../identify.ts";
import type { ApiRooms, ApiView } from "../rooms.ts";
import { sendJson, sendTwin } from "../send.ts";

const LOGIN_LIMIT = 16 * 1024;

/** Who you are, what you may see, and the seeing of it. */
export function accessRoutes(rooms: ApiRooms): Routes {
  const { access, chain, reader, receipts, sessions, refusals, documents, consortium } = rooms;
  return {
    "/v1/session/nonce": {
      async get(request, response) {
        query(noQuery, request);
        sendJson(response, { nonce: sessions.nonce(), chainId: consortium.chainId });
      },
    },
    "/v1/session/login": {
      limit: LOGIN_LIMIT,
      async post(request, response) {
        const { message, signature } = ask(loginBody, readBody(request), "body");
        try {
          sendJson(response, sessions.login(message, signature));
        } catch (error) {
          if (error instanceof TwinwardError) refusals.count(error.code);
          throw error;
        }
      },
    },
    "/v1/twins": {
      async get(request, response) {
        query(noQuery, request);
        const who = identify(request, rooms);
        sendJson(response, { twins: twinsOf(chain.view(), who) });
      },
    },
    "/v1/twins/:id/history": {
      async get(request, response) {
        const who = identify(request, rooms);
        const twin = pathId(request, "id");
        const { purpose, segments, grant, since, until, ...stretch } = query(historyQuery, request);
        const asked = given({ purpose, segments, grant, from: since, until });
        const permit = await access.authorize({ reader: who, twin, ...asked });
        sendTwin(response, await reader.history(permit, given(stretch)));
      },
    },
    "/v1/twins/:id/description": {
      async get(request, response) {
        const who = identify(request, rooms);
        const twin = pathId(request, "id");
        const permit = await access.authorize({ reader: who, twin, ...given(query(twinQuery, request)) });
        sendJson(response, await describe(permit, documents));
      },
    },
    "/v1/receipts/:leaf": {
      async get(request, response) {
        const who = identify(request, rooms);
        const leaf = pathId(request, "leaf");
        const { twin, ...asked } = query(receiptQuery, request);
        const place = await receipts.find(leaf);
        if (!place) throw new TwinwardError("NOT_FOUND");
        const receipt =
          place.kind === "record"
            ? await receipts.forRecord(place, who, chain.view())
            : await receipts.forReading(place, await permitFor(place, twin, who, asked));
        // The one text of a receipt: its RFC 8785 form, ready to be kept.
        response.type("application/json").send(writeReceipt(receipt));
      },
    },
    "/v1/decisions/explain": {
      async get(request, response) {
        const who = identify(request, rooms);
        const { twin, reader: other, ...asked } = query(explainQuery, request);
        sendJson(response, await access.explain({ reader: other ?? who, twin, ...given(asked) }, who));
      },
    },
  };

  /** Through the twin that was named, or through the first of the reader's that permits it. */
  async function permitFor(
    place: Parameters<typeof receipts.forReading>[0],
    twin: Hex | undefined,
    who: Hex,
    asked: { purpose?: Parameters<typeof access.authorize>[0]["purpose"]; grant?: Hex | undefined },
  ): ReturnType<typeof access.authorize> {
    const twins = twin === undefined ? receipts.twinsFor(place, who, chain.view()) : [twin];
    let refused: unknown = new TwinwardError("NOT_FOUND");
    for (const one of twins) {
      try {
        return await access.authorize({ reader: who, twin: one, ...given(asked) });
      } catch (error) {
        refused = error;
        if (!(error instanceof TwinwardError) || error.code === "CHAIN_UNAVAILABLE") throw error;
      }
    }
    throw refused;
  }
}

/** The twins that the chain connects with somebody: as reader, as steward, as oracle. No value is in it. */
function twinsOf(view: ApiView, who: Hex): object[] {
  return view.devices().flatMap(({ id }) => {
    const steward = view.device(id)?.steward === who;
    return view.twinsOf(id).flatMap(({ id: twin, ...facts }) => {
      const grants = view.grantsOf(twin).filter(({ reader }) => reader === who);
      if (!steward && grants.length === 0 && !(facts.security && view.isOracle(who))) return [];
      return [
        {
          twin,
          ...facts,
          grants: grants.map(({ id: grant, from, until, segments, purposes, revoked }) => {
            return { grant, from, until, segments, purposes: purposeNames(purposes), revoked };
          }),
        },
      ];
    });
  });
}
