import { expect } from "chai";
import fc from "fast-check";
import { Wallet } from "ethers";
import { keyFileSigner } from "../../apps/console/session/key-file.ts";
import { isLoopback } from "../../apps/console/session/start-session.ts";
import { mergeReadings, unsettledFrom } from "../../apps/console/twin/merge-readings.ts";
import { nearestReading } from "../../apps/console/twin/nearest-reading.ts";
import { readableTwins } from "../../apps/console/twin/readable-twins.ts";
import { readReading, standingOf, STANDINGS, type TwinReading } from "../../apps/console/twin/read-reading.ts";
import { toBand } from "../../apps/console/twin/to-band.ts";
import { toSeries, toSpans } from "../../apps/console/twin/to-series.ts";
import type { HistoryReading, ListedTwin } from "../../apps/sdk/answers.ts";
import { parseReading, readingLeaf, toHex, TwinwardError, type Hex } from "../../protocol/index.ts";
import { makeWorld, type TestWorld } from "../protocol/world.ts";

const id = (n: number): Hex => `0x${n.toString(16).padStart(64, "0")}`;

/** A reading of one second with two samples of `heart`. */
function reading(sequence: number, over: Partial<TwinReading> = {}): TwinReading {
  const from = sequence * 1_000;
  const samples = new Map([["heart", { unit: "/min", t: [0, 500], v: [70, 71] }]]);
  const state = "anchored";
  return { sequence, from, until: from + 1_000, leaf: id(sequence), flags: [], gap: null, state, samples, ...over };
}

const stretch = (from: number, to: number, over: Partial<TwinReading> = {}): TwinReading[] =>
  Array.from({ length: to - from + 1 }, (_, n) => reading(from + n, over));

describe("a twin's chart, part by part", () => {
  describe("readReading", () => {
    let world: TestWorld;
    let row: HistoryReading;
    before(async () => {
      world = await makeWorld("chart");
      const parsed = parseReading(world.readings[2] ?? "");
      row = {
        sequence: parsed.sequence,
        from: parsed.per[0],
        until: parsed.per[1],
        content: parsed.content,
        leaf: toHex(readingLeaf(parsed)),
        position: 2,
        reading: parsed.text,
        flags: [],
        gap: null,
        state: "sealed",
        batch: 1,
      };
    });

    it("keeps the values of a reading that is what it is listed as", () => {
      const found = readReading(row, world.history.device);
      expect(found.fault).to.equal(undefined);
      expect(found.samples.get("heart")).to.deep.equal({ unit: "/min", t: [0, 1000, 2000], v: [72, 72.5, null] });
      expect(standingOf(found, new Set())).to.equal("sealed");
      expect(standingOf(found, new Set([row.leaf]))).to.equal("mismatch");
    });

    it("finds another leaf, another place, another device, another value", () => {
      const other = world.readings[3] ?? "";
      const forged = [
        { ...row, leaf: id(7) },
        { ...row, sequence: row.sequence + 1 },
        { ...row, from: row.from - 1 },
        { ...row, reading: other },
        { ...row, reading: `${row.reading.split("~")[0] ?? ""}~${other.split("~")[1] ?? ""}~` },
        { ...row, reading: "x" },
      ].map((changed) => readReading(changed, world.history.device));
      forged.push(readReading(row, id(1)));
      expect(forged.map(({ fault }) => typeof fault)).to.deep.equal(forged.map(() => "string"));
      expect(new Set(forged.map((one) => standingOf(one, new Set())))).to.deep.equal(new Set(["mismatch"]));
    });
  });

  describe("mergeReadings", () => {
    it("lets a newer answer replace an older one, and lets go of what is past", () => {
      const held = [...stretch(1, 4), reading(5, { state: "sealed" }), reading(6, { state: "accepted" })];
      expect(unsettledFrom(held)).to.equal(5);
      const came = [reading(5), reading(6, { state: "sealed" }), reading(9)];
      const merged = mergeReadings(held, came, 3_500);
      expect(merged.map(({ sequence, state }) => [sequence, state])).to.deep.equal([
        [3, "anchored"],
        [4, "anchored"],
        [5, "anchored"],
        [6, "sealed"],
        [9, "anchored"],
      ]);
      expect(unsettledFrom(merged)).to.equal(6);
      expect(unsettledFrom(stretch(1, 4))).to.equal(5);
      expect(unsettledFrom([])).to.equal(undefined);
      expect(mergeReadings(held, [], 0)).to.deep.equal(held);
    });

    it("is, however the answers are cut, what one answer would have been", () => {
      fc.assert(
        fc.property(fc.array(fc.integer({ min: 1, max: 40 }), { maxLength: 6 }), (cuts) => {
          const all = stretch(1, 40);
          const bounds = [...new Set([0, ...cuts, 40])].sort((a, b) => a - b);
          const merged = bounds.reduce<readonly TwinReading[]>(
            // Each answer begins again at its predecessor's last reading, as an unsettled one makes it.
            (held, bound, index) => mergeReadings(held, all.slice(Math.max(0, (bounds[index - 1] ?? 0) - 1), bound), 0),
            [],
          );
          expect(merged).to.deep.equal(all);
        }),
        { seed: 3 },
      );
    });
  });

  describe("toSeries and toSpans", () => {
    it("break the line where values, sequences or a period are missing, and mark the place", () => {
      const readings = [
        reading(1),
        reading(2, { samples: new Map([["heart", { unit: "/min", t: [0, 500], v: [null, 72] }]]) }),
        reading(5, { gap: { from: 3, to: 4 } }),
        reading(9),
      ];
      expect(toSeries(readings, "heart")).to.deep.equal({
        x: [1_000, 1_500, 2_000, 2_500, 3_000, 5_000, 5_500, 6_000, 9_000, 9_500],
        y: [70, 71, null, 72, null, 70, 71, null, 70, 71],
      });
      expect(toSpans(readings, ({ sequence }) => sequence === 9)).to.deep.equal([
        { from: 3_000, to: 5_000, kind: "gap" },
        { from: 6_000, to: 9_000, kind: "gap" },
        { from: 9_000, to: 10_000, kind: "mismatch" },
      ]);
      expect(toSeries(readings, "spo2").y.filter((value) => value !== null)).to.deep.equal([]);
    });
  });

  describe("toBand", () => {
    it("never lets a slot look better than its worst reading, and counts every one", () => {
      const standing = fc.constantFrom(...STANDINGS);
      fc.assert(
        fc.property(
          fc.array(standing, { minLength: 1, maxLength: 60 }),
          fc.integer({ min: 1, max: 30 }),
          (all, slots) => {
            const readings = stretch(0, all.length - 1);
            const of = ({ sequence }: TwinReading) => all[sequence] ?? "mismatch";
            const band = toBand(readings, of, { from: 0, to: all.length * 1_000, slots });
            expect(band.reduce((sum, slot) => sum + slot.readings, 0)).to.equal(all.length);
            for (const [index, slot] of band.entries()) {
              const inside = all.filter((_, n) => Math.floor((n / all.length) * slots) === index);
              const worst = STANDINGS.find((one) => inside.includes(one));
              expect(slot.standing).to.equal(worst);
            }
          },
        ),
        { seed: 3 },
      );
    });

    it("leaves out what is not in the frame, and gathers flags and losses", () => {
      const readings = [
        reading(1),
        reading(10, { flags: ["late"] }),
        reading(14, { flags: ["outOfRange", "late"], gap: { from: 11, to: 13 } }),
        reading(30),
      ];
      const [slot, empty] = toBand(readings, () => "sealed", { from: 10_000, to: 30_000, slots: 2 });
      expect(slot).to.deep.equal({ standing: "sealed", flags: ["late", "outOfRange"], lost: 3, readings: 2 });
      expect(empty).to.deep.equal({ flags: [], lost: 0, readings: 0 });
    });
  });

  it("finds the reading at a time, or the nearest", () => {
    const readings = [...stretch(1, 3), reading(10)];
    const at = (time: number): number | undefined => readings[nearestReading(readings, time)]?.sequence;
    expect([0, 1_000, 1_999, 2_000, 3_999, 5_000, 8_000, 10_500, 99_000].map(at)).to.deep.equal([
      1, 1, 1, 2, 3, 3, 10, 10, 10,
    ]);
    expect(nearestReading([], 5)).to.equal(-1);
  });

  it("offers the twins that a grant of one's own opens now, for what it gives", () => {
    const reader: Hex = `0x${"11".repeat(20)}`;
    const source = { grantor: reader, parent: null, nonce: "0", depth: 0 };
    const grant = { grant: id(9), reader, from: 100, until: 200, segments: "3", ...source, revoked: false };
    const twin = (n: number, over: object, terms: object = {}): ListedTwin => ({
      twin: id(n),
      device: id(1),
      assignment: id(2),
      manifestHash: id(3),
      segments: "3",
      commands: "0",
      security: false,
      ended: false,
      as: [],
      epoch: 0,
      subject: null,
      consent: ["research"],
      consents: [],
      grants: [{ ...grant, continuity: false, purposes: ["research" as const, "care" as const], ...terms }],
      ...over,
    });
    const twins = [
      twin(1, {}),
      twin(2, { security: true }),
      twin(3, { ended: true }),
      twin(4, {}, { revoked: true }),
      twin(5, {}, { from: 151 }),
      twin(6, {}, { until: 150 }),
      twin(7, {}, { reader: `0x${"22".repeat(20)}` }),
    ];
    expect(readableTwins(twins, reader, 150)).to.deep.equal([
      { twin: id(1), device: id(1), manifestHash: id(3), purposes: ["care", "research"], until: 200 },
    ]);
  });

  describe("keyFileSigner", () => {
    const file = (over: object = {}): string =>
      JSON.stringify({
        format: "key@1",
        type: "secp256k1",
        development: false,
        private: `0x${"42".repeat(32)}`,
        ...over,
      });
    const codeOf = (text: string, loopback = false): string => {
      try {
        keyFileSigner(text, loopback);
        return "taken";
      } catch (error) {
        return error instanceof TwinwardError ? error.code : String(error);
      }
    };

    it("signs what an Ethereum account signs", async () => {
      const wallet = new Wallet(`0x${"42".repeat(32)}`);
      const signer = keyFileSigner(file(), false);
      expect(await signer.getAddress()).to.equal(wallet.address);
      expect(await signer.signMessage("who I am")).to.equal(await wallet.signMessage("who I am"));
    });

    it("takes a key that was made for trying out only on its own machine", () => {
      expect(codeOf(file({ development: true }), true)).to.equal("taken");
      expect(codeOf(file({ development: true }))).to.equal("DEVELOPMENT_KEY_REFUSED");
      expect(["127.0.0.1", "localhost", "[::1]", "north.example", "127.0.0.1.example"].map(isLoopback)).to.deep.equal([
        true,
        true,
        true,
        false,
        false,
      ]);
    });

    it("refuses what is no account's key, and tells nothing of it", () => {
      const wrong = [
        "{",
        "[]",
        file({ format: "key@2" }),
        file({ type: "p256" }),
        file({ private: "0x42" }),
        file({ private: `0x${"00".repeat(32)}` }),
        file({ private: `0x${"ff".repeat(32)}` }),
      ];
      expect(wrong.map((text) => codeOf(text))).to.deep.equal(wrong.map(() => "KEY_FILE_UNUSABLE"));
      try {
        keyFileSigner(file({ private: `0x${"ff".repeat(32)}` }), false);
      } catch (error) {
        expect(JSON.stringify(error, Object.getOwnPropertyNames(error))).not.to.include("ffff");
      }
    });
  });
});
