import { averageScores, createAverage } from "../../data/context.ts";
import type { Frame } from "../../data/frame.ts";
import { requireNumbers } from "../../data/require-numbers.ts";
import { combine, partShares, type Combination } from "../baseline/combine.ts";
import type { Judge, SignalShare } from "../detector.ts";
import { addShares, rankShares } from "../shares.ts";
import { createAdaptation, type Adaptation } from "./adapt.ts";
import type { Forecaster } from "./forecast.ts";
import { followRows, look, partsOf, type Glance, type Layers, type Sight } from "./layers.ts";

/** All that judges but the network. */
export interface Society {
  readonly layers: Layers;
  readonly combination: Combination;
  readonly average: number;
  readonly adaptation: Adaptation;
}

/** Rows looked at at once. */
const CHUNK = 512;

/** What the layers say of each row, in the order of its stretch. */
export async function lookAt(
  frame: Frame,
  layers: Layers,
  forecaster: Forecaster,
  take: (row: number, sight: Sight) => void,
  isWanted: (row: number) => boolean = () => true,
): Promise<void> {
  for (const stretch of frame.stretches) {
    const next = followRows(layers);
    let [waiting, rows]: [Glance[], number[]] = [[], []];
    const settle = async (): Promise<void> => {
      const forecasts = await forecaster.forecast(waiting.map(({ seen }) => seen));
      waiting.forEach((glance, n) => take(rows[n]!, look(layers, glance, forecasts[n]!)));
      [waiting, rows] = [[], []];
    };
    for (const row of stretch) {
      const glance = next(Float64Array.from(frame.values, (own) => own[row]!));
      if (!isWanted(row)) continue;
      waiting.push(glance);
      rows.push(row);
      if (rows.length === CHUNK) await settle();
    }
    if (rows.length > 0) await settle();
  }
}

/** Scores of each part, by part. */
export async function scoreLayers(
  frame: Frame,
  layers: Layers,
  forecaster: Forecaster,
  isWanted?: (row: number) => boolean,
): Promise<Float64Array[]> {
  const scores = partsOf(layers).map(() => new Float64Array(frame.rows));
  await lookAt(
    frame,
    layers,
    forecaster,
    (row, sight) => sight.scores.forEach((score, part) => (scores[part]![row] = score)),
    isWanted,
  );
  return scores;
}

/** Scores less how far they have shifted, stretch by stretch. */
export function adaptScores(scores: Float64Array, stretches: Frame["stretches"], adaptation: Adaptation): Float64Array {
  const adapted = new Float64Array(scores.length);
  for (const stretch of stretches) {
    const adapt = createAdaptation(adaptation);
    for (const row of stretch) adapted[row] = adapt(scores[row]!);
  }
  return adapted;
}

/** A society of layers that was learned, ready to judge; the forecaster is opened when it is first needed. */
export function judgeMas(
  { layers, combination, average, adaptation }: Society,
  signals: readonly string[],
  open: () => Promise<Forecaster>,
): Judge {
  let opened: Promise<Forecaster> | undefined;
  const forecaster = (): Promise<Forecaster> => (opened ??= open());
  return {
    async score(frame) {
      requireNumbers(frame);
      const combined = combine(combination, await scoreLayers(frame, layers, await forecaster()));
      return adaptScores(averageScores(combined, frame.stretches, average), frame.stretches, adaptation);
    },
    async explain(frame, rows) {
      requireNumbers(frame);
      const wanted = new Map<number, Sight>();
      const before = rowsBefore(frame, rows, average);
      const needed = new Set([...before.values()].flat());
      const take = (row: number, sight: Sight): void => void wanted.set(row, sight);
      await lookAt(frame, layers, await forecaster(), take, (row) => needed.has(row));
      return Array.from(rows, (row) =>
        explainSights(
          before.get(row)!.map((each) => wanted.get(each)!),
          layers,
          combination,
          signals,
        ),
      );
    },
    stream() {
      const next = followRows(layers);
      const mean = createAverage(average);
      const adapt = createAdaptation(adaptation);
      return {
        async push(row) {
          requireNumbers({ signals, values: Array.from(row, (value) => Float64Array.of(value)) });
          const glance = next(row);
          const [forecast] = await (await forecaster()).forecast([glance.seen]);
          const { scores } = look(layers, glance, forecast!);
          const combined = combine(
            combination,
            scores.map((score) => Float64Array.of(score)),
          );
          return adapt(mean(combined[0]!));
        },
      };
    },
  };
}

/** The rows over which each row's score was averaged. */
function rowsBefore({ stretches }: Frame, rows: Int32Array, average: number): Map<number, number[]> {
  const wanted = new Set(rows);
  const before = new Map<number, number[]>();
  for (const stretch of stretches)
    stretch.forEach((row, at) => {
      if (wanted.has(row)) before.set(row, [...stretch.subarray(Math.max(0, at - average + 1), at + 1)]);
    });
  return before;
}

/** The signals that carry these sights, each with the layer that says most of it. */
function explainSights(
  sights: readonly Sight[],
  layers: Layers,
  combination: Combination,
  signals: readonly string[],
): SignalShare[] {
  const parts = partsOf(layers);
  const byLayer = new Map(parts.map(({ layer }) => [layer as string, new Float64Array(signals.length)]));
  for (const { scores, carried } of sights) {
    const worth = partShares(
      combination,
      scores.map((score) => Float64Array.of(score)),
      0,
    );
    parts.forEach(({ layer }, n) => {
      if (worth[n]! > 0) addShares(byLayer.get(layer)!, carried[n]!, worth[n]!);
    });
  }
  const all = new Float64Array(signals.length);
  for (const own of byLayer.values()) own.forEach((each, n) => (all[n]! += each));
  const loudest = (signal: number): string => [...byLayer].reduce((a, b) => (b[1][signal]! > a[1][signal]! ? b : a))[0];
  return rankShares(all, signals).map((each) => ({ ...each, layer: loudest(signals.indexOf(each.signal)) }));
}
