import type { DeviceModel, Segment } from "./device-model.ts";
import type { Disclosure, ParsedReading } from "./reading.ts";
import { FLAGS, type Flag } from "./words.ts";

/** A remark on a reading: which flag, on which segment (null: on the reading), and why. */
export interface Remark {
  readonly segment: string | null;
  readonly flag: Flag;
  readonly reason: string;
}

export interface Plausibility {
  /** Mask of FLAGS. */
  readonly flags: number;
  readonly remarks: readonly Remark[];
}

/** A reading that ends later than this after acceptance, ms, has a clock that runs ahead. */
export const CLOCK_TOLERANCE_MS = 5_000;
/** A reading accepted later than this after its end, ms, is late. */
export const LATE_AFTER_MS = 60_000;

/**
 * What is implausible about an authentic reading: never a reason to refuse it, because it is what the device said and
 * detectors must see it. `acceptedAt` is the gateway's time, ms.
 */
export function plausibility(parsed: ParsedReading, model: DeviceModel, acceptedAt: number): Plausibility {
  const remarks: Remark[] = [...checkTimes(parsed, acceptedAt)];
  for (const disclosure of parsed.disclosures) {
    const segment = model.segments.find(({ name }) => name === disclosure.segment);
    if (segment) remarks.push(...checkSamples(disclosure, segment, parsed.per[1] - parsed.per[0]));
  }
  return { flags: remarks.reduce((mask, { flag }) => mask | FLAGS[flag], 0), remarks };
}

function* checkTimes({ per, iat }: ParsedReading, acceptedAt: number): Generator<Remark> {
  const [from, to] = per;
  const remark = (flag: Flag, reason: string): Remark => ({ segment: null, flag, reason });
  if (to <= from) yield remark("clock", "the period ends before it begins");
  if (Math.max(to, iat * 1000) > acceptedAt + CLOCK_TOLERANCE_MS) yield remark("clock", "it comes from the future");
  // iat is in whole seconds: it may round down to just before the end of the period.
  if (iat * 1000 + 1000 < from) yield remark("clock", "signed before its period began");
  if (acceptedAt - to > LATE_AFTER_MS) yield remark("late", `accepted ${acceptedAt - to} ms after its period`);
}

function* checkSamples(disclosure: Disclosure, segment: Segment, duration: number): Generator<Remark> {
  const { name } = segment;
  if (disclosure.fault !== undefined) {
    yield { segment: name, flag: "outOfRange", reason: disclosure.fault };
    return;
  }
  if (disclosure.unit !== segment.unit) {
    yield { segment: name, flag: "outOfRange", reason: `unit ${disclosure.unit}, not ${segment.unit}` };
  }
  const outside = disclosure.v.find(
    (value) =>
      value !== null && (value < segment.min || value > segment.max) && !Object.hasOwn(segment.codes ?? {}, value),
  );
  if (outside !== undefined) {
    yield { segment: name, flag: "outOfRange", reason: `${outside} is outside ${segment.min}…${segment.max}` };
  }
  if (disclosure.t.some((time) => time < 0 || time >= duration)) {
    yield { segment: name, flag: "clock", reason: "a sample lies outside the period" };
  } else if (disclosure.t.some((time, i) => i > 0 && time < (disclosure.t[i - 1] ?? 0))) {
    yield { segment: name, flag: "clock", reason: "samples are not in order of time" };
  }
}
