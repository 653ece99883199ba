import { z } from "zod";
import { MlError } from "../../errors.ts";
import { isSound } from "./checks.ts";
import type { Society } from "./judge-mas.ts";
import { partsOf, type Scale } from "./layers.ts";

const MOST = 10_000;
const NUMBERS = z.array(z.number()).max(MOST);
const LENGTHS = z.array(z.number().min(0)).max(MOST);
const POSITIVE = z.array(z.number().positive()).max(MOST);

/** What a `mas` keeps beside its network and scaler. */
const SETTINGS = z.strictObject({
  window: z.int().min(0).max(64),
  average: z.int().min(1).max(1_000),
  checks: z.strictObject({
    low: NUMBERS,
    high: NUMBERS,
    unit: POSITIVE,
    values: z.array(z.array(z.number()).max(100).nullable()).max(MOST),
    past: z.strictObject({ step: LENGTHS, still: LENGTHS, copied: LENGTHS }).nullable(),
  }),
  relations: z.strictObject({ weights: z.array(NUMBERS).max(MOST), spreads: POSITIVE }),
  misses: POSITIVE,
  combination: z.strictObject({
    base: z.number(),
    parts: z
      .array(z.strictObject({ centre: z.number(), spread: z.number().positive(), weight: z.number().min(0) }))
      .max(10),
  }),
  adaptation: z
    .strictObject({ usual: z.number(), feed: z.number().min(0), cap: z.number().min(0), rate: z.number().min(0) })
    .refine(({ cap, rate }) => rate <= cap, "a rate above its cap"),
});

export type MasSettings = z.infer<typeof SETTINGS>;

/** A society out of a model's settings, fitting these many signals. @throws MODEL_FILE_UNUSABLE */
export function parseMas(settings: unknown, scaler: readonly Scale[], signals: number): Society {
  const refuse = (detail: string): never => {
    throw new MlError("MODEL_FILE_UNUSABLE", { detail });
  };
  const parsed = SETTINGS.safeParse(settings);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    return refuse(`The settings of mas at ${issue?.path.join(".")}: ${issue?.message}`);
  }
  const { window, average, checks, relations, misses, combination, adaptation } = parsed.data;
  const inputs = window === 0 ? signals : 2 * signals;
  const fits =
    scaler.length === signals &&
    isSound(checks, signals) &&
    (checks.past === null) === (window === 0) &&
    relations.weights.length === signals &&
    relations.weights.every((own) => own.length === inputs) &&
    relations.spreads.length === signals &&
    misses.length === signals &&
    combination.parts.length === partsOf({ checks }).length;
  if (!fits) refuse("The settings of mas do not fit its signals.");
  return { layers: { scaler, checks, relations, misses, window }, average, combination, adaptation };
}

/** What `parseMas` reads. */
export const packMas = ({ layers, average, combination, adaptation }: Society): MasSettings => ({
  window: layers.window,
  average,
  checks: structuredClone(layers.checks) as MasSettings["checks"],
  relations: structuredClone(layers.relations) as MasSettings["relations"],
  misses: [...layers.misses],
  combination: { base: combination.base, parts: [...combination.parts] },
  adaptation,
});
