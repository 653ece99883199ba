import { z } from "zod";
import { MlError } from "../errors.ts";
import { parseArchitecture } from "../layers/architecture.ts";
import { LOSS } from "./losses.ts";

const count = (most: number) => z.int().min(1).max(most);

const PLAN = z.strictObject({
  architecture: z.unknown().transform(parseArchitecture),
  losses: z.array(LOSS).min(1).max(16),
  /** Everything that is drawn is drawn from it: first parameters, the order of examples, dropout. */
  seed: z.string().max(200),
  batch: count(65_536),
  epochs: count(100_000),
  /**
   * The learning rate rises over `warmup` steps, then stays, or falls along a cosine to `end` of it at the last step: of the plan,
   * or of `span` epochs where that is said, so that a training may stop where another one with more epochs has stopped.
   */
  rate: z.strictObject({
    most: z.number().positive().max(10),
    warmup: z.int().min(0).max(1e9),
    shape: z.enum(["constant", "cosine"]),
    end: z.number().min(0).max(1),
    span: count(100_000).optional(),
  }),
  /** Gradients longer than this are cut to it; null: never. */
  clip: z.number().positive().nullable(),
  /**
   * Training stops when the loss on the last `share` of the examples, which are in the order of time, has not become smaller
   * for `patience` epochs; the parameters of the best epoch are kept. `gap` examples between the two parts belong to neither,
   * so that no window lies in both. Null: all examples train, for all epochs.
   */
  later: z
    .strictObject({ share: z.number().positive().max(0.9), gap: z.int().min(0).max(1e9), patience: count(100_000) })
    .nullable(),
});

/** How a model is trained, as data. Together with the examples and the engine it determines every bit of the result. */
export type TrainingPlan = z.infer<typeof PLAN>;

/** @throws TRAINING_INVALID at the first place that is not valid; ARCHITECTURE_INVALID */
export function parsePlan(value: unknown): TrainingPlan {
  const parsed = PLAN.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const detail = `At ${issue?.path.join(".") || "the top"}: ${issue?.message ?? "not valid"}`;
  throw new MlError("TRAINING_INVALID", { detail });
}

/** The learning rate at a step, counted from 1, of so many in all. */
export function rateAt({ most, warmup, shape, end }: TrainingPlan["rate"], step: number, steps: number): number {
  if (step <= warmup) return (most * step) / warmup;
  if (shape === "constant") return most;
  const passed = (step - warmup) / Math.max(1, steps - warmup);
  return most * (end + ((1 - end) * (1 + Math.cos(Math.PI * Math.min(1, passed)))) / 2);
}
