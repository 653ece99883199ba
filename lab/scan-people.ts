/** Many simulated people, over threads; answers come in the order of the questions, so that threads change no figure. */
import { Worker } from "node:worker_threads";
import type { PcaModel } from "../ml/detectors/pca-model.ts";
import type { Regime } from "../ml/detectors/regime/regime.ts";
import type { Part, Rule } from "../ml/detectors/regime/rules.ts";
import type { TrainedModel } from "../ml/detectors/trained/parse-trained.ts";
import type { AttackShape } from "./measure.ts";
import type { Called } from "./scan-person.ts";

/** What has learned: a regime, a model that `detect train` has made, or both. */
export interface LearnedModel {
  readonly regime?: Regime | undefined;
  readonly trained?: TrainedModel | undefined;
}

export interface ScanPlan {
  readonly model: { readonly pca: PcaModel; readonly learned: LearnedModel };
  readonly threads: number;
  readonly onDone: (done: number) => void;
}

/** So many scores in a row of one part. */
export interface HeldStream {
  readonly part: Part;
  readonly sustain: number;
}

export type Question =
  | { kind: "calls"; seed: string; hours: number; rules: readonly (readonly Rule[])[] }
  | { kind: "worst"; seed: string; hours: number; streams: readonly HeldStream[]; most: number }
  | {
      kind: "delay";
      seed: string;
      rules: readonly (readonly Rule[])[];
      shape: AttackShape;
      before: number;
      seconds: number;
    };

export type Answer =
  | { kind: "calls"; calls: Record<"suspect" | "quarantine", Called>[] }
  | { kind: "worst"; worst: number[][] }
  | { kind: "delay"; delays: Record<"suspect" | "quarantine", number | undefined>[] };

/** Asks about people, each in a thread that is free. @throws what a thread ended with */
export async function scanPeople<Q extends Question>(
  questions: readonly Q[],
  { model, threads, onDone }: ScanPlan,
): Promise<Extract<Answer, { kind: Q["kind"] }>[]> {
  const answers = new Array<Extract<Answer, { kind: Q["kind"] }>>(questions.length);
  let [next, done] = [0, 0];
  const work = (): Promise<void> =>
    new Promise((resolve, reject) => {
      const worker = new Worker(new URL("./scan-worker.ts", import.meta.url), { workerData: { model } });
      let asked = -1;
      const ask = (): void => {
        asked = next++;
        if (asked < questions.length) worker.postMessage(questions[asked]);
        else void worker.terminate().then(() => resolve(), reject);
      };
      worker.on("message", (answer: Extract<Answer, { kind: Q["kind"] }>) => {
        answers[asked] = answer;
        onDone(++done / questions.length);
        ask();
      });
      worker.once("error", reject);
      ask();
    });
  await Promise.all(Array.from({ length: Math.min(threads, questions.length) }, work));
  return answers;
}
