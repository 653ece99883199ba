/**
 * The judgement that oracles sign: integers only, and nothing but IEEE 754's exactly rounded operations on the way to
 * them, so that honest oracles with one model and one window agree.
 */
import type { Window } from "../window.ts";
import { sustainedScore } from "./calibrate.ts";
import type { PcaModel, Thresholds } from "./pca-model.ts";
import { scoreStretches } from "./score-pca.ts";

export interface Judgement {
  kind: "clear" | "suspect" | "quarantine";
  /** 0 when clear; 1–2 suspect; 3–5 quarantine, from how far beyond the threshold. */
  severity: 0 | 1 | 2 | 3 | 4 | 5;
  /** Thousandths of the detector's limit: the sustained score that decided. */
  score: number;
  /**
   * True where every judged stretch was told enough of to be scored, and there were as many in a row as a quarantine
   * takes. Without it a clear is only silence: what was not scored could not have been found.
   */
  isJudged: boolean;
}

/** Thousandths, bounded so that no hostile value leaves the safe integers. */
export const toThousandths = (score: number) => Math.floor(1000 * Math.min(score, 1e9));

/**
 * Judges what of a window ends after `from`, all of it by default; what comes before is looked back on, so that nothing is judged
 * with less before it than there was. Pure and stateless: knows nothing of the device's past but this window.
 */
export function judgeWindow(model: PcaModel, window: Window, from = -Infinity): Judgement {
  const { sustain } = model.thresholds;
  const { scores, first, isWhole } = scoreStretches(model, window, from);
  const held = toThousandths(sustainedScore(scores, sustain.quarantine, first));
  const seen = toThousandths(sustainedScore(scores, sustain.suspect, first));
  return { ...judgeScores(model.thresholds, held, seen), isJudged: isWhole };
}

/** What two sustained scores in thousandths amount to. */
export function judgeScores(
  { suspect, quarantine }: Thresholds,
  held: number,
  seen: number,
): Omit<Judgement, "isJudged"> {
  if (held >= quarantine) {
    const severity = held >= 4 * quarantine ? 5 : held >= 2 * quarantine ? 4 : 3;
    return { kind: "quarantine", severity, score: held };
  }
  if (seen >= suspect) return { kind: "suspect", severity: seen >= 2 * suspect ? 2 : 1, score: seen };
  return { kind: "clear", severity: 0, score: seen };
}
