import type { Tensors } from "../../ml/engines/engine.ts";
import { createPlainEngine } from "../../ml/engines/plain.ts";
import { GraphBuilder, type Value } from "../../ml/graph/build.ts";
import { differentiate } from "../../ml/graph/differentiate.ts";
import { sizeOf, type Shape } from "../../ml/graph/shape.ts";
import { createRandom } from "../../ml/random.ts";

/** Seeded numbers around `offset`, at most ±1 away. */
export function drawNumbers(size: number, seed: string, offset = 0): Float64Array {
  const random = createRandom(seed);
  return Float64Array.from({ length: size }, () => offset + 2 * random.uniform() - 1);
}

/**
 * The largest difference between the gradients that differentiation gives and central differences, relative to the largest
 * gradient, in float64 on the reference. The result is weighted by fixed odd numbers, so that no error cancels.
 */
export async function checkGradients(
  shapes: readonly Shape[],
  make: (g: GraphBuilder, ...values: Value[]) => Value,
  { offset = 0, inputs = {} }: { offset?: number; inputs?: Tensors } = {},
): Promise<number> {
  const g = new GraphBuilder();
  const names = shapes.map((_, index) => `s${index}`);
  const values = names.map((name, index) => g.state(name, shapes[index] ?? []));
  const result = make(g, ...values);
  const weights = g.constant(drawNumbers(sizeOf(result.shape), "weights"), result.shape);
  const loss = g.sum(g.multiply(result, weights));
  const gradients = differentiate(g, loss, values);
  const graph = g.finish({ loss, ...Object.fromEntries(gradients.map((value, index) => [`d${index}`, value])) });
  const start = Object.fromEntries(
    names.map((name, index) => [name, drawNumbers(sizeOf(shapes[index] ?? []), name, offset)]),
  );
  const program = await createPlainEngine("float64").compile(graph, start);
  const exact = await program.run(inputs);
  const lossWith = async (name: string, index: number, by: number): Promise<number> => {
    const moved = (start[name] as Float64Array).slice();
    moved[index] = (moved[index] ?? 0) + by;
    await program.write({ ...start, [name]: moved });
    return (await program.run(inputs)).loss?.[0] ?? NaN;
  };
  let [worst, most] = [0, 1e-12];
  const STEP = 1e-5;
  for (const [index, name] of names.entries())
    for (let i = 0; i < (start[name]?.length ?? 0); i++) {
      const difference = ((await lossWith(name, i, STEP)) - (await lossWith(name, i, -STEP))) / (2 * STEP);
      const gradient = exact[`d${index}`]?.[i] ?? NaN;
      worst = Math.max(worst, Math.abs(gradient - difference));
      most = Math.max(most, Math.abs(difference));
      if (Number.isNaN(gradient) || Number.isNaN(difference)) return NaN;
    }
  return worst / most;
}
