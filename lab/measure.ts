/** Measures a model on people it has never seen: false alarms on clean windows, detection per attack size. */
import { judgeWindow } from "../ml/detectors/judge-window.ts";
import type { PcaModel } from "../ml/detectors/pca-model.ts";
import type { Window } from "../ml/window.ts";
import { createFalseData, type FalseData } from "./attacks/false-data.ts";
import { createBedside } from "./bedside.ts";
import { recordWindows, skipTime, WINDOW_READINGS } from "./record-windows.ts";
import type { Segment } from "./sample.ts";

export interface CleanMeasure {
  bodies: number;
  windows: number;
  suspect: number;
  quarantine: number;
}

/** Judges `windowsEach` clean windows, disturbances included, of each of `bodies` unseen people. */
export function measureClean(model: PcaModel, seed: string, bodies: number, windowsEach: number): CleanMeasure {
  const measure: CleanMeasure = { bodies, windows: 0, suspect: 0, quarantine: 0 };
  for (let i = 0; i < bodies; i++)
    for (const window of recordWindows(createBedside(`${seed}/clean/${i}`), windowsEach)) {
      measure.windows++;
      const { kind } = judgeWindow(model, window);
      if (kind !== "clear") measure[kind]++;
    }
  return measure;
}

/** How an attack begins: `standing` before the window, `onset` at a reading of the window (uniform over the first eight). */
export type Beginning = "standing" | "onset";
/** One attack, without its times. */
export type AttackShape =
  | { segment: Segment; kind: "offset"; amount: number }
  | { segment: Segment; kind: "scale"; factor: number }
  | { segment: Segment; kind: "freeze" }
  | { segment: Segment; kind: "ramp"; perSecond: number; limit: number };

export interface AttackMeasure {
  bodies: number;
  /** Bodies with at least a suspect verdict, and with quarantine, within one window. */
  noticed: number;
  quarantined: number;
  /** Bodies quarantined within the first six windows (a minute). */
  withinMinute: number;
  /** Readings from the first false one to quarantine, of those quarantined within the minute: median and 95th percentile. */
  delay: { median: number; p95: number } | undefined;
}

/** Attacks each of `bodies` unseen people once and judges as oracles do: after every reading, over the window so far. */
export function measureAttack(
  model: PcaModel,
  seed: string,
  bodies: number,
  shape: AttackShape,
  beginning: Beginning,
): AttackMeasure {
  let noticed = 0;
  let quarantined = 0;
  const delays: number[] = [];
  for (let i = 0; i < bodies; i++) {
    const bed = createBedside(`${seed}/attack/${i}`);
    skipTime(bed, 120 + 7 * i); // so that everybody is met at another moment
    const onset = beginning === "standing" ? 0 : (i % 8) * 1000;
    const plan: FalseData = { ...shape, from: 10_000 + onset };
    // The first window is still true: a freeze needs a value to hold on to.
    const [, ...windows] = recordWindows(bed, 7, 0, createFalseData(plan));
    const judged = judgeWindow(model, windows[0]!);
    if (judged.kind !== "clear") noticed++;
    if (judged.kind === "quarantine") quarantined++;
    const readings = readingsToQuarantine(model, windows);
    if (readings !== undefined) delays.push(readings - onset / 1000);
  }
  delays.sort((a, b) => a - b);
  const at = (share: number) => delays[Math.min(Math.floor(share * delays.length), delays.length - 1)];
  const median = at(0.5);
  const p95 = at(0.95);
  const delay = median === undefined || p95 === undefined ? undefined : { median, p95 };
  return { bodies, noticed, quarantined, withinMinute: delays.length, delay };
}

/** The number of readings, counted over the windows one after the other, after which one of them is quarantined. */
function readingsToQuarantine(model: PcaModel, windows: Window[]): number | undefined {
  for (const [w, window] of windows.entries()) {
    if (judgeWindow(model, window).kind !== "quarantine") continue;
    for (let n = 1; n < WINDOW_READINGS; n++)
      if (judgeWindow(model, firstReadings(window, n)).kind === "quarantine") return w * WINDOW_READINGS + n;
    return (w + 1) * WINDOW_READINGS;
  }
  return undefined;
}

/** The window as it stood after its first `readings` readings of two samples. */
export function firstReadings(window: Window, readings: number): Window {
  return {
    signals: window.signals,
    times: window.times.map((own) => own.slice(0, 2 * readings)),
    values: window.values.map((own) => own.slice(0, 2 * readings)),
  };
}

/** The attacks whose detection README.md reports and scripts/bench/detect.ts prints, small to large; also those not found. */
export const MEASURED_ATTACKS: AttackShape[] = [
  ...[10, 20, 25, 30, 35, 50, -35].map((amount): AttackShape => ({ segment: "heart", kind: "offset", amount })),
  ...[20, 35].map((amount): AttackShape => ({ segment: "pulse", kind: "offset", amount })),
  ...[8, 15].map((amount): AttackShape => ({ segment: "resp", kind: "offset", amount })),
  ...[-5, -10, -20].map((amount): AttackShape => ({ segment: "spo2", kind: "offset", amount })),
  ...[20, 40, 60].map((amount): AttackShape => ({ segment: "sys", kind: "offset", amount })),
  ...[20, 40].map((amount): AttackShape => ({ segment: "dia", kind: "offset", amount })),
  ...[1, 3].map((amount): AttackShape => ({ segment: "temp", kind: "offset", amount })),
  ...[1, 2, 4].map((amount): AttackShape => ({ segment: "st", kind: "offset", amount })),
  { segment: "heart", kind: "scale", factor: 1.5 },
  { segment: "heart", kind: "ramp", perSecond: 1, limit: 40 },
  { segment: "heart", kind: "freeze" },
  { segment: "sys", kind: "freeze" },
];

/** What an attack is called in a table. */
export function describeAttack(shape: AttackShape): string {
  switch (shape.kind) {
    case "offset":
      return `${shape.segment} ${shape.amount > 0 ? "+" : "−"}${Math.abs(shape.amount)}`;
    case "scale":
      return `${shape.segment} ×${shape.factor}`;
    case "freeze":
      return `${shape.segment} frozen`;
    case "ramp":
      return `${shape.segment} ${shape.perSecond}/s up to ${shape.limit}`;
  }
}
