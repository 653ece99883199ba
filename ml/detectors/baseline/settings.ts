import { z } from "zod";
import { MlError } from "../../errors.ts";
import { TREE } from "./trees.ts";

const INDEX = z.int().min(0).max(100_000);

/** Everything that a baseline needs to score, as its model keeps it. */
const SETTINGS = z.strictObject({
  /** Rows of the past that are looked at, for which signals, and over how many scores are averaged. */
  context: z.strictObject({ width: z.int().min(0).max(1_000), signals: z.array(INDEX).max(10_000) }),
  average: z.int().min(1).max(1_000),
  subspace: z.strictObject({
    scaler: z.array(z.strictObject({ offset: z.number(), scale: z.number().positive() })).max(100_000),
    directions: z.array(z.array(z.number())).min(1).max(2_000),
    variances: z.array(z.number().positive()).max(2_000),
  }),
  forest: z.strictObject({ sample: z.int().min(1), trees: z.array(TREE).min(1).max(1_000) }),
  /** Null where nobody has labelled an attack. */
  boosted: z.strictObject({ base: z.number(), trees: z.array(TREE).max(5_000) }).nullable(),
  combination: z.strictObject({
    base: z.number(),
    parts: z
      .array(z.strictObject({ centre: z.number(), spread: z.number().positive(), weight: z.number().min(0) }))
      .min(1)
      .max(10),
  }),
});

export type BaselineSettings = z.infer<typeof SETTINGS>;

/** A baseline's settings, fitting these many signals. @throws MODEL_FILE_UNUSABLE */
export function parseBaseline(settings: unknown, signals: number): BaselineSettings {
  const refuse = (detail: string): never => {
    throw new MlError("MODEL_FILE_UNUSABLE", { detail });
  };
  const parsed = SETTINGS.safeParse(settings);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    return refuse(`The baseline's settings at ${issue?.path.join(".")}: ${issue?.message}`);
  }
  const { context, subspace, forest, boosted, combination } = parsed.data;
  const all = signals + (context.width === 0 ? 0 : 3 * context.signals.length);
  const { scaler, directions, variances } = subspace;
  const trees = [...forest.trees, ...(boosted?.trees ?? [])];
  const fits =
    context.signals.every((signal) => signal < signals) &&
    scaler.length === all &&
    directions.length === variances.length &&
    directions.every((direction) => direction.length === all) &&
    trees.every((tree) => tree.signal.every((signal) => signal < all)) &&
    combination.parts.length === (boosted === null ? 3 : 4);
  return fits ? parsed.data : refuse("The baseline's settings do not fit its signals.");
}
