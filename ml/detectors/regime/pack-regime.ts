import { z } from "zod";
import { MlError } from "../../errors.ts";
import type { Card } from "../../model/card.ts";
import type { Model } from "../../model/pack-model.ts";
import type { PcaModel } from "../pca-model.ts";
import { widthOf, type Regime } from "./regime.ts";
import { packRules, parseRules, type Rule } from "./rules.ts";

export const DETECTOR = "regime";

/** A regime with the PCA beside it, and the rules by which both decide. */
export interface RegimeModel {
  readonly regime: Regime;
  readonly pca: PcaModel;
  readonly rules: readonly Rule[];
}

const NAME = z.string().min(1).max(80);
const NUMBERS = z.array(z.number()).max(1_000);
const PAIRS = z.array(z.tuple([NAME, NAME])).max(1_000);
const COUNT = z.int().min(1).max(1e9);
const POSITIVE = z.number().positive();

const PCA = z.strictObject({
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

const SETTINGS = z.strictObject({
  pca: PCA,
  steps: z.int().min(2).max(64),
  relations: z
    .array(z.strictObject({ weights: NUMBERS, least: POSITIVE }))
    .min(1)
    .max(64),
});

/** As a model file keeps it: the scaler has the signals' levels, then two features of motion for each. */
export function packRegime({ regime, pca, rules }: RegimeModel, card: Card): Model {
  const { seen, levels, motions, relations, steps, network } = regime;
  const names = [...seen.signals, ...seen.signals.flatMap((signal) => [`slope of ${signal}`, `spread of ${signal}`])];
  return {
    networks: { regime: network },
    scaler: [...levels, ...motions].map((scale, n) => ({ signal: names[n]!, ...scale })),
    thresholds: packRules(rules),
    settings: JSON.parse(JSON.stringify({ pca, steps, relations })) as Model["settings"],
    card,
  };
}

/** @throws MODEL_FILE_UNUSABLE where it is another detector's, or its parts do not fit each other */
export function parseRegime({ networks, scaler, thresholds, settings, card }: Model): RegimeModel {
  const refuse = (detail: string): never => {
    throw new MlError("MODEL_FILE_UNUSABLE", { detail });
  };
  if (card.detector !== DETECTOR)
    return refuse(`It is a model for the detector ${card.detector}, which judges no windows.`);
  const parsed = SETTINGS.safeParse(settings);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    return refuse(`Its settings at ${issue?.path.join(".")}: ${issue?.message}`);
  }
  const { pca, steps, relations } = parsed.data;
  const { signals, pairs } = pca;
  const { regime: network, ...others } = networks;
  const seen = { signals, pairs };
  const count = signals.length;
  if (network === undefined || Object.keys(others).length > 0)
    return refuse("It has not the one network that it needs.");
  const { inputs, layers, outputs } = network.architecture;
  const last = layers.at(-1);
  const isShaped =
    JSON.stringify(inputs) === JSON.stringify({ past: [steps, widthOf(seen)] }) &&
    JSON.stringify(outputs) === JSON.stringify(["usual"]) &&
    last?.kind === "dense" &&
    last.name === "usual" &&
    last.units === relations.length;
  const isPaired = pairs.flat().every((name) => signals.includes(name));
  const sizes = { level: count + pairs.length, motion: 2 * count };
  const areViews = pca.views.every(
    ({ group, mean, scale, components, variances }) =>
      [mean, scale, ...components].every(({ length }) => length === sizes[group]) &&
      components.length === variances.length,
  );
  const areRelations = relations.every(({ weights }) => weights.length === count);
  if (!isShaped || !isPaired || !areViews || !areRelations || scaler.length !== 3 * count)
    return refuse("Its parts do not fit each other.");
  const scales = scaler.map(({ offset, scale }) => ({ offset, scale }));
  return {
    regime: { seen, levels: scales.slice(0, count), motions: scales.slice(count), relations, steps, network },
    pca,
    rules: parseRules(thresholds),
  };
}
