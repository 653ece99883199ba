import { expect } from "chai";
import type { Command } from "commander";
import { chmodSync, existsSync, globSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { computeAddress, Wallet } from "ethers";
import { makeProgram } from "../../apps/cli/program.ts";
import { readDeviceFile, deviceKey } from "../../apps/cli/device-file.ts";
import { readAccountKey } from "../../apps/cli/key-file.ts";
import type { CheckedReading, ListedDevice } from "../../apps/sdk/answers.ts";
import { connect, type Client } from "../../apps/sdk/client.ts";
import { readActFile } from "../../apps/cli/signed-grant.ts";
import type { ConsentRecord, SaidSubject } from "../../protocol/consent-record.ts";
import { fromHex, toBase64url, toHex, type Hex } from "../../protocol/bytes.ts";
import { newPrivateKey } from "../../protocol/es256.ts";
import { createRandom } from "../../ml/random.ts";
import { BedsideDevice } from "../helpers/bedside-device.ts";
import { auditPasses } from "../helpers/audit-journey.ts";
import { Journey, MONITOR_MODEL, until, type Ran, type Server } from "../helpers/journey.ts";

const NO_NETWORK = new URL("../helpers/no-network.ts", import.meta.url).href;
const HEX_32 = /^0x[0-9a-f]{64}$/;

describe("journey: the command line", () => {
  const journey = new Journey();
  const data = journey.path("data");
  const monitorFile = journey.path("monitor.json");
  const readerKey = journey.path("reader.key");
  let server: Server;
  let at: string[];
  let monitor: BedsideDevice;
  let reader: Hex;
  let twin: Hex;
  let grant: Hex;

  before(async () => {
    server = await journey.up(data, { LOG_LEVEL: "trace" });
    at = ["--data", data, "--url", server.http];
  });
  after(() => journey.close());

  /** Runs a command that must fail: its exit code and what it says. */
  async function fails(words: string[], code: number, says: RegExp, environment = {}): Promise<Ran> {
    const ran = await journey.run(words, environment);
    expect(ran.err, words.join(" ")).to.match(says);
    expect(ran.err).not.to.match(/^\s+at /m);
    expect(ran.code, words.join(" ")).to.equal(code);
    return ran;
  }

  describe("words", () => {
    it("every command explains itself", async () => {
      const { code, out, err } = await journey.run(["--help"]);
      expect([code, err]).to.deep.equal([0, ""]);
      expect(out).to.match(/^Usage: twinward/);
      const explained: string[] = [];
      const explain = (command: Command, words: readonly string[]): void => {
        const help = command.helpInformation();
        expect(help.split("\n").length, help).to.be.greaterThan(5);
        if (command.commands.length === 0) {
          explained.push(words.join(" "));
          expect(help, words.join(" ")).to.contain("--json");
        }
        for (const child of command.commands) explain(child, [...words, child.name()]);
      };
      const program = makeProgram();
      expect(out.startsWith(program.helpInformation().trimEnd().slice(0, 200))).to.equal(true);
      explain(program, []);
      expect(explained).to.include.members([
        "up", "gateway", "demo", "device new", "device register", "device list", "device bridge", "device check", "device replay", "key new", "twin new",
        "twin list", "twin read", "twin export", "twin records", "grant give", "grant revoke", "grant list", "grant explain", "verify", "anchors export", "anchors sign", "anchors challenge", "anchors resume",
        "anchors fence", "device equivocation", "grant sign", "grant relay", "consent sign", "consent relay", "member list", "member propose", "member approve", "member carry-out", "audit", "erase",
      ]); // prettier-ignore
    });

    const wrong: [string[], RegExp][] = [
      [["fly"], /unknown command 'fly'/],
      [["device", "fly"], /unknown command 'fly'/],
      [["audit", "--loudly"], /unknown option '--loudly'/],
      [["verify"], /missing required argument 'receipt'/],
      [["twin", "new", "--segments", "heart"], /required option '--device <id>'/],
      [["twin", "new", "--device", "0xAB", "--segments", "heart"], /64 lower-case hex digits/],
      [["grant", "give", "--twin", `0x${"1".repeat(64)}`, "--reader", `0x${"2".repeat(40)}`, "--purposes", "fun", "--until", "+1h"], /Purposes are care/],
      [["grant", "give", "--twin", `0x${"1".repeat(64)}`, "--reader", "me", "--purposes", "care", "--until", "+1h"], /40 hex digits/],
      [["grant", "give", "--twin", `0x${"1".repeat(64)}`, "--reader", `0x${"2".repeat(40)}`, "--purposes", "care", "--until", "soon"], /ISO 8601/],
      [["up", "--port", "many"], /whole number/],
      [["twin", "read", "0x12", "--key", "x"], /64 lower-case hex digits/],
      [["grant", "revoke", "0x12"], /64 lower-case hex digits/],
    ]; // prettier-ignore
    for (const [words, says] of wrong)
      it(`exit 2 for: ${words.join(" ").slice(0, 60)}`, () => fails(words, 2, says).then(() => undefined));
  });

  describe("keys and devices", () => {
    it("key new: a file for its owner alone, never over another", async () => {
      ({ address: reader } = await journey.ask<{ address: Hex }>(["key", "new", readerKey]));
      const text = readFileSync(readerKey, "utf8");
      expect(statSync(readerKey).mode & 0o777).to.equal(0o600);
      const { private: key } = JSON.parse(text) as { private: string };
      expect(computeAddress(key).toLowerCase()).to.equal(reader);
      await fails(["key", "new", readerKey], 2, /UNUSABLE_INPUT.*reader\.key/);
      expect(readFileSync(readerKey, "utf8")).to.equal(text);
      const { out } = await journey.run(["key", "new", journey.path("stranger.key")]);
      expect(out).to.match(/^0x[0-9a-f]{40}\n$/);
    });

    it("a key file that others may read is refused", async () => {
      const open = journey.path("open.key");
      writeFileSync(open, readFileSync(readerKey));
      chmodSync(open, 0o644);
      await fails(["twin", "list", "--key", open, "--url", server.http], 1, /KEY_FILE_MODE.*open\.key/);
      await fails(["twin", "list", "--key", journey.path("no.key"), "--url", server.http], 2, /no\.key does not exist/);
      await fails(["twin", "list", "--key", MONITOR_MODEL, "--url", server.http], 1, /KEY_FILE/);
    });

    it("device new and register: once", async () => {
      await journey.ask(["device", "new", monitorFile, "--model", MONITOR_MODEL]);
      expect(statSync(monitorFile).mode & 0o777).to.equal(0o600);
      await fails(["device", "new", monitorFile, "--model", MONITOR_MODEL], 2, /monitor\.json cannot be created/);
      await fails(["device", "new", journey.path("x.json"), "--model", readerKey], 2, /UNUSABLE_DEVICE_MODEL/);
      const registered = await journey.ask<Record<string, string>>(["device", "register", monitorFile, ...at]);
      for (const name of ["device", "assignment", "securityTwin"]) expect(registered[name]).to.match(HEX_32);
      await fails(["device", "register", monitorFile, ...at], 2, /registered already/);
      const file = readDeviceFile(monitorFile);
      expect(file.device).to.equal(registered.device);
      monitor = new BedsideDevice(file.device ?? "0x", deviceKey(file));
      const [listed] = await journey.ask<ListedDevice[]>(["device", "list", "--url", server.http]);
      expect(listed).to.include({ id: monitor.id, sequence: 0, state: "active", model: "monitor@1" });
    });

    it("device check: says what is wrong, and stores nothing", async () => {
      await server.client.postReadings([await monitor.next(), await monitor.next()]);
      const random = createRandom("check");
      const stranger = newPrivateKey((size) => random.bytes(size));
      const cases: [string, string, string | null][] = [
        ["good", await monitor.build(), null],
        ["silent", (await monitor.build()).replace(/~[^~]+~/, "~"), "DISCLOSURE_MISSING"],
        ["torn", (await monitor.build()).slice(0, -1), "READING_MALFORMED"],
        ["forged", await monitor.build({}, stranger), "SIGNATURE_INVALID"],
        ["twice", await monitor.build({ sequence: 1 }), "SEQUENCE_CONFLICT"],
        ["early", await monitor.build({ sequence: 9 }), "SEQUENCE_EXPECTED"],
        ["chained", await monitor.build({ prev: toHex(random.bytes(32)) }), "PREV_MISMATCH"],
        ["other", await monitor.build({ model: "monitor@2" }), "MODEL_UNEXPECTED"],
        ["unknown", await monitor.build({ device: toHex(random.bytes(32)) }), "DEVICE_UNKNOWN"],
      ];
      for (const [name, text, refused] of cases) {
        const file = journey.path(`${name}.reading`);
        writeFileSync(file, `${text}\n`);
        const { code, out } = await journey.run(["device", "check", file, "--url", server.http, "--json"]);
        const report = JSON.parse(out) as CheckedReading;
        expect(report.code, name).to.equal(refused);
        expect(code, name).to.equal(refused === null ? 0 : 1);
        expect(report.checks.some(({ result }) => result === "failed")).to.equal(refused !== null);
      }
      const said = await journey.run(["device", "check", journey.path("forged.reading"), "--url", server.http]);
      expect(said.out).to.match(/✖ signature .*\n[\s\S]*It would be refused: SIGNATURE_INVALID\./);
      const { devices } = await server.client.devices();
      expect(devices.map(({ id, sequence }) => [id, sequence])).to.deep.equal([[monitor.id, 2]]);
      const checked = await auditPasses(journey, data);
      expect([checked.get("readings"), checked.get("evidence"), checked.get("held readings")]).to.deep.equal([2, 0, 0]);
    });
  });

  describe("twins and grants", () => {
    const readAs = (key: string, id: Hex, ...more: string[]): string[] => [
      "twin", "read", id, "--key", key, "--url", server.http, ...more,
    ]; // prettier-ignore

    it("a twin that was not granted looks like one that is not there", async () => {
      ({ twin } = await journey.ask<{ twin: Hex }>([
        "twin",
        "new",
        "--device",
        monitor.id,
        "--segments",
        "heart,spo2",
        ...at,
      ]));
      expect(twin).to.match(HEX_32);
      const unknown: Hex = `0x${"ab".repeat(32)}`;
      const there = await fails(readAs(readerKey, twin, "--purpose", "care"), 1, /^NOT_FOUND/);
      expect(there).to.deep.equal(await fails(readAs(readerKey, unknown, "--purpose", "care"), 1, /^NOT_FOUND/));
      const unnamed = await fails(readAs(readerKey, twin), 1, /^[A-Z_]+: /);
      expect(unnamed).to.deep.equal(await fails(readAs(readerKey, unknown), 1, /^[A-Z_]+: /));
      await fails(["twin", "new", "--device", monitor.id, "--segments", "liver", ...at], 2, /liver/);
      await fails(
        ["twin", "new", "--device", `0x${"ab".repeat(32)}`, "--segments", "heart", ...at],
        1,
        /DEVICE_UNKNOWN/,
      );
    });

    it("grant give, explain, twin read: what was granted, and no more", async () => {
      const terms = ["--twin", twin, "--reader", reader, "--purposes", "care", "--until", "+12h"];
      ({ grant } = await journey.ask<{ grant: Hex }>(["grant", "give", ...terms, ...at]));
      const explain = (...more: string[]): string[] => [
        "grant",
        "explain",
        "--twin",
        twin,
        "--url",
        server.http,
        ...more,
      ];
      const asked = ["--key", readerKey];
      expect(await journey.ask(explain(...asked))).to.include({ permitted: true, purpose: "care" });
      expect(await journey.ask(explain(...asked, "--purpose", "research"))).to.include({ code: "PURPOSE_NOT_GRANTED" });
      expect(await journey.ask(explain(...asked, "--segments", "heart,sys"))).to.include({
        code: "SEGMENTS_NOT_GRANTED",
      });
      const steward = ["--key", `${data}/keys/steward.key`, "--reader", reader];
      expect(await journey.ask(explain(...steward))).to.include({ permitted: true });
      await fails(explain("--key", journey.path("stranger.key"), "--purpose", "care"), 1, /^NOT_FOUND/);

      const read = await journey.ask<{ segments: string[]; readings: { sequence: number; reading: string }[] }>(
        readAs(readerKey, twin),
      );
      expect(read.segments).to.deep.equal(["heart", "spo2"]);
      expect(read.readings.map(({ sequence }) => sequence)).to.deep.equal([1, 2]);
      for (const { reading } of read.readings) expect(reading.split("~")).to.have.length(4);
      const { out } = await journey.run(readAs(readerKey, twin));
      expect(out).to.match(/sequence +from \(UTC\) +heart +spo2 +state +flags\n/);
      expect(out).to.contain("72 /min").and.to.contain("97 %");
      await fails(readAs(readerKey, twin, "--purpose", "research"), 1, /^PURPOSE_NOT_GRANTED/);
      await fails(readAs(journey.path("stranger.key"), twin, "--purpose", "care"), 1, /^NOT_FOUND/);
      const listed = await journey.ask<{ twin: Hex }[]>(["twin", "list", "--key", readerKey, "--url", server.http]);
      expect(listed.map((one) => one.twin)).to.deep.equal([twin]);
    });

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
      const read = await journey.ask<{ readings: unknown[]; releases: { values: string[] }[] }>(
        readAs(readerKey, trend),
      );
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

    it("grant revoke: at once, and for good; who follows the twin is told", async () => {
      const following = journey.start(readAs(readerKey, twin, "--follow", "--since", "2000-01-01T00:00:00Z"));
      await until("what is there is printed", async () => /72 \/min/.test(following.out()) || undefined);
      await journey.ask(["grant", "revoke", grant, ...at]);
      const followed = await following.ended;
      expect(followed.code).to.equal(1);
      expect(followed.err).to.match(/^GRANT_REVOKED/);
      const [listed, ...others] = await journey.ask<object[]>(["grant", "list", twin, ...at]);
      expect(listed).to.include({ grant, reader, revoked: true });
      expect(others).to.deep.equal([]);
      await fails(readAs(readerKey, twin), 1, /^GRANT_REVOKED/);
      await fails(["grant", "revoke", `0x${"ab".repeat(32)}`, ...at], 1, /^GRANT_UNKNOWN/);
    });
  });

  describe("what it will not do", () => {
    it("start in production on development keys, new or old", async () => {
      const production = { NODE_ENV: "production" };
      await fails(["up", "--data", journey.path("new"), "--port", "0"], 1, /^DEVELOPMENT_KEY_REFUSED/m, production);
      expect(globSync("*", { cwd: journey.path("new/keys") })).to.deep.equal([]);
      const steward = ["grant", "revoke", `0x${"ab".repeat(32)}`, ...at];
      await fails(steward, 1, /^DEVELOPMENT_KEY_REFUSED/m, production);
    });

    it("start twice on one directory, on a taken port, in the open, or with settings that it cannot use", async () => {
      await fails(["up", "--data", data, "--port", "0"], 1, /^DATA_LOCKED.*\d+/m);
      const busy = createServer();
      await new Promise<void>((resolve) => busy.listen(0, "127.0.0.1", resolve));
      const { port } = busy.address() as AddressInfo;
      await fails(
        ["up", "--data", journey.path("busy"), "--port", String(port)],
        1,
        new RegExp(`Port ${port} is taken`),
        {
          MQTT_PORT: "0",
          RPC_PORT: "0",
        },
      );
      await new Promise((resolve) => busy.close(resolve));
      const elsewhere = ["up", "--data", journey.path("elsewhere"), "--port", "0"];
      await fails(elsewhere, 2, /^UNUSABLE_SETTING[^]*LOG_LEVEL=loud/m, { LOG_LEVEL: "loud" });
      await fails(elsewhere, 2, /HOST=0\.0\.0\.0.*loopback/, { HOST: "0.0.0.0" });
      expect(existsSync(journey.path("elsewhere"))).to.equal(false);
    });

    it("go on without its database, or name the database's password", async () => {
      const place = { DATABASE_URL: "postgres://twinward:hidden-word@127.0.0.1:1/twinward" };
      const { out, err } = await fails(
        ["up", "--data", journey.path("away"), "--port", "0"],
        1,
        /^DATABASE_UNAVAILABLE/m,
        place,
      );
      expect(out + err).not.to.contain("hidden-word");
    });

    it("audit what is no data directory, or ask a server that is not there", async () => {
      await fails(["audit", "--data", journey.path("nothing")], 2, /^DATA_UNUSABLE/);
      await fails(["audit", "--data", data, "--acks", journey.path("no-acks")], 2, /no-acks cannot be read/);
      await fails(["device", "list", "--url", "http://127.0.0.1:9"], 1, /^SERVER_UNREACHABLE.*127\.0\.0\.1:9/);
    });
  });

  describe("secrets", () => {
    it("none is in anything that was ever printed or logged, and none may be read by others", async () => {
      // Registering and reading was logged at the finest level.
      expect(journey.said).to.contain('"path":"/v1/session/login"');
      const files = [...globSync(`${data}/keys/*.key`), readerKey, journey.path("stranger.key"), monitorFile];
      expect(files.length).to.be.greaterThan(12);
      for (const file of [...files, `${data}/keys/data-keys.json`])
        expect(statSync(file).mode & 0o777, file).to.equal(0o600);
      for (const file of files) {
        const text = readFileSync(file, "utf8").trim();
        const hex = text.startsWith("{") ? (JSON.parse(text) as { private: Hex }).private : (text as Hex);
        const bytes = fromHex(hex, 32);
        const forms = [
          hex.slice(2),
          hex.slice(2).toUpperCase(),
          toBase64url(bytes),
          Buffer.from(bytes).toString("base64"),
        ];
        for (const form of forms) expect(journey.said.includes(form), file).to.equal(false);
      }
      const { code } = await server.stop();
      expect(code).to.equal(0);
      expect(journey.said).not.to.match(/Bearer [\w-]+\.|eyJhbGciOiJFUzI1NiIsImtpZCI/);
    });
  });
});
