import { createHash } from "node:crypto";
import { join } from "node:path";
import { hashModel } from "../model-hash.ts";
import type { Engine, Program, Tensors } from "../engines/engine.ts";
import { MlError } from "../errors.ts";
import { shapesOf } from "../graph/graph.ts";
import { sizeOf, type Shape } from "../graph/shape.ts";
import { buildModel } from "../layers/build-model.ts";
import { drawMasks } from "../layers/scope.ts";
import { readCheckpoint, writeCheckpoint, type Checkpoint, type Progress } from "./checkpoint.ts";
import { checkExamples, fillBatch, orderOf, partsOf, type Examples } from "./examples.ts";
import { addLosses, ROWS } from "./losses.ts";
import { rateAt, type TrainingPlan } from "./plan.ts";
import { buildStep, startStates, stepScalars, type TrainingStep } from "./step.ts";

export interface TrainingProgress {
  epoch: number;
  epochs: number;
  /** Steps done, and how many there are if it is not stopped before. */
  step: number;
  steps: number;
  /** The mean loss of this epoch so far, and on the later part after the last whole epoch. */
  loss: number;
  later: number | null;
  /** How long the rest takes at the speed of this run, if it is not stopped before. */
  remainingMs: number;
}

export interface TrainingOptions {
  engine: Engine;
  plan: TrainingPlan;
  examples: Examples;
  /**
   * Where its checkpoint is, under a name that follows from all that determines the result: what it goes on from, and writes after
   * every epoch and when `everyMs` have passed since the last time. At its end it stays: the same training again is at its end.
   */
  checkpoint?: { directory: string; everyMs: number } | undefined;
  onProgress?: (progress: TrainingProgress) => void;
  /** Stops after the step that is being done; what the checkpoint has is kept. */
  signal?: AbortSignal;
  /** Milliseconds, for remaining times and checkpoints alone. */
  now?: () => number;
}

export interface Trained {
  /** Of the best epoch, or of the last where no later part judges. */
  parameters: Record<string, Float32Array>;
  history: Progress["history"];
  bestEpoch: number;
  engine: string;
}

/**
 * Trains a model. The same plan, examples and engine give the same bits, whether it runs through or is killed and begun again
 * with its checkpoint: order, masks and rates depend on seed and step alone, and a checkpoint has everything else.
 *
 * @throws TRAINING_INVALID, SHAPE_MISMATCH before it begins; TRAINING_DIVERGED; CHECKPOINT_UNUSABLE; the signal's reason
 */
export async function train(options: TrainingOptions): Promise<Trained> {
  const { engine, plan, signal } = options;
  const begun = begin(options);
  // What was at its end needs no engine to say so.
  if (isAtAnEnd(plan, begun.progress)) return trainedBy(begun, begun.states, engine);
  const run = await openRun(begun, options);
  try {
    while (!isAtAnEnd(plan, run.progress)) {
      const order = orderOf(run.parts.training, plan.seed, run.progress.epoch);
      for (let done = run.progress.step % run.perEpoch; done < run.perEpoch; done++) {
        signal?.throwIfAborted();
        await doStep(run, options, order.subarray(done * plan.batch, (done + 1) * plan.batch));
        // The last step of an epoch and what ends it are one: a checkpoint between them would begin the epoch anew.
        if (done + 1 < run.perEpoch && isCheckpointDue(run, options)) await keep(run, options);
        report(run, options);
      }
      await endEpoch(run, options);
      await keep(run, options);
      report(run, options);
    }
    return trainedBy(run, await run.program.read(), engine);
  } finally {
    await run.program.close();
    await run.judge?.close();
  }
}

function trainedBy({ step, progress, best }: Begun, states: Tensors, engine: Engine): Trained {
  const parameters = progress.best ? best : parametersOf(step, states);
  const copies = Object.entries(parameters).map(([name, values]) => [name, Float32Array.from(values)] as const);
  return {
    parameters: Object.fromEntries(copies),
    history: progress.history,
    bestEpoch: progress.best?.epoch ?? progress.epoch,
    engine: engine.version,
  };
}

/** A training before its first step, or where its checkpoint left it. */
interface Begun {
  readonly step: TrainingStep;
  /** Of what the examples give each step. */
  readonly shapes: Readonly<Record<string, Shape>>;
  readonly parts: { training: number; laterFrom: number };
  readonly progress: Progress;
  readonly file: string | undefined;
  readonly states: Tensors;
  best: Tensors;
}

/** A training as it goes on. What a checkpoint holds is `progress`, the program's states and `best`; all else follows. */
interface Run extends Begun {
  readonly program: Program;
  /** Gives the loss without dropout; none where no later part judges. */
  readonly judge: Program | undefined;
  readonly perEpoch: number;
  readonly batch: Readonly<Record<string, Float32Array>>;
  readonly rows: Float32Array;
  /** When this process began and last wrote a checkpoint, and the steps it had then. */
  readonly began: { at: number; step: number };
  keptAt: number;
}

function begin(options: TrainingOptions): Begun {
  const { plan, examples, checkpoint } = options;
  const step = buildStep({ ...plan, clip: plan.clip ?? undefined });
  const masks = new Set(step.masks.map(({ name }) => name));
  const own = new Set([ROWS, "rate", "epsilon", ...masks]);
  const shapes = Object.fromEntries(Object.entries(shapesOf(step.graph, "input")).filter(([name]) => !own.has(name)));
  checkExamples(examples, shapes);
  const parts = partsOf(examples.count, plan.later);
  const training = hashTraining(options);
  const file = checkpoint && join(checkpoint.directory, `${training}.checkpoint`);
  const states = startStates(step, plan.seed);
  const before = file === undefined ? undefined : readCheckpoint(file, training, states);
  const fresh = { progress: { training, step: 0, epoch: 0, lossSum: 0, best: null, history: [] }, states, best: {} };
  return { step, shapes, parts, file, ...(before ?? fresh) };
}

async function openRun(begun: Begun, { engine, plan, now = () => performance.now() }: TrainingOptions): Promise<Run> {
  const { step, states, shapes, parts, progress } = begun;
  return {
    ...begun,
    program: await engine.compile(step.graph, states),
    judge: plan.later ? await engine.compile(judgeGraph(plan), startStates(step, plan.seed)) : undefined,
    perEpoch: Math.ceil(parts.training / plan.batch),
    batch: Object.fromEntries(Object.entries(shapes).map(([name, shape]) => [name, new Float32Array(sizeOf(shape))])),
    rows: new Float32Array(plan.batch),
    began: { at: now(), step: progress.step },
    keptAt: now(),
  };
}

/** What determines the result, as one name: a checkpoint of anything else is not gone on from. */
function hashTraining({ engine, plan, examples }: TrainingOptions): string {
  const sum = createHash("sha256").update(`${hashModel(plan)} ${engine.version} ${examples.count}`);
  for (const [name, { values, size, starts }] of Object.entries(examples.columns).sort(([a], [b]) => (a < b ? -1 : 1)))
    for (const part of [values, starts ?? new Uint32Array()])
      sum.update(` ${name} ${size} `).update(new Uint8Array(part.buffer, part.byteOffset, part.byteLength));
  return sum.digest("hex");
}

function judgeGraph(plan: TrainingPlan): ReturnType<typeof buildStep>["graph"] {
  const model = buildModel(plan.architecture, { batch: plan.batch, isTraining: false });
  return model.g.finish({ loss: addLosses(model, plan.losses, plan.batch) });
}

async function doStep(run: Run, { plan, examples }: TrainingOptions, numbers: Uint32Array): Promise<void> {
  const { progress } = run;
  const count = progress.step + 1;
  fillBatch(examples, numbers, run.batch, run.rows);
  const rate = rateAt(plan.rate, count, run.perEpoch * (plan.rate.span ?? plan.epochs));
  const { loss } = await run.program.run({
    ...run.batch,
    [ROWS]: run.rows,
    ...drawMasks(run.step.masks, plan.seed, count),
    ...stepScalars(rate, count),
  });
  refuseNoNumber(loss?.[0], progress);
  progress.step = count;
  progress.lossSum += loss?.[0] ?? NaN;
}

async function endEpoch(run: Run, options: TrainingOptions): Promise<void> {
  const { progress } = run;
  const parameters = run.judge && parametersOf(run.step, await run.program.read());
  const later = parameters ? await judgeLater(run, options, parameters) : null;
  progress.epoch += 1;
  progress.history.push({ epoch: progress.epoch, loss: progress.lossSum / run.perEpoch, later });
  progress.lossSum = 0;
  if (parameters === undefined || later === null || later >= (progress.best?.loss ?? Infinity)) return;
  progress.best = { epoch: progress.epoch, loss: later };
  run.best = parameters;
}

/** The mean loss on the later part. */
async function judgeLater(run: Run, { plan, examples }: TrainingOptions, parameters: Tensors): Promise<number> {
  await run.judge?.write(parameters);
  let sum = 0;
  for (let from = run.parts.laterFrom; from < examples.count; from += plan.batch) {
    const numbers = Uint32Array.from({ length: Math.min(plan.batch, examples.count - from) }, (_, i) => from + i);
    fillBatch(examples, numbers, run.batch, run.rows);
    const loss = (await run.judge?.run({ ...run.batch, [ROWS]: run.rows }))?.loss?.[0];
    refuseNoNumber(loss, run.progress);
    sum += (loss ?? NaN) * numbers.length;
  }
  return sum / (examples.count - run.parts.laterFrom);
}

function refuseNoNumber(loss: number | undefined, { epoch, step }: Progress): void {
  if (Number.isFinite(loss)) return;
  const detail = `The loss is ${loss} in epoch ${epoch + 1}, after step ${step}.`;
  throw new MlError("TRAINING_DIVERGED", { epoch: epoch + 1, step, detail });
}

const isAtAnEnd = ({ epochs, later }: TrainingPlan, { best, epoch }: Progress): boolean =>
  epoch >= epochs || (later !== null && best !== null && epoch - best.epoch >= later.patience);

const parametersOf = ({ parameters }: TrainingStep, states: Tensors): Record<string, Tensors[string]> =>
  Object.fromEntries(parameters.map(({ name }) => [name, states[name] as Tensors[string]]));

const isCheckpointDue = (run: Run, { checkpoint, now = () => performance.now() }: TrainingOptions): boolean =>
  checkpoint !== undefined && now() - run.keptAt >= checkpoint.everyMs;

async function keep(run: Run, { now = () => performance.now() }: TrainingOptions): Promise<void> {
  if (run.file === undefined) return;
  const kept: Checkpoint = { progress: run.progress, states: await run.program.read(), best: run.best };
  writeCheckpoint(run.file, kept);
  run.keptAt = now();
}

function report(run: Run, { plan, onProgress, now = () => performance.now() }: TrainingOptions): void {
  if (!onProgress) return;
  const { step, epoch, lossSum, history } = run.progress;
  const steps = run.perEpoch * plan.epochs;
  const done = step % run.perEpoch;
  const last = history.at(-1);
  onProgress({
    epoch,
    epochs: plan.epochs,
    step,
    steps,
    loss: done === 0 && last ? last.loss : lossSum / Math.max(1, done),
    later: last?.later ?? null,
    remainingMs: ((now() - run.began.at) / Math.max(1, step - run.began.step)) * (steps - step),
  });
}
