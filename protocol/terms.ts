/** What a grant permits, as the chain keeps it. Times in seconds, [from, until). */
export interface Terms {
  readonly from: number;
  readonly until: number;
  /** Bitmap of the device model's segments. */
  readonly segments: bigint;
  /** Bitmap over PURPOSES. */
  readonly purposes: number;
  /** How often the grant may be passed on, one after the other. */
  readonly depth: number;
  /** Of the twin, when it was given: a grant of an earlier epoch has ended. */
  readonly epoch: number;
}

/** Reads the word of a `Granted` event, whose layout contracts/grants/Terms.sol gives. */
export function readTerms(word: bigint): Terms {
  const field = (offset: bigint, bits: bigint): bigint => (word >> offset) & ((1n << bits) - 1n);
  return {
    until: Number(field(0n, 40n)),
    from: Number(field(40n, 40n)),
    segments: field(80n, 64n),
    purposes: Number(field(144n, 8n)),
    depth: Number(field(152n, 8n)),
    epoch: Number(field(160n, 32n)),
  };
}

/** The word that `readTerms` reads. */
export function termsWord({ from, until, segments, purposes, depth, epoch }: Terms): bigint {
  return (
    BigInt(until) |
    (BigInt(from) << 40n) |
    (segments << 80n) |
    (BigInt(purposes) << 144n) |
    (BigInt(depth) << 152n) |
    (BigInt(epoch) << 160n)
  );
}
