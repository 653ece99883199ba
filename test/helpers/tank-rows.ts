import type { Frame, Training } from "../../ml/data/frame.ts";
import { packCells } from "../../ml/data/packed-cells.ts";
import { createRandom } from "../../ml/random.ts";
import { frameOf } from "./judges.ts";
import type { Detector } from "../../ml/detectors/detector.ts";
import type { TrainPlan } from "../../ml/detectors/train-detector.ts";

/**
 * Two tanks, as rows of a made-up plant: a pump fills the first where its level falls below 2 and rests above 4, what people take
 * makes the second follow. `lie` may change what is told of a row, and says whether it is attacked.
 */
export function tankRows(
  rows: number,
  seed: string,
  lie: (row: number, told: Record<string, number>, before: readonly Record<string, number>[]) => boolean = () => false,
): { frame: Frame; labels: Uint8Array } {
  const random = createRandom(seed);
  const labels = new Uint8Array(rows);
  const told: Record<string, number>[] = [];
  let [level, second, pump] = [3, 5, 0];
  for (let row = 0; row < rows; row++) {
    pump = level < 2 ? 1 : level > 4 ? 0 : pump;
    const inflow = pump * (0.5 + 0.02 * random.normal());
    const use = 0.2 + 0.08 * Math.sin((2 * Math.PI * row) / 24) + 0.02 * random.normal();
    level += inflow - use;
    second += 0.3 * (use * 20 - second) + 0.05 * random.normal();
    const round = (value: number): number => Number(value.toFixed(3));
    const each = { level: round(level), inflow: round(inflow), use: round(use), second: round(second), pump };
    labels[row] = Number(lie(row, each, told));
    told.push(each);
  }
  const column = (name: string): Float64Array => Float64Array.from(told, (each) => each[name]!);
  const names = ["level", "inflow", "use", "second", "pump"];
  return { frame: frameOf(Object.fromEntries(names.map((name) => [name, column(name)]))), labels };
}

/** Attacks of twelve rows: a level that is lied about, a pump that runs unseen, a stretch played again. */
export const attackTanks: Parameters<typeof tankRows>[2] = (row, told, before) => {
  const place = row % 100;
  if (row < 300 || place < 60 || place >= 72) return false;
  const kind = Math.floor(row / 100) % 3;
  if (kind === 0) told.level! += 1.2;
  else if (kind === 1) told.inflow = 0.25;
  else told.second = before[row - 40]!.second!;
  return true;
};

/** Rows of a plant as `readTraining` gives them. */
export function trainingOf({ frame, labels }: ReturnType<typeof tankRows>): Training {
  return {
    frame,
    labels,
    kinds: undefined,
    reading: {
      hasHeader: true,
      types: frame.signals.map((name) => ({ name, kind: "number" as const })),
      time: { column: "at", format: "seconds" },
    },
    tables: [
      {
        source: "plant",
        digest: "0x00",
        rows: frame.rows,
        names: [...frame.signals],
        columns: frame.values.map((own) => packCells(Array.from(own, String))),
      },
    ],
  };
}

/** A training with nothing asked for but the detector. */
export const planOf = (detector: Detector): TrainPlan => ({
  detector,
  falseAlarms: undefined,
  allowedLeaks: [],
  engine: undefined,
  seed: "1",
  progress: async () => undefined,
});
