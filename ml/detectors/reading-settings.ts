import { z } from "zod";
import { signalsOf } from "../data/columns.ts";
import type { Reading } from "../data/frame.ts";
import { TIME_FORMATS } from "../data/time.ts";
import { MlError } from "../errors.ts";
import type { Model } from "../model/pack-model.ts";
import type { PcaModel } from "./pca-model.ts";
import { PCA } from "./pca-schema.ts";

const NAME = z.string().min(1).max(100);
const VALUE = z.string().max(1_000_000);

/** What a trained detector's model keeps in `settings`: how files are read, and the detector's own part. */
const SETTINGS = z.strictObject({
  reading: z.strictObject({
    hasHeader: z.boolean(),
    types: z
      .array(
        z.discriminatedUnion("kind", [
          z.strictObject({ name: NAME, kind: z.literal("number") }),
          z.strictObject({ name: NAME, kind: z.literal("constant") }),
          z.strictObject({ name: NAME, kind: z.literal("boolean"), values: z.tuple([VALUE, VALUE]) }),
          z.strictObject({ name: NAME, kind: z.literal("category"), values: z.array(VALUE).min(1).max(1_000) }),
        ]),
      )
      .min(1)
      .max(10_000),
    time: z.strictObject({ column: NAME, format: z.enum(TIME_FORMATS) }).optional(),
    device: NAME.optional(),
  }),
  detector: z.json(),
  /** Beside a model that was calibrated for a ward. */
  pca: PCA.optional(),
});

/** @throws MODEL_FILE_UNUSABLE where they are none of a trained detector */
export function parseReadingSettings(settings: unknown): {
  reading: { how: Reading; signals: string[] };
  detector: Model["settings"];
  pca: PcaModel | undefined;
} {
  const parsed = SETTINGS.safeParse(settings);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new MlError("MODEL_FILE_UNUSABLE", {
      detail: `Its settings are of no trained detector, at ${issue?.path.join(".") || "the top"}: ${issue?.message}`,
    });
  }
  const { reading, detector, pca } = parsed.data;
  return { reading: { how: reading, signals: reading.types.flatMap(signalsOf) }, detector, pca };
}
