import { expect } from "chai";
import { fromHex, ZERO_32, type Hex } from "../../../protocol/bytes.ts";
import type { TwinwardError } from "../../../protocol/errors.ts";
import { FINDING_BYTES, signClearRound, type ClearDevice } from "../../../protocol/finding.ts";
import { openFrontDoor, type FrontDoor } from "./front-door.ts";
import { named } from "./written-chain.ts";

describe("the door of findings", () => {
  let door: FrontDoor;

  before(async () => {
    door = await openFrontDoor(1_790_000_000);
  });
  after(() => door.close());

  const post = (devices: number): Promise<unknown> => {
    const clear = { oracleSet: ZERO_32, stream: ZERO_32, round: 7, model: ZERO_32, at: 1_790_000_000_000 };
    const cleared = Array.from({ length: devices }, (_, i): ClearDevice => {
      const device: Hex = named(`device ${i}`);
      return { device, firstSequence: 2 ** 30 + 1, lastSequence: 2 ** 30 + 10, leavesRoot: device };
    });
    const { chainId, contracts } = door.consortium;
    const domain = { chainId, contract: contracts.VerdictOracle };
    const key = fromHex(door.oracle.wallet.privateKey);
    const signed = signClearRound(domain, { ...clear, devices: cleared }, new Uint8Array(16), key);
    expect(signed.body.length > FINDING_BYTES).to.equal(devices > 4_500);
    return door.oracle.client.postFinding(signed).catch((error: TwinwardError) => error.code);
  };

  it("has room for a round of 4 000 devices, and no more than it says", async () => {
    // It is read whole, and refused for what it says only: nobody has anchored that round.
    expect(await post(4_000)).to.equal("FINDING_UNFOUNDED");
    expect(await post(5_000)).to.equal("FINDING_MALFORMED");
    expect(await post(10_000)).to.equal("BODY_TOO_LARGE");
  });

  it("lists one format, and refuses one that it does not know", async () => {
    expect(await door.reader.client.findings({ format: "clear@1", since: 0 })).to.deep.equal([]);
    expect((await fetch(`${door.url}/v1/verdicts/findings?format=other@1`)).status).to.equal(400);
  });
});
