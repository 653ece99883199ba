import { expect } from "chai";
import { hasWaited, HoldClock } from "../../../server/gateway/hold-clock.ts";

const HOUR = 3_600_000;
const HOLD = 10_000;

describe("gateway: how long a reading is held", () => {
  let at: number;
  let wall: number;
  let clock: HoldClock;

  beforeEach(() => {
    at = 5_000;
    wall = 1_790_000_000_000;
    clock = new HoldClock(
      () => wall + at,
      () => at,
      HOLD,
    );
    clock.waited();
  });

  const now = (): number => wall + at;
  /** Lets time pass, looking every second as the gateway does; when a reading of `receivedAt` was let go. */
  const letGoAfter = (receivedAt: number, begun: number): number => {
    while (!hasWaited(receivedAt, clock.waited())) {
      at += 1_000;
      if (at - begun > 2 * HOUR) return Infinity;
    }
    return at - begun;
  };

  it("is ten seconds", () => {
    expect(letGoAfter(now(), at)).to.equal(HOLD);
  });

  for (const [what, step] of [
    ["forward", HOUR],
    ["back", -HOUR],
  ] as const) {
    it(`is ten seconds, and a look at most, where the clock is put ${what} by an hour meanwhile`, () => {
      const [receivedAt, begun] = [now(), at];
      at += 4_000;
      wall += step;
      expect(letGoAfter(receivedAt, begun)).to.be.within(HOLD, HOLD + 4_000);
    });

    it(`is no less and little more for what comes in after it was put ${what}`, () => {
      wall += step;
      clock.waited();
      at += 2_000;
      expect(letGoAfter(now(), at)).to.be.within(HOLD, HOLD + 1_000);
    });
  }

  it("is no longer than that for what an earlier process held, by whatever clock", () => {
    for (const receivedAt of [now() + HOUR, now() - HOUR]) expect(letGoAfter(receivedAt, at)).to.be.at.most(HOLD);
  });

  it("is left to another gateway whose clock is a little ahead", () => {
    expect(hasWaited(now() + 5_000, clock.waited())).to.equal(false);
  });
});
