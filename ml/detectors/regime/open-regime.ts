import type { Engine } from "../../engines/engine.ts";
import { cutStretches, type Window } from "../../window.ts";
import { judgeScores, toThousandths, type Judgement } from "../judge-window.ts";
import { orderSignals, scorePca, scoreRows, tellWhole } from "../score-pca.ts";
import { rankShares } from "../shares.ts";
import type { Shares, WindowDetector } from "../window-detector.ts";
import { carryRow } from "./regime.ts";
import type { RegimeModel } from "./pack-regime.ts";
import { extractRow } from "./rows.ts";
import { reach, rowsBefore, type Decides, type Reached } from "./rules.ts";
import { openRows } from "./score-rows.ts";

/** Rows at once: a round and what is looked back on. */
const BATCH = 32;
/** Shares are thousandths of a limit, so each limit is this. */
const LIMITS = { suspect: 1_000, quarantine: 1_000 };

/**
 * The learned detector and the PCA beside it: as bad as the worse of the two. The network's numbers differ between engines and
 * machines by less than a part in ten thousand (`TOLERANCE`); what is signed are the classes that they fall into.
 */
export async function openRegime({ regime, pca, rules }: RegimeModel, engine: Engine): Promise<WindowDetector> {
  const rows = await openRows(regime, engine, BATCH);
  const { signals, stretchMs, strideMs } = pca;
  const sustain = Math.min(...rules.filter(({ decides }) => decides === "quarantine").map((rule) => rule.sustain));
  const told = { stretchMs, strideMs, thresholds: { ...pca.thresholds, sustain: { suspect: 1, quarantine: sustain } } };

  const look = async (window: Window, from: number) => {
    const ordered = orderSignals(pca, window);
    const stretches = cutStretches(ordered, stretchMs, strideMs);
    const run = stretches.map((stretch) => extractRow(regime.seen, stretch));
    const scores = { pca: scoreRows(pca, run), regime: await rows.score(run) };
    const { first, isWhole } = tellWhole(told, ordered, stretches, from);
    const worst = (decides: Decides): Worst => worstOf(reach(rules, decides, scores), first);
    return { stretches, run, isWhole, quarantine: worst("quarantine"), suspect: worst("suspect") };
  };
  return {
    signals,
    stretchMs,
    lookBackMs: stretchMs + (rowsBefore(rules, regime.steps) - 1) * strideMs,
    async judge(window, from): Promise<Judgement> {
      const { quarantine, suspect, isWhole } = await look(window, from);
      const judged = judgeScores(
        { ...pca.thresholds, ...LIMITS },
        toThousandths(quarantine.share),
        toThousandths(suspect.share),
      );
      return { ...judged, isJudged: isWhole };
    },
    async explain(window, from): Promise<Shares> {
      const { stretches, run, quarantine, suspect } = await look(window, from);
      const worst = quarantine.share >= 1 ? quarantine : suspect;
      if (worst.rule === undefined) return [];
      if (worst.rule.part === "regime") return rankShares(carryRow(regime, run[worst.row]!), signals);
      const { end } = stretches[worst.row]!;
      return scorePca(pca, window, end - strideMs, end).contributions;
    },
  };
}

interface Worst extends Record<"share" | "row", number> {
  readonly rule: Reached["by"][number];
}

/** The row from `first` on that reaches furthest. */
function worstOf({ share, by }: Reached, first: number): Worst {
  let row = first;
  for (let n = first; n < share.length; n++) if (share[n]! > share[row]!) row = n;
  return { share: share[row] ?? 0, row, rule: by[row] };
}
