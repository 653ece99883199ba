import { rmSync } from "node:fs";
import { join } from "node:path";
import { MlError } from "../errors.ts";
import { trainInThread } from "../train/thread.ts";
import type { Learned } from "./detector.ts";
import { readLearned, writeLearned } from "./learned-file.ts";

/** Does what takes long, or takes it up where it was left. Detectors do not know which, nor where anything is kept. */
export interface Work {
  /** Trains a network in a thread of its own: see `trainInThread`. */
  readonly train: typeof trainInThread;
  /** Lets a detector learn, as a part of a larger lesson in which its name is its own. */
  readonly learn: (detector: string, learn: () => Promise<Learned>) => Promise<Learned>;
}

/** Keeps nothing. */
export const UNKEPT: Work = { train: trainInThread, learn: (_, learn) => learn() };

/** Within an epoch; each end of one leaves a checkpoint too. */
const EVERY_MS = 5_000;
export const CHECKPOINT = ".checkpoint";
export const LEARNED = ".learned";

/**
 * Keeps networks, finished or not, and finished detectors in a directory, each as a file that is whole at any moment. The name of a
 * network's checkpoint follows from all that it depends on; `lesson` names everything that a whole detector depends on.
 *
 * @param ignored told of a file that is damaged or another's: it is removed, and its work done anew
 */
export function keepWork(directory: string, lesson: string, ignored: (detail: string) => void): Work {
  return {
    train: (task, options) =>
      orAnew(ignored, () => trainInThread({ ...task, checkpoint: { directory, everyMs: EVERY_MS } }, options)),
    async learn(detector, learn) {
      const [file, of] = [join(directory, `${detector}${LEARNED}`), `${detector} ${lesson}`];
      const kept = await orAnew(ignored, async () => readLearned(file, of));
      if (kept !== undefined) return kept;
      const learned = await learn();
      writeLearned(file, of, learned);
      return learned;
    },
  };
}

/** Does it; where a kept file cannot be used, once more without that. */
async function orAnew<T>(ignored: (detail: string) => void, act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    if (!(error instanceof MlError) || error.code !== "CHECKPOINT_UNUSABLE") throw error;
    ignored(error.message);
    rmSync(error.facts.file as string, { force: true, recursive: true });
    return act();
  }
}
