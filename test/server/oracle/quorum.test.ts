import { expect } from "chai";
import fc from "fast-check";
import type { Hex } from "../../../protocol/bytes.ts";
import { clearQuorum, countQuorum, transmitRank, verdictQuorum } from "../../../server/oracle/quorum.ts";

const oracle = (n: number): Hex => `0x${n.toString(16).padStart(40, "0")}`;
const oracles = Array.from({ length: 7 }, (_, i) => oracle(i + 1));
const attestation = (n: number): Hex => `0x${n.toString(16).padStart(128, "0")}`;
const by = (...bits: number[]) => bits.map((bit) => ({ oracle: oracles[bit]!, attestation: attestation(bit) }));

describe("quorum", () => {
  it("needs f + 1 for a verdict and 2f + 1 for an all-clear, with n ≥ 3f + 1", () => {
    expect([1, 3, 4, 6, 7, 10, 31].map(verdictQuorum)).to.deep.equal([1, 1, 2, 2, 3, 4, 11]);
    expect([1, 3, 4, 6, 7, 10, 31].map(clearQuorum)).to.deep.equal([1, 1, 3, 3, 5, 7, 21]);
  });

  it("is not there before enough have signed, and then has exactly as many, lowest bits first", () => {
    expect(countQuorum(by(5, 2), oracles, 3)).to.equal(undefined);
    const quorum = countQuorum(by(5, 6, 2, 0), oracles, 3);
    expect(quorum?.signers).to.equal(0b100101);
    expect(quorum?.signatures.map(([r, vs]) => r + vs.slice(2))).to.deep.equal([0, 2, 5].map(attestation));
  });

  it("counts an oracle once, and a stranger not at all", () => {
    expect(countQuorum([...by(1), ...by(1), ...by(1)], oracles, 2)).to.equal(undefined);
    expect(countQuorum([...by(1), { oracle: oracle(99), attestation: attestation(9) }], oracles, 2)).to.equal(
      undefined,
    );
  });

  it("stays once it is there, whoever signs besides and in whatever order", () => {
    const some = fc.uniqueArray(fc.nat(6), { minLength: 3, maxLength: 7 });
    fc.assert(
      fc.property(some, fc.array(fc.nat(6)), (first, more) => {
        const quorum = countQuorum(by(...first, ...more), oracles, 3);
        expect(quorum?.signatures).to.have.length(3);
        expect(quorum!.signers.toString(2).replaceAll("0", "")).to.have.length(3);
      }),
      { seed: 2 },
    );
  });

  it("can use bit 31 without a sign", () => {
    const many = Array.from({ length: 32 }, (_, i) => oracle(i + 1));
    expect(countQuorum([{ oracle: many[31]!, attestation: attestation(1) }], many, 1)?.signers).to.equal(2 ** 31);
  });

  it("lets those who attested go first in turn, each at a rank of its own, the dead at none", () => {
    const attested = [0, 2, 5].map((bit) => oracles[bit]!);
    for (const round of [0, 1, 4, 6, 7]) {
      const ranks = attested.map((own) => transmitRank(own, attested, oracles, round));
      expect([...ranks].sort()).to.deep.equal([0, 1, 2]);
    }
    expect(transmitRank(oracles[2]!, attested, oracles, 1)).to.equal(0);
    expect(transmitRank(oracles[0]!, attested, oracles, 1)).to.equal(2);
  });
});
