import { expect } from "chai";
import { createFalseData } from "../../lab/attacks/false-data.ts";
import { createBedside } from "../../lab/bedside.ts";
import { createDisturbances, DISTURBANCES } from "../../lab/disturbances.ts";
import { recordWindows } from "../../lab/record-windows.ts";
import { SEGMENTS, UNITS, type Sample } from "../../lab/sample.ts";
import model from "../../lab/models/monitor.json" with { type: "json" };
import { createRandom } from "../../ml/random.ts";
import { readDeviceModel } from "../../protocol/device-model.ts";

const SAMPLE: Sample = { heart: 80, pulse: 79, resp: 15, spo2: 97, sys: 120, dia: 75, temp: 36.8, st: 0.2 };

describe("a bedside", () => {
  it("has the segments, bits and units of its device model", () => {
    const read = readDeviceModel(model);
    expect(read.segments.map((s) => s.name)).to.deep.equal([...SEGMENTS]);
    expect(read.segments.map((s) => s.bit)).to.deep.equal([0, 1, 2, 3, 4, 5, 6, 7]);
    for (const segment of read.segments) expect(segment.unit).to.equal(UNITS[segment.name as keyof typeof UNITS]);
    expect(read.security).to.deep.equal([...SEGMENTS]);
  });

  it("shows the same samples for the same seed, within the model's ranges when nothing disturbs", () => {
    expect(recordWindows(createBedside("a"), 5)).to.deep.equal(recordWindows(createBedside("a"), 5));
    for (let i = 0; i < 20; i++)
      for (const window of recordWindows(createBedside(`calm ${i}`, 0), 30))
        for (const [s, values] of window.values.entries())
          for (const value of values) expect(value).to.be.within(model.segments[s]!.min, model.segments[s]!.max);
  });

  it("is disturbed as often and as long as the table says", () => {
    const hours = 400;
    const disturbances = createDisturbances(createRandom("often"));
    const begun: Record<string, number> = {};
    for (let t = 0; t < hours * 3600; t++)
      for (const [kind, acting] of Object.entries(disturbances.at(t).acting))
        if (acting.since < 1) begun[kind] = (begun[kind] ?? 0) + 1;
    for (const [kind, rule] of Object.entries(DISTURBANCES)) {
      const expected = hours * rule.perHour;
      expect(begun[kind] ?? 0, kind).to.be.within(expected * 0.6, expected * 1.3);
    }
    expect(createDisturbances(createRandom("never"), 0).at(1e9).acting).to.deep.equal({});
  });
});

describe("false data", () => {
  it("changes one segment from its onset to its end, and nothing else", () => {
    const attack = createFalseData({ segment: "heart", kind: "offset", amount: 35, from: 1000, until: 3000 });
    expect(attack.falsify(SAMPLE, 999)).to.equal(SAMPLE);
    expect(attack.falsify(SAMPLE, 1000)).to.deep.equal({ ...SAMPLE, heart: 115 });
    expect(attack.falsify(SAMPLE, 2999)).to.deep.equal({ ...SAMPLE, heart: 115 });
    expect(attack.falsify(SAMPLE, 3000)).to.equal(SAMPLE);
  });

  it("scales, freezes and ramps; what is missing stays missing", () => {
    const at = (plan: Parameters<typeof createFalseData>[0], times: number[]) => {
      const attack = createFalseData(plan);
      return times.map((t) => attack.falsify({ ...SAMPLE, heart: 80 + t / 1000 }, t).heart);
    };
    expect(at({ segment: "heart", kind: "scale", factor: 2, from: 0 }, [0, 1000])).to.deep.equal([160, 162]);
    expect(at({ segment: "heart", kind: "freeze", from: 1000 }, [0, 1000, 2000])).to.deep.equal([80, 80, 80]);
    expect(
      at({ segment: "heart", kind: "ramp", perSecond: -2, limit: 3, from: 1000 }, [1000, 2000, 3000]),
    ).to.deep.equal([81, 80, 80]);
    const gone = { ...SAMPLE, heart: null };
    expect(createFalseData({ segment: "heart", kind: "offset", amount: 1, from: 0 }).falsify(gone, 5)).to.equal(gone);
  });
});
