import { createRandom } from "../../ml/random.ts";
import type { Column, Examples } from "../../ml/train/examples.ts";
import { parsePlan, type TrainingPlan } from "../../ml/train/plan.ts";

const STEPS = 8;
const SIGNALS = 2;

/** Overlapping windows over two seeded waves; in a third of them the waves do not belong together, and `y` says so. */
export function waves(count: number, seed = "waves"): Examples {
  const random = createRandom(seed);
  const rows = count + STEPS - 1;
  const values = new Float32Array(rows * SIGNALS);
  const broken = new Uint8Array(rows);
  for (let row = 0, left = 0; row < rows; row++, left--) {
    if (left <= 0 && random.uniform() < 0.06) left = 6;
    broken[row] = Number(left > 0);
    values[row * 2] = Math.sin(row / 3) + 0.05 * random.normal();
    values[row * 2 + 1] = (broken[row] ? -1 : 1) * Math.sin(row / 3 + 1) + 0.05 * random.normal();
  }
  const starts = Uint32Array.from({ length: count }, (_, i) => i * SIGNALS);
  const y = Float32Array.from({ length: count }, (_, i) => Number(broken.subarray(i, i + STEPS).some((b) => b === 1)));
  const x: Column = { values, size: STEPS * SIGNALS, starts };
  return { count, columns: { x, y: { values: y, size: 1 } } };
}

/** An LSTM with dropout that learns them. */
export function wavesPlan(changes: Partial<TrainingPlan> = {}): TrainingPlan {
  return parsePlan({
    architecture: {
      inputs: { x: [STEPS, SIGNALS] },
      layers: [
        { kind: "lstm", name: "memory", of: "x", units: 8, gives: "last" },
        { kind: "dropout", name: "thin", of: "memory", rate: 0.1 },
        { kind: "dense", name: "logit", of: "thin", units: 1, activation: "linear" },
      ],
      outputs: ["logit"],
    },
    losses: [{ kind: "binary", of: "logit", target: "y", weight: 1, positive: 1 }],
    seed: "one",
    batch: 32,
    epochs: 4,
    rate: { most: 0.02, warmup: 3, shape: "cosine", end: 0.1 },
    clip: 1,
    later: { share: 0.2, gap: STEPS - 1, patience: 3 },
    ...changes,
  });
}
