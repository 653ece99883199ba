/**
 * A small seeded generator (sfc32, C. Doty-Humphrey, PractRand). Not for secrets: keys and salts never come from here.
 * The same seed gives the same numbers in every process.
 */
export interface Random {
  /** Uniform in [0, 1), 32 bits of resolution. */
  uniform(): number;
  /** Standard normal (Marsaglia's polar method). */
  normal(): number;
  /** Exponential with mean 1. */
  exponential(): number;
  /** Integer in [0, limit). */
  integer(limit: number): number;
  /** Bytes, for simulated keys and salts that have to be repeatable. */
  bytes(length: number): Uint8Array;
  /** A new generator that depends on this seed and the label only, not on how much was drawn. */
  fork(label: string): Random;
}

/** FNV-1a over UTF-16 code units, finished by a murmur-style mix: four independent words from one seed text. */
function seedWord(text: string, salt: number): number {
  let hash = 0x811c9dc5 ^ salt;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/** A generator for this seed. */
export function createRandom(seed: string | number): Random {
  const text = String(seed);
  let a = seedWord(text, 1);
  let b = seedWord(text, 2);
  let c = seedWord(text, 3);
  let counter = 1;
  let spare: number | undefined;

  function word(): number {
    const sum = (a + b + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + sum) | 0;
    return sum >>> 0;
  }
  for (let i = 0; i < 16; i++) word(); // so that near seeds no longer look alike

  const uniform = () => word() / 4294967296;
  return {
    uniform,
    normal() {
      if (spare !== undefined) {
        const value = spare;
        spare = undefined;
        return value;
      }
      for (;;) {
        const u = 2 * uniform() - 1;
        const v = 2 * uniform() - 1;
        const s = u * u + v * v;
        if (s === 0 || s >= 1) continue;
        const factor = Math.sqrt((-2 * Math.log(s)) / s);
        spare = v * factor;
        return u * factor;
      }
    },
    exponential: () => -Math.log(1 - uniform()),
    integer: (limit) => Math.floor(uniform() * limit),
    bytes: (length) => Uint8Array.from({ length }, () => word() >>> 24),
    fork: (label) => createRandom(`${text}/${label}`),
  };
}
