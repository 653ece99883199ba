import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { z } from "zod";
import type { Tensors } from "../engines/engine.ts";
import { MlError } from "../errors.ts";
import { packTensors, unpackTensors } from "../model/tensors.ts";
import { replaceFile } from "../write-file.ts";

const SUM_BYTES = 32;
const COUNT = z.int().min(0);

const PROGRESS = z.strictObject({
  /** What is trained: SHA-256 over plan, examples and engine. */
  training: z.string(),
  /** Steps done in all; epochs done, and what the unfinished one has added up. */
  step: COUNT,
  epoch: COUNT,
  lossSum: z.number(),
  best: z.strictObject({ epoch: COUNT, loss: z.number() }).nullable(),
  history: z.array(z.strictObject({ epoch: COUNT, loss: z.number(), later: z.number().nullable() })),
});
const HEADER = z.strictObject({
  format: z.literal("checkpoint-of-training@1"),
  progress: PROGRESS,
  states: z.unknown(),
  best: z.unknown(),
});

/** Where a training stands, besides its tensors. */
export type Progress = z.infer<typeof PROGRESS>;

export interface Checkpoint {
  readonly progress: Progress;
  readonly states: Tensors;
  /** The parameters of the best epoch, empty before there is one. */
  readonly best: Tensors;
}

/** Writes a checkpoint in the place of the one before; whoever dies here leaves one of them, whole. */
export function writeCheckpoint(file: string, { progress, states, best }: Checkpoint): void {
  const [kept, bests] = [packTensors(states), packTensors(best)];
  const header = { format: "checkpoint-of-training@1", progress, states: kept.index, best: bests.index };
  const text = Buffer.from(JSON.stringify(header));
  const length = Buffer.alloc(4);
  length.writeUInt32BE(text.length);
  const body = Buffer.concat([length, text, kept.bytes, bests.bytes]);
  replaceFile(file, [body, createHash("sha256").update(body).digest()]);
}

/** The checkpoint of this training, or undefined where there is none. @throws CHECKPOINT_UNUSABLE */
export function readCheckpoint(file: string, training: string): Checkpoint | undefined {
  if (!existsSync(file)) return undefined;
  const checkpoint = parseCheckpoint(file, readFileSync(file));
  if (checkpoint.progress.training !== training)
    throw new MlError("CHECKPOINT_UNUSABLE", {
      file,
      detail: `${file} is of a training with another plan, other examples or another engine.`,
    });
  return checkpoint;
}

function parseCheckpoint(file: string, bytes: Buffer): Checkpoint {
  const refuse = (cause?: unknown): never => {
    throw new MlError("CHECKPOINT_UNUSABLE", { file, detail: `${file} is damaged.` }, cause);
  };
  const body = bytes.subarray(0, -SUM_BYTES);
  if (body.length < 4) refuse();
  if (!createHash("sha256").update(body).digest().equals(bytes.subarray(-SUM_BYTES))) refuse();
  try {
    const end = 4 + body.readUInt32BE(0);
    const header = HEADER.parse(JSON.parse(body.toString("utf8", 4, end)));
    const states = unpackTensors(header.states, body.subarray(end), "some");
    const best = unpackTensors(header.best, body.subarray(end + states.length));
    return { progress: header.progress, states: states.tensors, best: best.tensors };
  } catch (cause) {
    return refuse(cause);
  }
}
