import { expect } from "chai";
import type { Frame } from "../../../ml/data/frame.ts";
import { followsItself, hasOrder } from "../../../ml/data/order.ts";
import { createRandom } from "../../../ml/random.ts";
import { circleRows } from "../../helpers/circle-rows.ts";
import { frameOf } from "../../helpers/judges.ts";
import { tankRows } from "../../helpers/tank-rows.ts";

function shuffle({ signals, values, rows }: Frame): Frame {
  const random = createRandom("shuffle");
  const order = [...Array(rows).keys()].sort(() => random.uniform() - 0.5);
  const own = values.map((each) => Float64Array.from(order, (row) => each[row]!));
  return frameOf(Object.fromEntries(signals.map((signal, n) => [signal, own[n]!])));
}

describe("rows", () => {
  it("follow one another as they were measured, and no longer when they are shuffled", () => {
    for (const { frame } of [tankRows(600, "order"), circleRows(300, "order", false)]) {
      expect(hasOrder(frame)).to.equal(true);
      expect(hasOrder(shuffle(frame))).to.equal(false);
    }
  });

  it("of other stretches, missing ones and those left out say nothing of it", () => {
    const rising = Float64Array.from({ length: 200 }, (_, row) => Math.sin(row / 20));
    const one = [Int32Array.from(rising.keys())];
    expect(followsItself(rising, one)).to.equal(true);
    const alone = Array.from(rising.keys(), (row) => Int32Array.of(row));
    expect(followsItself(rising, alone)).to.equal(false);
    const everySecond = Uint8Array.from(rising, (_, row) => row % 2);
    expect(followsItself(rising, one, everySecond)).to.equal(false);
    expect(
      followsItself(
        rising.map((value, row) => (row % 2 === 1 ? value : NaN)),
        one,
      ),
    ).to.equal(false);
    expect(followsItself(new Float64Array(200), one)).to.equal(false);
  });
});
