/** Limits of the ward's detectors, from weeks of clean people who are used for nothing else. */
import type { PcaModel } from "../ml/detectors/pca-model.ts";
import type { Regime } from "../ml/detectors/regime/regime.ts";
import type { RegimeModel } from "../ml/detectors/regime/pack-regime.ts";
import type { Decides, Rule } from "../ml/detectors/regime/rules.ts";
import { scanPeople, type HeldStream } from "./scan-people.ts";

/**
 * What may decide: so many seconds in a row. A longer one sees a smaller lie, later. Each rule more is more false alarms: one second
 * decides no quarantine, and the PCA's second one, which does, no suspicion.
 */
export const STREAMS: readonly (HeldStream & { readonly decides: readonly Decides[] })[] = [
  { part: "pca", sustain: 1, decides: ["suspect"] },
  { part: "pca", sustain: 2, decides: ["quarantine"] },
  ...[2, 4, 8, 12].map((sustain) => ({
    part: "regime" as const,
    sustain,
    decides: ["quarantine", "suspect"] as const,
  })),
];

/** Which of the worst clean episodes a limit is set at: what is as bad as the one before it decides. */
const RANKS: Record<Decides, number> = { quarantine: 2, suspect: 4 };
/** What is as bad as the episode itself does not. */
const MARGIN = 1.001;
const HOURS_EACH = 6;
export const WEEK_HOURS = 168;

const round = (value: number): number => Number(value.toPrecision(6));

export interface Calibration {
  readonly people: number;
  readonly weeks: number;
}

/** How many people make so many device-weeks. */
export const peopleFor = (weeks: number): number => Math.ceil((weeks * WEEK_HOURS) / HOURS_EACH);

/** The model with limits: a quarantine beyond all but the worst clean episode of these weeks, suspect beyond all but three, by each rule. */
export async function calibrateWard(
  regime: Regime,
  pca: PcaModel,
  plan: {
    readonly seed: string;
    readonly weeks: number;
    readonly threads: number;
    readonly onDone: (done: number) => void;
  },
): Promise<RegimeModel> {
  const { seed, weeks, threads, onDone } = plan;
  const most = Math.max(...Object.values(RANKS));
  const questions = Array.from({ length: peopleFor(weeks) }, (_, n) => ({
    kind: "worst" as const,
    ...{ seed: `${seed}/limits/${n}`, hours: HOURS_EACH, streams: STREAMS, most },
  }));
  const answers = await scanPeople(questions, { model: { regime, pca }, threads, onDone });
  const rules = STREAMS.flatMap(({ part, sustain, decides: kinds }, n): Rule[] => {
    const worst = answers.flatMap((answer) => answer.worst[n]!).sort((a, b) => b - a);
    const limit = (decides: Decides): number => round(worst[RANKS[decides] - 1]! * MARGIN);
    return kinds.map((decides) => ({ part, sustain, decides, limit: limit(decides) }));
  });
  return { regime, pca: { ...pca, thresholds: pcaThresholds(pca, rules) }, rules };
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
