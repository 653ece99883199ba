import { z } from "zod";
import type { GraphBuilder, Value } from "../graph/build.ts";
import { refuseShapes, sizeOf } from "../graph/shape.ts";
import { MlError } from "../errors.ts";
import type { BuiltModel } from "../layers/build-model.ts";

const weight = z.number().positive().max(1e6);

export const LOSS = z.discriminatedUnion("kind", [
  /** Mean of squared differences between a layer and the input of the training that is named. */
  z.strictObject({ kind: z.literal("squared"), of: z.string(), target: z.string(), weight }),
  /**
   * Cross-entropy of a layer of logits against targets in [0, 1]; `positive` weighs the ones, for classes that are rare. What
   * the layer gives is a logit: whoever scores applies the sigmoid.
   */
  z.strictObject({ kind: z.literal("binary"), of: z.string(), target: z.string(), weight, positive: weight }),
  /** Mean of absolute values of a layer: keeps an autoencoder's code sparse. */
  z.strictObject({ kind: z.literal("sparse"), of: z.string(), weight }),
]);

/** One term of what training makes small; terms are added, each times its weight. */
export type Loss = z.infer<typeof LOSS>;

/** The input that weighs examples: 1 for each that counts, 0 for what only fills a batch. */
export const ROWS = "rows";

/**
 * The sum of all terms: a mean over the examples of a batch by the weights of the input `rows`, and over the numbers of each.
 * Targets that are no inputs of the model become inputs of the graph.
 *
 * @throws SHAPE_MISMATCH where a target has not its layer's shape; TRAINING_INVALID where a layer is not there
 */
export function addLosses({ g, values }: BuiltModel, losses: readonly Loss[], batch: number): Value {
  const rows = g.input(ROWS, [batch]);
  const share = g.divide(rows, g.sum(rows));
  const targets = new Map<string, Value>();
  const terms = losses.map((loss) => {
    const value = values.get(loss.of);
    if (!value) throw new MlError("TRAINING_INVALID", { detail: `A loss is of ${loss.of}, which is no layer.` });
    const target = "target" in loss ? targetOf(g, values, targets, loss.target, value) : value;
    const errors = g.reshape(termOf(g, loss, value, target), [batch, sizeOf(value.shape) / batch]);
    const perExample = g.mean(errors, [1]);
    return g.multiply(g.sum(g.multiply(perExample, g.reshape(share, [batch, 1]))), loss.weight);
  });
  return g.reshape(
    terms.reduce((sum, next) => g.add(sum, next)),
    [],
  );
}

function targetOf(
  g: GraphBuilder,
  values: ReadonlyMap<string, Value>,
  targets: Map<string, Value>,
  name: string,
  value: Value,
): Value {
  const target = values.get(name) ?? targets.get(name) ?? g.input(name, value.shape);
  targets.set(name, target);
  if (sizeOf(target.shape) !== sizeOf(value.shape))
    refuseShapes("loss", [value.shape, target.shape], "the target has another shape");
  return g.reshape(target, value.shape);
}

function termOf(g: GraphBuilder, loss: Loss, value: Value, target: Value): Value {
  if (loss.kind === "sparse") return g.abs(value);
  if (loss.kind === "squared") {
    const difference = g.subtract(value, target);
    return g.multiply(difference, difference);
  }
  // max(z, 0) - z·y + log(1 + exp(-|z|)): the cross-entropy of a logit, without an overflow for any z.
  const overflowless = g.log(g.add(1, g.exp(g.negate(g.abs(value)))));
  const positive = g.subtract(g.relu(value), value); // -log σ(z), less the common term
  const error = g.add(
    g.add(g.multiply(target, positive), g.multiply(g.subtract(1, target), g.relu(value))),
    overflowless,
  );
  if (loss.positive === 1) return error;
  return g.multiply(error, g.add(1, g.multiply(target, loss.positive - 1)));
}
