import { type Hex } from "../../../protocol/bytes.ts";
import { TwinwardError } from "../../../protocol/errors.ts";
import type { Asking } from "../../../protocol/request.ts";
import type { AnswerWord } from "../../../protocol/request-record.ts";
import { purposesMask } from "../../../protocol/words.ts";

/** A request is open until one of the four answers ends it, for good. */
export type RequestState = "open" | AnswerWord;

const DAY_SECONDS = 86_400;
/** How long a reader may let a steward think. */
export const LONGEST_OPEN_SECONDS = 30 * DAY_SECONDS;

/** When a request expires, ms: nobody need answer what nobody can use any more. */
export const expiresOf = ({ deadline, until }: Asking): number => 1000 * Math.min(deadline, until);

/** Throws REQUEST_UNFOUNDED for a request whose times can not, or no longer, be met. */
export function requireTimely(asked: Asking, nowMs: number): void {
  const detail =
    expiresOf(asked) <= nowMs
      ? "Its deadline, or the time until which it asks, has passed."
      : asked.deadline > nowMs / 1000 + LONGEST_OPEN_SECONDS
        ? "Its deadline is more than 30 days away."
        : undefined;
  if (detail !== undefined) throw new TwinwardError("REQUEST_UNFOUNDED", { detail });
}

/** Throws REQUEST_ANSWERED or REQUEST_EXPIRED where a request cannot be answered any more, whether or not that is recorded yet. */
export function requireOpen(request: { readonly state: RequestState; readonly expires: number }, nowMs: number): void {
  const { state, expires } = request;
  if (state !== "open" && state !== "expired") throw new TwinwardError("REQUEST_ANSWERED", { state });
  if (state === "expired" || expires <= nowMs) throw new TwinwardError("REQUEST_EXPIRED");
}

/** What the chain says of the grant with which a steward answers. */
export interface OfferedGrant {
  readonly reader: Hex;
  readonly grantor: Hex;
  readonly parent: Hex | null;
  readonly nonce: bigint;
  readonly depth: number;
  readonly until: number;
  readonly segments: bigint;
  readonly purposes: number;
  /** Of its twin. */
  readonly twin: { readonly id: Hex; readonly manifestHash: Hex };
}

/**
 * Whether a grant gives all that was asked or less. Throws GRANT_EXCEEDS_REQUEST, with what is wrong, for one that gives anything
 * else: then nothing was answered.
 */
export function weighAnswer(request: Hex, asked: Asking, by: Hex, grant: OfferedGrant): "approved" | "narrowed" {
  const wanted = { segments: BigInt(asked.segments), purposes: purposesMask(asked.purposes) };
  const right: [boolean, string][] = [
    [grant.nonce === BigInt(request), "Its nonce is not the request."],
    [grant.reader === asked.reader, "It is for another reader."],
    [grant.grantor === by && grant.parent === null, "It is not the steward's own."],
    [
      asked.twin === null ? grant.twin.manifestHash === asked.manifest : grant.twin.id === asked.twin,
      "It is on another twin.",
    ],
    [(grant.segments & ~wanted.segments) === 0n, "It has segments that were not asked for."],
    [(grant.purposes & ~wanted.purposes) === 0, "It has purposes that were not asked for."],
    [grant.until <= asked.until, "It lasts longer than was asked."],
    [grant.depth === 0, "It may be passed on, which was not asked."],
  ];
  const wrong = right.find(([holds]) => !holds);
  if (wrong) throw new TwinwardError("GRANT_EXCEEDS_REQUEST", { detail: wrong[1] });
  const whole = grant.segments === wanted.segments && grant.purposes === wanted.purposes && grant.until === asked.until;
  return whole ? "approved" : "narrowed";
}
