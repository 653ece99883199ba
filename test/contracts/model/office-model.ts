// What operators may, and how soon, once more and as plainly as can be: a pause, one announcement of its end, and who stands for
// the one member's emergencies since when.
import type { Hex } from "../../../protocol/bytes.ts";
import { refuse } from "./refused.ts";

const HOUR = 3_600;
export const DAY = 86_400;
const WEEK = 7 * DAY;

export type Appointed = "holder" | "reviewer";

export interface OfficeGround {
  readonly pauser: Hex;
  readonly resumer: Hex;
  readonly appointer: Hex;
  /** Who has the roles from the beginning. */
  readonly holders: readonly Hex[];
  readonly reviewers: readonly Hex[];
}

export class OfficeModel {
  /** Seconds; undefined: not paused. */
  pausedAt: number | undefined;
  /** From when on the resumption that was announced may happen, seconds; undefined: none was. */
  announced: number | undefined;
  readonly #ground: OfficeGround;
  readonly #now: () => number;
  readonly #since: Readonly<Record<Appointed, Map<Hex, number>>>;

  constructor(ground: OfficeGround, now: () => number) {
    this.#ground = ground;
    this.#now = now;
    const fromTheBeginning = (who: readonly Hex[]): Map<Hex, number> => new Map(who.map((account) => [account, 0]));
    this.#since = { holder: fromTheBeginning(ground.holders), reviewer: fromTheBeginning(ground.reviewers) };
  }

  // Pausing

  pause(by: Hex): void {
    if (by !== this.#ground.pauser) refuse("AccessManagedUnauthorized");
    this.pausedAt ??= this.#now();
  }

  /** Announces a resumption. */
  schedule(by: Hex): void {
    if (by !== this.#ground.resumer) refuse("AccessManagerUnauthorizedCall");
    if (this.announced !== undefined && !this.#isExpired(this.announced)) refuse("AccessManagerAlreadyScheduled");
    this.announced = this.#now() + HOUR;
  }

  cancel(by: Hex): void {
    if (this.announced === undefined) refuse("AccessManagerNotScheduled");
    if (by !== this.#ground.resumer && by !== this.#ground.pauser) refuse("AccessManagerUnauthorizedCancel");
    this.announced = undefined;
  }

  resume(by: Hex): void {
    if (by !== this.#ground.resumer) refuse("AccessManagedUnauthorized");
    if (this.announced === undefined) return refuse("AccessManagerNotScheduled");
    if (this.announced > this.#now()) refuse("AccessManagerNotReady");
    if (this.#isExpired(this.announced)) refuse("AccessManagerExpired");
    if (this.pausedAt === undefined || this.#now() < this.pausedAt + HOUR) refuse("ResumedTooEarly");
    [this.pausedAt, this.announced] = [undefined, undefined];
  }

  // Appointing

  appoint(by: Hex, role: Appointed, account: Hex): void {
    if (by !== this.#ground.appointer) refuse("AccessManagerUnauthorizedAccount");
    // Who has the role, or will have it, gets it no sooner and no later.
    if (!this.#since[role].has(account)) this.#since[role].set(account, this.#now() + DAY);
  }

  dismiss(by: Hex, role: Appointed, account: Hex): void {
    if (by !== this.#ground.appointer) refuse("AccessManagerUnauthorizedAccount");
    this.#since[role].delete(account);
  }

  has(role: Appointed, account: Hex): boolean {
    return (this.#since[role].get(account) ?? Infinity) <= this.#now();
  }

  #isExpired(announced: number): boolean {
    return announced + WEEK <= this.#now();
  }
}
