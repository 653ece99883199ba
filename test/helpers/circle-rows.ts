import type { Frame } from "../../ml/data/frame.ts";
import { createRandom } from "../../ml/random.ts";
import { frameOf } from "./judges.ts";

/** An attack of so many rows begins in every so many. */
const EVERY = 60;
const LASTS = 15;

/**
 * Two signals go around a circle, a third stands by, a fourth follows the first and is now and then missing. While attacked
 * they go around backwards: no row by itself is odd, only what follows what.
 */
export function circleRows(rows: number, seed: string, isAttacked = true): { frame: Frame; labels: Uint8Array } {
  const random = createRandom(seed);
  const labels = Uint8Array.from({ length: rows }, (_, row) => Number(isAttacked && row % EVERY >= EVERY - LASTS));
  const values = ["across", "up", "noise", "follower"].map(() => new Float64Array(rows)) as [
    Float64Array,
    Float64Array,
    Float64Array,
    Float64Array,
  ];
  let angle = 0;
  for (let row = 0; row < rows; row++) {
    angle += (labels[row] === 1 ? -0.7 : 0.7) + 0.05 * random.normal();
    values[0][row] = Math.cos(angle) + 0.05 * random.normal();
    values[1][row] = Math.sin(angle) + 0.05 * random.normal();
    values[2][row] = random.normal();
    values[3][row] = row % 23 === 0 ? NaN : 2 * values[0][row]! + 0.1 * random.normal();
  }
  const [across, up, noise, follower] = values;
  return { frame: frameOf({ across, up, noise, follower }), labels };
}
