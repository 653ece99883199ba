import { simulateMany } from "./simulation/simulate-many.ts";

describe("faults: a simulated gateway, anchor loop and chain", () => {
  it("anchors every acked reading exactly once, whatever goes wrong (300 schedules)", function () {
    this.timeout(180_000);
    return simulateMany(1, 300);
  });
});
