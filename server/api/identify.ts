import type { Request } from "express";
import type { Hex } from "../../protocol/bytes.ts";
import { TwinwardError } from "../../protocol/errors.ts";
import type { ApiRooms } from "./rooms.ts";

/**
 * Address of the signed-in reader. Throws SESSION_REQUIRED or SESSION_INVALID; such denials are counted, because nobody
 * is there to name in a decision.
 */
export function identify(request: Request, { sessions, refusals }: Pick<ApiRooms, "sessions" | "refusals">): Hex {
  const token = /^Bearer ([\w.-]+)$/.exec(request.headers.authorization ?? "")?.[1];
  try {
    if (token === undefined) throw new TwinwardError("SESSION_REQUIRED");
    return sessions.identify(token);
  } catch (error) {
    if (error instanceof TwinwardError) refusals.count(error.code);
    throw error;
  }
}
