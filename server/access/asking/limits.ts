import { isIPv6 } from "node:net";

const WINDOW_MS = 60_000;
const MOST_PER_WINDOW = 30;
/** Addresses that are remembered; more than so many in a minute are one. */
const MOST_KNOWN = 10_000;

/** Counts what comes from one network address within a minute, in memory: a restart forgives. */
export class AddressLimit {
  readonly #now: () => number;
  readonly #seen = new Map<string, { until: number; count: number }>();

  /** ms. */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** How many ms to wait before another one is taken; 0 where this one is. */
  take(address: string): number {
    const now = this.#now();
    const name = this.#seen.size >= MOST_KNOWN ? this.#room(networkOf(address), now) : networkOf(address);
    const known = this.#seen.get(name);
    if (known === undefined || known.until <= now) {
      this.#seen.set(name, { until: now + WINDOW_MS, count: 1 });
      return 0;
    }
    known.count += 1;
    return known.count <= MOST_PER_WINDOW ? 0 : known.until - now;
  }

  #room(name: string, now: number): string {
    for (const [old, { until }] of this.#seen) if (until <= now) this.#seen.delete(old);
    return this.#seen.has(name) || this.#seen.size < MOST_KNOWN ? name : "all others";
  }
}

/** An IPv6 host has at least 2^64 addresses of its own: they count as one. */
function networkOf(address: string): string {
  const plain = address.replace(/^::ffff:(?=\d+\.)/, "").replace(/%.*$/, "");
  if (!isIPv6(plain)) return plain;
  const [head = "", tail] = plain.split("::");
  const left = head === "" ? [] : head.split(":");
  const right = tail === undefined || tail === "" ? [] : tail.split(":");
  const zeros = tail === undefined ? [] : Array<string>(Math.max(0, 8 - left.length - right.length)).fill("0");
  return [...left, ...zeros, ...right].slice(0, 4).join(":");
}
