import { seedsFrom, simulateMany } from "./simulation/simulate-many.ts";

describe("faults: gateway, anchor loop and outbox on a simulated chain, at length", () => {
  it("anchors every acked reading exactly once, whatever goes wrong (10 000 schedules)", function () {
    this.timeout(3_600_000);
    return simulateMany(seedsFrom(1_001, 10_000));
  });
});
