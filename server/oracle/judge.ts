/**
 * Readings of one round of one device → what an oracle thinks of them. Pure: time, chain and keys play no part, so two
 * honest oracles with one model that saw the same leaves come to the same verdict, to the last bit.
 */
import { toHex, type Hex } from "../../protocol/bytes.ts";
import { merkleRoot } from "../../protocol/tree.ts";
import { judgeWindow } from "../../ml/detectors/judge-window.ts";
import type { PcaModel } from "../../ml/detectors/pca-model.ts";
import { scorePca } from "../../ml/detectors/score-pca.ts";
import type { Window } from "../../ml/window.ts";

/** A reading whose signature, place and disclosures were checked. */
export interface JudgedReading {
  readonly sequence: number;
  /** Start of its period, ms; sample times count from it. */
  readonly from: number;
  readonly leaf: Uint8Array;
  readonly disclosures: readonly {
    readonly segment: string;
    readonly t: readonly number[];
    readonly v: readonly (number | null)[];
  }[];
}

/** What was found, and over which leaves. Kind and severity are what a quorum must agree on; the rest explains. */
export interface Outcome {
  readonly kind: "clear" | "suspect" | "quarantine";
  /** 0 when clear, else 1 to 5. */
  readonly severity: number;
  readonly firstSequence: number;
  readonly lastSequence: number;
  /** RFC 6962 root over the readings' leaves, in sequence order. */
  readonly leavesRoot: Hex;
  /** Thousandths of the detector's limit. */
  readonly score: number;
  readonly explanation: readonly { readonly signal: string; readonly share: number }[];
}

/** How an oracle judges: `judge` itself everywhere but in a test that needs a liar. */
export type Judge = (model: PcaModel, readings: readonly JudgedReading[]) => Outcome;

/** The stretch of device time that one window covers: what the detector was calibrated on. */
export const WINDOW_MS = 10_000;

/** Signals of the model that this reading says nothing about, not even that it has nothing to say. */
export function missingSignals(model: PcaModel, reading: JudgedReading): string[] {
  const named = new Set(reading.disclosures.map((d) => d.segment));
  return model.signals.filter((signal) => !named.has(signal));
}

/**
 * Cuts readings, in sequence order, into windows of WINDOW_MS of the device's own time. A replay can put hours into one
 * round; a window that begins where the clock jumped back keeps times ascending.
 */
export function toWindows(model: PcaModel, readings: readonly JudgedReading[]): Window[] {
  const windows: Window[] = [];
  let window: Window | undefined;
  let start = 0;
  let latest = 0;
  for (const reading of readings) {
    if (!window || reading.from >= start + WINDOW_MS || reading.from < latest) {
      window = {
        signals: [...model.signals],
        times: model.signals.map(() => []),
        values: model.signals.map(() => []),
      };
      windows.push(window);
      start = reading.from;
    }
    latest = reading.from;
    for (const { segment, t, v } of reading.disclosures) {
      const signal = model.signals.indexOf(segment);
      const times = window.times[signal];
      const values = window.values[signal];
      if (!times || !values) continue;
      for (const [i, offset] of t.entries()) {
        times.push(reading.from + offset);
        values.push(v[i] ?? null);
      }
    }
  }
  return windows;
}

/**
 * Judges the readings of one device in one round so far: as bad as its worst window.
 *
 * @throws RangeError where there are no readings (the caller's fault)
 */
export function judge(model: PcaModel, readings: readonly JudgedReading[]): Outcome {
  const first = readings[0];
  const last = readings.at(-1);
  if (!first || !last) throw new RangeError("nothing to judge");
  let worst: { kind: Outcome["kind"]; severity: number; score: number } = { kind: "clear", severity: 0, score: 0 };
  let shown: Window | undefined;
  for (const window of toWindows(model, readings)) {
    const judged = judgeWindow(model, window);
    const worse =
      judged.severity > worst.severity || (judged.severity === worst.severity && judged.score > worst.score);
    if (shown !== undefined && !worse) continue;
    worst = judged;
    shown = window;
  }
  return {
    kind: worst.kind,
    severity: worst.severity,
    firstSequence: first.sequence,
    lastSequence: last.sequence,
    leavesRoot: toHex(merkleRoot(readings.map((reading) => reading.leaf))),
    score: worst.score,
    explanation: worst.severity > 0 && shown ? explain(model, shown) : [],
  };
}

/** The signals that carry the score, in ten-thousandths: an explanation, not evidence. */
const explain = (model: PcaModel, window: Window): Outcome["explanation"] =>
  scorePca(model, window)
    .contributions.map(({ signal, share }) => ({ signal, share: Math.round(share * 1e4) / 1e4 }))
    .filter(({ share }) => share > 0);
