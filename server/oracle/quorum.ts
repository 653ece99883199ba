import type { Hex } from "../../protocol/bytes.ts";

/** One oracle's ERC-2098 signature over a digest, already recovered to it. */
export interface Attestation {
  readonly oracle: Hex;
  readonly attestation: Hex;
}

/** What VerdictOracle takes: bit i for oracle i, signatures (r, vs) lowest bit first. */
export interface Quorum {
  readonly signers: number;
  readonly signatures: [Hex, Hex][];
}

/** Faults that n oracles survive: n ≥ 3f + 1. */
export const faultBound = (oracles: number): number => Math.floor((oracles - 1) / 3);

/** Signatures that a verdict needs: f + 1, so that one of them is honest. */
export const verdictQuorum = (oracles: number): number => faultBound(oracles) + 1;

/** Signatures that an all-clear needs: 2f + 1, so that any two all-clears share an honest signer. */
export const clearQuorum = (oracles: number): number => 2 * faultBound(oracles) + 1;

/**
 * Exactly `needed` attestations of one digest, those of the lowest bits; undefined while there are fewer. An oracle counts
 * once however often it signed; who is no current oracle counts for nothing. More attestations never undo a quorum.
 */
export function countQuorum(
  attestations: readonly Attestation[],
  oracles: readonly Hex[],
  needed: number,
): Quorum | undefined {
  const byOracle = new Map(attestations.map((a) => [a.oracle, a.attestation]));
  const bits = oracles.flatMap((oracle, bit) => {
    const attestation = byOracle.get(oracle);
    return attestation === undefined ? [] : [{ bit, attestation }];
  });
  if (bits.length < needed) return undefined;
  const chosen = bits.slice(0, needed);
  return {
    signers: chosen.reduce((mask, { bit }) => (mask | (1 << bit)) >>> 0, 0),
    signatures: chosen.map(({ attestation }) => [attestation.slice(0, 66) as Hex, `0x${attestation.slice(66)}`]),
  };
}

/**
 * How many of those who attested go before this oracle in transmitting: bit order, turned by the round so that the work
 * goes round. Only who attested has a rank, so a dead oracle delays nobody.
 */
export function transmitRank(own: Hex, attested: readonly Hex[], oracles: readonly Hex[], round: number): number {
  const n = oracles.length;
  const turned = oracles.map((_, i) => oracles[(i + round) % n]);
  return turned.filter((oracle) => oracle !== undefined && (oracle === own || attested.includes(oracle))).indexOf(own);
}
