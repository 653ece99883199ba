import { cutStretches, type Stretch, type Window } from "../window.ts";
import { judgeScores, toThousandths, type Judgement } from "./judge-window.ts";
import type { PcaModel } from "./pca-model.ts";
import type { Row, Seen } from "./regime/rows.ts";
import { extractRow } from "./regime/rows.ts";
import { reach, type Decides, type Part, type Reached, type Rule, type Scores } from "./regime/rules.ts";
import { orderSignals, scorePca, scoreRows, tellWhole } from "./score-pca.ts";
import type { Shares, WindowDetector } from "./window-detector.ts";

/** Scores of rows, and the rules that make judgements of them. */
export interface Ruled {
  readonly seen: Seen;
  readonly stretchMs: number;
  readonly strideMs: number;
  readonly rules: readonly Rule[];
  /** How many rows before a judged one decide with it. */
  readonly rowsBefore: number;
  /** Scores of a run of rows, by each part that has learned. */
  score(run: readonly Row[]): Promise<Omit<Scores, "pca">>;
  /** Which signals carry a row's score of this part. */
  explain(run: readonly Row[], row: number, part: Exclude<Part, "pca">): Shares | Promise<Shares>;
  /** The PCA beside it, where there is one: it scores rows where a rule names it. */
  readonly pca: PcaModel | undefined;
}

/** Shares are of a limit, so each limit is this in thousandths; how many rows decide, the rules say. */
const LIMITS = { suspect: 1_000, quarantine: 1_000 };

/** Judges windows by rules over rows: as bad as the worst of them. */
export function judgeByRules({ seen, stretchMs, strideMs, rules, rowsBefore, pca, ...by }: Ruled): WindowDetector {
  const { signals } = seen;
  const quarantine = Math.min(...rules.flatMap((rule) => (rule.decides === "quarantine" ? [rule.sustain] : [])));
  const deciding = rules.some(({ part }) => part === "pca") ? pca : undefined;
  const thresholds = { ...LIMITS, sustain: { suspect: 1, quarantine } };

  const look = async (window: Window, from: number): Promise<Looked> => {
    const ordered = orderSignals({ signals: [...signals] }, window);
    const stretches = cutStretches(ordered, stretchMs, strideMs);
    const run = stretches.map((stretch) => extractRow(seen, stretch));
    const scores = { ...(await by.score(run)), ...(deciding && { pca: scoreRows(deciding, run) }) };
    const { first, isWhole } = tellWhole({ stretchMs, strideMs, thresholds }, ordered, stretches, from);
    const worst = (decides: Decides): Worst => worstOf(reach(rules, decides, scores), first);
    return { stretches, run, isWhole, quarantine: worst("quarantine"), suspect: worst("suspect") };
  };
  return {
    signals,
    stretchMs,
    lookBackMs: stretchMs + (rowsBefore - 1) * strideMs,
    async judge(window, from): Promise<Judgement> {
      const { quarantine: held, suspect: seenOnce, isWhole } = await look(window, from);
      const judged = judgeScores(thresholds, toThousandths(held.share), toThousandths(seenOnce.share));
      return { ...judged, isJudged: isWhole };
    },
    async explain(window, from): Promise<Shares> {
      const { stretches, run, quarantine: held, suspect } = await look(window, from);
      const { rule, row } = held.share >= 1 ? held : suspect;
      if (rule === undefined) return [];
      if (rule.part !== "pca") return by.explain(run, row, rule.part);
      const { end } = stretches[row]!;
      return scorePca(deciding!, window, end - strideMs, end).contributions;
    },
  };
}

interface Looked extends Record<Decides, Worst> {
  readonly stretches: readonly Stretch[];
  readonly run: readonly Row[];
  readonly isWhole: boolean;
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
