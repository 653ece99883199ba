import { expect } from "chai";
import { Wallet } from "ethers";
import { writeFileSync } from "node:fs";
import { readAccountKey } from "../../apps/cli/key-file.ts";
import { connect } from "../../apps/sdk/client.ts";
import type { Ack } from "../../protocol/ack.ts";
import { toHex, type Hex } from "../../protocol/bytes.ts";
import { writeReceipt } from "../../protocol/receipt.ts";
import type { Verification } from "../../protocol/verify.ts";
import { startBareAnvil, type BareAnvil } from "../faults/bare-anvil.ts";
import { auditPasses } from "../helpers/audit-journey.ts";
import { registerBedside, type BedsideDevice } from "../helpers/bedside-device.ts";
import { newClinician } from "../helpers/clinician.ts";
import { failsIn, Journey, until, type Server } from "../helpers/journey.ts";
import { anchorReady, postTexts } from "../helpers/raw-gateway.ts";
import { rpc } from "../server/chain/ask.ts";

const PROMISED_SECONDS = 120;
/** How long the gateway is off, by the chain's clock: it is late into another ten minutes, wherever those begin. */
const OFF_SECONDS = 1_200;

describe("journey: a gateway that was off for longer than it had promised", function () {
  this.timeout(180_000);
  const journey = new Journey();
  const fails = failsIn(journey);
  const data = journey.path("data");
  const acksFile = journey.path("acks.jsonl");
  const kept: Ack[] = [];
  let anvil: BareAnvil;
  let environment: Readonly<Record<string, string>>;
  let server: Server;
  let device: BedsideDevice;
  let twin: Hex;

  before(async () => {
    anvil = await startBareAnvil();
    // It makes blocks for transactions alone.
    const chain = { RPC_URL: anvil.url, RPC_BLOCK_AGE_SECONDS: "0" };
    environment = { ...chain, ANCHOR_WITHIN_SECONDS: String(PROMISED_SECONDS) };
    server = await journey.up(data, environment);
    [device] = (await registerBedside(server, 1)) as [BedsideDevice];
    ({ twin } = await newClinician(journey, { server, data, device: device.id }));
    await journey.ask(["key", "new", journey.path("any.key")]);
  });
  after(async () => {
    await journey.close();
    await anvil.close();
  });

  const fileOf = ({ sequence }: Ack): string => journey.path(`ack-${sequence}.json`);
  async function accepted(): Promise<Ack> {
    const [ack] = (await postTexts(server, await device.next())).body.results as [Ack];
    expect(ack).to.include({ format: "ack@1", sequence: device.sequence });
    kept.push(ack);
    writeFileSync(fileOf(ack), JSON.stringify(ack));
    writeFileSync(acksFile, kept.map((one) => `${JSON.stringify(one)}\n`).join(""));
    return ack;
  }
  const anchored = ({ sequence }: Ack): Promise<true> =>
    until("it is anchored", async () => {
      const { devices } = await server.client.devices();
      return devices.some(({ id, anchoredSequence }) => id === device.id && anchoredSequence === sequence) || undefined;
    });
  const chained = (): string[] => ["--rpc", anvil.url, "--trust", `${data}/consortium.json`];
  const challenge = (ack: Ack): string[] => [
    "anchors", "challenge", fileOf(ack), ...chained(), "--key", journey.path("any.key"),
  ]; // prettier-ignore

  it("is convicted by its ack, though the leaf is anchored by now; members forgive it, and the stream goes on", async () => {
    const inTime = await accepted();
    await anchored(inTime);
    await server.stop();

    // It is killed long before it would seal anything.
    server = await journey.up(data, { ...environment, SEAL_INTERVAL_MS: "60000" });
    const late = await accepted();
    await server.stop("SIGKILL");
    await fails(challenge(late), 1, /ACK_NOT_BROKEN: Nothing to show: it is due in \d+ s and not anchored yet/);
    await rpc(anvil.url, "evm_increaseTime", OFF_SECONDS);
    await rpc(anvil.url, "evm_mine");
    server = await journey.up(data, environment);
    await anchored(late);

    await fails(challenge(inTime), 1, /ACK_NOT_BROKEN: Nothing to show: it was kept, \d+ s before it was due/);
    const [wasInTime, wasLate] = await verifyBoth();
    expect(wasInTime).to.deep.equal({ code: 0, failed: [] });
    expect(wasLate).to.deep.equal({ code: 1, failed: ["anchored in time"] });

    const convicted = await journey.ask<{ breach: string; transaction: Hex }>(challenge(late));
    expect(convicted.breach).to.equal("late");
    await until("the server says so", async () => (await anchorReady(server)) === "STREAM_SUSPENDED" || undefined);
    const refused = await postTexts(server, await device.build());
    expect([refused.status, refused.body.code]).to.deep.equal([503, "STREAM_SUSPENDED"]);
    await fails(challenge(late), 1, /StreamSuspended/);

    const by = ["--key", `${data}/keys/member.key`, "--reason", "looked: the machine was off"];
    const resume = ["anchors", "resume", late.stream, ...chained(), ...by];
    const { err } = await journey.run([...resume, "--sign-only"]);
    expect(err).to.match(/Lifts suspension 1 of stream 0x\w+: late, by ack 0x\w+, shown by 0x\w+ in block \d+/);
    await journey.ask(resume);
    await until("the server goes on", async () => (await anchorReady(server)) === "ok" || undefined);
    await fails(challenge(late), 1, /ACK_NOT_BROKEN: Nothing to show: members forgave what was due/);
    await anchored(await accepted());
    await auditPasses(journey, data, acksFile, environment);
  });

  /** Receipts of the first two readings before a stranger: the exit code, and which checks failed. */
  async function verifyBoth(): Promise<{ code: number | null; failed: string[] }[]> {
    const signer = new Wallet(toHex(readAccountKey(journey.path("clinician.key"))));
    const client = connect({ url: server.http, signer });
    const { readings } = await client.history(twin, { purpose: "care", receipts: true });
    expect(readings.map(({ sequence }) => sequence)).to.deep.equal([1, 2]);
    const found = [];
    for (const { sequence, receipt } of readings) {
      const file = journey.path(`receipt-${sequence}.json`);
      writeFileSync(file, `${writeReceipt(receipt ?? expect.fail("no receipt"))}\n`);
      const { code, out } = await journey.run(["verify", file, ...chained(), "--json"]);
      const { checks } = JSON.parse(out) as Verification;
      found.push({ code, failed: checks.filter(({ result }) => result !== "passed").map(({ name }) => name) });
    }
    return found;
  }
});
