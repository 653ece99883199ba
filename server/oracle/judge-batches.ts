/**
 * Observed readings → what is to be signed at each batch end. No I/O: time, randomness and key come with the pen, and the
 * caller makes the resulting state durable before anything of it leaves.
 */
import type { Hex } from "../../protocol/bytes.ts";
import { readFindingBody, type ClearDevice } from "../../protocol/finding.ts";
import { BATCHES_PER_ROUND, type Verdict } from "../../protocol/verdict.ts";
import type { WindowDetector } from "../../ml/detectors/window-detector.ts";
import { isFollowedBy } from "../chain/stream-line.ts";
import type { AnchorFact, ChainView } from "../chain/view.ts";
import { attest, attestClear, ROUNDS_OPEN, type Attesting, type Pen } from "./attest.ts";
import type { OracleEvent } from "./events.ts";
import type { Judged } from "./gather.ts";
import type { Judge, Outcome } from "./judge.ts";
import { endRound, type DeviceRound } from "./observe.ts";
import type { OracleState } from "./state-file.ts";

/** One stream as an oracle has it in memory. */
export interface Watched {
  readonly devices: Map<Hex, DeviceRound>;
  /** By round, then device: outcomes at batch ends, ascending. */
  readonly judged: Map<number, Map<Hex, Judged[]>>;
}

/** Which batches, and with what. */
export interface Bench {
  readonly view: ChainView;
  readonly stream: Hex;
  /** The first batch to judge; the last is the newest that the view has. */
  readonly from: number;
  readonly judge: Judge;
  readonly detector: WindowDetector;
  readonly modelHash: Hex;
  readonly pen: () => Pen;
}

export const roundOf = (batch: number): number => Math.floor(batch / BATCHES_PER_ROUND);
export const firstBatch = (round: number): number => round * BATCHES_PER_ROUND;

/** Rounds before the one at hand that are looked back on. */
const ROUNDS_BEFORE = 2;

/** The first leaf of each round of the stream that is looked back on, and of the round itself, which comes last. */
export const roundStarts = (anchors: readonly AnchorFact[], round: number): number[] =>
  Array.from({ length: ROUNDS_BEFORE + 1 }, (_, n) => round - ROUNDS_BEFORE + n)
    .filter((one) => one >= 0)
    .map((one) => anchors[firstBatch(one)]?.firstLeaf ?? 0);

/** What the state file knows of a stream: where looking back on the round began, per device. Its readings are asked for again. */
export function beginWatching(state: OracleState, view: ChainView, stream: Hex): Watched {
  const known = Object.entries(state.baselines) as [Hex, DeviceRound["baseline"]][];
  const ours = known.filter(([id]) => {
    const device = view.device(id);
    return device !== undefined && isFollowedBy(view, device.homeStream, stream);
  });
  return {
    devices: new Map(ours.map(([device, baseline]) => [device, { baseline, readings: [] }])),
    judged: new Map(),
  };
}

/** Judges batches in order, every one: skipping one could hide a verdict that others sign. Moves `watched` on. */
export async function judgeBatches(
  before: OracleState,
  watched: Watched,
  bench: Bench,
): Promise<{ state: OracleState; events: OracleEvent[] }> {
  const { view, stream, from } = bench;
  const events: OracleEvent[] = [];
  let state = before;
  for (let batch = from; batch < view.anchors(stream).length; batch++) {
    const judged = await judgeBatch(state, watched, bench, batch);
    const progress = { floor: 0, ...judged.state.streams[stream], next: batch + 1 };
    state = { ...judged.state, streams: { ...judged.state.streams, [stream]: progress } };
    events.push(...judged.events);
  }
  return { state, events };
}

async function judgeBatch(
  before: OracleState,
  watched: Watched,
  bench: Bench,
  batch: number,
): Promise<{ state: OracleState; events: OracleEvent[] }> {
  const { view, stream, judge, detector, modelHash, pen } = bench;
  const anchors = view.anchors(stream);
  const round = roundOf(batch);
  const starts = roundStarts(anchors, round);
  const [former = 0, start = 0] = [starts[0], starts.at(-1)];
  const { first, end } = leavesOf(anchors, batch);
  const place = { oracleSet: view.oracleSet, stream, round, lastBatch: batch, model: modelHash };
  const events: OracleEvent[] = [];
  let state = before;
  for (const [device, { readings, refused }] of watched.devices) {
    if (refused !== undefined) continue;
    const judgeable = readings.filter(({ position }) => position >= start && position < end);
    // A batch without a leaf of the device changes nothing about it.
    if ((judgeable.at(-1)?.position ?? -1) < first) continue;
    const before = readings.filter(({ position }) => position >= former && position < start);
    const outcome = await judge(detector, judgeable, before);
    judgedIn(watched, round, device).push({ batch, outcome });
    const attesting = outcome.severity > 0 ? attest(state, { ...place, device }, outcome, pen()) : undefined;
    if (!attesting) continue;
    state = attesting.state;
    events.push(attestedEvent(attesting));
  }
  if (batch + 1 < firstBatch(round + 1)) return { state, events };

  // The last batch of the round: what stayed clear to the end is cleared, then the next round begins.
  const clear = clearDevices(watched, round);
  events.push(...unjudged(watched, round));
  const attesting = view.clearedRoot(stream, round) ? undefined : attestClear(state, place, clear, pen());
  if (attesting) events.push({ event: "cleared", stream, round, devices: clear.length });
  state = attesting?.state ?? state;
  for (const old of watched.judged.keys()) if (old <= round - ROUNDS_OPEN) watched.judged.delete(old);
  const kept = { from: roundStarts(anchors, round + 1)[0] ?? 0, end };
  return { state: { ...state, baselines: endRound(watched.devices, kept, state.baselines) }, events };
}

export function attestedEvent({ signed }: Attesting): { event: "attested"; verdict: Verdict; digest: Hex } {
  const body = readFindingBody(signed.body);
  if (body.format !== "finding@1") throw new RangeError("only a finding is attested about a device");
  return { event: "attested", verdict: body.verdict, digest: body.digest };
}

/** The leaves of a batch: [first, end). */
function leavesOf(anchors: readonly AnchorFact[], batch: number): { first: number; end: number } {
  const anchor = anchors[batch];
  if (!anchor) throw new RangeError(`batch ${batch} is not anchored`);
  return { first: anchor.firstLeaf, end: anchor.firstLeaf + anchor.count };
}

function judgedIn(watched: Watched, round: number, device: Hex): Judged[] {
  const byDevice = watched.judged.get(round) ?? new Map<Hex, Judged[]>();
  watched.judged.set(round, byDevice);
  const judged = byDevice.get(device) ?? [];
  byDevice.set(device, judged);
  return judged;
}

/**
 * Devices that were judged whole at the round's end and found clear, with their leaves, and at no batch end before found
 * anything else. An unjudged beginning is ordinary: nobody has said enough in the first second.
 */
function clearDevices(watched: Watched, round: number): ClearDevice[] {
  return lastOf(watched, round).flatMap(({ device, outcome, isAccused }) => {
    if (outcome.kind !== "clear" || isAccused) return [];
    const { firstSequence, lastSequence, leavesRoot } = outcome;
    return [{ device, firstSequence, lastSequence, leavesRoot }];
  });
}

function unjudged(watched: Watched, round: number): OracleEvent[] {
  return lastOf(watched, round).flatMap(({ device, outcome: { why }, isAccused }): OracleEvent[] =>
    why === undefined || isAccused ? [] : [{ event: "unjudged", device, round, why }],
  );
}

/** How each device stood at the round's end; without those whose readings were refused. */
function lastOf(watched: Watched, round: number): { device: Hex; outcome: Outcome; isAccused: boolean }[] {
  return [...(watched.judged.get(round) ?? [])].flatMap(([device, judged]) => {
    const outcome = judged.at(-1)?.outcome;
    if (!outcome || watched.devices.get(device)?.refused !== undefined) return [];
    return [{ device, outcome, isAccused: judged.some((j) => j.outcome.severity > 0) }];
  });
}
