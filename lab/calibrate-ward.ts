/** Limits of the ward's detectors, from weeks of clean people who are used for nothing else. */
import type { PcaModel } from "../ml/detectors/pca-model.ts";
import { openDetector } from "../ml/detectors/open-detector.ts";
import { packRules, type Decides, type Part, type Rule } from "../ml/detectors/regime/rules.ts";
import { toFrame } from "../ml/detectors/trained/open-trained.ts";
import { parseTrained, type TrainedModel } from "../ml/detectors/trained/parse-trained.ts";
import type { Model } from "../ml/model/pack-model.ts";
import { createBedside } from "./bedside.ts";
import { recordRows } from "./record-rows.ts";
import { scanPeople, type HeldStream, type LearnedModel } from "./scan-people.ts";

type Stream = HeldStream & { readonly decides: readonly Decides[] };
const BOTH = ["quarantine", "suspect"] as const;

/**
 * What may decide: so many seconds in a row. A longer one sees a smaller lie, later. Each rule more is more false alarms: one second
 * of the PCA decides no quarantine, its second one no suspicion; beside a regime, which sees what stands, a twin tells what has just
 * changed, and by itself it does both.
 */
function streamsOf({ regime, trained }: LearnedModel): readonly Stream[] {
  const held = (part: Part, seconds: readonly number[]): Stream[] =>
    seconds.map((sustain) => ({ part, sustain, decides: BOTH }));
  return [
    { part: "pca", sustain: 1, decides: ["suspect"] },
    { part: "pca", sustain: 2, decides: ["quarantine"] },
    ...(regime ? held("regime", [2, 4, 8, 12]) : []),
    ...(trained ? held("rows", regime ? [2] : [2, 4, 8, 12]) : []),
  ];
}

/** Which of the worst clean episodes a limit is set at: what is as bad as the one before it decides. */
const RANKS: Record<Decides, number> = { quarantine: 2, suspect: 4 };
/** What is as bad as the episode itself does not. */
const MARGIN = 1.001;
const HOURS_EACH = 6;
export const WEEK_HOURS = 168;

const round = (value: number): number => Number(value.toPrecision(6));

/** How many people make so many device-weeks. */
export const peopleFor = (weeks: number): number => Math.ceil((weeks * WEEK_HOURS) / HOURS_EACH);

export interface CalibrationPlan {
  readonly seed: string;
  readonly weeks: number;
  readonly threads: number;
  readonly onDone: (done: number) => void;
}

/** Limits: a quarantine beyond all but the worst clean episode of these weeks, suspect beyond all but three, by each rule. */
export async function calibrateWard(
  learned: LearnedModel,
  pca: PcaModel,
  { seed, weeks, threads, onDone }: CalibrationPlan,
): Promise<{ rules: Rule[]; pca: PcaModel }> {
  const most = Math.max(...Object.values(RANKS));
  const streams = streamsOf(learned);
  const questions = Array.from({ length: peopleFor(weeks) }, (_, n) => ({
    kind: "worst" as const,
    ...{ seed: `${seed}/limits/${n}`, hours: HOURS_EACH, streams, most },
  }));
  const answers = await scanPeople(questions, { model: { learned, pca }, threads, onDone });
  const rules = streams.flatMap(({ part, sustain, decides: kinds }, n): Rule[] => {
    const worst = answers.flatMap((answer) => answer.worst[n]!).sort((a, b) => b - a);
    const limit = (decides: Decides): number => round(worst[RANKS[decides] - 1]! * MARGIN);
    return kinds.map((decides) => ({ part, sustain, decides, limit: limit(decides) }));
  });
  return { rules, pca: { ...pca, thresholds: pcaThresholds(pca, rules) } };
}

/** What a card says of limits from so many weeks. */
export const tellCard = (weeks: number): string =>
  `By each rule, quarantine beyond all but the worst and suspect beyond all but the three worst episodes of ${weeks} device-weeks ` +
  `of ${peopleFor(weeks)} simulated people with their ordinary disturbances, who are used for nothing else.`;

const USUAL_PEOPLE = 20;
const USUAL_SECONDS = 1_200;

/** A model of `detect train` with the middle of the scores that it gives people who are used for nothing else. */
export async function withUsual(model: Model, seed: string): Promise<TrainedModel> {
  const trained = parseTrained(model);
  const detector = await openDetector(model);
  const all: number[] = [];
  for (let person = 0; person < USUAL_PEOPLE; person++) {
    const rows = recordRows(createBedside(`${seed}/usual/${person}`)).next(USUAL_SECONDS);
    all.push(...(await detector.judge(toFrame(trained.columns, rows))).scores);
  }
  return { ...trained, scale: { kind: "above", usual: round(all.sort((a, b) => a - b)[all.length >> 1]!) } };
}

/** A model of `detect train`, calibrated for the ward, with the PCA beside it; still one that `detect score` reads. */
export async function calibrateTrained(model: Model, pca: PcaModel, plan: CalibrationPlan): Promise<Model> {
  const trained = await withUsual(model, plan.seed);
  const limited = await calibrateWard({ trained }, pca, plan);
  const usual = trained.scale.kind === "above" ? trained.scale.usual : 0;
  return {
    ...model,
    thresholds: { alarm: model.thresholds.alarm!, usual, ...packRules(limited.rules) },
    settings: JSON.parse(JSON.stringify({ ...(model.settings as object), pca: limited.pca })) as Model["settings"],
  };
}

/** The PCA by itself with the same limits. */
function pcaThresholds({ thresholds: { sustain } }: PcaModel, rules: readonly Rule[]): PcaModel["thresholds"] {
  const limitOf = (decides: Decides): number =>
    Math.ceil(
      1000 * rules.find((r) => r.part === "pca" && r.decides === decides && r.sustain === sustain[decides])!.limit,
    );
  return { sustain, suspect: limitOf("suspect"), quarantine: limitOf("quarantine") };
}

/** The rules by which a PCA alone decides. */
export const pcaRules = ({ thresholds: { sustain, suspect, quarantine } }: PcaModel): Rule[] => [
  { part: "pca", sustain: sustain.suspect, decides: "suspect", limit: suspect / 1000 },
  { part: "pca", sustain: sustain.quarantine, decides: "quarantine", limit: quarantine / 1000 },
];
