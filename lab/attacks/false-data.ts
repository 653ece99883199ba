/**
 * False data on one segment: the values are changed *before* the device signs, so every signature and hash stays right and
 * only the physics can tell. Changes nothing else: not the times, not the missing samples (null stays null), not the other
 * segments.
 */
import type { Sample, Segment } from "../sample.ts";

export type FalseData = {
  segment: Segment;
  /** ms since the epoch from which values are false, and until which (exclusive; never ends when absent). */
  from: number;
  until?: number;
} & (
  | { kind: "offset"; amount: number }
  | { kind: "scale"; factor: number }
  /** Repeats the last true value before the attack began. */
  | { kind: "freeze" }
  /** Grows by `perSecond` from 0 up to `limit` in size. */
  | { kind: "ramp"; perSecond: number; limit: number }
);

/** A running attack: hand it every sample in time order. */
export interface FalseDataAttack {
  readonly plan: FalseData;
  falsify(sample: Sample, at: number): Sample;
}

/** Starts an attack; it remembers only what a freeze needs. */
export function createFalseData(plan: FalseData): FalseDataAttack {
  let last: number | null = null;
  return {
    plan,
    falsify(sample, at) {
      const value = sample[plan.segment];
      if (at < plan.from || at >= (plan.until ?? Infinity)) {
        last = value ?? last;
        return sample;
      }
      if (value === null) return sample;
      return { ...sample, [plan.segment]: falseValue(plan, value, last, at) };
    },
  };
}

function falseValue(plan: FalseData, value: number, last: number | null, at: number): number {
  switch (plan.kind) {
    case "offset":
      return value + plan.amount;
    case "scale":
      return Math.round(value * plan.factor * 100) / 100;
    case "freeze":
      return last ?? value;
    case "ramp": {
      const grown = (Math.abs(plan.perSecond) * (at - plan.from)) / 1000;
      return Math.round((value + Math.sign(plan.perSecond) * Math.min(grown, plan.limit)) * 100) / 100;
    }
  }
}
