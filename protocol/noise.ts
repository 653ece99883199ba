import type { Shape } from "./shape.ts";

/** What one segment's mean is made of, so that nothing in it depends on the samples but the sum. */
export interface Bounds {
  /** [low, high] in the segment's unit, whole numbers: every reading counts as its mean clamped to them. */
  readonly clamp: readonly [number, number];
  /** Steps in one unit: readings' means are rounded to them. */
  readonly scale: number;
  /** The mean is the sum divided by this, however many readings there are; of more only the first so many count. */
  readonly denominator: number;
}

/** The noise of a derived twin: ε-differential privacy by discrete Laplace noise on a clamped sum. */
export interface Noise {
  /** ε of one value, a multiple of 0.001. */
  readonly epsilon: number;
  /** ε of all values together that may be drawn of one segment in one assignment, over all twins. */
  readonly budget: number;
  /** What is hidden: one reading, or all the readings of one interval. */
  readonly unit: "reading" | "interval";
  /** Neighbours differ in the samples of one unit, put in the place of others: times and sequences are the same. */
  readonly neighbours: "replace";
  /** One for each segment of the twin. */
  readonly segments: Readonly<Record<string, Bounds>>;
}

/** ε is counted in these. */
const THOUSANDTHS = 1_000;
const MOST_EPSILON = 1_000;
const MOST_VALUE = 1_000_000;
const MOST_SCALE = 1_000;
const MOST_READINGS = 100_000;

/** Reads a manifest's noise strictly: bounds for exactly these segments. */
export function readNoise(shape: Shape, segments: readonly string[]): Noise {
  const found = shape.members(["epsilon", "budget", "unit", "neighbours", "segments"]);
  const named = found.segments.members(segments);
  const noise: Noise = {
    epsilon: readEpsilon(found.epsilon),
    budget: readEpsilon(found.budget),
    unit: found.unit.literal("reading", "interval"),
    neighbours: found.neighbours.literal("replace"),
    segments: Object.fromEntries(Object.entries(named).map(([name, bounds]) => [name, readBounds(bounds)])),
  };
  if (noise.budget < noise.epsilon) throw found.budget.fault("less than one value costs");
  return noise;
}

function readEpsilon(shape: Shape): number {
  const epsilon = shape.number();
  const counted = toThousandths(epsilon);
  if (counted < 1 || epsilon > MOST_EPSILON || counted / THOUSANDTHS !== epsilon)
    throw shape.fault(`not a multiple of 0.001 up to ${MOST_EPSILON}`);
  return epsilon;
}

function readBounds(shape: Shape): Bounds {
  const found = shape.members(["clamp", "scale", "denominator"]);
  const clamp = found.clamp.list((item) => item.integer(-MOST_VALUE, MOST_VALUE));
  const [low, high] = clamp;
  if (clamp.length !== 2 || low === undefined || high === undefined || low >= high)
    throw found.clamp.fault("not [low, high]");
  return {
    clamp: [low, high],
    scale: found.scale.integer(1, MOST_SCALE),
    denominator: found.denominator.integer(1, MOST_READINGS),
  };
}

/** ε in thousandths, a whole number. */
export function toThousandths(epsilon: number): number {
  return Math.round(epsilon * THOUSANDTHS);
}

/**
 * By how much the sum of `aggregate` can change between neighbours, in half steps. A reading counts for something within
 * (high − low) · scale steps of the middle, one without samples for the middle.
 */
export function sensitivity({ clamp: [low, high], scale, denominator }: Bounds, unit: Noise["unit"]): number {
  return 2 * (high - low) * scale * (unit === "reading" ? 1 : denominator);
}
