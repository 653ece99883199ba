// A real training, as a process that tests kill: node train-waves.ts [CHECKPOINTS EVERY_MS [HOLD]]. Says a line per step, then the hash
// of what it has learned. At the step HOLD it stands still until it is killed.
import { createHash } from "node:crypto";
import { loadEngine } from "../../ml/engines/load.ts";
import { packTensors } from "../../ml/model/tensors.ts";
import { train } from "../../ml/train/train.ts";
import { waves, wavesPlan } from "./waves.ts";

const [directory, everyMs, hold] = process.argv.slice(2);
const trained = await train({
  engine: await loadEngine("onnx"),
  plan: wavesPlan(),
  examples: waves(150),
  ...(directory !== undefined && { checkpoint: { directory, everyMs: Number(everyMs) } }),
  onProgress({ step }) {
    console.log(`step ${step}`);
    if (step === Number(hold)) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
  },
});
console.log(`learned ${createHash("sha256").update(packTensors(trained.parameters).bytes).digest("hex")}`);
console.log(`history ${JSON.stringify(trained.history)}`);
