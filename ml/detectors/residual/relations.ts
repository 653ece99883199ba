import { hasPast, type Designed, type Layout } from "./design.ts";
import { gramOf, lessGram, solveRidge } from "./gram.ts";
import { resolutionOf, type SignalInput } from "./inputs.ts";

/** What predicts a signal in one regime: a weight for each column, and how far off it is on clean rows at the most. */
export interface Leaf {
  readonly weights: readonly number[];
  readonly limit: number;
}

/** A regime: leaves, or a switch column above whose half the second branch goes on. */
export type Regime = Leaf | { readonly column: number; readonly off: Regime; readonly on: Regime };

/** One signal as a function of others: of the same row, or of the row before as well. */
export interface Relation {
  readonly kind: "same" | "step";
  readonly target: number;
  readonly columns: readonly number[];
  readonly regime: Regime;
}

/** Blocks of clean rows: residuals that limits rest on come from weights that had not learned from their block. */
const BLOCKS = 5;
const CHUNKS = 10;
/** No relation is known better than this, in units of its target's spread. */
const LEAST_LIMIT = 1e-3;
/** A split has to take this share off the expected squares. */
const LEAST_GAIN = 0.03;
const DEPTH = 2;
const LEAST_ROWS = 150;
/** Switches that a second split may be made at: those that helped the first most. */
const SECOND_SWITCHES = 5;
const OUT_OF_RANGE = 1e-9;

interface Node {
  readonly rows: Int32Array;
  readonly gram: Float64Array;
}

/** Fits relations of all moving signals, sharing the sums over each regime. */
export class RelationFit {
  readonly #designed: Designed;
  readonly #layout: Layout;
  readonly #inputs: readonly SignalInput[];
  readonly #nodes = new Map<string, Node>();
  readonly #blocks = new Map<string, Float64Array[]>();
  readonly #root: Node;
  readonly #chunk: Int32Array;
  readonly #switches: readonly number[];

  /** @param rows clean rows in the order of their stretches */
  constructor(designed: Designed, layout: Layout, inputs: readonly SignalInput[], rows: Int32Array) {
    this.#designed = designed;
    this.#layout = layout;
    this.#inputs = inputs;
    this.#root = { rows, gram: gramOf(designed.design, layout.width, rows) };
    this.#chunk = new Int32Array(designed.before.length).fill(-1);
    rows.forEach((row, at) => (this.#chunk[row] = Math.floor((at * CHUNKS) / rows.length) % BLOCKS));
    this.#switches = inputs.flatMap(({ kind }, n) =>
      kind === "switch" ? [layout.now[n]!, layout.before[n]!].filter((column) => column >= 0) : [],
    );
  }

  /**
   * The relation of a signal with the others: a tree of regimes by the switches among its columns, in each a ridge regression.
   * `residuals` gets, for each clean row, what weights without that row's block leave, in units of the limit.
   */
  fit(kind: Relation["kind"], target: number, residuals: Float64Array): Relation {
    const columns = this.#columnsOf(kind, target);
    const { regime } = this.#grow(target, columns, "", this.#root, DEPTH, this.#switchesIn(columns), residuals);
    return { kind, target, columns, regime };
  }

  #columnsOf(kind: Relation["kind"], target: number): number[] {
    const { now, square, before } = this.#layout;
    const others = (columns: readonly number[]): number[] => columns.filter((column, n) => column >= 0 && n !== target);
    const kept = kind === "same" ? others(square) : before.filter((column) => column >= 0);
    return [0, ...others(now), ...kept];
  }

  #switchesIn = (columns: readonly number[]): number[] => {
    const there = new Set(columns);
    return this.#switches.filter((column) => there.has(column));
  };

  #grow(
    target: number,
    columns: readonly number[],
    key: string,
    node: Node,
    depth: number,
    switches: readonly number[],
    residuals: Float64Array,
  ): { regime: Regime } {
    const splits = depth === 0 ? [] : this.#rankSplits(target, columns, key, node, switches);
    const [best] = splits;
    if (best === undefined || best.gain < LEAST_GAIN)
      return { regime: this.#leaf(target, columns, key, node, residuals) };
    const next = splits.slice(1, 1 + SECOND_SWITCHES).map(({ column }) => column);
    const [off, on] = (["off", "on"] as const).map((side) => {
      const at = `${key}/${best.column}${side}`;
      return this.#grow(target, columns, at, this.#nodes.get(at)!, depth - 1, next, residuals).regime;
    });
    return { regime: { column: best.column, off: off!, on: on! } };
  }

  /** Splits by how much less error they leave, as Akaike's final prediction error expects it on new rows. */
  #rankSplits(
    target: number,
    columns: readonly number[],
    key: string,
    node: Node,
    switches: readonly number[],
  ): { column: number; gain: number }[] {
    const now = this.#expected(target, columns, node);
    return switches
      .flatMap((column) => {
        const children = this.#split(key, node, column);
        if (children === undefined) return [];
        const after = children.reduce((sum, child) => sum + this.#expected(target, columns, child), 0);
        return [{ column, gain: 1 - after / Math.max(now, OUT_OF_RANGE) }];
      })
      .sort((a, b) => b.gain - a.gain || a.column - b.column);
  }

  #expected(target: number, columns: readonly number[], { rows, gram }: Node): number {
    const { squares } = solveRidge(gram, this.#layout.width, this.#columnOf(target), columns);
    const [n, p] = [rows.length, Math.min(columns.length, rows.length / 2)];
    return (squares * (n + p)) / (n - p);
  }

  #columnOf = (target: number): number => this.#layout.now[target]!;

  #split(key: string, node: Node, column: number): Node[] | undefined {
    const [offKey, onKey] = [`${key}/${column}off`, `${key}/${column}on`];
    const known = this.#nodes.get(offKey);
    if (known !== undefined) return [known, this.#nodes.get(onKey)!];
    const { width } = this.#layout;
    const { design } = this.#designed;
    const isOn = (row: number): boolean => design[row * width + column]! > 0.5;
    const off = node.rows.filter((row) => !isOn(row));
    const on = node.rows.filter(isOn);
    if (Math.min(off.length, on.length) < Math.max(LEAST_ROWS, width)) return undefined;
    const isOffSmaller = off.length < on.length;
    const small = gramOf(design, width, isOffSmaller ? off : on);
    const large = lessGram(node.gram, small);
    this.#nodes.set(offKey, { rows: off, gram: isOffSmaller ? small : large });
    this.#nodes.set(onKey, { rows: on, gram: isOffSmaller ? large : small });
    return [this.#nodes.get(offKey)!, this.#nodes.get(onKey)!];
  }

  #leaf(target: number, columns: readonly number[], key: string, node: Node, residuals: Float64Array): Leaf {
    const { width } = this.#layout;
    const { design } = this.#designed;
    const column = this.#columnOf(target);
    const blocks = this.#blockGrams(key, node);
    const without = blocks.map((block) => solveRidge(lessGram(node.gram, block), width, column, columns).weights);
    const off = Float64Array.from(node.rows, (row) => {
      const weights = without[this.#chunk[row]!]!;
      return design[row * width + column]! - predict(design, row * width, columns, weights);
    });
    const limit = Math.max(tailOf(off.map(Math.abs)), 2 * resolutionOf(this.#inputs[target]!), LEAST_LIMIT);
    node.rows.forEach((row, at) => (residuals[row] = off[at]! / limit));
    const { weights } = solveRidge(node.gram, width, column, columns);
    return { weights: Array.from(weights, round), limit: round(limit) };
  }

  #blockGrams(key: string, node: Node): Float64Array[] {
    const known = this.#blocks.get(key);
    if (known !== undefined) return known;
    const { width } = this.#layout;
    const grams = Array.from({ length: BLOCKS }, (_, block) =>
      gramOf(
        this.#designed.design,
        width,
        node.rows.filter((row) => this.#chunk[row] === block),
      ),
    );
    this.#blocks.set(key, grams);
    return grams;
  }
}

/** A model is smaller, and no worse, for nine digits. */
export const round = (value: number): number => Number(value.toPrecision(9));

/** The value that this share of others does not exceed, between the two nearest. */
export function highest(values: Float64Array, share: number): number {
  const sorted = values.toSorted();
  const place = share * (sorted.length - 1);
  const [low, high] = [sorted[Math.floor(place)] ?? 0, sorted[Math.ceil(place)] ?? 0];
  return low + (place - Math.floor(place)) * (high - low);
}

const TAIL_FROM = 0.99;
const TAIL_TO = 0.9999;

/**
 * What one in ten thousand exceeds, as an exponential tail beyond what one in a hundred does: relations that are seldom far off
 * and those that often are say "1" alike.
 */
export function tailOf(values: Float64Array): number {
  const from = highest(values, TAIL_FROM);
  let [sum, count] = [0, 0];
  for (const value of values)
    if (value > from) {
      sum += value - from;
      count += 1;
    }
  return count === 0 ? from : from + (sum / count) * Math.log((1 - TAIL_FROM) / (1 - TAIL_TO));
}

function predict(design: Float64Array, from: number, columns: readonly number[], weights: ArrayLike<number>): number {
  let sum = 0;
  for (let k = 0; k < columns.length; k++) sum += weights[k]! * design[from + columns[k]!]!;
  return sum;
}

/** The regime in which a design row lies. */
export function leafOf(regime: Regime, design: Float64Array, from: number): Leaf {
  let at = regime;
  while ("column" in at) at = design[from + at.column]! > 0.5 ? at.on : at.off;
  return at;
}

/** What a relation expects of its target in a design row. */
export const expectTarget = ({ columns, regime }: Relation, design: Float64Array, from: number): number =>
  predict(design, from, columns, leafOf(regime, design, from).weights);

/** What is missing may be this far, in scaled units times its weight and in units of the limit, from what is filled in. */
const MOST_UNKNOWN = 0.5;

/**
 * How far its target is from there, in units of what clean rows reach; 0 where what is missing would matter.
 *
 * @param missing columns whose values are filled in
 */
export function residualOf(
  relation: Relation,
  column: number,
  design: Float64Array,
  from: number,
  missing?: ReadonlySet<number>,
): number {
  const { columns } = relation;
  const { weights, limit } = leafOf(relation.regime, design, from);
  if (missing !== undefined) {
    let unknown = 0;
    for (let k = 0; k < columns.length; k++) if (missing.has(columns[k]!)) unknown += Math.abs(weights[k]!);
    if (unknown > MOST_UNKNOWN * limit || splitsOn(relation.regime, missing)) return 0;
  }
  return (design[from + column]! - predict(design, from, columns, weights)) / limit;
}

const splitsOn = (regime: Regime, missing: ReadonlySet<number>): boolean =>
  "column" in regime && (missing.has(regime.column) || splitsOn(regime.off, missing) || splitsOn(regime.on, missing));

/** All relations there are: each moving signal with the others, and with the row before where rows have a past. */
export async function fitRelations(
  designed: Designed,
  layout: Layout,
  inputs: readonly SignalInput[],
  rows: Int32Array,
  progress: (done: number) => Promise<void>,
): Promise<{ relations: Relation[]; residuals: Float64Array[] }> {
  const fit = new RelationFit(designed, layout, inputs, rows);
  const relations: Relation[] = [];
  const residuals: Float64Array[] = [];
  const moving = [...inputs.keys()].filter((n) => inputs[n]!.kind === "moving");
  const kinds: Relation["kind"][] = hasPast(layout) ? ["same", "step"] : ["same"];
  for (const [at, target] of moving.entries()) {
    for (const kind of kinds) {
      const own = new Float64Array(designed.before.length);
      relations.push(fit.fit(kind, target, own));
      residuals.push(own);
    }
    await progress((at + 1) / moving.length);
  }
  return { relations, residuals };
}
