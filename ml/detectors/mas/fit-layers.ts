import type { Frame } from "../../data/frame.ts";
import { MlError } from "../../errors.ts";
import type { EngineThread } from "../../engines/thread.ts";
import type { Network } from "../../model/pack-model.ts";
import { UNKEPT, type Work } from "../work.ts";
import { fitChecks, followPast, type Traces } from "./checks.ts";
import { forecastPlan, openForecaster, toExamples, type Forecaster } from "./forecast.ts";
import { followRows, relationInput, type Glance, type Layers, type Scale } from "./layers.ts";
import { fitRelations } from "./relations.ts";

/** Layers that were learned, with their network. */
export interface Fitted {
  readonly layers: Layers;
  readonly network: Network;
  readonly forecaster: Forecaster;
}

/** The past of every row, which no fit changes; undefined where rows have no order. */
export function traceFrame({ signals, values, stretches, rows }: Frame, window: number): Traces[] | undefined {
  if (window === 0) return undefined;
  const traces = new Array<Traces>(rows);
  for (const stretch of stretches) {
    const trace = followPast(signals.length);
    for (const row of stretch) traces[row] = trace(Float64Array.from(values, (own) => own[row]!));
  }
  return traces;
}

const MOST_EXAMPLES = 8_000;
const LEAST_EXAMPLES = 40;
const LEAST_MISS = 0.05;

/** Learns all layers from these clean rows of a frame. */
export async function fitLayers(
  frame: Frame,
  clean: Int32Array,
  traces: Traces[] | undefined,
  window: number,
  {
    work = UNKEPT,
    seed,
    thread,
    progress,
  }: { work: Work | undefined; seed: string; thread: EngineThread; progress: (done: number) => void },
): Promise<Fitted> {
  if (clean.length < LEAST_EXAMPLES)
    throw new MlError("TRAINING_INVALID", {
      detail: `A block of the rows has ${clean.length} clean rows to learn from; ${LEAST_EXAMPLES} are needed.`,
    });
  const scaler = frame.values.map((own) => scaleOf(own, clean));
  const checks = fitChecks(frame.values, clean, traces);
  const glances = glance(frame, clean, { scaler, checks, window });
  const inputs = glances.map((each) => relationInput(each, window));
  const relations = fitRelations(inputs, scaler.length);
  const plan = forecastPlan(scaler.length, window, seed);
  const step = Math.max(1, Math.ceil(glances.length / MOST_EXAMPLES));
  const taught = glances.filter((_, at) => at % step === 0);
  const examples = toExamples(
    taught.map(({ seen }) => seen),
    taught.map(({ scaled }) => scaled),
    window,
  );
  const { parameters } = await work.train(
    { engine: thread.name, plan, examples },
    { onProgress: ({ step: done, steps }) => progress(done / steps) },
  );
  const network = { architecture: plan.architecture, parameters };
  const forecaster = await openForecaster(network, thread);
  const forecasts = await forecaster.forecast(taught.map(({ seen }) => seen));
  const misses = scaler.map((_, n) => {
    const sum = taught.reduce((all, { scaled }, at) => all + (scaled[n]! - forecasts[at]![n]!) ** 2, 0);
    return Math.max(LEAST_MISS, Math.sqrt(sum / taught.length));
  });
  return { layers: { scaler, checks, relations, misses, window }, network, forecaster };
}

/** Rows as they are seen when their stretches go by. */
function glance(
  { values, stretches }: Frame,
  rows: Int32Array,
  layers: Pick<Layers, "scaler" | "checks" | "window">,
): Glance[] {
  const wanted = new Set(rows);
  // The traces are known already, and of no use here.
  const follow = { ...layers, checks: { ...layers.checks, past: null } };
  return stretches.flatMap((stretch) => {
    const next = followRows(follow);
    return [...stretch].flatMap((row) => {
      const seen = next(Float64Array.from(values, (own) => own[row]!));
      return wanted.has(row) ? [seen] : [];
    });
  });
}

/** Mean and spread; a signal that never moved on clean rows is far out when it does, but not infinitely. */
function scaleOf(own: Float64Array, rows: Int32Array): Scale {
  const known = Float64Array.from(rows, (row) => own[row]!).filter((value) => !Number.isNaN(value));
  if (known.length === 0) return { offset: 0, scale: 1 };
  const offset = known.reduce((sum, value) => sum + value, 0) / known.length;
  const spread = Math.sqrt(known.reduce((sum, value) => sum + (value - offset) ** 2, 0) / known.length);
  return {
    offset,
    scale: spread > 1e-9 * Math.max(1, Math.abs(offset)) ? spread : Math.max(1, Math.abs(offset)) * 0.01,
  };
}
