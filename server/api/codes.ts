import type { ErrorCode } from "../../protocol/errors.ts";
import { codeOf } from "../access/authorize.ts";
import { REASONS } from "../access/decide.ts";
import type { Endpoint } from "./endpoint.ts";

/** What can be said of the parts that an endpoint asks: groups of codes, for the endpoints to name. */
export const ASKS_DATABASE: readonly ErrorCode[] = ["DATABASE_UNAVAILABLE", "DATABASE_ENDED"];
export const WRITES: readonly ErrorCode[] = [...ASKS_DATABASE, "DISK_FULL"];
export const ASKS_CHAIN: readonly ErrorCode[] = ["CHAIN_UNAVAILABLE", "CHAIN_BEHIND", "CHAIN_STALE"];
/** What the GrantRegistry refuses of a signed act, and what may become of its transaction. */
export const REFUSED_ON_CHAIN: readonly ErrorCode[] = [
  "NOT_FOUND",
  "NOT_STEWARD",
  "NOT_SUBJECT",
  "SIGNATURE_INVALID",
  "SIGNATURE_EXPIRED",
  "NONCE_USED",
  "TWIN_UNKNOWN",
  "TWIN_ENDED",
  "DEVICE_RETIRED",
  "SECURITY_TWIN_ONLY",
  "GRANT_UNKNOWN",
  "GRANT_REVOKED",
  "GRANT_EXPIRED",
  "GRANT_TERM_EMPTY",
  "EPOCH_RAISED",
  "SEGMENTS_NOT_IN_TWIN",
  "PURPOSES_REFUSED",
  "DEPTH_TOO_GREAT",
  "READER_ZERO",
  "DELEGATION_EXCEEDS_PARENT",
  "TRANSACTION_REVERTED",
  "TRANSACTION_REFUSED",
  "CHAIN_WAIT_EXPIRED",
];
/** A decision is recorded before anything is answered: it asks the chain and writes. */
export const DECIDES: readonly ErrorCode[] = [
  "NOT_FOUND",
  ...REASONS.filter((reason) => reason !== "Permitted").map(codeOf),
  ...ASKS_CHAIN,
  ...WRITES,
];

/** What a twin shows of its device is told by two documents, and of a derived one also by what was spent. */
export const SHOWS: readonly ErrorCode[] = [
  ...DECIDES,
  "MODEL_UNKNOWN",
  "MANIFEST_UNKNOWN",
  "BUDGET_SPENT",
  "NOT_RESEALED_YET",
  "OVERLOADED",
];

const ANYWHERE: readonly ErrorCode[] = ["MALFORMED_REQUEST", "INTERNAL"];
const WITH_SESSION: readonly ErrorCode[] = ["SESSION_REQUIRED", "SESSION_INVALID", "NOT_FOUND"];
const WITH_BODY: readonly ErrorCode[] = ["BODY_TOO_LARGE", "JSON_MALFORMED", "JSON_MEMBER_DUPLICATE", "OVERLOADED"];

/** Every code that an endpoint may refuse with, each once. */
export function codesOf({ session, body, codes }: Endpoint): ErrorCode[] {
  const all = [...ANYWHERE, ...(session ? WITH_SESSION : []), ...(body === undefined ? [] : WITH_BODY), ...codes];
  return [...new Set(all)];
}
