/**
 * What all oracles laid down → what this one should do about it. Pure: findings are verified before, the chain is a view.
 */
import type { Hex } from "../../protocol/bytes.ts";
import type { ClearRound, Finding } from "../../protocol/finding.ts";
import { isFollowedBy } from "../chain/stream-line.ts";
import type { ChainView } from "../chain/view.ts";
import { isForSet } from "./attest.ts";
import type { Outcome } from "./judge.ts";
import { clearQuorum, countQuorum, transmitRank, verdictQuorum, type Quorum } from "./quorum.ts";
import type { Signed } from "./state-file.ts";

/** A finding whose signatures were verified, with the one that the chain checks. */
export interface Verified {
  readonly body: Finding | ClearRound;
  readonly attestation: Hex;
}

/** What this oracle found at the end of a batch. */
export interface Judged {
  readonly batch: number;
  readonly outcome: Outcome;
}

/**
 * True when the chain needs nothing more about what was signed: it is there, something later or severer is, or it speaks for a
 * set of oracles that is not the present one any more.
 */
export function isAnswered(view: ChainView, signed: Signed): boolean {
  if (!isForSet(signed, view.oracleSet)) return true;
  if (signed.device === null) return view.clearedRoot(signed.stream, signed.round) !== undefined;
  // A clear is a dissent; no contract takes it.
  if (signed.severity === 0 || view.verdict(signed.digest)) return true;
  const device = view.device(signed.device);
  if (!device || device.state === "retired") return true;
  const latest = device.verdict;
  if (!latest) return false;
  // Each stream counts its rounds from 0; all of a successor is later than all of the stream before it.
  const judged = view.verdict(latest.digest)?.stream ?? signed.stream;
  if (judged !== signed.stream) return isFollowedBy(view, signed.stream, judged);
  return latest.round > signed.round || (latest.round === signed.round && latest.severity >= signed.severity);
}

/** The quorum for what this oracle signed too, and its place in the order of transmitting; undefined while there is none. */
export function quorumFor(
  signed: Signed,
  findings: readonly Verified[],
  view: ChainView,
  own: Hex,
): { quorum: Quorum; rank: number } | undefined {
  if (signed.signed === null) return undefined;
  const same = findings.filter(({ body }) => body.digest === signed.digest && view.isOracle(body.oracle));
  const attestations = same.map(({ body, attestation }) => ({ oracle: body.oracle, attestation }));
  const mine = { oracle: own, attestation: signed.signed.attestation };
  const n = view.oracles.length;
  const needed = signed.device === null ? clearQuorum(n) : verdictQuorum(n);
  const quorum = countQuorum([...attestations, mine], view.oracles, needed);
  if (!quorum) return undefined;
  const attested = attestations.map(({ oracle }) => oracle);
  return { quorum, rank: transmitRank(own, attested, view.oracles, signed.round) };
}

/** An accusation to be answered, and what this oracle found over the batches up to `lastBatch`. */
export interface Opposition {
  readonly finding: Finding;
  readonly outcome: Outcome;
  readonly lastBatch: number;
}

/**
 * Findings of others that accuse a device which this oracle found clear. They are to be answered in public: an accusation
 * that fewer than f + 1 share comes to nothing, but it must not stand unopposed. Over the same batches; where those held too
 * little to be judged, over the first of the round that held enough: who accuses early must not go unanswered.
 */
export function toOppose(
  findings: readonly Verified[],
  judgedOf: (stream: Hex, device: Hex, round: number) => readonly Judged[],
  isJudged: (stream: Hex, batch: number) => boolean,
  own: Hex,
): Opposition[] {
  return findings.flatMap(({ body }) => {
    if (body.format !== "finding@1" || body.oracle === own || body.verdict.severity === 0) return [];
    const { stream, device, round, lastBatch } = body.verdict;
    if (!isJudged(stream, lastBatch)) return [];
    const judged = judgedOf(stream, device, round);
    const then = judged.findLast(({ batch }) => batch <= lastBatch);
    if (then?.outcome.kind === "clear") return [{ finding: body, outcome: then.outcome, lastBatch }];
    const later = judged.find(({ batch, outcome }) => batch > lastBatch && outcome.kind !== "unjudged");
    const isClear = then?.outcome.kind === "unjudged" && later?.outcome.kind === "clear";
    return isClear ? [{ finding: body, outcome: later.outcome, lastBatch: later.batch }] : [];
  });
}
