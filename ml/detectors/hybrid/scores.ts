import type { Numbers } from "../../engines/engine.ts";
import type { Runner, Said, Windows } from "./run-networks.ts";

/** How large each feature's error usually is on clean rows, for each head that rebuilds. */
export interface Usual {
  readonly rebuilt: ArrayLike<number>;
  readonly expected: ArrayLike<number> | undefined;
}

/** An error of more than this many usual ones is no larger. */
const MOST = 20;
/** An error of a tenth of a clean spread is no news, however well a feature is rebuilt otherwise. */
const LEAST_USUAL = 0.2;
const USUAL_SHARE = 0.95;
/** Keeps the logarithm of a perfect rebuilding finite. */
const NOTHING = 1e-3;

/** The usual size of each feature's error: what one clean row in twenty exceeds. @param errors by row, feature by feature */
export function usualErrors(errors: Float32Array, width: number): number[] {
  const rows = errors.length / width;
  return Array.from({ length: width }, (_, feature) => {
    const own = Float32Array.from({ length: rows }, (_unused, row) => errors[row * width + feature]!).sort();
    return Math.max(LEAST_USUAL, own[Math.floor(USUAL_SHARE * (rows - 1))]!);
  });
}

/** Squared errors in units of their usual size. */
export function squaredErrors(said: Numbers, values: Float32Array, at: number, usual: ArrayLike<number>): Float64Array {
  return Float64Array.from(
    said,
    (number, feature) => Math.min(MOST, Math.abs(number - values[at + feature]!) / usual[feature]!) ** 2,
  );
}

/** What the parts of a score are called; which of them there are depends on what was learned. */
export const PARTS = ["rebuilt", "worst", "expected", "told"] as const;

/**
 * A row's scores, part by part: how badly it is rebuilt on the whole, and its worst signal; how far it is from what its past
 * lets expect; the log-odds of the head that has learned attacks.
 *
 * @param values features; those of the row begin at `at`
 */
export function partsOfRow(said: Said, values: Float32Array, at: number, usual: Usual): number[] {
  const rebuilt = squaredErrors(said.rebuilt, values, at, usual.rebuilt);
  const parts = [logOfMean(rebuilt), Math.log(NOTHING + rebuilt.reduce((most, own) => Math.max(most, own), 0))];
  if (said.expected && usual.expected) parts.push(logOfMean(squaredErrors(said.expected, values, at, usual.expected)));
  if (said.logit !== undefined) parts.push(said.logit);
  return parts;
}

const logOfMean = (squares: Float64Array): number =>
  Math.log(NOTHING + squares.reduce((sum, own) => sum + own, 0) / squares.length);

/** The parts of windows' scores, part by part. */
export async function scoreWindows(
  runner: Runner,
  { values, starts }: Windows,
  usual: Usual,
  { width, steps }: { width: number; steps: number },
): Promise<Float64Array[]> {
  const parts: Float64Array[] = [];
  await runner.run({ values, starts }, (said, window) => {
    partsOfRow(said, values, starts[window]! + (steps - 1) * width, usual).forEach(
      (score, part) => ((parts[part] ??= new Float64Array(starts.length))[window] = score),
    );
  });
  return parts;
}
