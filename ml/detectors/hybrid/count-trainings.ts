import type { TrainingProgress } from "../../train/train.ts";
import type { Lesson } from "../detector.ts";

/** One training among many: says how far it is, and when it is at an end. */
export interface CountedTraining {
  onProgress(progress: TrainingProgress): void;
  end(): void;
}

/** Tells the progress of `count` trainings, some of them at once, as one: by shares of each, with the loss of the last heard. */
export function countTrainings(count: number, progress: Lesson["progress"]): (what: string) => CountedTraining {
  let ended = 0;
  const running = new Set<{ done: number }>();
  const tell = (what: string): void => {
    const done = [...running].reduce((sum, each) => sum + each.done, ended) / count;
    // The bar draws when the event loop comes to it; nobody waits for it.
    void progress(Math.min(1, done), what);
  };
  return (what) => {
    const own = { done: 0 };
    running.add(own);
    let toldAt = 0;
    return {
      onProgress({ step, steps, epoch, loss }) {
        own.done = step / steps;
        if (own.done - toldAt < 0.02) return;
        toldAt = own.done;
        tell(`${what}, epoch ${epoch + 1}, loss ${loss.toPrecision(3)}`);
      },
      end() {
        running.delete(own);
        ended += 1;
        tell(what);
      },
    };
  };
}
