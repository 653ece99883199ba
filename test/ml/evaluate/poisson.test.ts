import { expect } from "chai";
import { poissonInterval } from "../../../ml/evaluate/poisson.ts";

describe("the interval of a Poisson count", () => {
  it("is the one of the tables (Garwood 1936; Pearson, Hartley 1966)", () => {
    const tables: [number, number, number][] = [
      [0, 0, 3.689],
      [1, 0.0253, 5.572],
      [5, 1.623, 11.668],
      [20, 12.217, 30.888],
      [50, 37.11, 65.92],
      [400, 361.8, 441.2],
    ];
    for (const [count, low, high] of tables) {
      const [own, other] = poissonInterval(count);
      expect(own, `${count}`).to.be.closeTo(low, 0.01 + 0.001 * low);
      expect(other, `${count}`).to.be.closeTo(high, 0.01 + 0.001 * high);
    }
  });
});
