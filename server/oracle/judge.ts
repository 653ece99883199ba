/**
 * Readings of one round of one device → what an oracle thinks of them. Pure: time, chain and keys play no part, so two
 * honest oracles with one model that saw the same leaves come to the same verdict, to the last bit.
 */
import { toHex, type Hex } from "../../protocol/bytes.ts";
import { merkleRoot } from "../../protocol/tree.ts";
import type { Judgement } from "../../ml/detectors/judge-window.ts";
import type { Shares, WindowDetector } from "../../ml/detectors/window-detector.ts";
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

/** What was found, and over which leaves: those looked back on are among them. Kind and severity are what a quorum must agree on; the rest explains. */
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

/**
 * How an oracle judges: `judge` itself everywhere but in a test that needs a liar. `before` are the device's readings of the two
 * rounds before, in sequence order.
 */
export type Judge = (
  detector: WindowDetector,
  readings: readonly JudgedReading[],
  before: readonly JudgedReading[],
) => Promise<Outcome>;

/** Readings of the rounds before that are kept to look back on; more is never looked at. */
export const LOOK_BACK_MOST = 32;

/** Signals of the model that this reading says nothing about, not even that it has nothing to say. */
export function missingSignals({ signals }: Pick<WindowDetector, "signals">, reading: JudgedReading): string[] {
  const named = new Set(reading.disclosures.map((d) => d.segment));
  return signals.filter((signal) => !named.has(signal));
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
 * The end of the rounds before that one looks back on, so that what begins in one round and ends in the next is seen like all else:
 * readings that adjoin the round's first one without a hole, as few as hold the detector's look back. A function of the
 * readings alone: who was there in the round before comes to the same as who was not.
 */
function lookBack(
  { stretchMs, lookBackMs }: WindowDetector,
  before: readonly JudgedReading[],
  first: JudgedReading,
): JudgedReading[] {
  const taken: JudgedReading[] = [];
  let next = first;
  let held = 0;
  for (const reading of before.slice(-LOOK_BACK_MOST).reverse()) {
    const [from, to] = reading.per;
    if (held >= lookBackMs || next.per[0] - to >= stretchMs) break;
    taken.unshift(reading);
    held += Math.max(to - from, 0);
    next = reading;
  }
  return taken;
}

/**
 * Readings, in sequence order, as runs of time without a hole: what lies further apart than a stretch is long shares none,
 * and each side is judged by itself. A clock that is not sound tells nothing: then sequences alone give the order and one
 * reading follows the other, so that a device cannot hide what it says by setting its clock.
 */
function toRuns(stretchMs: number, readings: readonly JudgedReading[], isSound: boolean): Placed[][] {
  const runs: Placed[][] = [];
  let end = -Infinity;
  for (const reading of readings) {
    const [from, to] = reading.per;
    const start = isSound || runs.length === 0 ? from : end;
    if (start - end >= stretchMs) runs.push([]);
    runs.at(-1)?.push({ reading, start });
    end = start + Math.max(to - from, 0);
  }
  return runs;
}

function toWindow(signals: readonly string[], run: readonly Placed[]): Window {
  const window: Window = { signals: [...signals], times: signals.map(() => []), values: signals.map(() => []) };
  for (const { reading, start } of run)
    for (const { segment, t, v } of reading.disclosures) {
      const signal = signals.indexOf(segment);
      for (const [i, offset] of t.entries()) {
        window.times[signal]?.push(start + offset);
        window.values[signal]?.push(v[i] ?? null);
      }
    }
  return window;
}

/**
 * Judges the readings of one device in one round so far: as bad as the worst of its runs. It is clear only where every reading
 * lies in a run that was judged whole, by a clock that went forward; otherwise it is unjudged.
 *
 * @throws RangeError where there are no readings (the caller's fault)
 */
export async function judge(
  detector: WindowDetector,
  readings: readonly JudgedReading[],
  before: readonly JudgedReading[],
): Promise<Outcome> {
  const [own] = readings;
  if (!own) throw new RangeError("nothing to judge");
  const seen = [...lookBack(detector, before, own), ...readings];
  const [first, last] = [seen[0] ?? own, seen.at(-1) ?? own];
  const isSound = isClockSound(seen);
  let worst: Pick<Judgement, "kind" | "severity" | "score"> = { kind: "clear", severity: 0, score: 0 };
  let shown: { window: Window; from: number } | undefined;
  let isWhole = true;
  for (const run of toRuns(detector.stretchMs, seen, isSound)) {
    const window = toWindow(detector.signals, run);
    const from = run.find(({ reading }) => reading.sequence >= own.sequence)?.start ?? -Infinity;
    const judged = await detector.judge(window, from);
    isWhole &&= judged.isJudged;
    const worse =
      judged.severity > worst.severity || (judged.severity === worst.severity && judged.score > worst.score);
    if (shown !== undefined && !worse) continue;
    worst = judged;
    shown = { window, from };
  }
  const why = !isSound ? "its clock went back" : !isWhole ? "it said too little" : undefined;
  return {
    ...(worst.severity === 0 && why !== undefined ? { kind: "unjudged", why } : { kind: worst.kind }),
    severity: worst.severity,
    firstSequence: first.sequence,
    lastSequence: last.sequence,
    leavesRoot: toHex(merkleRoot(seen.map((reading) => reading.leaf))),
    score: worst.score,
    explanation: worst.severity > 0 && shown ? rounded(await detector.explain(shown.window, shown.from)) : [],
  };
}

/** In ten-thousandths. */
const rounded = (shares: Shares): Outcome["explanation"] =>
  shares
    .map(({ signal, share }) => ({ signal, share: Math.round(share * 1e4) / 1e4 }))
    .filter(({ share }) => share > 0);
