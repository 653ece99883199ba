import type { Hex } from "../../protocol/bytes.ts";
import { TwinwardError, type ErrorCode } from "../../protocol/errors.ts";
import type { ChainView, GrantFact } from "../chain/view.ts";
import { weigh, type Answer, type Question } from "./weigh.ts";

/** How long after the last block that was seen a grant with continuity is honoured, seconds. */
export const CONTINUES_SECONDS = 3_600;

const UNSEEN: ReadonlySet<ErrorCode> = new Set(["CHAIN_UNAVAILABLE", "CHAIN_STALE"]);

/** Whether somebody was not answered because the chain cannot be seen, and for no other reason. */
export function isUnseen(error: unknown): error is TwinwardError {
  return error instanceof TwinwardError && UNSEEN.has(error.code);
}

/** The grants that may be honoured then: those of a reader on a twin that have continuity, or the one that was asked for. */
export function continuedGrants(view: ChainView, reader: Hex, twin: Hex, grant?: Hex): GrantFact[] {
  return view
    .grantsOf(twin)
    .filter((one) => one.continuity && one.reader === reader && (grant === undefined || one.id === grant));
}

/**
 * Whether a read is honoured although nobody can see what the chain says now: permitted by a grant with continuity at the last
 * block that was seen, and by the same rule at `question.now`, not longer after it than CONTINUES_SECONDS.
 */
export function continues(view: ChainView, question: Question, { reason, grant }: Answer): boolean {
  const { timestamp } = view.head;
  if (reason !== "Permitted" || grant?.continuity !== true || question.action !== "read") return false;
  if (question.now - timestamp > CONTINUES_SECONDS) return false;
  return weigh(view, { ...question, grant: grant.id, now: timestamp }).reason === "Permitted";
}
