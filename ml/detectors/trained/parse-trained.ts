import { MlError } from "../../errors.ts";
import type { Model } from "../../model/pack-model.ts";
import type { PcaModel } from "../pca-model.ts";
import { fitsItself } from "../pca-schema.ts";
import { parseReadingSettings } from "../reading-settings.ts";
import { columnsOf, type Seen } from "../regime/rows.ts";
import { parseRules, type Rule } from "../regime/rules.ts";

/** A model of `detect train` as a judge of windows. */
export interface TrainedModel {
  /** As `detect train` wrote it. */
  readonly model: Model;
  readonly seen: Seen;
  /** What it sees of a row, in its order: the name, the place among the row's columns, and of which signal it is. */
  readonly columns: readonly { readonly name: string; readonly at: number; readonly signal: number }[];
  readonly rules: readonly Rule[];
  /** What its scores are made of before rules see them. */
  readonly scale: Scale;
  /** The PCA beside it, where it was calibrated for a ward. */
  readonly pca: PcaModel | undefined;
}

/** How far above the ordinary a score is; or, of a model that nobody has calibrated for a ward, only whether it is an alarm. */
export type Scale =
  { readonly kind: "above"; readonly usual: number } | { readonly kind: "alarm"; readonly alarm: number };

/** What alarms amount to where nobody has calibrated: nothing is known but that they are alarms, so those that last. */
const ALARM_RULES: readonly Rule[] = [
  { part: "rows", sustain: 2, decides: "suspect", limit: 1 },
  { part: "rows", sustain: 8, decides: "quarantine", limit: 1 },
];

/**
 * Tells whether a model that was loaded can judge windows: it must have learned from rows as windows give them.
 *
 * @throws MODEL_FILE_UNUSABLE where its columns are others, or its parts do not fit each other
 */
export function parseTrained(model: Model): TrainedModel {
  const { reading, pca } = parseReadingSettings(model.settings);
  const { types, hasHeader } = reading.how;
  const names = types.map(({ name }) => name);
  const signals = names.slice(0, names.length / 3);
  const isOfRows = JSON.stringify(names) === JSON.stringify(columnsOf(signals));
  if (!isOfRows || !hasHeader || types.some(({ kind }) => kind !== "number" && kind !== "constant"))
    return refuse("It has learned from other columns than those of windows: each signal, then its slope and spread.");
  const count = signals.length;
  const columns = types.flatMap(({ name, kind }, at) =>
    kind === "number" ? [{ name, at, signal: at < count ? at : (at - count) >> 1 }] : [],
  );
  if (pca !== undefined && (JSON.stringify(pca.signals) !== JSON.stringify(signals) || !fitsItself(pca)))
    return refuse("The PCA beside it is of other signals.");
  return { model, seen: { signals, pairs: pca?.pairs ?? [] }, columns, pca, ...rulesOf(model, pca) };
}

function rulesOf(
  { thresholds: { alarm, usual, ...limits } }: Model,
  pca: PcaModel | undefined,
): Pick<TrainedModel, "rules" | "scale"> {
  if (alarm === undefined) return refuse("It has no threshold.");
  if (usual === undefined && Object.keys(limits).length === 0)
    return { rules: ALARM_RULES, scale: { kind: "alarm", alarm } };
  if (usual === undefined) return refuse("It has limits, and does not say above what.");
  const rules = parseRules(limits, pca === undefined ? ["rows"] : ["rows", "pca"]);
  return { rules, scale: { kind: "above", usual } };
}

function refuse(detail: string): never {
  throw new MlError("MODEL_FILE_UNUSABLE", { detail });
}
