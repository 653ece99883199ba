/** Rows that follow one another in time: of one file, one device, without a pause. Windows never leave their stretch. */
export type Stretch = Int32Array;

/** A pause of more than this many usual steps ends a stretch. */
const PAUSE_STEPS = 10;

/**
 * The stretches of one file.
 *
 * @param rows how many rows it has
 * @param first the number of its first row among all rows
 * @param devices each row's device, where a column names it
 * @param times each row's time in ms, where a column tells it
 */
export function cutStretchesOf(
  rows: number,
  first: number,
  devices?: readonly string[],
  times?: Float64Array,
): Stretch[] {
  const byDevice = new Map<string, number[]>();
  for (let row = 0; row < rows; row++) {
    const device = devices?.[row] ?? "";
    const own = byDevice.get(device);
    if (own === undefined) byDevice.set(device, [row]);
    else own.push(row);
  }
  return [...byDevice.values()]
    .flatMap((own) => (times === undefined ? [own] : cutAtPauses(own, times)))
    .map((own) => Int32Array.from(own, (row) => row + first));
}

function cutAtPauses(rows: readonly number[], times: Float64Array): number[][] {
  const steps = rows.slice(1).map((row, n) => times[row]! - times[rows[n]!]!);
  const moving = steps.filter((step) => step > 0).sort((a, b) => a - b);
  const usual = moving[moving.length >> 1] ?? Infinity;
  const parts: number[][] = [[rows[0]!]];
  steps.forEach((step, n) => {
    if (step > PAUSE_STEPS * usual) parts.push([]);
    parts.at(-1)!.push(rows[n + 1]!);
  });
  return parts;
}
