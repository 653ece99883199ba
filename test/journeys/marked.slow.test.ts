import { expect } from "chai";
import { Contract, Wallet } from "ethers";
import { randomBytes } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { readAccountKey } from "../../apps/cli/key-file.ts";
import { sendActs } from "../../apps/cli/send-acts.ts";
import { connectProvider } from "../../apps/cli/steward.ts";
import type { Client } from "../../apps/sdk/client.ts";
import { deviceRegistryAbi } from "../../protocol/abi/DeviceRegistry.ts";
import { toHex, type Hex } from "../../protocol/bytes.ts";
import { parseConsortium } from "../../protocol/consortium.ts";
import type { TwinwardError } from "../../protocol/errors.ts";
import { newPrivateKey, publicKeyOf, signEs256 } from "../../protocol/es256.ts";
import { sha256Hex } from "../../protocol/hash.ts";
import { keyProofMessage } from "../../protocol/ids.ts";
import { writeReceipt } from "../../protocol/receipt.ts";
import type { Verification } from "../../protocol/verify.ts";
import { registerBedside, wordOf, type BedsideDevice } from "../helpers/bedside-device.ts";
import { newClinician } from "../helpers/clinician.ts";
import { Journey, until, type Server } from "../helpers/journey.ts";

const [VALID, UNMARKED] = ["key valid at this sequence", "key not marked compromised since"] as const;

type Verified = readonly [exit: number | null, valid: string, unmarked: string];
const TRUSTED: Verified = [0, "passed", "passed"];
const SUSPECTED: Verified = [1, "passed", "failed"];

describe("journey: a key is marked, and what its receipts are worth from then on", function () {
  this.timeout(180_000);
  const journey = new Journey();
  const data = journey.path("data");
  const trust = ["--trust", `${data}/consortium.json`];
  let server: Server;
  let device: BedsideDevice;
  let client: Client;
  let twin: Hex;
  let byNode: string[];

  before(async () => {
    server = await journey.up(data);
    byNode = [...trust, "--rpc", server.rpc];
    [device] = (await registerBedside(server, 1)) as [BedsideDevice];
    ({ client, twin } = await newClinician(journey, { server, data, device: device.id }));
  });
  after(() => journey.close());

  const receiptOf = (sequence: number): string => journey.path(`receipt-${sequence}.json`);

  /** Posts readings, waits for their anchor, and keeps the receipt of each. */
  async function keepReceipts(...texts: string[]): Promise<void> {
    const posted = await server.client.postReadings(texts);
    const newest = device.sequence;
    expect(posted.map(wordOf)).to.deep.equal(texts.map((_, i) => `ack ${newest - texts.length + 1 + i}`));
    await until("they are anchored", async () => {
      const { devices } = await server.client.devices();
      return devices.some(({ id, anchoredSequence }) => id === device.id && anchoredSequence === newest) || undefined;
    });
    const fromSequence = newest - texts.length + 1;
    const { readings } = await client.history(twin, { purpose: "care", receipts: true, fromSequence });
    expect(readings).to.have.length(texts.length);
    for (const { sequence, receipt } of readings) {
      if (!receipt) return expect.fail(`no receipt of ${sequence}`);
      writeFileSync(receiptOf(sequence), `${writeReceipt(receipt)}\n`);
    }
  }

  /** The exit code, and the two questions about the key; nothing else may be anything but passed. */
  async function verified(sequence: number, source = byNode): Promise<Verified> {
    const { code, out } = await journey.run(["verify", receiptOf(sequence), ...source, "--json"]);
    const { checks } = JSON.parse(out) as Verification;
    const resultOf = (name: string): string => checks.find((check) => check.name === name)?.result ?? "none";
    const others = checks.filter(({ name, result }) => result !== "passed" && name !== VALID && name !== UNMARKED);
    expect(others).to.deep.equal([]);
    return [code, resultOf(VALID), resultOf(UNMARKED)];
  }

  /** Every receipt that was kept, by sequence. */
  async function verifiedAll(): Promise<Verified[]> {
    const found: Verified[] = [];
    for (let sequence = 1; sequence <= device.sequence; sequence++) found.push(await verified(sequence));
    return found;
  }

  /** What the device's steward says on the chain; there is no command for it. */
  async function asSteward(method: "markKey" | "rotateKey", ...args: unknown[]): Promise<void> {
    const { chainId, contracts } = parseConsortium(readFileSync(`${data}/consortium.json`, "utf8"));
    const provider = connectProvider(server.rpc, chainId);
    const wallet = new Wallet(toHex(readAccountKey(`${data}/keys/steward.key`)), provider);
    const contract = new Contract(contracts.DeviceRegistry, deviceRegistryAbi, wallet);
    await sendActs(wallet, [{ contract, method, args: [device.id, ...args] }]).finally(() => provider.destroy());
  }

  it("by a proof of equivocation: receipts from before pass, one of the suspected stretch fails that one check", async () => {
    const before = [await device.next(), await device.next()];
    const other = await device.build();
    const third = await device.next();
    await keepReceipts(...before, third);
    expect(await verifiedAll()).to.deep.equal([TRUSTED, TRUSTED, TRUSTED]);
    const old = journey.path("anchors.json");
    const byMember = ["--key", `${data}/keys/member.key`, "--out", old];
    await journey.ask(["anchors", "export", ...byNode, ...byMember]);

    const [one, two] = [journey.path("one.jwt"), journey.path("two.jwt")];
    writeFileSync(one, third);
    writeFileSync(two, other);
    await journey.ask(["key", "new", journey.path("any.key")]);
    const accuse = ["device", "equivocation", one, two, ...byNode, "--key", journey.path("any.key")];
    expect(await journey.ask(accuse)).to.deep.include({ device: device.id, key: 1, sequence: 3 });

    expect(await verifiedAll()).to.deep.equal([TRUSTED, TRUSTED, SUSPECTED]);
    const said = async (sequence: number): Promise<string> =>
      (await journey.run(["verify", receiptOf(sequence), ...byNode])).out;
    const honest = await said(2);
    expect(honest).to.match(/^✔ key valid at this sequence +sequence 2 is in 1 to now$/m);
    expect(honest).to.match(/^✔ key not marked compromised since +not marked, as of block \d+$/m);
    expect(honest).to.contain("Every check passed");
    const suspect = await said(3);
    expect(suspect).to.match(/^✔ key valid at this sequence +sequence 3 is in 1 to now$/m);
    const marked = "failed: marked from sequence 3 on, suspected since .+, as of block \\d+";
    expect(suspect).to.match(new RegExp(`^✖ key not marked compromised since +${marked}$`, "m"));
    expect(suspect).to.contain("do not rely on it");

    // A file knows the marks of its checkpoint's block, and no later ones.
    expect(await verified(3, [...trust, "--anchors", old])).to.deep.equal(TRUSTED);
  });

  it("a new key goes on; marks of the steward reach back in the old one's range, and leave the new one alone", async () => {
    const next = newPrivateKey(randomBytes);
    const { x, y } = publicKeyOf(next);
    const { chainId, contracts } = parseConsortium(readFileSync(`${data}/consortium.json`, "utf8"));
    const steward = new Wallet(toHex(readAccountKey(`${data}/keys/steward.key`))).address.toLowerCase() as Hex;
    const message = keyProofMessage(chainId, contracts.DeviceRegistry, device.id, 2, steward);
    const proof = signEs256(next, message);
    await asSteward("rotateKey", 4, x, y, toHex(proof.slice(0, 32)), toHex(proof.slice(32)));
    await until("the server takes the new key", async () => {
      const report = await server.client.checkReading(await device.build({ kid: 2 }, next));
      return report.code === null || undefined;
    });
    const byOld = await server.client.postReadings([await device.build()]);
    expect(byOld.map(wordOf)).to.deep.equal(["KEY_NOT_VALID"]);
    const text = await device.build({ kid: 2 }, next);
    device.sequence = 4;
    await keepReceipts(text);
    expect(await verifiedAll()).to.deep.equal([TRUSTED, TRUSTED, SUSPECTED, TRUSTED]);

    const reason = sha256Hex("its case was open");
    const mark = (number: number, from: number): Promise<void> =>
      asSteward("markKey", number, from, Math.floor(Date.now() / 1000) - 60, reason);
    await mark(1, 2);
    expect(await verifiedAll()).to.deep.equal([TRUSTED, SUSPECTED, SUSPECTED, TRUSTED]);
    for (const [number, from, refused] of [
      [1, 3, "MarkNotEarlier"],
      [1, 4, "MarkOutsideRange"],
    ] as const) {
      const said = await mark(number, from).then(
        () => "it was taken",
        (error: TwinwardError) => error.facts.detail,
      );
      expect(said).to.contain(refused);
    }
  });
});
