/**
 * Outcome → signed finding, under the one rule that makes an oracle's word worth something: never two different verdicts
 * of equal severity for one device and round. Pure: the caller makes the new state durable before a signature leaves.
 */
import type { Hex } from "../../protocol/bytes.ts";
import { signClearRound, signFinding, type ClearDevice, type SignedFinding } from "../../protocol/finding.ts";
import {
  allClearDigest,
  BATCHES_PER_ROUND,
  VERDICT_KINDS,
  verdictDigest,
  type Verdict,
  type VerdictDomain,
} from "../../protocol/verdict.ts";
import { clearRoot } from "../../protocol/finding.ts";
import type { Outcome } from "./judge.ts";
import type { OracleState, Signed } from "./state-file.ts";

/** Where something was judged: what of a verdict does not come from the readings. */
export interface Place {
  readonly oracleSet: Hex;
  readonly stream: Hex;
  readonly round: number;
  readonly lastBatch: number;
  readonly device: Hex;
  readonly model: Hex;
}

/** What signing needs besides: time (ms), 16 fresh bytes, the key, and the contract that will check it. */
export interface Pen {
  readonly domain: VerdictDomain;
  readonly key: Uint8Array;
  readonly at: number;
  readonly salt: Uint8Array;
}

export interface Attesting {
  readonly state: OracleState;
  readonly signed: SignedFinding;
}

/** Rounds whose signatures are remembered one by one; older ones are never signed again. */
export const ROUNDS_REMEMBERED = 64;
/** Rounds whose outcomes are kept for dissent, and that are still worth transmitting: of these the signed bytes are kept. */
export const ROUNDS_OPEN = 3;

/** An outcome that amounts to a verdict. */
export type Decided = Outcome & { readonly kind: keyof typeof VERDICT_KINDS };

export const isDecided = (outcome: Outcome): outcome is Decided => outcome.kind !== "unjudged";

/** The verdict that an outcome amounts to; kind `clear` never reaches the chain, but can be published as dissent. */
export function toVerdict(place: Place, outcome: Decided): Verdict {
  const { oracleSet, stream, round, lastBatch, device, model } = place;
  const { firstSequence, lastSequence, severity, leavesRoot } = outcome;
  const firstBatch = BATCHES_PER_ROUND * round;
  const kind = VERDICT_KINDS[outcome.kind];
  return {
    oracleSet, stream, round, firstBatch, lastBatch, device, firstSequence, lastSequence, kind, severity, model, leavesRoot,
  }; // prettier-ignore
}

/**
 * The state and the finding after signing an outcome; undefined when it must not be signed: nothing was judged,
 * something as severe or severer was signed for this device and round already, or the round is older than what is remembered.
 */
export function attest(state: OracleState, place: Place, outcome: Outcome, pen: Pen): Attesting | undefined {
  if (!isDecided(outcome) || isForgotten(state, place.stream, place.round)) return undefined;
  const before = state.signed.filter(
    (s) => s.stream === place.stream && s.round === place.round && s.device === place.device,
  );
  // Strictly rising: also a clear (0) can be signed only where nothing was signed, and a repetition is nothing new. When members
  // have replaced the oracles meanwhile, what was signed counts no more: then the same is said once more, for the present set.
  if (before.some((s) => s.severity >= outcome.severity && isForSet(s, place.oracleSet))) return undefined;
  const verdict = toVerdict(place, outcome);
  const { score, explanation } = outcome;
  const signed = signFinding(pen.domain, { verdict, score, explanation, at: pen.at }, pen.salt, pen.key);
  const digest = verdictDigest(pen.domain, verdict);
  const { stream, round, device, oracleSet } = place;
  const { severity } = outcome;
  return {
    state: remember(state, { stream, round, device, oracleSet, severity, digest, signed, settled: false }),
    signed,
  };
}

/** The same for a round's all-clear; undefined when one was signed for this round already. */
export function attestClear(
  state: OracleState,
  place: Omit<Place, "device" | "lastBatch">,
  devices: readonly ClearDevice[],
  pen: Pen,
): Attesting | undefined {
  if (isForgotten(state, place.stream, place.round)) return undefined;
  const { oracleSet, stream, round, model } = place;
  const isOfRound = (s: Signed): boolean => s.stream === stream && s.round === round && s.device === null;
  if (state.signed.some((s) => isOfRound(s) && isForSet(s, oracleSet))) return undefined;
  const ordered = [...devices].sort((a, b) => (a.device < b.device ? -1 : 1));
  const root = clearRoot(ordered, model);
  const found = { oracleSet, stream, round, model, devices: ordered, at: pen.at };
  const signed = signClearRound(pen.domain, found, pen.salt, pen.key);
  const digest = allClearDigest(pen.domain, { oracleSet, stream, round, root });
  return {
    state: remember(state, { stream, round, device: null, oracleSet, severity: 0, digest, signed, settled: false }),
    signed,
  };
}

/** Whether what was signed speaks for this set of oracles; the chain takes nothing for another one. */
export const isForSet = ({ oracleSet }: Signed, present: Hex): boolean => (oracleSet ?? present) === present;

const isForgotten = (state: OracleState, stream: Hex, round: number): boolean =>
  round < (state.streams[stream]?.floor ?? 0);

function remember(state: OracleState, entry: Signed): OracleState {
  const progress = state.streams[entry.stream] ?? { next: 0, floor: 0 };
  const floor = Math.max(progress.floor, entry.round - ROUNDS_REMEMBERED);
  // What was signed must be known, so that nothing against it is ever signed; its bytes, which name every device of an all-clear,
  // would be written again with every batch.
  const lighten = (s: Signed): Signed =>
    s.stream === entry.stream && s.settled && s.round < entry.round - ROUNDS_OPEN ? { ...s, signed: null } : s;
  return {
    ...state,
    streams: { ...state.streams, [entry.stream]: { ...progress, floor } },
    signed: [...state.signed.filter((s) => s.stream !== entry.stream || s.round >= floor).map(lighten), entry],
  };
}
