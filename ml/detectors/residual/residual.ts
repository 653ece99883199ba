import { MlError } from "../../errors.ts";
import type { Detector } from "../detector.ts";
import { judgeResidual } from "./judge-residual.ts";
import { learnResidual } from "./learn-residual.ts";
import { parseResidual } from "./settings.ts";

/** A learned twin: what each signal should be by the others, by the row before, and by the rules that switches keep. */
export const residual: Detector = {
  name: "residual",
  isPlain: true,
  async learn(lesson) {
    if (lesson.engine !== undefined)
      throw new MlError("TRAINING_INVALID", {
        engine: lesson.engine,
        detail: "The residual detector has no network, so no engine runs it: leave --engine out.",
      });
    return await learnResidual(lesson);
  },
  restore: (parts, signals) => judgeResidual(parseResidual(parts.settings, signals.length), signals),
};
