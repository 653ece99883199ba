import { expect } from "chai";
import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { createAccountKey } from "../../apps/cli/key-file.ts";
import { approveChange, carryOutChange, listMembers, proposeChange } from "../../apps/cli/member-acts.ts";
import { parseChange, type MemberCall, type MemberChange } from "../../apps/cli/member-change.ts";
import { verifyAckSignature, type Ack } from "../../protocol/ack.ts";
import type { Hex } from "../../protocol/bytes.ts";
import { keyTermsOf, parseConsortium, presentMembers } from "../../protocol/consortium.ts";
import { publicKeyOf } from "../../protocol/es256.ts";
import { keyOfPromise } from "../../protocol/gateway-key.ts";
import { auditPasses } from "../helpers/audit-journey.ts";
import { BedsideDevice, registerBedside } from "../helpers/bedside-device.ts";
import { Journey, until, type Server } from "../helpers/journey.ts";

describe("journey: members who come, change and go", function () {
  this.timeout(110_000);
  const journey = new Journey();
  const acks: Ack[] = [];
  let server: Server;
  let device: BedsideDevice;
  let place: { readonly rpc: string; readonly trust: string };
  let own: string;
  let second: { readonly file: string; readonly address: Hex };

  before(async () => {
    server = await journey.up(journey.path("data"));
    place = { rpc: server.rpc, trust: `${server.data}/consortium.json` };
    own = `${server.data}/keys/member.key`;
    const [registered] = await registerBedside(server, 1);
    if (!registered) return expect.fail("no device");
    device = new BedsideDevice(registered.id, registered.key);
    const file = journey.path("second.key");
    second = { file, address: createAccountKey(file) };
  });
  after(() => journey.close());

  const trusted = () => parseConsortium(readFileSync(place.trust, "utf8"));
  const gatewayNow = () => trusted().members[0]?.gateways[0] ?? expect.fail("no gateway");
  const propose = (calls: readonly MemberCall[], ...keys: readonly string[]): Promise<MemberChange> =>
    proposeChange(place, calls, Date.now() + 3_600_000, [own, ...keys]);
  const refusal = async (act: Promise<unknown>): Promise<string> =>
    act.then(
      () => "done",
      (error: { code: string }) => error.code,
    );

  async function post(): Promise<Ack> {
    const [posted] = await server.client.postReadings([await device.next()]);
    const ack = posted as Ack;
    expect(ack.format).to.equal("ack@1");
    acks.push(ack);
    return ack;
  }

  it("is one member at first, who decides alone", async () => {
    const { quorum, number, members } = await listMembers(place);
    expect({ quorum, number, count: members.length }).to.deep.equal({ quorum: 1, number: 0, count: 1 });
    const leaving: MemberCall = { call: "removeMember", with: { index: 0 } };
    expect(await refusal(proposeChange(place, [leaving], Date.now(), [second.file]))).to.equal("UNUSABLE_INPUT");
    expect(await refusal(carryOutChange(place, await propose([leaving]), own))).to.equal("MEMBER_HAS_GROUPS");
    const late = await proposeChange(place, [leaving], Date.now() - 3_600_000, [own]);
    expect(await refusal(carryOutChange(place, late, own))).to.equal("CHANGE_EXPIRED");
  });

  it("changes the gateway's key while readings come in; each ack stays verifiable by the key of its time", async () => {
    const early = await post();
    const before = gatewayNow();
    const { x, y } = await journey.ask<{ x: Hex; y: Hex }>(["member", "gateway-key", "--data", server.data]);
    const change = async (ahead: number): Promise<number> => {
      const since = Math.floor(Date.now() / 1000) + ahead;
      const call = { call: "changeGatewayKey", with: { group: before.group, x, y, since } } as const;
      const outcome = await refusal(carryOutChange(place, await propose([call]), own));
      // On a slow machine the time may have passed meanwhile.
      if (outcome === "KEY_SINCE_UNEXPECTED") return change(2 * ahead);
      expect(outcome).to.equal("done");
      return since;
    };
    const since = await change(2);
    await until("consortium.json says so", async () => gatewayNow().former);
    const changed = gatewayNow();
    expect(await server.client.consortium()).to.deep.equal(trusted());
    const meanwhile = await post();
    const late = await until("the next key signs", async () => {
      const ack = await post();
      return ack.acceptedAt >= since * 1000 ? ack : undefined;
    });
    for (const [ack, by] of [
      [early, before],
      [meanwhile, meanwhile.acceptedAt < since * 1000 ? before : { x, y }],
      [late, { x, y }],
    ] as const) {
      expect(keyOfPromise(keyTermsOf(changed), ack)).to.include({ x: by.x, y: by.y });
      for (const one of [before, { x, y }]) expect(verifyAckSignature(ack, one)).to.equal(one.x === by.x);
    }
  });

  it("takes a second member in; from then on both decide, and nobody replays or sends what is stale", async () => {
    const { x: commandX, y: commandY } = publicKeyOf(device.key);
    const joining = { name: "South", endpoint: "https://south.example", signer: second.address, commandX, commandY };
    const stale = await propose([{ call: "removeMember", with: { index: 0 } }]);
    const change = await propose([{ call: "addMember", with: { added: joining } }]);
    // Sent by somebody who is no member yet.
    await carryOutChange(place, change, second.file);
    expect((await listMembers(place)).quorum).to.equal(2);
    for (const old of [change, stale]) {
      expect(await refusal(carryOutChange(place, old, own))).to.equal("CHANGE_NUMBER_UNEXPECTED");
      expect(await refusal(approveChange(place, old, [second.file]))).to.equal("CHANGE_NUMBER_UNEXPECTED");
    }
    const next = { ...joining, endpoint: "https://moved.example" };
    const node = ["--rpc", place.rpc, "--trust", place.trust];
    const files = ["calls", "moved", "approved"].map((name) => journey.path(`${name}.json`));
    const [calls = "", moved = "", approved = ""] = files;
    writeFileSync(calls, JSON.stringify([{ call: "changeMember", with: { index: 1, next } }]));
    const { says } = await journey.ask(["member", "propose", calls, ...node, "--key", own, "--out", moved]);
    expect(says).to.deep.equal([`member 1 is from now on: ${JSON.stringify(next)}`]);
    const alone = parseChange(readFileSync(moved, "utf8"));
    expect(await refusal(carryOutChange(place, alone, own))).to.equal("SIGNATURE_COUNT_UNEXPECTED");
    await journey.ask(["member", "approve", moved, ...node, "--key", second.file, "--out", approved]);
    await journey.ask(["member", "carry-out", approved, ...node, "--key", second.file]);
    await until(
      "consortium.json names both",
      async () => trusted().members[1]?.endpoint === next.endpoint || undefined,
    );
  });

  it("lets a member leave, whose signature then counts nowhere", async () => {
    await carryOutChange(place, await propose([{ call: "removeMember", with: { index: 1 } }], second.file), own);
    const { quorum, members } = await listMembers(place);
    expect(quorum).to.equal(1);
    expect(members.map(({ until: end }) => end === null)).to.deep.equal([true, false]);
    await until("consortium.json says so", async () => presentMembers(trusted()).length === 1 || undefined);
    const leaving = [{ call: "removeMember", with: { index: 0 } }] as const;
    expect(await refusal(proposeChange(place, leaving, Date.now(), [second.file]))).to.equal("UNUSABLE_INPUT");
  });

  it("does not start without the key that it must sign with; with it all is audited, what was promised before too", async () => {
    await server.stop();
    const [file, aside] = [`${server.data}/keys/gateway-1.key`, journey.path("aside.key")];
    renameSync(file, aside);
    const { code, err, out } = await journey.run(["up", "--data", server.data, "--port", "0"]);
    expect(code).to.equal(1);
    expect(err + out).to.contain("GATEWAY_KEY_MISSING");
    renameSync(aside, file);
    server = await journey.up(server.data);
    expect((await post()).sequence).to.equal(device.sequence);
    const kept = journey.path("acks.jsonl");
    writeFileSync(kept, acks.map((ack) => JSON.stringify(ack)).join("\n"));
    await auditPasses(journey, server.data, kept);
  });
});
