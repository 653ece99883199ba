import { expect } from "chai";
import { Wallet } from "ethers";
import { concat, fromHex, ZERO_32, type Hex } from "../../../protocol/bytes.ts";
import type { TwinwardError } from "../../../protocol/errors.ts";
import {
  FINDING_BYTES,
  readFindingBody,
  signClearRound,
  signFinding,
  type ClearDevice,
  type SignedFinding,
} from "../../../protocol/finding.ts";
import type { Verdict, VerdictDomain } from "../../../protocol/verdict.ts";
import { purposesMask } from "../../../protocol/words.ts";
import { addressOf, codeOf, openFrontDoor, WrittenDevice, type FrontDoor } from "./front-door.ts";
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
    const key = fromHex(door.oracle.wallet.privateKey);
    const signed = signClearRound(domainOf(door), { ...clear, devices: cleared }, new Uint8Array(16), key);
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
    expect(await door.oracle.client.findings({ format: "clear@1", since: 0 })).to.deep.equal([]);
    const headers = { authorization: `Bearer ${(await door.oracle.client.login()).token}` };
    expect((await fetch(`${door.url}/v1/verdicts/findings?format=other@1`, { headers })).status).to.equal(400);
  });

  it("shows findings, whose scores rest on a patient's values, to oracles and the device's steward only", async () => {
    const wallet = Wallet.createRandom();
    const device = new WrittenDevice(door, addressOf(wallet));
    const twin = device.createTwin("care", 1n);
    const given = { from: 1_790_000_000 - 10, until: 1_790_001_000, segments: 1n, purposes: purposesMask(["care"]) };
    device.grant(twin, door.reader.address, given);
    const signed = findingOn(device.id);
    await keepFinding(signed);

    expect(await door.oracle.client.findings({ device: device.id })).to.deep.equal([signed]);
    expect(await door.oracle.client.findings({ since: 0, limit: 1024 })).to.deep.equal([signed]);
    const { digest } = readFindingBody(signed.body);
    expect(await door.oracle.client.findings({ digest })).to.deep.equal([signed]);
    const steward = door.clientOf(wallet);
    expect(await steward.findings({ device: device.id })).to.deep.equal([signed]);
    // Where it names no device, or another's, it might see another's.
    const other = new WrittenDevice(door, named("somebody", 20));
    for (const ask of [{}, { digest }, { device: other.id }, { device: named("no device") }])
      expect(await codeOf(steward.findings(ask))).to.equal("NOT_FOUND");
    // A grant shows segments; the explanation names others.
    for (const client of [door.reader.client, door.clientOf(Wallet.createRandom())])
      for (const ask of [{}, { device: device.id }, { digest }, { since: 0 }])
        expect(await codeOf(client.findings(ask))).to.equal("NOT_FOUND");
    const open = await fetch(`${door.url}/v1/verdicts/findings?device=${device.id}`);
    expect([open.status, ((await open.json()) as { code: string }).code]).to.deep.equal([401, "SESSION_REQUIRED"]);
    door.chain.silent = true;
    expect(await codeOf(door.oracle.client.findings({ device: device.id }))).to.equal("CHAIN_UNAVAILABLE");
    door.chain.silent = false;
  });

  /** What the oracle might have found about a device. */
  function findingOn(device: Hex): SignedFinding {
    const verdict: Verdict = {
      oracleSet: ZERO_32, stream: door.stream, round: 0, firstBatch: 0, lastBatch: 0, device,
      firstSequence: 1, lastSequence: 1, kind: 2, severity: 3, model: ZERO_32, leavesRoot: ZERO_32,
    }; // prettier-ignore
    const found = { verdict, score: 4210, explanation: [{ signal: "resp", share: 0.9 }], at: 1_790_000_000_000 };
    return signFinding(domainOf(door), found, new Uint8Array(16), fromHex(door.oracle.wallet.privateKey));
  }

  /** As if it had been founded: no chain is written that far here. */
  async function keepFinding({ body, attestation, signature }: SignedFinding): Promise<void> {
    const { digest, oracle } = readFindingBody(body);
    await door.database.query("insert into finding (digest, oracle, body, signature) values ($1, $2, $3, $4)", [
      fromHex(digest),
      fromHex(oracle),
      body,
      concat(fromHex(attestation), fromHex(signature)),
    ]);
  }
});

function domainOf({ consortium }: FrontDoor): VerdictDomain {
  return { chainId: consortium.chainId, contract: consortium.contracts.VerdictOracle };
}
