import { expect } from "chai";
import type { Command } from "commander";
import { chmodSync, globSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { computeAddress } from "ethers";
import { makeProgram } from "../../apps/cli/program.ts";
import { readDeviceFile, deviceKey } from "../../apps/cli/device-file.ts";
import type { CheckedReading, ListedDevice } from "../../apps/sdk/answers.ts";
import { fromHex, toBase64url, toHex, type Hex } from "../../protocol/bytes.ts";
import { newPrivateKey } from "../../protocol/es256.ts";
import { createRandom } from "../../ml/random.ts";
import { BedsideDevice } from "../helpers/bedside-device.ts";
import { auditPasses } from "../helpers/audit-journey.ts";
import { failsIn, Journey, MONITOR_MODEL, until, type Server } from "../helpers/journey.ts";

const HEX_32 = /^0x[0-9a-f]{64}$/;

describe("journey: the command line", () => {
  const journey = new Journey();
  const fails = failsIn(journey);
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
      const program = await makeProgram();
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
        ["torn", (await monitor.build()).slice(0, -1), "READING_MALFORMED"],
        ["forged", await monitor.build({}, stranger), "SIGNATURE_INVALID"],
        ["early", await monitor.build({ sequence: 9 }), "SEQUENCE_EXPECTED"],
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
