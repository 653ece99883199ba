// One engine in a process of its own: trains each workload for some seconds and infers with it. Prints JSON.
//   node train-engine.ts ENGINE SECONDS
import type { Program, Tensors } from "../../../ml/engines/engine.ts";
import { loadEngine } from "../../../ml/engines/load.ts";
import { buildInference } from "../../../ml/layers/build-model.ts";
import { createRandom } from "../../../ml/random.ts";
import { buildStep, startStates, stepScalars } from "../../../ml/train/step.ts";
import { fastest } from "./fastest.ts";
import { BATCH, SIGNALS, STEPS, WORKLOADS } from "./workloads.ts";

/** What one engine did, in milliseconds of CPU of the one thread that computes. */
export interface EngineFigures {
  version: string;
  /** Of a batch forward, back and through Adam. */
  steps: Record<string, number>;
  /** Of one window; and windows a second in batches. */
  windows: Record<string, { ms: number; perSecond: number }>;
  /** The most memory that the process had, in MB. */
  memory: number;
}

const [name = "onnx", seconds = "3"] = process.argv.slice(2);
const forMs = Number(seconds) * 1_000;
const engine = await loadEngine(name);
const figures: EngineFigures = { version: engine.version, steps: {}, windows: {}, memory: 0 };
const random = createRandom("bench");
const x = Float32Array.from({ length: BATCH * STEPS * SIGNALS }, () => 2 * random.uniform() - 1);
const y = Float32Array.from({ length: BATCH }, (_, i) => Number((x[i * STEPS * SIGNALS] ?? 0) > 0));
const rows = new Float32Array(BATCH).fill(1);

for (const { name: workload, architecture, losses } of WORKLOADS) {
  const step = buildStep({ architecture, losses, batch: BATCH });
  const states = startStates(step, "bench");
  const training = await engine.compile(step.graph, states);
  const train = (count: number) => training.run({ x, y, rows, ...stepScalars(1e-3, count) });
  figures.steps[workload] = await fastest(forMs, train);
  await training.close();
  const infer = async (batch: number): Promise<number> => {
    const program: Program = await engine.compile(buildInference(architecture, batch), states, { frozen: true });
    const inputs: Tensors = { x: x.slice(0, batch * STEPS * SIGNALS) };
    const ms = await fastest(forMs / 4, () => program.run(inputs));
    await program.close();
    return ms;
  };
  figures.windows[workload] = { ms: await infer(1), perSecond: (BATCH / (await infer(BATCH))) * 1_000 };
}
figures.memory = process.resourceUsage().maxRSS / 1_024;
console.log(JSON.stringify(figures));
