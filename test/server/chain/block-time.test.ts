import { expect } from "chai";
import { followTime } from "../../../server/chain/embedded/block-time.ts";

const HOUR = 3_600_000;

describe("chain: times of blocks", () => {
  let at: number;
  let wall: number;
  let next: (previous: number) => number;
  beforeEach(() => {
    at = 0;
    wall = 1_790_000_000_000;
    next = followTime(
      () => wall + at,
      () => at,
    );
  });
  const seconds = (): number => Math.floor((wall + at) / 1000);

  it("are the wall clock's, each later than the one before", () => {
    expect(next(0)).to.equal(seconds());
    expect(next(seconds())).to.equal(seconds() + 1);
    at += 3_500;
    expect(next(0)).to.equal(seconds());
    wall += 400; // trimmed
    expect(next(0)).to.equal(seconds());
  });

  it("do not go back with a clock that is put back", () => {
    const head = next(0);
    wall -= HOUR;
    at += 1_000;
    expect(next(head)).to.equal(head + 1);
    expect(next(0)).to.equal(seconds());
  });

  it("follow a clock that is put forward only when what was promised before may be anchored", () => {
    const before = next(0);
    wall += HOUR;
    for (let waited = 0; waited < 120_000; waited += 5_000) {
      expect(next(0)).to.equal(before + waited / 1000);
      at += 5_000;
    }
    expect(next(0)).to.equal(seconds());
    at += 5_000;
    expect(next(0)).to.equal(seconds());
  });

  it("forget a leap that was taken back", () => {
    wall += HOUR;
    next(0);
    at += 60_000;
    wall -= HOUR;
    expect(next(0)).to.equal(seconds());
    wall += HOUR;
    at += 61_000;
    expect(next(0)).to.equal(seconds() - HOUR / 1000);
  });
});
