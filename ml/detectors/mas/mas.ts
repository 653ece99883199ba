import { averageScores } from "../../data/context.ts";
import { hasOrder } from "../../data/order.ts";
import { requireNumbers } from "../../data/require-numbers.ts";
import { openEngineThread, type EngineThread } from "../../engines/thread.ts";
import { MlError } from "../../errors.ts";
import { crossCombine, fitCombination, type Combination } from "../baseline/combine.ts";
import { hashModel } from "../../model-hash.ts";
import type { Detector, Learned, Lesson } from "../detector.ts";
import { weightsOf, worthOf } from "../worth.ts";
import { fitAdaptation, STANDING, type Adaptation } from "./adapt.ts";
import { fitLayers, traceFrame, type Fitted } from "./fit-layers.ts";
import { forecastArchitecture, openForecaster } from "./forecast.ts";
import { adaptScores, judgeMas, scoreLayers } from "./judge-mas.ts";
import { partsOf } from "./layers.ts";
import { packMas, parseMas } from "./settings.ts";

const NETWORK = "forecast";
const WINDOW = 12;
const AVERAGES = [1, 4, 12];

/** Many small watchers, each with its own layer: checks learned from clean rows, relations between signals, a forecasting network. */
export const mas: Detector = {
  name: "mas",
  async learn(lesson) {
    requireNumbers(lesson.frame);
    const thread = await openEngineThread(lesson.engine);
    try {
      return await learn(lesson, thread);
    } finally {
      await thread.close();
    }
  },
  restore({ networks, scaler, settings }, signals, engine) {
    const network = networks[NETWORK];
    const society = parseMas(settings, scaler, signals.length);
    const wanted = hashModel(forecastArchitecture(signals.length, society.layers.window));
    if (network === undefined || hashModel(network.architecture) !== wanted)
      throw new MlError("MODEL_FILE_UNUSABLE", { detail: "The network of mas is not the one that it has." });
    return judgeMas(society, signals, async () => openForecaster(network, await openEngineThread(engine)));
  },
};

async function learn(lesson: Lesson, thread: EngineThread): Promise<Learned> {
  const { frame, labels, folds, gap, seed, work } = lesson;
  const rows = Int32Array.from({ length: frame.rows }, (_, row) => row);
  const isOrdered = hasOrder(frame);
  const window = isOrdered ? Math.min(WINDOW, gap) : 0;
  const traces = traceFrame(frame, window);
  const cleanOf = (own: Int32Array): Int32Array => own.filter((row) => labels?.[row] !== 1);
  const fit = async (step: number, own: Int32Array): Promise<Fitted> => {
    const what = step < folds.length ? `block ${step + 1}` : "all rows";
    await lesson.progress(step / (folds.length + 1), what);
    // Whoever refuses to go on is heard at the next step.
    const progress = (done: number): void =>
      void lesson.progress((step + done) / (folds.length + 1), what).catch(() => undefined);
    return fitLayers(frame, cleanOf(own), traces, window, { work, seed: `${seed}/mas/${step}`, thread, progress });
  };

  const scores: Float64Array[] = [];
  for (const [fold, { test, train }] of folds.entries()) {
    const { layers, forecaster } = await fit(fold, train);
    const judged = new Set(test);
    const own = await scoreLayers(frame, layers, forecaster, (row) => judged.has(row));
    own.forEach((each, part) => {
      scores[part] ??= new Float64Array(frame.rows);
      for (const row of test) scores[part][row] = each[row]!;
    });
  }
  const combined = crossCombine(scores, lesson);
  const averages = isOrdered && labels?.includes(1) ? AVERAGES.filter((length) => length <= gap) : [1];
  const tried = averages.map((average) => {
    const averaged = averageScores(combined, frame.stretches, average);
    const clean = Float64Array.from(cleanOf(rows), (row) => averaged[row]!);
    const adaptation = isOrdered ? fitAdaptation(clean) : STANDING;
    const outOfFold = adaptScores(averaged, frame.stretches, adaptation);
    return { average, adaptation, outOfFold, worth: worthOf(lesson, outOfFold) ?? 0 };
  });
  const best = tried.reduce((a, b) => (b.worth > a.worth ? b : a));
  const combination = fitCombination(scores, labels, rows, weightsOf(lesson));
  const { layers, network, forecaster } = await fit(folds.length, rows);
  const { average, adaptation, outOfFold } = best;
  const { scaler } = layers;
  return {
    outOfFold,
    parts: {
      networks: { [NETWORK]: network },
      scaler: scaler.map((own, n) => ({ signal: frame.signals[n]!, ...own })),
      settings: packMas({ layers, combination, average, adaptation }),
    },
    engine: forecaster.engine,
    method: tellMethod(window, average, adaptation, combination, partsOf(layers)),
  };
}

function tellMethod(
  window: number,
  average: number,
  { cap }: Adaptation,
  combination: Combination,
  parts: ReturnType<typeof partsOf>,
): string {
  const weights = parts.map(({ part }, n) => `${part} ${combination.parts[n]!.weight.toFixed(2)}`).join(", ");
  const past =
    window === 0
      ? "Rows have no order: each is seen by itself"
      : `The network sees ${window} rows before each; the limit follows what is usual by at most ${cap.toFixed(2)}`;
  const mean = average === 1 ? "" : `, the score averaged over ${average} rows`;
  return `${past}${mean}; weights in units of the clean spread: ${weights}.`;
}
