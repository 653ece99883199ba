/** A whole number in [0, n), each with the same probability. */
export type Uniform = (n: bigint) => bigint;

/**
 * Whole numbers z with probability proportional to exp(−|z|·s/t), exactly: rational arithmetic on whole numbers only, so
 * no rounding of a floating point number tells what the noise was added to (Mironov 2012).
 *
 * Source: C. Canonne, G. Kamath, T. Steinke, "The Discrete Gaussian for Differential Privacy", NeurIPS 2020
 * (arXiv:2004.00010), algorithms 1 (Bernoulli of exp(−γ)) and 2 (discrete Laplace).
 */
export function discreteLaplace(t: bigint, s: bigint, uniform: Uniform): bigint {
  if (t < 1n || s < 1n) throw new RangeError("t and s are positive");
  for (;;) {
    // u + t·v is geometric with exp(−1/t): its remainder here, its quotient below.
    const u = uniform(t);
    if (!bernoulliExp(u, t, uniform)) continue;
    let v = 0n;
    while (bernoulliExp(1n, 1n, uniform)) v += 1n;
    const magnitude = (u + t * v) / s;
    const negative = uniform(2n) === 1n;
    // Zero has one sign.
    if (negative && magnitude === 0n) continue;
    return negative ? -magnitude : magnitude;
  }
}

/** True with probability exp(−n/d), for 0 ≤ n ≤ d. */
export function bernoulliExp(n: bigint, d: bigint, uniform: Uniform): boolean {
  let k = 1n;
  while (uniform(d * k) < n) k += 1n;
  return k % 2n === 1n;
}

/** From the bytes of a cryptographic source: as many bits as n − 1 has, drawn again where they are too many. */
export function uniformFrom(random: (size: number) => Uint8Array): Uniform {
  return (n) => {
    const bits = n === 1n ? 0 : (n - 1n).toString(2).length;
    const mask = (1n << BigInt(bits)) - 1n;
    for (;;) {
      const bytes = random(Math.ceil(bits / 8));
      const drawn = bytes.reduce((all, byte) => (all << 8n) | BigInt(byte), 0n) & mask;
      if (drawn < n) return drawn;
    }
  };
}
