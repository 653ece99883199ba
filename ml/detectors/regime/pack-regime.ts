import { z } from "zod";
import { MlError } from "../../errors.ts";
import type { Card } from "../../model/card.ts";
import { SCALER, type Model } from "../../model/pack-model.ts";
import type { PcaModel } from "../pca-model.ts";
import { fitsItself, PCA } from "../pca-schema.ts";
import { parseTrained, type TrainedModel } from "../trained/parse-trained.ts";
import { columnsOf } from "./rows.ts";
import { widthOf, type Regime } from "./regime.ts";
import { packRules, parseRules, type Rule } from "./rules.ts";

export const DETECTOR = "regime";

/** A regime with the PCA beside it, and the rules by which they decide. */
export interface RegimeModel {
  readonly regime: Regime;
  readonly pca: PcaModel;
  readonly rules: readonly Rule[];
  /** A model of `detect train` beside both: a learned twin, which sees what changes where the regime sees what stands. */
  readonly twin?: TrainedModel;
}

const SETTINGS = z.strictObject({
  pca: PCA,
  steps: z.int().min(2).max(64),
  relations: z
    .array(z.strictObject({ weights: z.array(z.number()).max(1_000), least: z.number().positive() }))
    .min(1)
    .max(64),
  twin: z
    .strictObject({
      detector: z.string().min(1).max(80),
      scaler: SCALER,
      settings: z.json(),
      alarm: z.number(),
      usual: z.number(),
    })
    .optional(),
});

/** As a model file keeps it: the scaler has the signals' levels, then two features of motion for each. */
export function packRegime({ regime, pca, rules, twin }: RegimeModel, card: Card): Model {
  const { seen, levels, motions, relations, steps, network } = regime;
  const names = columnsOf(seen.signals);
  return {
    networks: { ...twin?.model.networks, regime: network },
    scaler: [...levels, ...motions].map((scale, n) => ({ signal: names[n]!, ...scale })),
    thresholds: packRules(rules),
    settings: JSON.parse(JSON.stringify({ pca, steps, relations, twin: twin && packTwin(twin) })) as Model["settings"],
    card,
  };
}

type Twin = NonNullable<z.infer<typeof SETTINGS>["twin"]>;

function packTwin({ model, scale }: TrainedModel): Twin {
  const { card, scaler, settings, thresholds } = model;
  if (scale.kind !== "above") throw new RangeError("a twin that has no limits decides nothing");
  return { detector: card.detector, scaler, settings, alarm: thresholds.alarm!, usual: scale.usual };
}

/** The twin as the model that `detect train` made. */
function parseTwin(
  { detector, scaler, settings, alarm, usual }: Twin,
  networks: Model["networks"],
  card: Card,
): TrainedModel {
  const model = { networks, scaler, settings, thresholds: { alarm }, card: { ...card, detector } };
  return { ...parseTrained(model), scale: { kind: "above", usual } };
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
  const { pca, steps, relations, twin } = parsed.data;
  const { signals, pairs } = pca;
  const { regime: network, ...others } = networks;
  const seen = { signals, pairs };
  const count = signals.length;
  if (network === undefined || (twin === undefined && Object.keys(others).length > 0))
    return refuse("It has not the one network that it needs.");
  const { inputs, layers, outputs } = network.architecture;
  const last = layers.at(-1);
  const isShaped =
    JSON.stringify(inputs) === JSON.stringify({ past: [steps, widthOf(seen)] }) &&
    JSON.stringify(outputs) === JSON.stringify(["usual"]) &&
    last?.kind === "dense" &&
    last.name === "usual" &&
    last.units === relations.length;
  const areRelations = relations.every(({ weights }) => weights.length === count);
  if (!isShaped || !fitsItself(pca) || !areRelations || scaler.length !== 3 * count)
    return refuse("Its parts do not fit each other.");
  const beside = twin && parseTwin(twin, others, card);
  if (beside && JSON.stringify(beside.seen.signals) !== JSON.stringify(signals))
    return refuse("The twin beside it sees other signals.");
  const scales = scaler.map(({ offset, scale }) => ({ offset, scale }));
  return {
    regime: { seen, levels: scales.slice(0, count), motions: scales.slice(count), relations, steps, network },
    pca,
    rules: parseRules(thresholds, beside ? ["pca", "regime", "rows"] : ["pca", "regime"]),
    ...(beside && { twin: beside }),
  };
}
