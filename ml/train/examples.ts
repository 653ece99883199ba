import { MlError } from "../errors.ts";
import { sizeOf, type Shape } from "../graph/shape.ts";
import { createRandom } from "../random.ts";
import type { TrainingPlan } from "./plan.ts";

/**
 * The numbers of one input for every example: example i takes `size` of them from `starts[i]` on, or from i × size without
 * `starts`. So windows that overlap share their rows: `starts` is the first row of each times the signals in a row.
 */
export interface Column {
  readonly values: Float32Array;
  readonly size: number;
  readonly starts?: Uint32Array;
}

/** Examples in the order of time, oldest first. */
export interface Examples {
  readonly count: number;
  readonly columns: Readonly<Record<string, Column>>;
}

/** @throws TRAINING_INVALID where a column does not hold every example, or has a number that is none */
export function checkExamples({ count, columns }: Examples, shapes: Readonly<Record<string, Shape>>): void {
  const refuse = (detail: string): never => {
    throw new MlError("TRAINING_INVALID", { detail });
  };
  if (!Number.isSafeInteger(count) || count < 1) refuse("There are no examples.");
  for (const [name, [, ...shape]] of Object.entries(shapes)) {
    const column = columns[name];
    if (!column) return refuse(`There is no column ${name}.`);
    if (column.size !== sizeOf(shape))
      refuse(`An example of ${name} has ${column.size} numbers; the model takes ${sizeOf(shape)}.`);
    const last = column.starts?.reduce((most, start) => Math.max(most, start), 0) ?? (count - 1) * column.size;
    const isShort = column.starts !== undefined && column.starts.length !== count;
    if (isShort || last + column.size > column.values.length)
      refuse(`The column ${name} does not hold ${count} examples.`);
    if (!column.values.every(Number.isFinite)) refuse(`The column ${name} has a number that is none.`);
  }
}

/** Copies the examples of these numbers into the tensors of one batch; what is left over repeats the first of them. */
export function fillBatch(
  { columns }: Examples,
  numbers: Uint32Array,
  batch: Readonly<Record<string, Float32Array>>,
  rows: Float32Array,
): void {
  for (const [name, target] of Object.entries(batch)) {
    const { values, size, starts } = columns[name] as Column;
    for (let row = 0; row < rows.length; row++) {
      const example = numbers[row] ?? numbers[0] ?? 0;
      const start = starts ? (starts[example] ?? 0) : example * size;
      target.set(values.subarray(start, start + size), row * size);
    }
  }
  rows.fill(1, 0, numbers.length).fill(0, numbers.length);
}

/** How many examples train, and from which on the later ones judge. @throws TRAINING_INVALID where either part is empty */
export function partsOf(count: number, later: TrainingPlan["later"]): { training: number; laterFrom: number } {
  if (later === null) return { training: count, laterFrom: count };
  const laterFrom = count - Math.max(1, Math.round(count * later.share));
  const training = laterFrom - later.gap;
  if (training < 1)
    throw new MlError("TRAINING_INVALID", { detail: `${count} examples are too few for a later part and a gap.` });
  return { training, laterFrom };
}

/** The order of the examples in an epoch: the same for a seed and an epoch. */
export function orderOf(count: number, seed: string, epoch: number): Uint32Array {
  const random = createRandom(`${seed}/order/${epoch}`);
  const order = Uint32Array.from({ length: count }, (_, i) => i);
  for (let i = count - 1; i > 0; i--) {
    const j = random.integer(i + 1);
    const kept = order[i] ?? 0;
    order[i] = order[j] ?? 0;
    order[j] = kept;
  }
  return order;
}
