// What the quick journey of the command line leaves out: a command is a process, and these are many.
import { expect } from "chai";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { Wallet } from "ethers";
import { deviceKey, readDeviceFile } from "../../apps/cli/device-file.ts";
import { readAccountKey } from "../../apps/cli/key-file.ts";
import { readActFile } from "../../apps/cli/signed-grant.ts";
import { connect, type Client } from "../../apps/sdk/client.ts";
import { toHex, type Hex } from "../../protocol/bytes.ts";
import type { ConsentRecord, SaidSubject } from "../../protocol/consent-record.ts";
import { auditPasses } from "../helpers/audit-journey.ts";
import { BedsideDevice } from "../helpers/bedside-device.ts";
import { failsIn, Journey, MONITOR_MODEL, until, type Server } from "../helpers/journey.ts";

const NO_NETWORK = new URL("../helpers/no-network.ts", import.meta.url).href;

describe("journey: the command line, what is read and proven", () => {
  const journey = new Journey();
  const fails = failsIn(journey);
  const data = journey.path("data");
  const readerKey = journey.path("reader.key");
  let server: Server;
  let at: string[];
  let monitor: BedsideDevice;
  let reader: Hex;
  let twin: Hex;

  const readAs = (key: string, id: Hex, ...more: string[]): string[] => [
    "twin", "read", id, "--key", key, "--url", server.http, ...more,
  ]; // prettier-ignore

  before(async () => {
    server = await journey.up(data);
    at = ["--data", data, "--url", server.http];
    ({ address: reader } = await journey.ask<{ address: Hex }>(["key", "new", readerKey]));
    await journey.ask(["key", "new", journey.path("stranger.key")]);
    const file = journey.path("monitor.json");
    await journey.ask(["device", "new", file, "--model", MONITOR_MODEL]);
    await journey.ask(["device", "register", file, ...at]);
    const registered = readDeviceFile(file);
    monitor = new BedsideDevice(registered.device ?? "0x", deviceKey(registered));
    await server.client.postReadings([await monitor.next(), await monitor.next()]);
    const cut = ["twin", "new", "--device", monitor.id, "--segments", "heart,spo2", ...at];
    ({ twin } = await journey.ask<{ twin: Hex }>(cut));
    const terms = ["--twin", twin, "--reader", reader, "--purposes", "care", "--until", "+12h"];
    await journey.ask(["grant", "give", ...terms, ...at]);
  });
  after(() => journey.close());

  it("twin new --manifest, twin read: a derived twin's intervals, and no reading", async () => {
    const file = journey.path("trend.json");
    const cut = { name: "trend", segments: ["heart"], resolution: { interval: 1, show: ["max", "count"] } };
    writeFileSync(file, JSON.stringify(cut));
    const made = ["twin", "new", "--device", monitor.id, "--manifest", file, ...at];
    const { twin: trend } = await journey.ask<{ twin: Hex }>(made);
    const terms = ["--twin", trend, "--reader", reader, "--purposes", "care", "--until", "+12h"];
    await journey.ask(["grant", "give", ...terms, ...at]);
    // Seconds after the two before it: their interval is over.
    await server.client.postReadings([await monitor.next()]);
    const read = await journey.ask<{ readings: unknown[]; releases: { values: string[] }[] }>(readAs(readerKey, trend));
    expect(read.readings).to.deep.equal([]);
    expect(read.releases.length).to.be.greaterThan(0);
    const { out } = await journey.run(readAs(readerKey, trend));
    expect(out).to.match(/from \(UTC\) +readings +heart +state +flags\n/);
    expect(out)
      .to.match(/max 72, count \d+ \/min/)
      .and.to.contain("releases, one for 1 s");
    writeFileSync(file, JSON.stringify({ ...cut, resolution: { interval: 7, show: ["max"] } }));
    await fails(made, 2, /UNUSABLE_MANIFEST.*does not divide a day/);
    writeFileSync(file, JSON.stringify({ ...cut, colour: "blue" }));
    await fails(made, 2, /UNUSABLE_MANIFEST.*unknown member/);
    await fails([...made, "--segments", "heart"], 2, /one of the two/);
  });

  it("consent bind, give, list, withdraw: research waits for whose data it is", async () => {
    const [subjectKey, researchKey] = [journey.path("subject.key"), journey.path("researcher.key")];
    const { address: researcher } = await journey.ask<{ address: Hex }>(["key", "new", researchKey]);
    const { address: subject } = await journey.ask<{ address: Hex }>(["key", "new", subjectKey]);
    const ward = ["--device", monitor.id, "--segments", "heart", ...at];
    const { twin: study } = await journey.ask<{ twin: Hex }>(["twin", "new", ...ward]);
    const terms = ["--twin", study, "--reader", researcher, "--purposes", "research", "--until", "+12h"];
    await journey.ask(["grant", "give", ...terms, ...at]);
    const mine = ["--key", subjectKey, "--url", server.http];
    const given = [study, "--reader", researcher];
    await fails(readAs(researchKey, study), 1, /^CONSENT_MISSING/);
    await fails(["consent", "give", ...given, "--purposes", "research", ...mine], 1, /^NOT_SUBJECT/);
    const bind = ["consent", "bind", "--device", monitor.id, "--subject-key", subjectKey, ...at];
    expect(await journey.ask(bind)).to.include({ subject });
    await fails(bind, 1, /^SUBJECT_ALREADY_BOUND/);
    await journey.ask(["consent", "give", ...given, "--purposes", "research", ...mine]);
    const read = await journey.ask<{ segments: string[] }>(readAs(researchKey, study));
    expect(read.segments).to.deep.equal(["heart"]);
    const listed = ["consent", "list", study, ...mine];
    const agreed = { reader: researcher, purposes: ["research"], changes: 1 };
    expect(await journey.ask(listed)).to.deep.equal({ subject, asked: ["research"], consents: [agreed] });
    await journey.ask(["consent", "withdraw", ...given, ...mine]);
    await fails(readAs(researchKey, study), 1, /^CONSENT_MISSING/);
    expect(await journey.ask(listed)).to.deep.include({
      consents: [{ reader: researcher, purposes: [], changes: 2 }],
    });

    const { readers } = await journey.ask<{ readers: { reader: Hex; purposes: object[] }[] }>([
      "twin",
      "readers",
      study,
      ...mine,
    ]);
    expect(readers.map(({ reader, purposes }) => [reader, purposes])).to.deep.equal([
      [researcher, [{ purpose: "research", reason: "ConsentMissing" }]],
    ]);
    expect((await journey.run(["twin", "readers", study, ...mine])).out).to.contain("research: ConsentMissing");
    const { decisions } = await journey.ask<{ decisions: { leaf: Hex; record: { reason: string } }[] }>([
      "twin",
      "decisions",
      study,
      "--last",
      "3",
      ...mine,
    ]);
    expect(decisions.map(({ record }) => record.reason)).to.deep.equal(["Permitted", "ConsentMissing", "Permitted"]);
    await fails(
      ["twin", "decisions", study, "--key", journey.path("stranger.key"), "--url", server.http],
      1,
      /^NOT_FOUND/,
    );
  });

  it("each consent is a leaf: with what was signed for it, for whom it concerns, provable", async () => {
    const [subjectKey, researchKey] = [journey.path("subject.key"), journey.path("researcher.key")];
    const subject = new Wallet(toHex(readAccountKey(subjectKey)));
    const as = (key: string): Client => connect({ url: server.http, signer: new Wallet(toHex(readAccountKey(key))) });
    const mine = as(subjectKey);
    const [study] = (await mine.twins()).filter(({ consents }) => consents.length > 0);
    const [{ reader: researcher } = expect.fail()] = study?.consents ?? [];
    const id = study?.twin ?? expect.fail();
    // Once more, by a signature that the steward brings.
    const paper = journey.path("consent.json");
    const named = ["--reader", researcher, "--purposes", "research", "--key", subjectKey, "--url", server.http];
    await journey.ask(["consent", "sign", id, ...named, "--out", paper]);
    const signed = readActFile(paper);
    if (signed.format !== "consent@1") return expect.fail(signed.format);
    const { said } = signed;
    expect(said).to.deep.include({ twin: id, reader: researcher, purposes: ["research"], nonce: 2 });
    await journey.ask(["consent", "relay", paper, "--key", `${data}/keys/steward.key`, "--url", server.http]);
    const told = await until("everything is a leaf", async () => {
      const { records } = await mine.records(id, "consent");
      return records.length >= 4 ? records.map(({ record }) => record as unknown as ConsentRecord) : undefined;
    });
    const by = subject.address.toLowerCase();
    expect(told.map(({ step, by: who }) => [step, who])).to.deep.equal([
        ["agreed", by], ["withdrawn", by], ["agreed", by], ["bound", by],
      ]); // prettier-ignore
    expect(told.map(({ message }) => message?.said)).to.deep.equal([
        said, undefined, undefined,
        { assignment: study?.assignment, subject: by, guardian: null, deadline: (told[3]?.message?.said as SaidSubject).deadline },
      ]); // prettier-ignore
    expect(JSON.stringify(told)).not.to.contain(signed.signature.slice(2));
    // The researcher sees what was agreed for them, and not who was bound to what.
    const theirs = (await as(researchKey).records(id, "consent")).records.map(({ record }) => record.step);
    expect(theirs).to.deep.equal(["agreed", "withdrawn", "agreed"]);
    const listed = await journey.ask<{ records: object[] }>(
        ["twin", "records", id, "--kind", "consent", "--key", researchKey, "--url", server.http],
      ); // prettier-ignore
    expect(listed.records).to.have.length(3);

    const [{ leaf } = expect.fail()] = (await mine.records(id, "consent")).records;
    const text = await until("it is anchored", async () => mine.receipt(leaf).catch(() => undefined));
    const file = journey.path("consent-receipt.json");
    const verify = ["verify", file, "--trust", `${data}/consortium.json`, "--rpc", server.rpc];
    writeFileSync(file, text);
    const { code, out } = await journey.run(verify);
    expect(out).to.match(/✔ record signature +signed by 0x/);
    expect(code).to.equal(0);
    writeFileSync(file, text.replace(`"deadline":${said.deadline}`, `"deadline":${said.deadline - 1}`));
    expect((await journey.run(verify)).out).to.match(/✖ record signature/);
    expect((await auditPasses(journey, data)).get("consents")).to.equal(4);
  });

  it("a receipt, the anchors, and a stranger who verifies them", async () => {
    const receipt = journey.path("receipt.json");
    const anchors = journey.path("anchors.json");
    await until("the readings are anchored", async () => {
      const { devices } = await server.client.devices();
      return devices.some(({ anchoredSequence }) => anchoredSequence === 3) || undefined;
    });
    await journey.ask(readAs(readerKey, twin, "--receipt", receipt));
    await fails(readAs(readerKey, twin, "--receipt", receipt), 2, /receipt\.json cannot be created/);
    const trust = ["--trust", `${data}/consortium.json`];
    const by = [...trust, "--key", `${data}/keys/member.key`];
    const out = ["anchors", "export", "--rpc", server.rpc, ...by, "--out", anchors];
    await journey.ask(out);
    await fails(out, 2, /anchors\.json cannot be created/);
    const printed = await journey.run(["anchors", "export", "--rpc", server.rpc, ...by]);
    expect(JSON.parse(printed.out)).to.include({ format: "anchors@1" });
    await fails(
      ["anchors", "export", "--rpc", server.rpc, ...trust, "--key", readerKey],
      2,
      /no member's signing address/,
    );

    const signing = ["anchors", "sign", anchors, "--rpc", server.rpc];
    const signed = await journey.run([...signing, ...by]);
    expect(JSON.parse(signed.out)).to.deep.equal(JSON.parse(readFileSync(anchors, "utf8")));
    await fails([...signing, ...trust, "--key", readerKey], 2, /no member's signing address/);

    // With the network cut a file under its checkpoint is enough; a node is not.
    const cut = { NODE_OPTIONS: `--import ${NO_NETWORK}` };
    const offline = await journey.run(["verify", receipt, ...trust, "--anchors", anchors], cut);
    expect(offline.code, offline.err).to.equal(0);
    expect(offline.out).to.match(/✔ checkpoint signature +signed by one machine .* 1 of 1 members/);
    const online = await journey.run(["verify", receipt, ...trust, "--rpc", server.rpc], cut);
    expect([online.code, online.err]).to.deep.equal([9, "the network is cut\n"]);

    for (const source of [["--anchors", anchors], ["--rpc", server.rpc]])
        expect(await journey.ask(["verify", receipt, ...trust, ...source])).to.include({ outcome: "passed" }); // prettier-ignore
    await fails(["verify", receipt, ...trust, "--anchors", anchors, "--rpc", server.rpc], 2, /not both/);
    await fails(["verify", receipt, "--rpc", server.rpc], 2, /--rpc needs --trust/);
    await fails(["verify", receipt, ...trust, "--anchors", receipt], 2, /UNUSABLE_ANCHORS/);
    await fails(["verify", receipt, "--trust", receipt, "--anchors", anchors], 2, /UNUSABLE_CONSORTIUM/);
    // Silence is no answer: nothing failed, and not everything was checked.
    const silent = await journey.run(["verify", receipt, ...trust, "--rpc", "http://127.0.0.1:9"]);
    expect(silent.code).to.equal(3);
    expect(silent.out).to.match(/○ batch anchored/);
  });

  it("twin export: a file that verify checks whole, and that is a leaf", async () => {
    const file = journey.path("export.ndjson");
    const words = ["twin", "export", twin, "--key", readerKey, "--url", server.http, "--out", file];
    expect(await journey.ask(words)).to.deep.include({ ended: null, sequences: [1, 3] });
    await fails(words, 2, /export\.ndjson exists already/);
    const verify = ["verify", file, "--trust", `${data}/consortium.json`, "--rpc", server.rpc];
    const whole = await journey.run(verify);
    expect(whole.out).to.match(/✔ device signature +3 of 3\n[\s\S]*✔ export signature +1 of 1\n/);
    expect(whole.code).to.equal(0);
    const unsure = await journey.run(["verify", file]);
    expect(unsure.code).to.equal(3);
    const text = readFileSync(file, "utf8");
    writeFileSync(file, text.replace('"v":[72', '"v":[73'));
    const forged = await journey.run(verify);
    expect(forged.out)
      .to.match(/✖ values of each line +failed: line \d+: /)
      .and.to.match(/✖ digest /);
    expect(forged.code).to.equal(1);
    writeFileSync(file, text.slice(0, -100));
    expect((await journey.run(verify)).code).to.equal(1);
  });

  it("up does not start twice on one directory, on a taken port, in the open, or with settings that it cannot use", async () => {
    await fails(["up", "--data", data, "--port", "0"], 1, /^DATA_LOCKED.*\d+/m);
    const busy = createServer();
    await new Promise<void>((resolve) => busy.listen(0, "127.0.0.1", resolve).unref());
    const { port } = busy.address() as AddressInfo;
    for (const setting of ["PORT", "MQTT_PORT"]) {
      const ports = { PORT: "0", MQTT_PORT: "0", RPC_PORT: "0", [setting]: String(port) };
      const says = new RegExp(`^Port ${port} is taken\\. .* set another .*${setting}`, "m");
      await fails(["up", "--data", journey.path("busy")], 1, says, ports);
    }
    await new Promise((resolve) => busy.close(resolve));
    const elsewhere = ["up", "--data", journey.path("elsewhere"), "--port", "0"];
    await fails(elsewhere, 2, /^UNUSABLE_SETTING[^]*LOG_LEVEL=loud/m, { LOG_LEVEL: "loud" });
    await fails(elsewhere, 2, /HOST=0\.0\.0\.0.*loopback/, { HOST: "0.0.0.0" });
    expect(existsSync(journey.path("elsewhere"))).to.equal(false);
  });
});
