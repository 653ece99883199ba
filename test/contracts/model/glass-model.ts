// What BreakGlass says it does, once more and as plainly as can be: openings in a list, looked through from its beginning.
import { ZERO_32, type Hex } from "../../../protocol/bytes.ts";
import { breakGlassId } from "../../../protocol/ids.ts";
import { NOBODY, refuse, requireSigned, type Word } from "./refused.ts";

const MOST_SECONDS = 4 * 3_600;
export const REVIEW_SECONDS = 3 * 86_400;

/** What the opener claims. */
export interface Claim {
  readonly twin: Hex;
  readonly until: number;
  readonly reason: Hex;
}

export interface Opening extends Claim {
  readonly id: Hex;
  readonly member: number;
  readonly opener: Hex;
  readonly second: Hex;
  readonly openedAt: number;
  ended: boolean;
  reviewed: boolean;
}

export interface GlassGround {
  readonly chainId: number;
  readonly breakGlass: Hex;
}

/** What else there is to know of twins, and who may what of the one member there is. */
export interface GlassSight {
  now(): number;
  steward(device: Hex | undefined): Hex | undefined;
  retired(device: Hex): boolean;
  assignment(id: Hex): { readonly device: Hex; readonly end: bigint } | undefined;
  isHolder(account: Hex): boolean;
  isReviewer(account: Hex): boolean;
  twin(id: Hex): { readonly device: Hex; readonly assignment: Hex | null; readonly ended: boolean } | undefined;
}

export class GlassModel {
  readonly named = new Map<Hex, Hex>();
  readonly openings: Opening[] = [];
  readonly #nonces = new Map<Hex, number>();
  readonly #ground: GlassGround;
  readonly #sight: GlassSight;

  constructor(ground: GlassGround, sight: GlassSight) {
    this.#ground = ground;
    this.#sight = sight;
  }

  nameEmergencyTwin(by: Hex, assignment: Hex, twin: Hex, member: number): void {
    const entry = this.#sight.assignment(assignment);
    if (this.#sight.steward(entry?.device) !== by) refuse("NotSteward");
    if (entry?.end !== 0n) refuse("AssignmentEnded");
    if (twin !== ZERO_32 && this.#sight.twin(twin)?.assignment !== assignment) refuse("TwinNotOfAssignment");
    if (twin !== ZERO_32 && member > 0) refuse("MemberNotPresent");
    this.named.set(assignment, twin);
  }

  open(opener: Hex, claim: Claim, holder: Hex, word: Word): void {
    const twin = this.#sight.twin(claim.twin);
    if (!twin?.assignment || this.named.get(twin.assignment) !== claim.twin) return refuse("NoEmergencyTwin");
    if (twin.ended) refuse("TwinEnded");
    if (this.#sight.retired(twin.device)) refuse("DeviceRetired");
    const { chainId, breakGlass } = this.#ground;
    const now = this.#sight.now();
    if (!this.#sight.isHolder(opener)) refuse("NotHolder");
    if (claim.until <= now || claim.until > now + MOST_SECONDS) refuse("OpeningTermUnexpected");
    if (claim.reason === ZERO_32) refuse("ReasonMissing");
    if (holder === NOBODY && this.isOverdue()) refuse("ReviewOverdue");
    if (holder === opener) refuse("SecondIsOpener");
    if (holder !== NOBODY && !this.#sight.isHolder(holder)) refuse("NotHolder");
    if (holder !== NOBODY) requireSigned(word, now);
    this.#nonces.set(opener, this.nonceOf(opener) + 1);
    const id = breakGlassId(chainId, breakGlass, 0, this.openings.length + 1);
    const fresh = { openedAt: now, ended: false, reviewed: false };
    this.openings.push({ ...claim, id, member: 0, opener, second: holder, ...fresh });
  }

  relayOpen(opener: Hex, claim: Claim, own: Word, holder: Hex, word: Word): void {
    requireSigned(own, this.#sight.now());
    this.open(opener, claim, holder, word);
  }

  end(by: Hex, id: Hex): void {
    const entry = this.find(id) ?? refuse("OpeningUnknown");
    if (by !== entry.opener && by !== this.#sight.steward(this.#sight.twin(entry.twin)?.device)) refuse("NotOpener");
    if (this.#isOver(entry)) refuse("OpeningOver");
    entry.ended = true;
  }

  review(by: Hex, id: Hex, note: Hex): void {
    const entry = this.find(id) ?? refuse("OpeningUnknown");
    if (!this.#sight.isReviewer(by)) refuse("NotReviewer");
    if (by === entry.opener || by === entry.second) refuse("ReviewOfOwn");
    if (entry.reviewed) refuse("AlreadyReviewed");
    if (!this.#isOver(entry)) refuse("OpeningRuns");
    if (note === ZERO_32) refuse("NoteMissing");
    entry.reviewed = true;
  }

  find(id: Hex): Opening | undefined {
    return this.openings.find((one) => one.id === id);
  }

  nonceOf(opener: Hex): number {
    return this.#nonces.get(opener) ?? 0;
  }

  /** Whether the time for a review of any is over. */
  isOverdue(): boolean {
    return this.openings.some((one) => !one.reviewed && this.#sight.now() >= one.openedAt + REVIEW_SECONDS);
  }

  #isOver({ ended, until }: Opening): boolean {
    return ended || this.#sight.now() >= until;
  }
}
