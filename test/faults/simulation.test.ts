import { simulateMany } from "./simulation/simulate-many.ts";

/** Schedules that failed once: two of our transactions lay under dearer ones of the same nonces, and only the last was paid more for. */
const FAILED_ONCE = [3867];

describe("faults: a simulated gateway, anchor loop and chain", () => {
  it("anchors every acked reading exactly once, whatever goes wrong (100 schedules)", () => simulateMany(1, 100));

  for (const seed of FAILED_ONCE) it(`does so where it once did not, from seed ${seed}`, () => simulateMany(seed, 1));
});
