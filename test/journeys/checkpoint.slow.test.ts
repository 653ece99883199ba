import { expect } from "chai";
import { copyFileSync, readFileSync, writeFileSync } from "node:fs";
import { createAccountKey } from "../../apps/cli/key-file.ts";
import { carryOutChange, proposeChange } from "../../apps/cli/member-acts.ts";
import { parseAnchors } from "../../protocol/anchors.ts";
import type { Hex } from "../../protocol/bytes.ts";
import { memberQuorum, parseConsortium, presentMembers } from "../../protocol/consortium.ts";
import { newPrivateKey, publicKeyOf } from "../../protocol/es256.ts";
import { canonical } from "../../protocol/json.ts";
import { writeReceipt } from "../../protocol/receipt.ts";
import type { Verification } from "../../protocol/verify.ts";
import { registerBedside, type BedsideDevice } from "../helpers/bedside-device.ts";
import { newClinician } from "../helpers/clinician.ts";
import { failsIn, Journey, until, type Server } from "../helpers/journey.ts";

const CUT = { NODE_OPTIONS: `--import ${new URL("../helpers/no-network.ts", import.meta.url).href}` };

describe("journey: a checkpoint that two members of two must sign", function () {
  this.timeout(110_000);
  const journey = new Journey();
  const fails = failsIn(journey);
  const [receipt, trust] = [journey.path("receipt.json"), journey.path("consortium.json")];
  const southKey = journey.path("south.key");
  const [byOne, byTwo] = [journey.path("one.json"), journey.path("two.json")];
  let server: Server;
  let northKey: string;
  let names: string[];
  let south: Hex;

  before(async () => {
    server = await journey.up(journey.path("data"));
    northKey = `${server.data}/keys/member.key`;
    south = createAccountKey(southKey);
  });
  after(() => journey.close());

  it("a second member joins, and a reading is anchored", async () => {
    const place = { rpc: server.rpc, trust: `${server.data}/consortium.json` };
    const { x: commandX, y: commandY } = publicKeyOf(newPrivateKey((size) => new Uint8Array(size).fill(7)));
    const added = { name: "South", endpoint: "https://south.example", signer: south, commandX, commandY };
    const change = await proposeChange(place, [{ call: "addMember", with: { added } }], Date.now() + 3_600_000, [
      northKey,
    ]);
    await carryOutChange(place, change, northKey);
    const trusted = () => presentMembers(parseConsortium(readFileSync(place.trust, "utf8")));
    await until("consortium.json names both", async () => trusted().length === 2 || undefined);
    names = trusted().map(({ name }) => name);
    expect(memberQuorum(names.length)).to.equal(2);
    copyFileSync(place.trust, trust);

    const [device] = (await registerBedside(server, 1)) as [BedsideDevice];
    const { client, twin } = await newClinician(journey, { server, data: server.data, device: device.id });
    await server.client.postReadings([await device.next()]);
    await until("it is anchored", async () => {
      const { devices } = await server.client.devices();
      return devices.some(({ anchoredSequence }) => anchoredSequence === 1) || undefined;
    });
    const { readings } = await client.history(twin, { purpose: "care", receipts: true });
    writeFileSync(receipt, `${writeReceipt(readings[0]?.receipt ?? expect.fail("no receipt"))}\n`);
  });

  it("each signs what its own node holds: the first exports, the second adds its signature, a stranger cannot", async () => {
    const node = ["--rpc", server.rpc, "--trust", trust];
    await journey.ask(["anchors", "export", ...node, "--key", northKey, "--out", byOne]);
    const sign = (file: string, key: string): string[] => ["anchors", "sign", file, ...node, "--key", key];
    await fails(sign(byOne, journey.path("clinician.key")), 2, /no member's signing address/);
    const other = journey.path("other.json");
    const file = parseAnchors(readFileSync(byOne, "utf8"));
    const streams = file.checkpoint.streams.map((log) => ({ ...log, root: `0x${"5a".repeat(32)}` }));
    writeFileSync(other, `${canonical({ ...file, checkpoint: { ...file.checkpoint, streams } })}\n`);
    await fails(sign(other, southKey), 1, /ANCHORS_DIFFER/);
    await journey.ask([...sign(byOne, southKey), "--out", byTwo]);
    expect(signersIn(byOne)).to.deep.equal(names.slice(0, 1));
    expect(signersIn(byTwo)).to.deep.equal(names);
  });

  it("with no server and no network: passes with both signatures, fails with either one alone, or one of them twice", async () => {
    await server.stop();
    const passed = await verifyAlone(byTwo);
    expect([passed.code, passed.failed]).to.deep.equal([0, []]);
    expect(passed.says).to.match(/^signed by .+, South at block \d+: 2 of 2 members, 2 are needed$/);

    const file = parseAnchors(readFileSync(byTwo, "utf8"));
    const [north, its] = file.checkpoint.signatures;
    if (!north || !its) return expect.fail("two have signed");
    for (const [i, signatures] of [[its], [north, north], [north, { ...its, signature: north.signature }]].entries()) {
      const changed = journey.path(`changed-${i}.json`);
      writeFileSync(changed, `${canonical({ ...file, checkpoint: { ...file.checkpoint, signatures } })}\n`);
      await failsAlone(changed);
    }
    await failsAlone(byOne);
    const { code, out } = await journey.run(["verify", receipt, "--trust", trust, "--anchors", byOne], CUT);
    expect(code).to.equal(1);
    expect(out).to.match(/^✖ checkpoint signature +failed: not signed by a quorum: 1 of 2 members, 2 are needed$/m);
    expect(out).to.contain("do not rely on it");
  });

  const signersIn = (file: string): string[] =>
    parseAnchors(readFileSync(file, "utf8")).checkpoint.signatures.map(({ member }) => member);

  /** The receipt under this anchors file and nothing else: what failed, and what is said of the signatures. */
  async function verifyAlone(file: string): Promise<{ code: number | null; failed: string[]; says: string }> {
    const { code, out } = await journey.run(["verify", receipt, "--trust", trust, "--anchors", file, "--json"], CUT);
    const { checks } = JSON.parse(out) as Verification;
    const failed = checks.filter(({ result }) => result !== "passed").map(({ name }) => name);
    const says = checks.find(({ name }) => name === "checkpoint signature")?.detail ?? "";
    return { code, failed, says };
  }

  async function failsAlone(file: string): Promise<void> {
    const { code, failed, says } = await verifyAlone(file);
    expect([code, says]).to.deep.equal([1, "not signed by a quorum: 1 of 2 members, 2 are needed"]);
    expect(failed).to.include.members(["checkpoint signature", "batch anchored", "device key"]);
  }
});
