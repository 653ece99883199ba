import { loadEngine } from "../../engines/load.ts";
import type { Detector } from "../detector.ts";
import { judgeHybrid } from "./judge-hybrid.ts";
import { learnHybrid } from "./learn.ts";
import { parseHybrid } from "./settings.ts";

/**
 * An LSTM with multi-head self-attention sees what came before, a sparse autoencoder rebuilds the row; both learn on clean rows
 * alone. Where attacks are labelled a second network of the same kind learns to tell them. The two are weighed.
 */
export const hybrid: Detector = {
  name: "hybrid",
  learn: learnHybrid,
  restore: async (parts, signals, engine) =>
    judgeHybrid(parseHybrid(parts, signals), signals, await loadEngine(engine)),
};
