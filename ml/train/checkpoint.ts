import { existsSync } from "node:fs";
import { z } from "zod";
import type { Tensors } from "../engines/engine.ts";
import { MlError } from "../errors.ts";
import { packIndex, packTensors, unpackTensors } from "../model/tensors.ts";
import { readSealed, writeSealed } from "../sealed-file.ts";

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
  writeSealed(file, header, [kept.bytes, bests.bytes]);
}

/**
 * The checkpoint of this training, or undefined where there is none. `like` are states that the training begins with: others of
 * other sizes cannot go on.
 *
 * @throws CHECKPOINT_UNUSABLE
 */
export function readCheckpoint(file: string, training: string, like: Tensors): Checkpoint | undefined {
  if (!existsSync(file)) return undefined;
  const checkpoint = parseCheckpoint(file);
  const { progress, states, best } = checkpoint;
  const isOwn =
    progress.training === training &&
    sizesOf(states) === sizesOf(like) &&
    (progress.best !== null) === Object.keys(best).length > 0 &&
    Object.entries(best).every(([name, own]) => like[name]?.length === own.length);
  if (!isOwn)
    throw new MlError("CHECKPOINT_UNUSABLE", {
      file,
      detail: `${file} is of a training with another plan, other examples or another engine.`,
    });
  return checkpoint;
}

const sizesOf = (tensors: Tensors): string => JSON.stringify(packIndex(tensors));

function parseCheckpoint(file: string): Checkpoint {
  try {
    const { header, body } = readSealed(file);
    const { progress, ...indices } = HEADER.parse(header);
    const states = unpackTensors(indices.states, body, "some");
    const best = unpackTensors(indices.best, body.subarray(states.length));
    return { progress, states: states.tensors, best: best.tensors };
  } catch (cause) {
    throw new MlError("CHECKPOINT_UNUSABLE", { file, detail: `${file} is damaged.` }, cause);
  }
}
