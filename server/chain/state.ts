import type { Hex } from "../../protocol/bytes.ts";
import type { Contracts } from "../../protocol/consortium.ts";
import { readEvent, type ChainEvent } from "./event.ts";
import { MEMBERS_AND_DEVICES } from "./folds/members-and-devices.ts";
import type { Pen, TableName } from "./folds/pen.ts";
import { OPERATORS_AND_OPENINGS } from "./folds/operators-and-openings.ts";
import { STREAMS_AND_VERDICTS } from "./folds/streams-and-verdicts.ts";
import { TWINS_AND_GRANTS } from "./folds/twins-and-grants.ts";
import { toView, type Tables } from "./tables.ts";
import type { AnchorFact, Block, ChainView } from "./view.ts";

const FOLDS = { ...MEMBERS_AND_DEVICES, ...TWINS_AND_GRANTS, ...OPERATORS_AND_OPENINGS, ...STREAMS_AND_VERDICTS };

/**
 * The fold of the contracts' events, in the order of the chain. Pure: the same events give the same views, whether they are
 * folded at once or one by one. A view that was taken stays as it was: tables are copied before the first change after it,
 * and anchors, of which there are many, only grow.
 */
export class ChainState {
  readonly #contracts: Contracts;
  readonly #tables: Tables = {
    members: new Map(),
    groups: new Map(),
    oracles: new Map(),
    counts: new Map(),
    devices: new Map(),
    assignments: new Map(),
    assignmentsOf: new Map(),
    twins: new Map(),
    twinsOf: new Map(),
    twinsIn: new Map(),
    grants: new Map(),
    grantsOf: new Map(),
    consents: new Map(),
    roles: new Map(),
    pauses: new Map(),
    emergencies: new Map(),
    openings: new Map(),
    openingsOf: new Map(),
    streams: new Map(),
    verdicts: new Map(),
    cleared: new Map(),
  };
  readonly #anchors = new Map<Hex, AnchorFact[]>();
  readonly #shared = new Set<TableName>();

  constructor(contracts: Contracts) {
    this.#contracts = contracts;
  }

  /**
   * Folds one event; says whether it was one of ours. Throws on what our contracts cannot have emitted, as an integer that is
   * not safe; it may be folded in part by then, and this state must not be used any more.
   */
  apply(event: ChainEvent): boolean {
    const read = readEvent(this.#contracts, event);
    if (read === undefined) return false;
    const fold = FOLDS[`${read.contract}.${read.name}`];
    fold?.(this.#pen, read, event);
    return fold !== undefined;
  }

  /** What the events folded so far say, as of `head`. */
  view(head: Block): ChainView {
    for (const name of Object.keys(this.#tables) as TableName[]) this.#shared.add(name);
    const sizes = new Map([...this.#anchors].map(([stream, anchors]) => [stream, anchors.length]));
    return toView(head, { ...this.#tables }, this.#anchors, sizes);
  }

  readonly #pen: Pen = {
    read: (name) => this.#tables[name],
    write: (name) => {
      if (this.#shared.delete(name)) this.#tables[name] = new Map(this.#tables[name] as Map<never, never>);
      return this.#tables[name];
    },
    anchors: (stream) => {
      const anchors = this.#anchors.get(stream) ?? [];
      this.#anchors.set(stream, anchors);
      return anchors;
    },
  };
}
