/**
 * What happens to a monitored person all day without any attack. Clean data has all of it: a detector that calls a
 * slipped probe an attack is of no use. Times between two of a kind are exponential, lengths uniform.
 */
import type { BodyDisturbance } from "../ml/bodies/physiology.ts";
import type { Random } from "../ml/random.ts";

export type DisturbanceKind = "probeOff" | "motion" | "turning" | "sensorSwap" | "lostNetwork";

/** Mean times per hour, shortest and longest length in seconds. */
export const DISTURBANCES: Record<DisturbanceKind, { perHour: number; shortest: number; longest: number }> = {
  probeOff: { perHour: 1, shortest: 10, longest: 90 },
  motion: { perHour: 3, shortest: 5, longest: 30 },
  turning: { perHour: 1, shortest: 20, longest: 60 },
  // The temperature probe is replaced: nothing for a few seconds, then it warms up from room air.
  sensorSwap: { perHour: 0.1, shortest: 180, longest: 240 },
  lostNetwork: { perHour: 0.5, shortest: 5, longest: 60 },
};

/** The disturbances that act at one moment. */
export interface Disturbed {
  /** Kinds that act now, with the seconds since each began and its strength, drawn per occurrence in (0, 1). */
  acting: Partial<Record<DisturbanceKind, { since: number; strength: number }>>;
  /** What the body feels of it. */
  body: BodyDisturbance;
}

/**
 * A schedule of disturbances for one person: `at(seconds)` must be asked with growing times. `frequency` scales how often
 * they come (0 = never).
 */
export function createDisturbances(random: Random, frequency = 1): { at(seconds: number): Disturbed } {
  const kinds = Object.keys(DISTURBANCES) as DisturbanceKind[];
  const schedules = kinds.map((kind) => {
    const own = random.fork(kind);
    const rule = DISTURBANCES[kind];
    const wait = () => (frequency > 0 ? (own.exponential() * 3600) / (rule.perHour * frequency) : Infinity);
    const length = () => rule.shortest + (rule.longest - rule.shortest) * own.uniform();
    const begin = wait();
    return { kind, own, wait, length, begin, end: begin + length(), strength: own.uniform() };
  });
  return {
    at(seconds) {
      const acting: Disturbed["acting"] = {};
      for (const schedule of schedules) {
        while (seconds >= schedule.end) {
          schedule.begin = schedule.end + schedule.wait();
          schedule.end = schedule.begin + schedule.length();
          schedule.strength = schedule.own.uniform();
        }
        if (seconds >= schedule.begin)
          acting[schedule.kind] = { since: seconds - schedule.begin, strength: schedule.strength };
      }
      const body: BodyDisturbance = {};
      if (acting.motion) body.activity = 0.1 + 0.2 * acting.motion.strength;
      if (acting.turning) {
        body.activity = Math.max(body.activity ?? 0, 0.2 + 0.3 * acting.turning.strength);
        body.preload = -0.12 * acting.turning.strength;
        body.breathing = -0.15 * acting.turning.strength;
      }
      return { acting, body };
    },
  };
}
