import { expect } from "chai";
import { readFileSync } from "node:fs";
import { SigningKey, computeAddress } from "ethers";
import { changeDigest, describeCalls, inBits, parseCalls, parseChange } from "../../apps/cli/member-change.ts";
import type { Hex } from "../../protocol/bytes.ts";

const PAGE = readFileSync(new URL("../../docs/formats/member-change.md", import.meta.url), "utf8");
const EXAMPLE = /```json\n([\s\S]*?)```/.exec(PAGE)?.[1] ?? "";
const keys = [1, 2, 3, 4].map((n) => new SigningKey(`0x${String(n).padStart(64, "0")}`));
const addressOf = (key: SigningKey): Hex => computeAddress(key).toLowerCase() as Hex;

function refused(text: string, read: (text: string) => unknown = parseCalls): string {
  try {
    read(text);
    return "taken";
  } catch (error) {
    return (error as { code: string; message: string }).code;
  }
}

describe("member-change@1", () => {
  const signed = keys.map((key) => {
    const signature = key.sign(changeDigest(parseChange(EXAMPLE))).serialized as Hex;
    return { signer: addressOf(key), signature };
  });
  const written = (over: object): string => JSON.stringify({ ...JSON.parse(EXAMPLE), ...over });

  it("is what its page shows, and says in words what is signed", () => {
    expect(describeCalls(parseChange(EXAMPLE).calls)).to.deep.equal([
      "gateway group 0x17b9fb8aa6557a98c989cbbf682019eb534710b5 is closed for good",
      'the oracles are [{"member":0,"key":"0x40fd97b22efe8b39dd9d7e93de06bca1615734a8"}], of whom 0 may be faulty',
      "member 1 leaves",
    ]);
  });

  it("is taken with members' signatures, and with nobody's under another change", () => {
    expect(parseChange(written({ signatures: signed })).signatures).to.have.length(4);
    for (const over of [
      { number: 1 },
      { deadline: 4_000_000_001 },
      { chainId: 1 },
      { registry: `0x${"aa".repeat(20)}` },
      { calls: [{ call: "removeMember", with: { index: 0 } }] },
    ]) {
      expect(refused(written({ signatures: signed, ...over }), parseChange), JSON.stringify(over)).to.equal(
        "UNUSABLE_INPUT",
      );
    }
  });

  it("is refused for what would not be carried out as it reads", () => {
    for (const calls of [
      [{ call: "carryOut", with: {} }],
      [{ call: "removeMember", with: {} }],
      [{ call: "removeMember", with: { index: "0" } }],
      [{ call: "removeMember", with: { index: -1 } }],
      [{ call: "removeMember", with: { index: 0, also: 1 } }],
      [{ call: "removeMember", with: null }],
      [{ call: "removeMember" }],
      [{ call: "closeGroup", with: { group: "vitalik.eth" } }],
      [{ call: "closeGroup", with: { group: `0x${"AA".repeat(20)}` } }],
      [{ call: "changeSenders", with: { group: `0x${"aa".repeat(20)}`, senders: "0x" } }],
      [{ call: "replaceOracles", with: { oracleKeys: [{ member: 0 }], faultBound_: 0 } }],
      [{ call: "__proto__", with: {} }],
      {},
    ]) {
      expect(refused(JSON.stringify(calls)), JSON.stringify(calls)).to.equal("UNUSABLE_INPUT");
    }
    expect(refused("nonsense")).to.equal("UNUSABLE_INPUT");
    expect(refused('[{"call":"removeMember","call":"addMember","with":{}}]')).to.equal("UNUSABLE_INPUT");
  });

  it("goes to the contract with exactly a quorum of those present, in the order of their bits", () => {
    const present = keys.map(addressOf).map((signer, bit) => (bit === 1 ? undefined : signer));
    const { bits, signatures } = inBits(present, 2, signed.toReversed());
    expect(bits).to.equal(0b101n);
    expect(signatures).to.have.length(2);
    expect(() => inBits(present, 4, signed)).to.throw("3 present members have signed, 4 must");
    // One that signed twice is one.
    expect(() => inBits(present, 2, [signed[0]!, signed[0]!])).to.throw("1 present members");
  });
});
