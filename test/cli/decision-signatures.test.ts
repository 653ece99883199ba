import { expect } from "chai";
import { SigningKey, computeAddress } from "ethers";
import { inOrder } from "../../apps/cli/commands/streams.ts";
import type { Hex } from "../../protocol/bytes.ts";
import type { Consortium } from "../../protocol/consortium.ts";

describe("cli: what members signed, for the contract", () => {
  const keys = [1, 2, 3, 4].map((n) => new SigningKey(`0x${String(n).padStart(64, "0")}`));
  const signers = keys.map((key) => computeAddress(key).toLowerCase() as Hex);
  const consortium = { members: signers.map((signer) => ({ signer })) } as unknown as Consortium;
  const signed = keys.map((key, n) => ({
    signer: signers[n] as Hex,
    signature: key.sign(`0x${"ab".repeat(32)}`).serialized as Hex,
  }));

  it("is put in the members' order, each once", () => {
    const { bits, signatures } = inOrder(consortium, [...signed.slice(1).toReversed(), ...signed.slice(2)]);
    expect(bits).to.equal(0b1110n);
    expect(signatures).to.have.length(3);
  });

  it("is no more than the quorum that the contract takes, also where all have signed", () => {
    const { bits, signatures } = inOrder(consortium, signed);
    expect(bits).to.equal(0b0111n);
    expect(signatures).to.have.length(3);
  });
});
