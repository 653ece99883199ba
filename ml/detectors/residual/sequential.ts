import { highest } from "./relations.ts";

/**
 * How small residuals of one sign add up over rows: an exponentially weighted mean (Roberts 1959) or a two-sided cumulative
 * sum less a drift (Page 1954). `rate` is the weight of the newest row, or the drift.
 */
export interface Memory {
  readonly kind: "none" | "average" | "sum";
  readonly rate: number;
}

/** What may be chosen among. */
export const MEMORIES: readonly Memory[] = [
  { kind: "none", rate: 0 },
  { kind: "average", rate: 0.3 },
  { kind: "average", rate: 0.1 },
  { kind: "sum", rate: 0.4 },
];

/** One wild residual counts as this much, so that it is soon forgotten. */
const MOST_STEP = 3;
/** Sums stop here, in the units of residuals, for the same reason. */
const MOST_SUM = 8;

const bound = (value: number, most: number): number => Math.max(-most, Math.min(most, value));

/** A relation's memory over one stretch: give it residuals in order, it gives back what they add up to. */
export function createMemory({ kind, rate }: Memory): (residual: number) => number {
  let [high, low] = [0, 0];
  switch (kind) {
    case "none":
      return () => 0;
    case "average":
      return (residual) => (high = (1 - rate) * high + rate * bound(residual, MOST_STEP));
    case "sum":
      return (residual) => {
        const step = bound(residual, MOST_STEP);
        high = bound(Math.max(0, high + step - rate), MOST_SUM);
        low = bound(Math.max(0, low - step - rate), MOST_SUM);
        return Math.max(high, low);
      };
  }
}

const LIMIT_SHARE = 0.998;
const LEAST_LIMIT = 0.05;

/** What sums over clean rows reach: the unit of each relation's memory. */
export function limitMemory(
  memory: Memory,
  residuals: readonly Float64Array[],
  stretches: readonly Int32Array[],
): number[] {
  return residuals.map((own) => {
    const sums = stretches.flatMap((stretch) => {
      const remember = createMemory(memory);
      return Array.from(stretch, (row) => Math.abs(remember(own[row]!)));
    });
    return Number(Math.max(LEAST_LIMIT, highest(Float64Array.from(sums), LIMIT_SHARE)).toPrecision(9));
  });
}

/** An alarm's afterglow: a score fades by `fade` each row, from `most` at the most, so that it stays while an attack lasts. */
export interface Hold {
  readonly most: number;
  readonly fade: number;
}

/** Scores are logarithms of the strongest evidence, so 2 is seven times as far as clean rows get. */
export const HOLDS: readonly Hold[] = [
  { most: 0, fade: 0 },
  { most: 2, fade: 1 },
  { most: 2, fade: 0.5 },
  { most: 2, fade: 0.25 },
  { most: 2, fade: 0.15 },
];

/** A hold over one stretch. `fade` 0 holds nothing. */
export function createHold({ most, fade }: Hold): (score: number) => number {
  let held = -Infinity;
  if (fade === 0) return (score) => score;
  return (score) => {
    const now = Math.max(score, held - fade);
    held = Math.min(now, most);
    return now;
  };
}
