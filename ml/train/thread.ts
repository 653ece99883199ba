import { Worker } from "node:worker_threads";
import { MlError, type MlErrorCode } from "../errors.ts";
import type { Examples } from "./examples.ts";
import type { TrainingPlan } from "./plan.ts";
import type { Trained, TrainingOptions, TrainingProgress } from "./train.ts";

/** What the thread is started with. Values over shared memory are shared, others are copied. */
export interface ThreadTask {
  engine: string;
  plan: TrainingPlan;
  examples: Examples;
  checkpoint?: TrainingOptions["checkpoint"];
}

/** What it says. */
export type ThreadWord =
  | { kind: "progress"; progress: TrainingProgress }
  | { kind: "trained"; trained: Trained }
  | { kind: "refused"; code: MlErrorCode; facts: Record<string, unknown> }
  | { kind: "stopped" };

/**
 * `train` in a worker thread of its own: the thread that calls is free meanwhile, whatever the engine does. The engine is loaded
 * there by its name.
 *
 * @throws what `train` and `loadEngine` throw
 */
export function trainInThread(
  task: ThreadTask,
  { onProgress, signal }: Pick<TrainingOptions, "onProgress" | "signal"> = {},
): Promise<Trained> {
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted();
    const worker = new Worker(new URL("./train-worker.ts", import.meta.url), { workerData: task });
    const stop = (): void => worker.postMessage("stop");
    signal?.addEventListener("abort", stop);
    worker.on("message", (word: ThreadWord) => {
      if (word.kind === "progress") onProgress?.(word.progress);
      else if (word.kind === "trained") resolve(word.trained);
      else if (word.kind === "refused") reject(new MlError(word.code, word.facts));
      else reject(signal?.reason as Error);
    });
    worker.once("error", reject);
    worker.once("exit", () => {
      signal?.removeEventListener("abort", stop);
      reject(
        new MlError("ENGINE_FAILED", { engine: task.engine, detail: "The thread of a training ended by itself." }),
      );
    });
  });
}
