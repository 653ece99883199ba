import { expect } from "chai";
import fc from "fast-check";
import { PURPOSES } from "../../../protocol/words.ts";
import { decide, REASONS, type Ask, type Facts } from "../../../server/access/decide.ts";
import { decisionCases } from "./decision-cases.ts";

const facts: fc.Arbitrary<Facts> = fc.record({
  twin: fc.option(
    fc.record({
      segments: fc.bigInt({ min: 0n, max: 15n }),
      commands: fc.bigInt({ min: 0n, max: 15n }),
      security: fc.boolean(),
      ended: fc.boolean(),
      consent: fc.integer({ min: 0, max: 15 }),
    }),
  ),
  device: fc.constantFrom("registered", "active", "suspect", "quarantined", "retired"),
  readerIsOracle: fc.boolean(),
  consented: fc.integer({ min: 0, max: 63 }),
  grant: fc.option(
    fc.record({
      sameTwin: fc.boolean(),
      sameReader: fc.boolean(),
      revoked: fc.boolean(),
      epochRaised: fc.boolean(),
      parentRevoked: fc.boolean(),
      from: fc.integer({ min: 0, max: 5 }),
      until: fc.integer({ min: 3, max: 9 }),
      segments: fc.bigInt({ min: 0n, max: 15n }),
      purposes: fc.integer({ min: 0, max: 63 }),
    }),
  ),
});
const asks: fc.Arbitrary<Ask> = fc.record({
  action: fc.constantFrom("read", "command"),
  purpose: fc.constantFrom(...PURPOSES),
  segments: fc.bigInt({ min: 0n, max: 15n }),
  now: fc.integer({ min: 0, max: 9 }),
  safe: fc.boolean(),
});

describe("decide", () => {
  for (const one of decisionCases()) {
    it(`${one.reason}: ${one.name}`, () => expect(decide(one.facts, one.ask)).to.equal(one.reason));
  }

  it("has every reason at least twice in its cases", () => {
    for (const reason of REASONS) {
      expect(decisionCases().filter((one) => one.reason === reason).length, reason).to.be.at.least(2);
    }
  });

  it("never permits more after a revocation, an end or a retirement", () => {
    fc.assert(
      fc.property(facts, asks, (before, ask) => {
        const after: Facts[] = [
          { ...before, device: "retired" },
          { ...before, twin: before.twin && { ...before.twin, ended: true } },
        ];
        if (!before.twin?.security) {
          const { grant } = before;
          for (const end of ["revoked", "epochRaised", "parentRevoked"] as const)
            after.push({ ...before, grant: grant && { ...grant, [end]: true } });
          after.push({ ...before, consented: 0 });
        }
        for (const later of after) {
          if (decide(later, ask) === "Permitted") expect(decide(before, ask)).to.equal("Permitted");
        }
      }),
      { seed: 20261121, numRuns: 2000 },
    );
  });

  it("never permits a segment outside the twin, or outside the grant that permits it", () => {
    fc.assert(
      fc.property(facts, asks, (given, ask) => {
        if (decide(given, ask) !== "Permitted") return;
        expect(ask.segments & ~(given.twin?.segments ?? 0n)).to.equal(0n);
        if (!given.twin?.security) expect(ask.segments & ~(given.grant?.segments ?? 0n)).to.equal(0n);
      }),
      { seed: 20261121, numRuns: 5000 },
    );
  });

  it("takes no read away from care when a device becomes suspect or quarantined", () => {
    fc.assert(
      fc.property(facts, asks, fc.constantFrom("suspect" as const, "quarantined" as const), (given, ask, state) => {
        const care: Ask = { ...ask, action: "read", purpose: ask.purpose === "emergency" ? "emergency" : "care" };
        expect(decide({ ...given, device: state }, care)).to.equal(decide({ ...given, device: "active" }, care));
      }),
      { seed: 20261121, numRuns: 2000 },
    );
  });
});
