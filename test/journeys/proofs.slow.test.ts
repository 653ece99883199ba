import { expect } from "chai";
import { readFileSync, writeFileSync } from "node:fs";
import { ackMessage, type Ack, type AckPromise } from "../../protocol/ack.ts";
import { fromHex, toBase64url, type Hex } from "../../protocol/bytes.ts";
import { parseConsortium } from "../../protocol/consortium.ts";
import { signEs256 } from "../../protocol/es256.ts";
import { streamId } from "../../protocol/ids.ts";
import type { BedsideDevice } from "../helpers/bedside-device.ts";
import { registerBedside } from "../helpers/bedside-device.ts";
import { anchorReady, postTexts } from "../helpers/raw-gateway.ts";
import { Journey, until, type Server } from "../helpers/journey.ts";

describe("journey: what can be proven against whom", () => {
  const journey = new Journey();
  const data = journey.path("data");
  const anyKey = journey.path("any.key");
  const memberKey = `${data}/keys/member.key`;
  let server: Server;
  let monitor: BedsideDevice;
  let chained: string[];

  before(async () => {
    server = await journey.up(data);
    [monitor] = (await registerBedside(server, 1)) as [BedsideDevice];
    await journey.ask(["key", "new", anyKey]);
    chained = ["--rpc", server.rpc, "--trust", `${data}/consortium.json`];
  });
  after(() => journey.close());

  const codes = async (...readings: string[]): Promise<unknown[]> =>
    ((await postTexts(server, ...readings)).body.results ?? []).map((one) => ("code" in one ? one.code : "ack"));

  it("a device that signs two readings for one sequence: its key is marked from there, and it is suspect", async () => {
    const honest = await monitor.next();
    const [first, second] = [await monitor.build(), await monitor.build()];
    expect(await codes(honest, first, second)).to.deep.equal(["ack", "ack", "SEQUENCE_CONFLICT"]);
    const [one, two] = [journey.path("one.jwt"), journey.path("two.jwt")];
    writeFileSync(one, `${first}\n`);
    writeFileSync(two, `${second}\n`);

    const accuse = (a: string, b: string): string[] => ["device", "equivocation", a, b, ...chained, "--key", anyKey];
    const innocent = await journey.run(accuse(one, one));
    expect(innocent.code).to.equal(1);
    expect(innocent.err).to.match(/EQUIVOCATION_UNFOUNDED: It is one content twice/);
    const proven = await journey.ask(accuse(one, two));
    expect(proven).to.deep.include({ device: monitor.id, key: 1, sequence: 2 });
    const again = await journey.run(accuse(two, one));
    expect(again.err).to.match(/MarkNotEarlier/);

    await until("the server has seen it", async () => {
      const { devices } = await server.client.devices();
      return devices.some(({ id, state }) => id === monitor.id && state === "suspect") || undefined;
    });
    expect(await codes(await monitor.build({ sequence: 3 }))).to.deep.equal(["KEY_NOT_VALID"]);
  });

  it("a gateway that breaks a promise: its stream is suspended, and goes on when its members say so", async () => {
    const [other] = (await registerBedside(server, 1)) as [BedsideDevice];
    const consortium = parseConsortium(readFileSync(`${data}/consortium.json`, "utf8"));
    const group = consortium.members[0]?.gateways[0]?.group ?? "0x";
    const { chainId, contracts } = consortium;
    const stream = streamId(chainId, contracts.AnchorLog, group, 0);
    const [kept] = (await postTexts(server, await other.next())).body.results as [Ack];
    await until("it is anchored", async () => {
      const { devices } = await server.client.devices();
      return devices.some(({ id, anchoredSequence }) => id === other.id && anchoredSequence === 1) || undefined;
    });
    const file = journey.path("ack.json");
    writeFileSync(file, JSON.stringify(kept));
    const challenge = ["anchors", "challenge", file, ...chained, "--key", anyKey];
    expect((await journey.run(challenge)).err).to.match(/ACK_NOT_BROKEN: Nothing to show: it was kept/);

    // What a dishonest gateway would have signed: leaves that nobody ever stored.
    const promise: AckPromise = { ...kept, first: 1_000, anchorBy: Math.floor(Date.now() / 1_000) - 5 };
    const { private: secret } = JSON.parse(readFileSync(`${data}/keys/gateway.key`, "utf8")) as { private: Hex };
    const signature = toBase64url(signEs256(fromHex(secret, 32), ackMessage(promise)));
    writeFileSync(file, JSON.stringify({ ...kept, ...promise, signature }));
    expect(await journey.ask(challenge)).to.deep.include({ breach: "overdue" });

    await until("the server says so", async () => (await anchorReady(server)) === "STREAM_SUSPENDED" || undefined);
    const text = await other.next();
    const refused = await postTexts(server, text);
    expect([refused.status, refused.body.code]).to.deep.equal([503, "STREAM_SUSPENDED"]);

    const member = ["--key", memberKey, "--reason", "looked: the disk was full"];
    const byNobody = ["--key", anyKey, "--reason", "it was I"];
    expect((await journey.run(["anchors", "resume", stream, ...chained, ...byNobody])).err).to.match(/no member's/);
    const resume = (...words: string[]): string[] => ["anchors", "resume", stream, ...chained, ...member, ...words];
    const [elsewhere, signedOnly] = await Promise.all([
      journey.run(resume("--suspension", "2")),
      journey.run(resume("--sign-only")),
    ]);
    expect(elsewhere.err).to.match(/SUSPENSION_UNEXPECTED.*node says 1, you decided on 2/);
    expect(signedOnly.err).to.match(/Lifts suspension 1 of .*: overdue, by ack 0x.*shown by 0x.*the disk was full/);
    const signedFile = journey.path("signed.json");
    writeFileSync(signedFile, signedOnly.out.replace('"suspension": 1', '"suspension": 7'));
    expect((await journey.run(resume("--signed", signedFile))).err).to.match(/has signed something else: Lifts/);
    await journey.ask(resume("--suspension", "1"));
    await until("the server goes on", async () => (await anchorReady(server)) === "ok" || undefined);
    expect(await codes(text)).to.deep.equal(["ack"]);
    await until("it is anchored", async () => {
      const { devices } = await server.client.devices();
      return devices.some(({ id, anchoredSequence }) => id === other.id && anchoredSequence === 2) || undefined;
    });
  });
});
