import type { Engine } from "../../engines/engine.ts";
import { judgeByRules } from "../judge-by-rules.ts";
import { openDetector } from "../open-detector.ts";
import { rankShares } from "../shares.ts";
import { explainTrained, ROWS_BEFORE, scoreTrained } from "../trained/open-trained.ts";
import type { WindowDetector } from "../window-detector.ts";
import { carryRow } from "./regime.ts";
import type { RegimeModel } from "./pack-regime.ts";
import { rowsBefore } from "./rules.ts";
import { openRows } from "./score-rows.ts";

/** Rows at once: a round and what is looked back on. */
const BATCH = 32;

/**
 * The regime, the PCA and, where there is one, the twin: as bad as the worst of them. Networks' numbers differ between engines and
 * machines by less than a part in ten thousand (`TOLERANCE`); what is signed are the classes that they fall into.
 */
export async function openRegime({ regime, pca, rules, twin }: RegimeModel, engine: Engine): Promise<WindowDetector> {
  const rows = await openRows(regime, engine, BATCH);
  const { stretchMs, strideMs } = pca;
  const detector = twin && (await openDetector(twin.model, engine.name));
  return judgeByRules({
    seen: regime.seen,
    ...{ stretchMs, strideMs, rules, pca },
    rowsBefore: Math.max(rowsBefore(rules, regime.steps), twin ? ROWS_BEFORE : 0),
    score: async (run) => ({
      regime: await rows.score(run),
      ...(twin && detector && { rows: await scoreTrained(twin, detector, run) }),
    }),
    explain: (run, row, part) =>
      part === "rows" && twin && detector
        ? explainTrained(twin, detector, run, row)
        : rankShares(carryRow(regime, run[row]!), pca.signals),
  });
}
