import type { Hex } from "../../protocol/bytes.ts";
import type { ChainView, OpeningFact } from "../chain/view.ts";
import { stewardOf } from "./weigh.ts";

/** Where an opening of the glass stands: it runs, waits for its review in time or too long, or was reviewed. */
export const OPENING_STATES = ["open", "unreviewed", "overdue", "reviewed"] as const;
export type OpeningState = (typeof OPENING_STATES)[number];

/** What somebody may do about an opening, by a transaction of their own. */
export type OpeningAct = "end" | "review";

/** An opening as somebody whom it concerns is told of it. */
export interface ListedOpening {
  readonly opening: OpeningFact;
  readonly device: Hex;
  readonly assignment: Hex;
  readonly state: OpeningState;
  readonly may: readonly OpeningAct[];
}

/** An emergency twin that somebody may open, or has named. */
export interface Emergency {
  readonly assignment: Hex;
  readonly twin: Hex;
  readonly device: Hex;
  readonly member: number;
  /** Whether they hold the role that opens it. */
  readonly mayOpen: boolean;
  /** A review of the member is overdue: a second holder must sign beside. */
  readonly needsSecond: boolean;
}

export function stateOf({ until, ended, review, reviewBy }: OpeningFact, now: number): OpeningState {
  if (review) return "reviewed";
  if (!ended && now < until) return "open";
  return now < reviewBy ? "unreviewed" : "overdue";
}

/**
 * Whom an opening concerns: who opened it and who signed beside, the member's holders and reviewers, the steward of the device,
 * and the person whose data it is with their guardian.
 */
export function concernsOpening(view: ChainView, who: Hex, opening: OpeningFact, now: number): boolean {
  const { twin, member, opener, second } = opening;
  const persons = view.assignment(view.twin(twin)?.assignment ?? twin);
  if ([opener, second, persons?.subject, persons?.guardian, stewardOf(view, twin)].includes(who)) return true;
  return view.hasRole("holder", member, who, now) || view.hasRole("reviewer", member, who, now);
}

/** The openings that concern somebody, newest first; `now` in seconds. */
export function openingsFor(view: ChainView, who: Hex, now: number): ListedOpening[] {
  return view
    .openings()
    .filter((opening) => concernsOpening(view, who, opening, now))
    .map((opening) => toListed(view, who, opening, now))
    .toReversed();
}

export function toListed(view: ChainView, who: Hex, opening: OpeningFact, now: number): ListedOpening {
  const twin = view.twin(opening.twin);
  const [device, assignment] = [twin?.device ?? opening.twin, twin?.assignment ?? opening.twin];
  return { opening, device, assignment, state: stateOf(opening, now), may: actsOf(view, who, opening, now) };
}

/** What the contract would take from somebody now. */
function actsOf(view: ChainView, who: Hex, opening: OpeningFact, now: number): OpeningAct[] {
  const { opener, second, member, review } = opening;
  if (stateOf(opening, now) === "open") return who === opener || who === stewardOf(view, opening.twin) ? ["end"] : [];
  const involved = who === opener || who === second;
  return !review && !involved && view.hasRole("reviewer", member, who, now) ? ["review"] : [];
}

/** The emergency twins of open assignments that somebody may open or has named as the device's steward. */
export function emergenciesFor(view: ChainView, who: Hex, now: number): Emergency[] {
  return view.emergencyTwins().flatMap(({ assignment, twin, member }) => {
    const found = view.assignment(assignment);
    if (!found || found.end !== null) return [];
    const mayOpen = view.hasRole("holder", member, who, now);
    if (!mayOpen && stewardOf(view, twin) !== who) return [];
    return [{ assignment, twin, device: found.device, member, mayOpen, needsSecond: isOverdue(view, member, now) }];
  });
}

/** Whether one of a member's reviews is overdue. The contract looks at the oldest that waits, running or not. */
function isOverdue(view: ChainView, member: number, now: number): boolean {
  return view.openings().some((one) => one.member === member && !one.review && now >= one.reviewBy);
}
