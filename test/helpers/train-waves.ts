// A real training, as a process that tests kill: node train-waves.ts ENGINE CHECKPOINT. Says a line per step, then the hash of what
// it has learned. The checkpoint is written after every step.
import { createHash } from "node:crypto";
import { packTensors } from "../../ml/model/tensors.ts";
import { trainInThread } from "../../ml/train/thread.ts";
import { waves, wavesPlan } from "./waves.ts";

const [engine = "onnx", file] = process.argv.slice(2);
const trained = await trainInThread(
  { engine, plan: wavesPlan(), examples: waves(150), ...(file !== undefined && { checkpoint: { file, everyMs: 0 } }) },
  { onProgress: ({ step }) => console.log(`step ${step}`) },
);
console.log(`learned ${createHash("sha256").update(packTensors(trained.parameters).bytes).digest("hex")}`);
console.log(`history ${JSON.stringify(trained.history)}`);
