import type { Window } from "../window.ts";
import { judgeWindow, type Judgement } from "./judge-window.ts";
import type { PcaModel } from "./pca-model.ts";
import { scorePca } from "./score-pca.ts";

/** What oracles judge windows with: any detector whose judgement is integers that honest judges agree on. */
export interface WindowDetector {
  /** The signals that it sees, all of which a device must disclose. */
  readonly signals: readonly string[];
  /** How long a stretch is: what lies further apart than this is judged by itself. */
  readonly stretchMs: number;
  /** How much time before the judged time it must see so that nothing of it is judged with less than what comes before it. */
  readonly lookBackMs: number;
  /** Judges what ends after `from` (in the window's times); what lies before it is looked back on. */
  judge(window: Window, from: number): Judgement | Promise<Judgement>;
  /** Which signals carry the judgement, largest first: an explanation, not evidence. */
  explain(window: Window, from: number): Shares | Promise<Shares>;
}

export type Shares = readonly { readonly signal: string; readonly share: number }[];

/** The PCA detector. It looks back until the first stretches that decide a quarantine reach into the judged time. */
export function openPca(model: PcaModel): WindowDetector {
  const { signals, stretchMs, strideMs, thresholds } = model;
  return {
    signals,
    stretchMs,
    lookBackMs: stretchMs + (thresholds.sustain.quarantine - 2) * strideMs,
    judge: (window, from) => judgeWindow(model, window, from),
    explain: (window, from) => scorePca(model, window, from).contributions,
  };
}
