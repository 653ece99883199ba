/** Something stored that does not follow from what was signed or anchored. */
export interface Lie {
  /** Table and row, or file and line. */
  readonly place: string;
  readonly what: string;
}

export interface AuditReport {
  /** How many rows of what were re-derived. */
  readonly checked: readonly { readonly name: string; readonly count: number }[];
  /** In the order found; the first is the one to look at. */
  readonly lies: readonly Lie[];
}

/** More would only repeat themselves: one lost key makes every reading under it unreadable. */
const KEPT = 1_000;

/** Collects lies; auditing goes on after each, so that one report names them all. */
export class Lies {
  readonly found: Lie[] = [];
  readonly #checked = new Map<string, number>();
  readonly #told = new Set<string>();

  tell(place: string, what: string): void {
    if (this.found.length < KEPT) this.found.push({ place, what });
  }

  /** Tells the first lie of a place only: what many rows suffer from is one lie. */
  tellOnce(place: string, what: string): void {
    if (this.#told.has(place)) return;
    this.#told.add(place);
    this.tell(place, what);
  }

  /** A statement that must hold; `what` is told when it doesn't. */
  hold(holds: boolean, place: string, what: string): boolean {
    if (!holds) this.tell(place, what);
    return holds;
  }

  /** Runs a check that throws when it fails. */
  async attempt<T>(place: string, check: () => T | Promise<T>): Promise<T | undefined> {
    try {
      return await check();
    } catch (error) {
      this.tell(place, error instanceof Error ? error.message : String(error));
      return undefined;
    }
  }

  count(name: string, rows: number): void {
    this.#checked.set(name, (this.#checked.get(name) ?? 0) + rows);
  }

  report(): AuditReport {
    return { checked: [...this.#checked].map(([name, count]) => ({ name, count })), lies: this.found };
  }
}
