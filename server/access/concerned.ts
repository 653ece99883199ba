import type { Hex } from "../../protocol/bytes.ts";
import { purposeNames, type Purpose } from "../../protocol/words.ts";
import type { ChainView, GrantFact } from "../chain/view.ts";
import type { Reason } from "./decide.ts";
import { stewardOf, weigh } from "./weigh.ts";

/** How far a twin's affairs are somebody's: all of them, or what they themselves asked, hold or gave. */
export type Concern = "whole" | "own";

/** A steward, a subject and its guardian see the whole; who ever held or gave a grant their own; everybody else nothing. */
export function concernOf(view: ChainView, who: Hex, twin: Hex): Concern | undefined {
  const fact = view.twin(twin);
  if (!fact) return undefined;
  const persons = fact.assignment === null ? undefined : view.assignment(fact.assignment);
  if ([stewardOf(view, twin), persons?.subject, persons?.guardian].includes(who)) return "whole";
  const broke = view.openingsOf(twin).some(({ opener, second }) => opener === who || second === who);
  const has = broke || view.grantsOf(twin).some((grant) => isOf(grant, who)) || (fact.security && view.isOracle(who));
  return has ? "own" : undefined;
}

/** Somebody who can see a twin, or could: by which grant, and for each of its purposes what would be decided now. */
export interface TwinReader {
  readonly reader: Hex;
  /** Null for an oracle, who reads the security twin without one. */
  readonly grant: Hex | null;
  /** Set for whoever broke the glass, and how long that is or was good for. */
  readonly opening?: Hex;
  readonly grantor: Hex | null;
  /** The grant that it was passed on from. */
  readonly parent: Hex | null;
  readonly segments: bigint;
  /** Seconds, [from, until). */
  readonly from: number | null;
  readonly until: number | null;
  readonly purposes: readonly { readonly purpose: Purpose; readonly reason: Reason }[];
}

/**
 * Who can see a twin, and why: every grant that was ever given on it, every opening of the glass, and the oracles of a security
 * twin, as the rule itself decides at `now` (seconds). Complete, because nothing else than these lets anybody read. For `who` with a concern of their own, theirs.
 */
export function readersOf(view: ChainView, twin: Hex, now: number, who?: Hex): TwinReader[] {
  const fact = view.twin(twin);
  if (!fact) return [];
  const ask = { twin, action: "read", now } as const;
  const oracles = fact.security ? view.oracles.filter((oracle) => who === undefined || oracle === who) : [];
  const byRight = oracles.map((reader): TwinReader => {
    const purpose = "security" as const;
    const { reason, segments } = weigh(view, { ...ask, reader, purpose });
    return {
      reader,
      grant: null,
      grantor: null,
      parent: null,
      segments,
      from: null,
      until: null,
      purposes: [{ purpose, reason }],
    };
  });
  const grants = view.grantsOf(twin).filter((grant) => who === undefined || isOf(grant, who));
  const byGrant = grants.map(({ id, reader, grantor, parent, from, until, segments, purposes }): TwinReader => ({
    reader,
    grant: id,
    grantor,
    parent,
    segments: segments & fact.segments,
    from,
    until,
    purposes: purposeNames(purposes).map((purpose) => ({
      purpose,
      reason: weigh(view, { ...ask, reader, purpose, grant: id }).reason,
    })),
  }));
  const openings = view.openingsOf(twin).filter(({ opener }) => who === undefined || opener === who);
  const byOpening = openings.map(({ id, opener, openedAt, until }): TwinReader => {
    const purpose = "emergency" as const;
    const { reason } = weigh(view, { ...ask, reader: opener, purpose, grant: id });
    return {
      reader: opener,
      grant: null,
      opening: id,
      grantor: null,
      parent: null,
      segments: fact.segments,
      from: openedAt,
      until,
      purposes: [{ purpose, reason }],
    };
  });
  return [...byRight, ...byGrant, ...byOpening];
}

const isOf = ({ reader, grantor }: Pick<GrantFact, "reader" | "grantor">, who: Hex): boolean =>
  reader === who || grantor === who;
