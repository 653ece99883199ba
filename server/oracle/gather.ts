/**
 * What all oracles laid down → what this one should do about it. Pure: findings are verified before, the chain is a view.
 */
import type { Hex } from "../../protocol/bytes.ts";
import type { ClearRound, Finding } from "../../protocol/finding.ts";
import type { ChainView } from "../chain/view.ts";
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

/** True when the chain needs nothing more about what was signed: it is there, or something later or severer is. */
export function isAnswered(view: ChainView, signed: Signed): boolean {
  if (signed.device === null) return view.clearedRoot(signed.stream, signed.round) !== undefined;
  // A clear is a dissent; no contract takes it.
  if (signed.severity === 0 || view.verdict(signed.digest)) return true;
  const device = view.device(signed.device);
  if (!device || device.state === "retired") return true;
  const latest = device.verdict;
  if (!latest) return false;
  return latest.round > signed.round || (latest.round === signed.round && latest.severity >= signed.severity);
}

/** The quorum for what this oracle signed too, and its place in the order of transmitting; undefined while there is none. */
export function quorumFor(
  signed: Signed,
  findings: readonly Verified[],
  view: ChainView,
  own: Hex,
): { quorum: Quorum; rank: number } | undefined {
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

/**
 * Findings of others that accuse a device which this oracle, over the same batches, found clear. They are to be answered
 * in public: an accusation that fewer than f + 1 share comes to nothing, but it must not stand unopposed.
 */
export function toOppose(
  findings: readonly Verified[],
  judgedOf: (stream: Hex, device: Hex, round: number) => readonly Judged[],
  isJudged: (stream: Hex, batch: number) => boolean,
  own: Hex,
): { finding: Finding; outcome: Outcome }[] {
  return findings.flatMap(({ body }) => {
    if (body.format !== "finding@1" || body.oracle === own || body.verdict.severity === 0) return [];
    const { stream, device, round, lastBatch } = body.verdict;
    if (!isJudged(stream, lastBatch)) return [];
    const judged = judgedOf(stream, device, round).findLast(({ batch }) => batch <= lastBatch);
    return judged?.outcome.severity === 0 ? [{ finding: body, outcome: judged.outcome }] : [];
  });
}
