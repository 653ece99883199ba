import { hasPast, type Designed, type Layout } from "./design.ts";
import type { SignalInput } from "./inputs.ts";
import { highest, round } from "./relations.ts";

/**
 * Control logic: while a switch is on, a signal stays on one side of a limit; while it is off, on one side of another. Between
 * the two the switch keeps its state (hysteresis), so it turns on near the one and off near the other. All limits are times
 * `sign`, which is 1 where the switch is on below, as a pump that fills a tank, and -1 where it is on above.
 */
export interface ControlRule {
  readonly switch: number;
  readonly signal: number;
  readonly sign: 1 | -1;
  readonly limits: Limits;
  readonly unit: number;
}

/** Not above while on, not below while off, and the same for the row in which the switch turns on or off. */
export interface Limits {
  readonly onMost: number;
  readonly offLeast: number;
  readonly turnOnMost: number;
  readonly turnOffLeast: number;
}

/** What a signal's clean values lie within. */
export interface RangeRule {
  readonly signal: number;
  readonly least: number;
  readonly most: number;
  readonly unit: number;
}

const BLOCKS = 5;
const CHUNKS = 10;
/** Of each state's rows, this share has to lie where the rule forbids the other state. */
const LEAST_FORBIDDEN = 0.005;
/** Of the turns, this share has to pass the limit, or come this near to it. */
const LEAST_PASSING = 0.3;
const NEAR = 0.15;
const LEAST_TURNS = 10;
const MOST_BROKEN = 0.15;
const RULE_UNIT = 0.05;
const RANGE_UNIT = 0.05;
const LIMIT_SHARE = 0.998;

const blockOf = (at: number, rows: number): number => Math.floor((at * CHUNKS) / rows) % BLOCKS;

/** What of a row a rule is about: the state, the signal, and the state before; values are times the rule's sign. */
interface Case {
  readonly isOn: boolean;
  readonly value: number;
  /** The value, of this row and the one before, that is nearer to where the switch should turn; undefined where it did not. */
  readonly turnedAt: number | undefined;
}

function caseOf(
  own: number,
  signal: number,
  sign: 1 | -1,
  row: Float64Array,
  last: Float64Array | undefined,
): Case | undefined {
  const [state, value] = [row[own]!, sign * row[signal]!];
  if (Number.isNaN(state) || Number.isNaN(value)) return undefined;
  const isOn = state > 0.5;
  const before = last === undefined ? NaN : sign * last[signal]!;
  const hasTurned = !Number.isNaN(before) && !Number.isNaN(last![own]!) && last![own]! > 0.5 !== isOn;
  const turnedAt = hasTurned ? (isOn ? Math.min(before, value) : Math.max(before, value)) : undefined;
  return { isOn, value, turnedAt };
}

function limitsOf(cases: readonly Case[]): Limits {
  let [onMost, offLeast, turnOnMost, turnOffLeast] = [-Infinity, Infinity, -Infinity, Infinity];
  for (const { isOn, value, turnedAt } of cases) {
    if (isOn) onMost = Math.max(onMost, value);
    else offLeast = Math.min(offLeast, value);
    if (turnedAt === undefined) continue;
    if (isOn) turnOnMost = Math.max(turnOnMost, turnedAt);
    else turnOffLeast = Math.min(turnOffLeast, turnedAt);
  }
  return { onMost, offLeast, turnOnMost, turnOffLeast };
}

function excessOf({ isOn, value, turnedAt }: Case, limits: Limits): number {
  const standing = isOn ? value - limits.onMost : limits.offLeast - value;
  const turning = turnedAt === undefined ? 0 : isOn ? turnedAt - limits.turnOnMost : limits.turnOffLeast - turnedAt;
  return Math.max(0, standing, turning);
}

/** Rules that clean rows keep: for each switch, that of the signal whose limits it passes most often when it turns. */
export function findRules(
  designed: Designed,
  layout: Layout,
  inputs: readonly SignalInput[],
  rows: Int32Array,
): ControlRule[] {
  if (!hasPast(layout)) return [];
  const switches = [...inputs.keys()].filter((n) => inputs[n]!.kind === "switch" && inputs[n]!.hasPast);
  const moving = [...inputs.keys()].filter((n) => inputs[n]!.kind === "moving" && inputs[n]!.hasPast);
  return switches.flatMap((own) => {
    const found = moving.flatMap((signal) =>
      ([1, -1] as const).flatMap((sign) => findRule(designed, rows, own, signal, sign) ?? []),
    );
    return found
      .sort((a, b) => b.worth - a.worth || a.rule.signal - b.rule.signal)
      .slice(0, 1)
      .map(({ rule }) => rule);
  });
}

function findRule(
  { inputs: byRow, before }: Designed,
  rows: Int32Array,
  own: number,
  signal: number,
  sign: 1 | -1,
): { rule: ControlRule; worth: number } | undefined {
  const cases = Array.from(rows, (row, at) => {
    const seen = caseOf(own, signal, sign, byRow[row]!, before[row]! < 0 ? undefined : byRow[before[row]!]);
    return seen === undefined ? [] : [{ ...seen, block: blockOf(at, rows.length) }];
  }).flat();
  const [on, off] = [cases.filter(({ isOn }) => isOn), cases.filter(({ isOn }) => !isOn)];
  const turns = (of: typeof cases): number => of.filter(({ turnedAt }) => turnedAt !== undefined).length;
  if (Math.min(turns(on), turns(off)) < LEAST_TURNS) return undefined;
  const limits = limitsOf(cases);
  const forbidden = Math.min(
    off.filter(({ value }) => value > limits.onMost).length / off.length,
    on.filter(({ value }) => value < limits.offLeast).length / on.length,
  );
  if (forbidden < LEAST_FORBIDDEN || limits.offLeast >= limits.onMost) return undefined;
  // What a switch obeys passes its limit whenever it turns; what merely follows the switch seldom does.
  const passes = (of: typeof cases, isPast: (one: Case) => boolean): number => of.filter(isPast).length / turns(of);
  const worth = Math.min(
    passes(on, ({ turnedAt }) => turnedAt !== undefined && turnedAt <= limits.offLeast + NEAR),
    passes(off, ({ turnedAt }) => turnedAt !== undefined && turnedAt >= limits.onMost - NEAR),
  );
  if (worth < LEAST_PASSING) return undefined;
  const excess = Array.from({ length: BLOCKS }, (_, block) => {
    const others = limitsOf(cases.filter((each) => each.block !== block));
    return cases.filter((each) => each.block === block).map((each) => excessOf(each, others));
  }).flat();
  const broken = highest(Float64Array.from(excess), LIMIT_SHARE);
  // Rules of the plant are kept by blocks from which they were not learned; accidents are not.
  if (!(broken <= MOST_BROKEN)) return undefined;
  const { onMost, offLeast, turnOnMost, turnOffLeast } = limits;
  const rounded = {
    onMost: round(onMost),
    offLeast: round(offLeast),
    turnOnMost: round(turnOnMost),
    turnOffLeast: round(turnOffLeast),
  };
  return { worth, rule: { switch: own, signal, sign, limits: rounded, unit: round(Math.max(RULE_UNIT, broken)) } };
}

/** How far a row is beyond a rule, in its units; 0 within. */
export function breachOf(rule: ControlRule, row: Float64Array, last: Float64Array | undefined): number {
  const seen = caseOf(rule.switch, rule.signal, rule.sign, row, last);
  return seen === undefined ? 0 : excessOf(seen, rule.limits) / rule.unit;
}

/** The ranges of all signals on clean rows; units are a share of the range, or what a block exceeds the others by. */
export function findRanges({ inputs: byRow }: Designed, inputs: readonly SignalInput[], rows: Int32Array): RangeRule[] {
  return inputs.map((_, signal) => {
    const [lows, highs] = [new Array<number>(BLOCKS).fill(Infinity), new Array<number>(BLOCKS).fill(-Infinity)];
    rows.forEach((row, at) => {
      const value = byRow[row]![signal]!;
      const block = blockOf(at, rows.length);
      if (Number.isNaN(value)) return;
      lows[block] = Math.min(lows[block]!, value);
      highs[block] = Math.max(highs[block]!, value);
    });
    const [least, most] = [Math.min(...lows), Math.max(...highs)];
    if (least > most) return { signal, least: 0, most: 0, unit: 1 };
    const others = lows.map((_, block) => ({
      low: Math.min(...lows.filter((__, n) => n !== block)),
      high: Math.max(...highs.filter((__, n) => n !== block)),
    }));
    const outside = Float64Array.from(rows, (row, at) => {
      const value = byRow[row]![signal]!;
      const { low, high } = others[blockOf(at, rows.length)]!;
      return Number.isNaN(value) ? 0 : Math.max(0, low - value, value - high);
    });
    const unit = Math.max(RANGE_UNIT * (most - least), highest(outside, LIMIT_SHARE), 0.01);
    return { signal, least: round(least), most: round(most), unit: round(unit) };
  });
}

/** How far a row is outside a range, in its units; 0 within. */
export function outsideOf({ signal, least, most, unit }: RangeRule, row: Float64Array): number {
  const value = row[signal]!;
  return Number.isNaN(value) ? 0 : Math.max(0, least - value, value - most) / unit;
}
