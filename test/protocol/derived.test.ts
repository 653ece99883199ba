import { expect } from "chai";
import fc from "fast-check";
import { aggregate, clampedSum, gridStart, measured, meanOf, noisedMean } from "../../protocol/aggregate.ts";
import { ZERO_32 } from "../../protocol/bytes.ts";
import { bernoulliExp, discreteLaplace, uniformFrom, type Uniform } from "../../protocol/discrete-laplace.ts";
import { TwinwardError } from "../../protocol/errors.ts";
import { isDerived, manifestHash, readManifest } from "../../protocol/manifest.ts";
import { sensitivity, type Bounds } from "../../protocol/noise.ts";
import {
  encodeValue,
  segmentTransform,
  strayValues,
  transformOf,
  valueDigest,
  valuesOf,
} from "../../protocol/release.ts";
import { createRandom } from "../../ml/random.ts";

const BOUNDS: Bounds = { clamp: [30, 220], scale: 2, denominator: 4 };
const NOISE = {
  epsilon: 0.5,
  budget: 10,
  unit: "reading",
  neighbours: "replace",
  segments: { heart: BOUNDS },
} as const;
const MANIFEST = {
  format: "manifest@1",
  name: "study",
  model: ZERO_32,
  segments: ["heart"],
  resolution: { interval: 60, show: ["mean"] },
  delay: 3600,
  noise: NOISE,
  commands: [],
} as const;

describe("the manifest of a derived twin", () => {
  it("is read strictly, and as it is", () => {
    expect(readManifest(MANIFEST)).to.deep.equal(MANIFEST);
    expect(isDerived(readManifest(MANIFEST))).to.equal(true);
    const bounded = (changed: object): object => ({ ...NOISE, segments: { heart: { ...BOUNDS, ...changed } } });
    for (const [wrong, path] of [
      [{ resolution: { interval: 0, show: ["mean"] } }, "$.resolution.interval"],
      [{ resolution: { interval: 86_401, show: ["mean"] } }, "$.resolution.interval"],
      [{ resolution: { interval: 61, show: ["mean"] } }, "$.resolution.interval"],
      [{ resolution: { interval: 60, show: [] } }, "$.resolution.show"],
      [{ resolution: { interval: 60, show: ["mean", "mean"] } }, "$.resolution.show"],
      [{ resolution: { interval: 60, show: ["median"] } }, "$.resolution.show[0]"],
      // Nothing is noised but the mean, so nothing may stand beside it.
      [{ resolution: { interval: 60, show: ["mean", "max"] } }, "$"],
      [{ resolution: "raw" }, "$"],
      [{ noise: { ...NOISE, epsilon: 0.0005 } }, "$.noise.epsilon"],
      [{ noise: { ...NOISE, epsilon: 0 } }, "$.noise.epsilon"],
      [{ noise: { ...NOISE, budget: 0.4 } }, "$.noise.budget"],
      [{ noise: { ...NOISE, unit: "sample" } }, "$.noise.unit"],
      [{ noise: { ...NOISE, neighbours: "add" } }, "$.noise.neighbours"],
      [{ noise: { ...NOISE, segments: {} } }, "$.noise.segments.heart"],
      [{ noise: { ...NOISE, segments: { heart: BOUNDS, resp: BOUNDS } } }, "$.noise.segments.resp"],
      [{ noise: bounded({ clamp: [220, 30] }) }, "$.noise.segments.heart.clamp"],
      [{ noise: bounded({ clamp: [0.5, 1] }) }, "$.noise.segments.heart.clamp[0]"],
      [{ noise: bounded({ scale: 0 }) }, "$.noise.segments.heart.scale"],
      [{ noise: bounded({ denominator: 0 }) }, "$.noise.segments.heart.denominator"],
    ] as const) {
      const read = (): unknown => readManifest({ ...MANIFEST, ...wrong });
      expect(read, JSON.stringify(wrong)).to.throw(TwinwardError).with.property("code", "UNUSABLE_MANIFEST");
      expect(read).to.throw(TwinwardError).with.nested.property("facts.path", path);
    }
  });

  it("keeps the hashes of raw ones", () => {
    const { format, name, model, segments, commands } = MANIFEST;
    const raw = { format, name, model, segments, resolution: "raw", delay: 0, commands } as const;
    expect(manifestHash(readManifest(raw))).to.equal(manifestHash(raw));
    expect(readManifest(raw)).not.to.have.property("noise");
  });

  it("names by one hash what is done to a segment alike, and by another what is not", () => {
    const of = (changed: object): string => {
      const manifest = readManifest({ ...MANIFEST, ...changed });
      if (!isDerived(manifest)) throw new Error("raw");
      return segmentTransform(transformOf(manifest), "heart");
    };
    const two = { heart: BOUNDS, resp: { ...BOUNDS, scale: 1 } };
    const same = [{ name: "other", delay: 0 }, { noise: { ...NOISE, budget: 3 } }];
    for (const one of [...same, { segments: ["resp", "heart"], noise: { ...NOISE, segments: two } }])
      expect(of(one), JSON.stringify(one)).to.equal(of({}));
    for (const one of [
      { resolution: { interval: 45, show: ["mean"] } },
      { noise: { ...NOISE, epsilon: 0.25 } },
      { noise: { ...NOISE, unit: "interval" } },
      { noise: { ...NOISE, segments: { heart: { ...BOUNDS, denominator: 5 } } } },
    ])
      expect(of(one), JSON.stringify(one)).not.to.equal(of({}));
  });
});

describe("aggregates", () => {
  it("are those of all samples that measure something", () => {
    const codes = { "-1": "no contact" };
    const readings = [[72, null, 74], [], [-1, 76]].map((v) => measured({ v }, { codes }));
    expect(aggregate(readings, ["count", "mean", "max", "min"])).to.deep.equal({
      count: 3,
      mean: 74,
      max: 76,
      min: 72,
    });
    expect(aggregate([[], []], ["mean", "count"])).to.deep.equal({ mean: null, count: 0 });
    expect([gridStart(119_999, 60_000), gridStart(120_000, 60_000)]).to.deep.equal([60_000, 120_000]);
  });

  it("are the mean itself where as many readings as the denominator lie within the clamp", () => {
    const sum = clampedSum([[72], [74.5], [76], [77.5, 78.5]], BOUNDS);
    expect(meanOf(sum, BOUNDS)).to.equal((72 + 74.5 + 76 + 78) / 4);
    // What is missing counts as the middle, 125; what is beyond the clamp as its end; what is too many not at all.
    expect(meanOf(clampedSum([[125], []], BOUNDS), BOUNDS)).to.equal(125);
    expect(meanOf(clampedSum([[900], [220], [220], [220], [30]], BOUNDS), BOUNDS)).to.equal(220);
  });

  it("change by no more than the sensitivity, whatever a neighbour's reading, or interval, holds", () => {
    const samples = fc.array(fc.double({ noNaN: true, min: -1e308, max: 1e308 }), { maxLength: 4 });
    const interval = fc.array(samples, { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(interval, fc.nat(), samples, interval, (readings, at, other, all) => {
        const place = at % readings.length;
        const neighbour = readings.map((values, i) => (i === place ? other : values));
        const sums = [readings, neighbour, all].map((one) => clampedSum(one, BOUNDS)) as [number, number, number];
        for (const sum of sums) expect(Number.isInteger(sum)).to.equal(true);
        expect(Math.abs(sums[0] - sums[1])).to.be.at.most(sensitivity(BOUNDS, "reading"));
        expect(Math.abs(sums[0] - sums[2])).to.be.at.most(sensitivity(BOUNDS, "interval"));
      }),
      { seed: 20261121, numRuns: 2_000 },
    );
  });
});

class TooDeep extends Error {}

/**
 * The probability of each outcome, as far as it is decided by choices that together have at least the probability `least`,
 * and how much is left undecided: every path that a sampler can take is taken once.
 */
function decided<T>(sample: (uniform: Uniform) => T, least: number): { outcomes: Map<T, number>; left: number } {
  const outcomes = new Map<T, number>();
  const open: bigint[][] = [[]];
  let left = 0;
  for (let path = open.pop(); path; path = open.pop()) {
    let at = 0;
    let probability = 1;
    const known = path;
    const walk: Uniform = (n) => {
      const choice = known[at++];
      if (choice !== undefined) {
        probability /= Number(n);
        return choice;
      }
      if (probability < least) left += probability;
      else for (let next = 0n; next < n; next++) open.push([...known, next]);
      throw new TooDeep();
    };
    try {
      const outcome = sample(walk);
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + probability);
    } catch (error) {
      if (!(error instanceof TooDeep)) throw error;
    }
  }
  return { outcomes, left };
}

describe("the discrete Laplace sampler", () => {
  it("is exact: every path of its choices, weighed, makes the distribution and no other", () => {
    for (const [n, d] of [
      [0n, 1n],
      [1n, 1n],
      [1n, 3n],
      [2n, 3n],
    ] as const) {
      const { outcomes, left } = decided((uniform) => bernoulliExp(n, d, uniform), 1e-7);
      const exact = Math.exp(-Number(n) / Number(d));
      expect(left).to.be.below(1e-4);
      expect(outcomes.get(true) ?? 0, `exp(-${n}/${d})`).to.be.within(exact - left - 1e-12, exact + 1e-12);
    }
    for (const [t, s] of [
      [1n, 1n],
      [2n, 3n],
    ] as const) {
      const { outcomes, left } = decided((uniform) => discreteLaplace(t, s, uniform), 3e-6);
      const q = Math.exp(-Number(s) / Number(t));
      expect(left).to.be.below(0.2);
      let sum = 0;
      for (let z = -4n; z <= 4n; z++) {
        const exact = ((1 - q) / (1 + q)) * q ** Math.abs(Number(z));
        const found = outcomes.get(z) ?? 0;
        expect(found, `z = ${z} at t/s = ${t}/${s}`).to.be.within(exact - left - 1e-12, exact + 1e-12);
        expect(found).to.be.closeTo(outcomes.get(-z) ?? 0, 1e-9);
        sum += found;
      }
      expect(sum).to.be.above(0.7);
    }
  });

  it("draws every number below n from as many bytes", () => {
    const counts = new Map<bigint, number>();
    for (let byte = 0; byte < 256; byte++) {
      // A byte that is too large is passed over: the next one, 0, is taken in its place and not counted.
      const bytes = [byte, 0];
      const drawn = uniformFrom(() => Uint8Array.of(bytes.shift() ?? 0))(5n);
      if (bytes.length === 1) counts.set(drawn, (counts.get(drawn) ?? 0) + 1);
    }
    expect([...counts].toSorted()).to.deep.equal([0n, 1n, 2n, 3n, 4n].map((n) => [n, 32]));
    expect(uniformFrom(() => new Uint8Array())(1n)).to.equal(0n);
  });

  it("spreads as it must at parameters of real twins (chi-squared, one seed)", () => {
    const random = createRandom("discrete laplace");
    const [t, s] = [40n, 3n];
    const uniform = uniformFrom((size) => random.bytes(size));
    const q = Math.exp(-Number(s) / Number(t));
    const probability = (z: number): number => ((1 - q) / (1 + q)) * q ** Math.abs(z);
    const draws = 20_000;
    const bins = new Map<number, number>();
    for (let i = 0; i < draws; i++) {
      const z = Number(discreteLaplace(t, s, uniform));
      const bin = Math.max(-20, Math.min(20, z));
      bins.set(bin, (bins.get(bin) ?? 0) + 1);
    }
    let statistic = 0;
    for (let bin = -20; bin <= 20; bin++) {
      const share = Math.abs(bin) < 20 ? probability(bin) : q ** 20 / (1 + q);
      statistic += ((bins.get(bin) ?? 0) - share * draws) ** 2 / (share * draws);
    }
    // 40 degrees of freedom: above 73.4 with probability 0.001.
    expect(statistic).to.be.below(73.4);
  });

  it("moves a mean by steps of the grid, never by the samples' own fractions", () => {
    const random = createRandom("noised mean");
    const uniform = uniformFrom((size) => random.bytes(size));
    const drawn = Array.from({ length: 50 }, () => noisedMean([[72.123456], [73.98765]], NOISE, BOUNDS, uniform));
    for (const mean of drawn) expect((mean - 125) * 2 * 2 * 4).to.satisfy(Number.isInteger);
    expect(new Set(drawn).size).to.be.above(40);
  });
});

describe("a released value", () => {
  it("is what its release holds, or it is named", () => {
    const encoded = encodeValue({ segment: "heart", unit: "/min", aggregates: { mean: 72.5 } }, new Uint8Array(16));
    const other = encodeValue({ segment: "heart", unit: "/min", aggregates: { mean: 71.5 } }, new Uint8Array(16));
    const release = { values: { heart: valueDigest(encoded) } };
    expect(strayValues(release, [encoded])).to.deep.equal([]);
    for (const stray of [other, `${encoded}A`, "!", ""]) expect(strayValues(release, [stray])).to.deep.equal([stray]);
    expect(valuesOf([encoded])).to.deep.equal([{ segment: "heart", unit: "/min", aggregates: { mean: 72.5 } }]);
  });
});
