import { expect } from "chai";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readFindingBody, type Finding } from "../../../protocol/finding.ts";
import type { Hex } from "../../../protocol/bytes.ts";
import { HONEST, LYING, Scene, until } from "../../helpers/oracle-processes.ts";

const FALSE_DATA = 40;

describe("oracle processes against a real server", () => {
  let directory: string;
  let scene: Scene;

  before(async () => {
    directory = mkdtempSync(join(tmpdir(), "oracle-processes-"));
    scene = new Scene(directory);
    await scene.open();
  });
  afterEach(() => scene.stopOracles());
  after(async () => {
    await scene.close();
    rmSync(directory, { recursive: true, force: true });
  });

  const verdictsOn = async (device: Hex) => scene.client.verdicts({ device });
  const findingsOn = async (device: Hex) =>
    (await scene.client.findings({ device })).map((f) => readFindingBody(f.body) as Finding);
  const stateOf = async (device: Hex) => (await scene.client.devices()).devices.find((d) => d.id === device)?.state;
  const clean = async (devices: Awaited<ReturnType<Scene["registerDevices"]>>, times: number) => {
    let said = 0;
    await scene.speak(devices, 0, () => ++said >= times);
  };

  it("one killed, one that signs the opposite: the verdict comes and stands, the dissent is kept and listed", async () => {
    const devices = await scene.registerDevices(2);
    const [attacked, healthy] = devices as [(typeof devices)[0], (typeof devices)[0]];
    await scene.startOracles([HONEST, HONEST, HONEST, LYING]);
    await clean(devices, 8);
    scene.oracles[0]!.child.kill("SIGKILL");
    await scene.speak(devices, FALSE_DATA, async () => (await stateOf(attacked.id)) === "quarantined");

    const verdict = (await verdictsOn(attacked.id)).find(({ kind }) => kind === "quarantine")!;
    expect(verdict.severity).to.be.within(3, 5);
    expect(verdict.signers.toString(2).replaceAll("0", "")).to.equal("11");
    const delay = verdict.block.timestamp * 1000 - (attacked.posted.get(verdict.lastSequence) ?? 0);
    console.log(`      posted → block of the verdict: ${delay} ms (block times are whole seconds)`);

    const liar = scene.oracles[3]!.address;
    const dissents = async () => (await findingsOn(healthy.id)).filter((f) => f.verdict.kind === 0);
    await until(
      async () => (await findingsOn(healthy.id)).some((f) => f.oracle === liar),
      () => scene.told(),
    );
    await until(
      async () => (await dissents()).length >= 2,
      () => scene.told(),
    );
    // For the liar false data are clear. It cannot say so in a round in which it accused the device while all was well, so
    // the attack goes on into the next; there its contrary finding is kept and listed as well.
    const opposed = async () =>
      (await findingsOn(attacked.id)).filter((f) => f.oracle === liar && f.verdict.kind === 0);
    await scene.speak(devices, FALSE_DATA, async () => (await opposed()).length > 0);
    const [contrary] = await opposed();
    const accused = (await findingsOn(attacked.id)).filter((f) => f.oracle !== liar && f.verdict.severity > 0);
    expect(accused.map((f) => f.verdict.round)).to.include(contrary!.verdict.round);
    expect((await findingsOn(healthy.id)).every((f) => f.oracle !== liar || f.verdict.severity > 0)).to.equal(true);
    expect(await verdictsOn(healthy.id)).to.deep.equal([]);
    expect(await stateOf(attacked.id)).to.equal("quarantined");
    expect(await stateOf(healthy.id)).to.equal("active");
  });

  it("one alone, also twice: nothing happens", async () => {
    const [attacked] = await scene.registerDevices(1);
    await scene.startOracles([HONEST, HONEST], [2, 2]);
    await clean([attacked!], 4);
    const both = () => scene.oracles.every(({ events }) => events.some((e) => e.event === "cleared"));
    await scene.speak([attacked!], FALSE_DATA, both);
    const found = await findingsOn(attacked!.id);
    expect(found.length).to.be.greaterThan(0);
    expect(new Set(found.map((f) => f.oracle)).size).to.equal(1);
    expect(await verdictsOn(attacked!.id)).to.deep.equal([]);
    expect(await stateOf(attacked!.id)).to.equal("active");

    // Its one signature under two bits, and twice under one, is no quorum either.
    const [signed] = await scene.client.findings({ device: attacked!.id });
    const { verdict } = readFindingBody(signed!.body) as Finding;
    const one: [Hex, Hex] = [signed!.attestation.slice(0, 66) as Hex, `0x${signed!.attestation.slice(66)}`];
    const transmitter = await scene.transmitter(2);
    const twoBits = await transmitter.verdict(verdict, { signers: 0b0110, signatures: [one, one] });
    expect(twoBits)
      .to.include({ outcome: "refused" })
      .and.to.have.property("why")
      .that.matches(/^SignatureNotOracle\(1/);
    const oneBit = await transmitter.verdict(verdict, { signers: 0b0100, signatures: [one, one] });
    expect(oneBit)
      .to.have.property("why")
      .that.matches(/^SignatureCountUnexpected\(2, 1/);
    const alone = await transmitter.verdict(verdict, { signers: 0b0100, signatures: [one] });
    expect(alone)
      .to.have.property("why")
      .that.matches(/^SignatureCountUnexpected\(2, 1/);
  });
});
