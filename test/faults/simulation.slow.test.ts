import { simulateMany } from "./simulation/simulate-many.ts";

describe("faults: a simulated gateway, anchor loop and chain, at length", () => {
  it("anchors every acked reading exactly once, whatever goes wrong (10 000 schedules)", function () {
    this.timeout(3_600_000);
    return simulateMany(1_001, 10_000);
  });
});
