import type { AckPromise } from "./ack.ts";
import type { PublicKey } from "./es256.ts";

/** A gateway group's key, and what it signs: whatever the group accepts in [since, until), seconds; null: it is the last. */
export interface KeyTerm extends PublicKey {
  readonly since: number;
  readonly until: number | null;
}

/** `AnchorLog.KEY_GRACE`: for how long after its end a key's promises may fall due. */
export const KEY_GRACE_SECONDS = 86_400;

/**
 * The key that a promise must be signed with: the one of the time at which it was accepted, and the first one for all before;
 * undefined where no key signs then. A change of keys takes nothing back: what a former key promised in its time stays
 * promised. `AnchorLog` says the same.
 */
export function keyOfPromise(
  terms: readonly KeyTerm[],
  { acceptedAt, anchorBy }: Pick<AckPromise, "acceptedAt" | "anchorBy">,
): PublicKey | undefined {
  const term = termAt(terms, Math.floor(acceptedAt / 1000));
  if (term === undefined || term.until === null) return term;
  return anchorBy > term.until + KEY_GRACE_SECONDS ? undefined : term;
}

/** The key of a time, seconds. */
export function termAt(terms: readonly KeyTerm[], seconds: number): KeyTerm | undefined {
  const term = terms.findLast(({ since }) => since <= seconds) ?? terms[0];
  return term?.until !== null && term !== undefined && seconds >= term.until ? undefined : term;
}
