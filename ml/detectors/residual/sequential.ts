import { round, tailOf } from "./relations.ts";

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
  { kind: "average", rate: 0.5 },
  { kind: "average", rate: 0.3 },
  { kind: "sum", rate: 0.2 },
];

/** One wild residual counts as this much, and sums stop there, so that what is over is soon forgotten. */
const MOST_STEP = 2;
const MOST_SUM = 3;

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

const LEAST_LIMIT = 0.02;

/** What sums over clean rows reach, as of relations themselves: the unit of each relation's memory. */
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
    return round(Math.max(LEAST_LIMIT, tailOf(Float64Array.from(sums))));
  });
}

/** An alarm's afterglow: a score fades by `fade` each row, from `most` at the most, so that it stays while an attack lasts. */
export interface Hold {
  readonly most: number;
  readonly fade: number;
}

/** Scores are logarithms of the strongest evidence, so 0.7 is twice as far as clean rows get. */
export const HOLDS: readonly Hold[] = [
  { most: 0, fade: 0 },
  { most: 0.7, fade: 0.5 },
  { most: 0.7, fade: 0.25 },
  { most: 1, fade: 0.25 },
  { most: 1.5, fade: 0.15 },
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
