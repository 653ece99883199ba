import { createFalseData, type FalseData } from "../../lab/attacks/false-data.ts";
import { createBedside, SAMPLE_SECONDS } from "../../lab/bedside.ts";
import { SEGMENTS, type Sample } from "../../lab/sample.ts";
import type { WindowDetector } from "../../ml/detectors/window-detector.ts";
import type { Judgement } from "../../ml/detectors/judge-window.ts";
import { createRandom } from "../../ml/random.ts";
import { fromHex } from "../../protocol/bytes.ts";
import { sha256Hex } from "../../protocol/hash.ts";
import { judge, type JudgedReading, type Outcome } from "../../server/oracle/judge.ts";

/** Seconds, and readings, of a round. */
export const ROUND = 10;
/** When the readings of a person begin, ms. */
export const START = 1_790_000_000_000;
/** Engines give the same numbers within 2e-5 (test/ml/engines/agreement.test.ts); this is five times that. */
const TOLERANCE = 1e-4;

/** Readings of a simulated person, as a device of the ward signs them. */
export function readingsOf(seed: string, count: number, attack?: FalseData): JudgedReading[] {
  const bed = createBedside(seed);
  const falsify = attack && createFalseData(attack);
  const t = [0, 1000 * SAMPLE_SECONDS];
  return Array.from({ length: count }, (_, n) => {
    const from = START + 1000 * n;
    const samples = t.map((offset): Sample => {
      const { sample } = bed.next();
      return falsify ? falsify.falsify(sample, from + offset) : sample;
    });
    const disclosures = SEGMENTS.map((segment) => ({ segment, t, v: samples.map((sample) => sample[segment]) }));
    return { sequence: n + 1, per: [from, from + 1000], leaf: fromHex(sha256Hex(`${seed} ${n}`)), disclosures };
  });
}

/** As oracles judge: the first `n` readings, at the batch end of the last of them. */
export function judgeAt(detector: WindowDetector, readings: readonly JudgedReading[], n: number): Promise<Outcome> {
  const round = Math.floor((n - 1) / ROUND) * ROUND;
  return judge(detector, readings.slice(round, n), readings.slice(Math.max(round - 2 * ROUND, 0), round));
}

/** A round: what is judged of a person's readings, and at which of them. */
export interface JudgedRound {
  readonly readings: readonly JudgedReading[];
  readonly n: number;
}

/** What is signed of each: kind, severity and the root of its leaves. */
export async function decideRounds(detector: WindowDetector, rounds: readonly JudgedRound[]): Promise<string[]> {
  const decided = [];
  for (const { readings, n } of rounds) {
    const { kind, severity, leavesRoot } = await judgeAt(detector, readings, n);
    decided.push(`${kind} ${severity} ${leavesRoot}`);
  }
  return decided;
}

export const kindsOf = (decided: readonly string[]): Set<string> =>
  new Set(decided.map((one) => one.split(" ")[0] ?? ""));

/** The rounds of a person's seconds, each with so many seconds before it and no more, and where it begins. */
export async function judgePieces(
  detector: WindowDetector,
  { seed, seconds, before }: { readonly seed: string; readonly seconds: number; readonly before: number },
): Promise<{ readonly from: number; readonly judged: Judgement }[]> {
  const bed = createBedside(seed, 6);
  const samples = Array.from({ length: 2 * seconds }, () => bed.next().sample);
  const pieces = [];
  for (let from = 40; from + ROUND <= seconds; from += ROUND) {
    const cut = samples.slice(2 * (from - before), 2 * (from + ROUND));
    const window = {
      signals: [...SEGMENTS],
      times: SEGMENTS.map(() => cut.map((_, i) => 1000 * (from - before + i * SAMPLE_SECONDS))),
      values: SEGMENTS.map((segment) => cut.map((sample) => sample[segment])),
    };
    pieces.push({ from, judged: await detector.judge(window, 1000 * from) });
  }
  return pieces;
}

/** The most that rows of the round from `from` on reach; the row of a stretch is called by its last second. */
export const mostOf = (share: Float64Array, from: number): number =>
  Math.max(...share.slice(from - 2, from - 2 + ROUND));

/** Numbers that are off by up to the tolerance, relative and absolute. */
export function createInexact(seed: string): (value: number) => number {
  const random = createRandom(seed);
  return (value) => value + TOLERANCE * (2 * random.uniform() - 1) * Math.max(1, Math.abs(value));
}
