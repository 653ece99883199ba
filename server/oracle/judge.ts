/**
 * Readings of one round of one device → what an oracle thinks of them. Pure: time, chain and keys play no part, so two
 * honest oracles with one model that saw the same leaves come to the same verdict, to the last bit.
 */
import { toHex, type Hex } from "../../protocol/bytes.ts";
import { merkleRoot } from "../../protocol/tree.ts";
import { judgeWindow, type Judgement } from "../../ml/detectors/judge-window.ts";
import type { PcaModel } from "../../ml/detectors/pca-model.ts";
import { scorePca } from "../../ml/detectors/score-pca.ts";
import type { Window } from "../../ml/window.ts";

/** A reading whose signature, place and disclosures were checked. */
export interface JudgedReading {
  readonly sequence: number;
  /** Its period, [from, to) in ms; sample times count from its start. */
  readonly per: readonly [from: number, to: number];
  readonly leaf: Uint8Array;
  readonly disclosures: readonly {
    readonly segment: string;
    readonly t: readonly number[];
    readonly v: readonly (number | null)[];
  }[];
}

/** What was found, and over which leaves. Kind and severity are what a quorum must agree on; the rest explains. */
export interface Outcome {
  /** `unjudged`: nothing bad was found, but not all of it could be judged (`why`). That is no clear, and no finding. */
  readonly kind: "clear" | "suspect" | "quarantine" | "unjudged";
  /** 0 when clear or unjudged, else 1 to 5. */
  readonly severity: number;
  readonly firstSequence: number;
  readonly lastSequence: number;
  /** RFC 6962 root over the readings' leaves, in sequence order. */
  readonly leavesRoot: Hex;
  /** Thousandths of the detector's limit. */
  readonly score: number;
  readonly explanation: readonly { readonly signal: string; readonly share: number }[];
  /** What is unjudged about it. */
  readonly why?: string;
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

/** A reading with the start of its period on the judged timeline. */
interface Placed {
  readonly reading: JudgedReading;
  readonly start: number;
}

/** True where each period begins after the one before it has ended, and every sample lies in its reading's period, in order. */
const isClockSound = (readings: readonly JudgedReading[]): boolean =>
  readings.every(({ per: [from, to], disclosures }, i) => {
    const follows = from < to && from >= (readings[i - 1]?.per[1] ?? from);
    return follows && disclosures.every(({ t }) => t.every((at, k) => at >= (t[k - 1] ?? 0) && at < to - from));
  });

/**
 * Readings, in sequence order, as runs of time without a hole: what lies further apart than a stretch is long shares none,
 * and each side is judged by itself. A clock that is not sound tells nothing: then sequences alone give the order and one
 * reading follows the other, so that a device cannot hide what it says by setting its clock.
 */
function toRuns(model: PcaModel, readings: readonly JudgedReading[], isSound: boolean): Placed[][] {
  const runs: Placed[][] = [];
  let end = -Infinity;
  for (const reading of readings) {
    const [from, to] = reading.per;
    const start = isSound || runs.length === 0 ? from : end;
    if (start - end >= model.stretchMs) runs.push([]);
    runs.at(-1)?.push({ reading, start });
    end = start + Math.max(to - from, 0);
  }
  return runs;
}

/** Cuts a run into windows of WINDOW_MS; the last takes the rest, because a rest alone may be too short to be judged. */
function toWindows(model: PcaModel, run: readonly Placed[]): Window[] {
  const last = run.at(-1);
  const end = last ? last.start + last.reading.per[1] - last.reading.per[0] : 0;
  const windows: Window[] = [];
  let window: Window | undefined;
  let begun = 0;
  for (const { reading, start } of run) {
    if (!window || (start >= begun + WINDOW_MS && start + WINDOW_MS <= end)) {
      const { signals } = model;
      window = { signals: [...signals], times: signals.map(() => []), values: signals.map(() => []) };
      windows.push(window);
      begun = start;
    }
    for (const { segment, t, v } of reading.disclosures) {
      const signal = model.signals.indexOf(segment);
      for (const [i, offset] of t.entries()) {
        window.times[signal]?.push(start + offset);
        window.values[signal]?.push(v[i] ?? null);
      }
    }
  }
  return windows;
}

/**
 * Judges the readings of one device in one round so far: as bad as its worst window. It is clear only where every reading
 * lies in a window that was judged whole, by a clock that went forward; otherwise it is unjudged.
 *
 * @throws RangeError where there are no readings (the caller's fault)
 */
export function judge(model: PcaModel, readings: readonly JudgedReading[]): Outcome {
  const first = readings[0];
  const last = readings.at(-1);
  if (!first || !last) throw new RangeError("nothing to judge");
  const isSound = isClockSound(readings);
  let worst: Pick<Judgement, "kind" | "severity" | "score"> = { kind: "clear", severity: 0, score: 0 };
  let shown: Window | undefined;
  let isWhole = true;
  for (const window of toRuns(model, readings, isSound).flatMap((run) => toWindows(model, run))) {
    const judged = judgeWindow(model, window);
    isWhole &&= judged.isJudged;
    const worse =
      judged.severity > worst.severity || (judged.severity === worst.severity && judged.score > worst.score);
    if (shown !== undefined && !worse) continue;
    worst = judged;
    shown = window;
  }
  const why = !isSound ? "its clock went back" : !isWhole ? "it said too little" : undefined;
  return {
    ...(worst.severity === 0 && why !== undefined ? { kind: "unjudged", why } : { kind: worst.kind }),
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
