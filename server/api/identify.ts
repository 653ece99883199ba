import type { Request } from "express";
import { TwinwardError } from "../../protocol/errors.ts";
import type { Identity } from "../access/session.ts";
import type { ApiRooms } from "./rooms.ts";

/**
 * Who has signed in. Throws SESSION_REQUIRED or SESSION_INVALID; such denials are counted, because nobody
 * is there to name in a decision.
 */
export function identify(request: Request, { sessions, refusals }: Pick<ApiRooms, "sessions" | "refusals">): Identity {
  const token = /^Bearer ([\w.-]+)$/.exec(request.headers.authorization ?? "")?.[1];
  try {
    if (token === undefined) throw new TwinwardError("SESSION_REQUIRED");
    return sessions.identify(token);
  } catch (error) {
    if (error instanceof TwinwardError) refusals.count(error.code);
    throw error;
  }
}
