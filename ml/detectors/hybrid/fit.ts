import type { Network } from "../../model/pack-model.ts";
import type { Examples } from "../../train/examples.ts";
import type { Trained, TrainingProgress } from "../../train/train.ts";
import type { Work } from "../work.ts";
import type { NetworkPlan } from "./networks.ts";
import type { Prepared } from "./prepare.ts";

export interface FitPlan {
  readonly work: Work;
  readonly engine: string;
  readonly seed: string;
  /** Rows that a window has. */
  readonly steps: number;
  readonly batch: number;
  readonly epochs: number;
  /** Epochs over which the rate falls. */
  readonly span: number;
  readonly rate: number;
  /** The last of the rows say when it is enough; null: all rows train, for all epochs. */
  readonly later: { readonly share: number; readonly patience: number } | null;
}

export interface Fitted {
  readonly network: Network;
  readonly bestEpoch: number;
  readonly history: Trained["history"];
}

/** Trains one network on windows that end in these rows, which are in the order of time, in a thread of its own. */
export async function fitNetwork(
  { architecture, losses }: NetworkPlan,
  prepared: Prepared,
  rows: Int32Array,
  labels: Uint8Array | undefined,
  { work, engine, steps, rate, span, later, ...plan }: FitPlan,
  onProgress: (progress: TrainingProgress) => void,
): Promise<Fitted> {
  const trained = await work.train(
    {
      engine,
      plan: {
        ...plan,
        architecture,
        losses,
        rate: { most: rate, warmup: Math.ceil(rows.length / plan.batch), shape: "cosine", end: 0.02, span },
        clip: 1,
        later: later && { ...later, gap: steps },
      },
      examples: examplesOf(prepared, rows, labels, steps),
    },
    { onProgress },
  );
  const { parameters, bestEpoch, history } = trained;
  return { network: { architecture, parameters }, bestEpoch, history };
}

function examplesOf(
  { values, width, starts }: Prepared,
  rows: Int32Array,
  labels: Uint8Array | undefined,
  steps: number,
): Examples {
  const before = (steps - 1) * width;
  const first = Uint32Array.from(rows, (row) => starts[row]!);
  return {
    count: rows.length,
    columns: {
      now: { values, size: width, starts: first.map((start) => start + before) },
      ...(before > 0 && { past: { values, size: before, starts: first } }),
      ...(labels && { attacked: { values: Float32Array.from(rows, (row) => labels[row]!), size: 1 } }),
    },
  };
}
