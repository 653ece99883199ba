import { expect } from "chai";
import { readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname, join, posix } from "node:path";
import { importsOf, root } from "../../scripts/checks/imports.ts";
import { createRandom } from "../../ml/random.ts";
import { CHECKS } from "../../protocol/checks.ts";
import { Journey, until } from "../helpers/journey.ts";

interface Verified {
  checks: { name: string; result: string; detail: string }[];
  outcome: string;
}

/** Bits of the receipt that are flipped, each verified by a cold process. */
const FLIPS = 6;

describe("journey: the demo", () => {
  const journey = new Journey();
  const directory = journey.path("demo");
  let said: string;
  /** The words after `npx twinward`, as they were printed. */
  let line: string[];

  before(async () => {
    const { code, out, err } = await journey.run(["demo", "--data", directory]);
    expect(err).to.equal("");
    expect(code, out).to.equal(0);
    said = out;
    line = /^ *npx twinward (verify .*)$/m.exec(out)?.[1]?.split(" ") ?? [];
  });
  after(() => journey.close());

  it("plays the three roads", () => {
    for (const step of [
      /readings signed, acked, and anchored/,
      /clinician: twin 0x.* shows heart, .*granted for care/,
      /researcher: twin 0x.* shows heart, spo2 as noised means; granted for research/,
      /researcher: denied, CONSENT_MISSING: nobody has agreed yet/,
      /subject 0x.*, bound by its own signature, agrees to research by this reader/,
      /clinician +[1-5] readings, the last: heart .* sys \d+/,
      /family app [1-5] readings, the last: heart [\d.]+ \/min$/m,
      /researcher heart mean [\d.]+ \/min · spo2 mean [\d.]+ %, noised: ε 4 each$/m,
      /asked again, the researcher gets the very same draws/,
      /family app 0x.* asks for "clinician", 8 segments, for care/,
      /steward: +narrows it to the heart rate; grant 0x.* names the request; [1-9]\d* readings come/,
      /explain: +SpO2 is denied, SEGMENTS_NOT_GRANTED, by grant 0x/,
      /consultant: passes heart and SpO2 on to a colleague, who reads by grant 0x/,
      /steward: +revokes the consultant's grant; the colleague is denied too, PARENT_REVOKED/,
      /holder: +opens 0x.* for an hour, with a reason; [1-5] readings come/,
      /holder: +ends it; denied from then on, BREAK_GLASS_ENDED/,
      /reviewer: +finds it justified; case 0x.*: opened, ended, reviewed, and 1 read between/,
      /verdict 0x.* on chain after [\d.]+ s: quarantine, severity [1-5], by [2-4] of 4 oracles/,
      /[\d.]+ s after the reading that decided it, #\d+, was accepted/,
      /researcher: denied, DEVICE_QUARANTINED/,
      /clinician: +still reads, every value labelled distrusted/,
      /subject: +withdraws its consent; the researcher is denied, CONSENT_MISSING/,
      /clinician: +[1-9]\d* readings of assignment 0x.* are there, without a value/,
      /audit: +passes/,
      /All three roads work/,
    ])
      expect(said).to.match(step);
  });

  it("leaves nothing running", () => journey.nothingRuns());

  it("prints the line that verifies its receipt in a cold process", async () => {
    expect(line).to.deep.equal([
      "verify", join(directory, "receipt.json"), "--trust", join(directory, "consortium.json"),
      "--anchors", join(directory, "anchors.json"),
    ]); // prettier-ignore
    const { code, out, err } = await journey.run(line);
    expect([code, err]).to.deep.equal([0, ""]);
    expect(out).to.contain("Every check passed");
    expect(out).not.to.match(/✖|○/);
    const { checks, outcome } = await journey.ask<Verified>(line);
    expect(outcome).to.equal("passed");
    expect(checks.every(({ result }) => result === "passed")).to.equal(true);
  });

  /** Verifies other bytes in place of the receipt's. */
  async function verify(name: string, bytes: string | Uint8Array): ReturnType<Journey["run"]> {
    const file = journey.path(name);
    writeFileSync(file, bytes);
    return journey.run(["verify", file, ...line.slice(2), "--json"]);
  }

  it("refuses the receipt with any one bit flipped: a check by its name, or the place", async () => {
    const receipt = readFileSync(join(directory, "receipt.json"));
    const random = createRandom("flips");
    const [failed, unusable]: number[][] = [[], []];
    for (let n = 0; n < FLIPS; n++) {
      const bit = random.integer(receipt.length * 8);
      const flipped = Buffer.from(receipt);
      flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      const { code, out } = await verify(`flip-${bit}.json`, flipped);
      const told = JSON.parse(out) as Partial<Verified> & { error?: string; path?: string };
      if (code === 1) {
        const names = told.checks?.filter(({ result }) => result === "failed").map(({ name }) => name) ?? [];
        expect(names, `bit ${bit}`).not.to.be.empty;
        expect(CHECKS, `bit ${bit}`).to.include.members(names);
        failed?.push(bit);
      } else {
        expect([code, told.error], `bit ${bit}`).to.deep.equal([2, "UNUSABLE_RECEIPT"]);
        expect(told.path, `bit ${bit}`).to.match(/^\$/);
        unusable?.push(bit);
      }
    }
    expect(failed).not.to.be.empty;
    expect(unusable).not.to.be.empty;
  });

  const unusable: [string, (text: string) => string, string][] = [
    ["an unknown member", (text) => text.replace('"batch":{', '"batch":{"colour":1,'), "$.batch.colour"],
    ["a member twice", (text) => text.replace(/"batch":\{("count":\d+)/, '"batch":{$1,$1'), "$.batch.count"],
    ["upper-case hex", (text) => text.replace(/("batch":\{.*?"root":"0x)([0-9a-f]{64})/, (_, before: string, hex: string) => before + hex.toUpperCase()), "$.batch.root"],
    ["an absent member", (text) => text.replace(/,"format":"receipt@1"/, ""), "$.format"],
  ]; // prettier-ignore
  for (const [what, change, path] of unusable) {
    it(`takes ${what} for unusable input, and names the place`, async () => {
      const text = readFileSync(join(directory, "receipt.json"), "utf8");
      expect(change(text)).not.to.equal(text);
      const { code, out } = await verify("unusable.json", change(text));
      expect(code, out).to.equal(2);
      expect(JSON.parse(out)).to.include({ error: "UNUSABLE_RECEIPT", path });
    });
  }

  it("says what was not checked where nothing to check by is given", async () => {
    const { code, out } = await journey.run(line.slice(0, 2));
    expect(code).to.equal(3);
    expect(out).to.match(/○ batch anchored/);
    expect((await journey.run(["verify", journey.path("absent.json")])).code).to.equal(2);
    expect((await journey.run([...line.slice(0, 4), "--anchors", line[1] ?? ""])).code).to.equal(2);
  });

  it("leaves keys to their owner alone", () => {
    for (const file of ["monitor.json", "clinician.key", "researcher.key", "server/keys/steward.key"])
      expect(statSync(join(directory, file)).mode & 0o777, file).to.equal(0o600);
  });
});

describe("the demo's server", () => {
  const journey = new Journey();
  after(() => journey.close());

  it("ends when the demo is killed, and leaves nothing behind", async () => {
    const going = journey.start(["demo", "--data", journey.path("demo")]);
    await until("its server is up", async () => going.out().includes("JSON-RPC") || undefined);
    going.kill("SIGKILL");
    await going.ended;
    await journey.nothingRuns();
  });

  it("says why it cannot start", async () => {
    const { code, err } = await journey.run(["demo", "--data", journey.path("refused")], { SEAL_INTERVAL_MS: "never" });
    expect(code).to.equal(2);
    expect(err).to.match(/^UNUSABLE_SETTING:\s+SEAL_INTERVAL_MS=never/);
  });
});

describe("the demo's imports", () => {
  /** A program that is only named, to be started or read, is no import. */
  const NAMED = /new URL\(\s*["']([^"']+)["']/g;
  const started = ["apps/cli/demo/play.ts", "apps/cli/demo/server-process.ts"];
  const sources = new Map<string, string>();
  const packages = new Set<string>();

  before(() => {
    const open = [...started];
    for (let file = open.pop(); file !== undefined; file = open.pop()) {
      if (sources.has(file)) continue;
      const source = readFileSync(join(root, file), "utf8");
      sources.set(file, source);
      for (const name of importsOf(source.replaceAll(NAMED, ""))) {
        if (name.startsWith(".")) open.push(posix.normalize(posix.join(dirname(file), name)));
        else packages.add(name);
      }
    }
  });

  it("reach the server over HTTP, MQTT and JSON-RPC only: no file of it is among them", () => {
    expect(sources.size).to.be.greaterThan(30);
    expect([...sources.keys()].filter((file) => file.startsWith("server/"))).to.deep.equal([]);
    expect([...sources.keys()]).not.to.include("apps/cli/commands/up.ts");
    expect([...sources.keys()]).to.include.members([
      "apps/sdk/client.ts",
      "lab/transports/mqtt.ts",
      "apps/cli/steward.ts",
    ]);
    for (const inside of ["@electric-sql/pglite", "pg", "express", "aedes"])
      expect([...packages]).not.to.include(inside);
  });

  it("start one program, the command line, from one place", () => {
    const starters = [...sources].filter(([, source]) => source.includes("node:child_process")).map(([file]) => file);
    expect(starters).to.deep.equal(["apps/cli/demo/server-process.ts"]);
    const source = sources.get("apps/cli/demo/server-process.ts") ?? "";
    expect([...source.matchAll(NAMED)].map(([, name]) => name)).to.deep.equal(["../twinward.mjs"]);
    expect([...source.matchAll(/\bspawn\(([^,]+), \[([^,]+),/g)].map(([, by, what]) => [by, what])).to.deep.equal([
      ["process.execPath", "TWINWARD"],
      ["process.execPath", "TWINWARD"],
    ]);
  });
});
