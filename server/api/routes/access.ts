import type { Hex } from "../../../protocol/bytes.ts";
import { TwinwardError } from "../../../protocol/errors.ts";
import { writeReceipt, type Receipt } from "../../../protocol/receipt.ts";
import { purposeNames, type Purpose } from "../../../protocol/words.ts";
import { describe } from "../../twin/describe.ts";
import type { LeafPlace } from "../../twin/receipts.ts";
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
import type { ApiRooms, ApiView, GrantEntry } from "../rooms.ts";
import { hasEnded } from "../../access/end-of.ts";
import { sendJson, sendTwin } from "../send.ts";

const LOGIN_LIMIT = 16 * 1024;

/** Who you are, what you may see, and the seeing of it. */
export function accessRoutes(rooms: ApiRooms): Routes {
  const { access, chain, reader, receipts, sessions, refusals, documents, consortium } = rooms;
  return {
    "/v1/session/nonce": {
      async get(request, response) {
        query(noQuery, request);
        // The time too: a message that is dated by a clock far from ours would be refused.
        sendJson(response, { nonce: sessions.nonce(), chainId: consortium.chainId, at: sessions.time() });
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
        const receipt = await receiptFor(await receipts.find(leaf), twin, who, asked);
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
    const twins =
      twin !== undefined ? [twin] : place?.kind === "reading" ? receipts.twinsFor(place, who, chain.view()) : [];
    if (twins.length === 0) {
      const record = place?.kind === "record" ? place : undefined;
      const permit = await access.authorizeRecord(who, record?.record);
      if (!record) throw new TwinwardError("NOT_FOUND");
      return receipts.forRecord(record, permit);
    }
    const permit = await authorizeOne(twins, who, asked);
    if (place?.kind !== "reading") throw new TwinwardError("NOT_FOUND");
    return receipts.forReading(place, permit);
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

/**
 * The twins that the chain connects with somebody: as reader, as steward, as oracle, as subject or its guardian. No value
 * is in it. A steward and a subject see all grants on their twins, everybody else those that they have or gave.
 */
function twinsOf(view: ApiView, who: Hex): object[] {
  return view.devices().flatMap(({ id }) => {
    const steward = view.device(id)?.steward === who;
    return view.twinsOf(id).flatMap(({ id: twin, consent, ...facts }) => {
      const persons = facts.assignment === null ? undefined : view.assignment(facts.assignment);
      const whole = steward || persons?.subject === who || persons?.guardian === who;
      const grants = view.grantsOf(twin).filter(({ reader, grantor }) => whole || reader === who || grantor === who);
      if (!whole && grants.length === 0 && !(facts.security && view.isOracle(who))) return [];
      const consents = view.consentsOf(twin).filter(({ reader }) => whole || reader === who);
      return [
        {
          twin,
          ...facts,
          subject: whole ? (persons?.subject ?? null) : null,
          consent: purposeNames(consent),
          consents: consents.map(({ reader, purposes }) => ({ reader, purposes: purposeNames(purposes) })),
          grants: grants.map((grant) => toListed(grant, hasEnded(view, grant))),
        },
      ];
    });
  });
}

/** `revoked` however it came about: by itself, with all others of the twin, or with one that it is a part of. */
function toListed({ id, nonce, purposes, ...given }: GrantEntry, revoked: boolean): object {
  const { reader, grantor, parent, from, until, segments, depth } = given;
  const terms = { from, until, segments, purposes: purposeNames(purposes), depth };
  return { grant: id, reader, grantor, parent, nonce, ...terms, revoked };
}
