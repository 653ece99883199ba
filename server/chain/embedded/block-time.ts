/** A wall clock that is ahead of what has passed by more than this was put forward, or the machine slept, ms. */
const LEAP_MS = 1_000;
/** So long the chain goes on as if nothing had happened, ms: longer than from an ack to its anchor (SEAL_INTERVAL_MS is 60 s at most). */
const GRACE_MS = 120_000;

/**
 * Times of blocks: the wall clock's, and each later than the one before. Put back, it only slows the chain's clock to a second
 * per block. Put forward, it is followed after two minutes: acks that promised an anchor by the clock as it was are
 * anchored meanwhile, instead of all being broken by the next block. Times are ms, a block's are seconds.
 */
export function followTime(now: () => number, steady: () => number): (previous: number) => number {
  /** Wall clock minus steady clock, as far as it is followed. */
  let offset = now() - steady();
  let leaptAt: number | undefined;
  return (previous) => {
    const at = steady();
    const ahead = now() - at - offset;
    if (ahead > LEAP_MS) leaptAt ??= at;
    else leaptAt = undefined;
    if (leaptAt === undefined || at - leaptAt >= GRACE_MS) {
      offset += ahead;
      leaptAt = undefined;
    }
    return Math.max(previous + 1, Math.floor((at + offset) / 1000));
  };
}
