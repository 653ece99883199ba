import { z } from "zod";
import type { PcaModel } from "./pca-model.ts";

const NAME = z.string().min(1).max(80);
const NUMBERS = z.array(z.number()).max(1_000);
const PAIRS = z.array(z.tuple([NAME, NAME])).max(1_000);
const COUNT = z.int().min(1).max(1e9);
const POSITIVE = z.number().positive();

/** A PCA as a model keeps it. */
export const PCA = z.strictObject({
  format: z.literal("pca@1"),
  signals: z.array(NAME).min(1).max(64),
  pairs: PAIRS,
  stretchMs: COUNT,
  strideMs: COUNT,
  views: z
    .array(
      z.strictObject({
        group: z.enum(["level", "motion"]),
        mean: NUMBERS,
        scale: z.array(POSITIVE).max(1_000),
        components: z.array(NUMBERS).max(1_000),
        variances: z.array(POSITIVE).max(1_000),
        noise: POSITIVE,
        limits: z.strictObject({ t2: POSITIVE, spe: POSITIVE }),
      }),
    )
    .length(2),
  thresholds: z.strictObject({
    sustain: z.strictObject({ suspect: COUNT, quarantine: COUNT }),
    suspect: COUNT,
    quarantine: COUNT,
  }),
  calibration: z.strictObject({
    windows: COUNT,
    stretches: COUNT,
    limitRate: POSITIVE,
    suspectRate: POSITIVE,
    margin: POSITIVE,
  }),
});

/** Whether its parts are those of its signals and pairs. */
export function fitsItself({ signals, pairs, views }: PcaModel): boolean {
  const sizes = { level: signals.length + pairs.length, motion: 2 * signals.length };
  return (
    pairs.flat().every((name) => signals.includes(name)) &&
    views.every(
      ({ group, mean, scale, components, variances }) =>
        [mean, scale, ...components].every(({ length }) => length === sizes[group]) &&
        components.length === variances.length,
    )
  );
}
