import { expect } from "chai";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { Wallet } from "ethers";
import { connect } from "../../apps/sdk/client.ts";
import type { HistoryReading } from "../../apps/sdk/answers.ts";
import { readAccountKey } from "../../apps/cli/key-file.ts";
import { parsePresentation } from "../../protocol/reading.ts";
import { toHex, type Hex } from "../../protocol/bytes.ts";
import { auditPasses, readAnchors } from "../helpers/audit-journey.ts";
import { Journey, MONITOR_MAP, MONITOR_MODEL, until, type Server } from "../helpers/journey.ts";
import { writeWardCsv } from "../helpers/ward-csv.ts";

interface Replayed {
  device: Hex;
  file: string;
  rows: number;
  accepted: number;
  refused: Record<string, number>;
}

describe("journey: a recorded ward is replayed", function () {
  this.timeout(110_000);
  const journey = new Journey();
  const data = journey.path("data");
  const acks = journey.path("acks");
  const csv = journey.path("ward.csv");
  const written = writeWardCsv(csv, 1_500, "a ward");
  let server: Server;
  let first: Replayed;

  before(async () => {
    server = await journey.up(data);
  });
  after(() => journey.close());

  const replay = (file: string, more: string[] = []): string[] => [
    "device", "replay", "--csv", file, "--map", MONITOR_MAP, "--data", data, "--url", server.http, "--acks", acks, ...more,
  ]; // prettier-ignore

  /** A history of one segment, read by somebody whom the steward has granted it. */
  async function readSegment(device: Hex, segment: string): Promise<HistoryReading[]> {
    const key = journey.path(`${segment}.key`);
    const { address } = await journey.ask<{ address: Hex }>(["key", "new", key]);
    const at = ["--data", data, "--url", server.http];
    const { twin } = await journey.ask<{ twin: Hex }>([
      "twin",
      "new",
      "--device",
      device,
      "--segments",
      segment,
      ...at,
    ]);
    const terms = ["--twin", twin, "--reader", address, "--purposes", "care", "--until", "+1h"];
    await journey.ask(["grant", "give", ...terms, ...at]);
    const client = connect({ url: server.http, signer: new Wallet(toHex(readAccountKey(key))) });
    await until("the grant is seen", async () => client.history(twin, { limit: 1 }).catch(() => undefined));
    const readings: HistoryReading[] = [];
    for await (const reading of client.readings(twin)) readings.push(reading);
    return readings;
  }

  it("takes every row as a signed reading of a device that is registered for it", async () => {
    const began = Date.now();
    first = await journey.ask<Replayed>(replay(csv));
    expect(first).to.include({ rows: written.rows, accepted: written.rows });
    expect(first.refused).to.deep.equal({});
    const { devices } = await server.client.devices();
    expect(devices.map(({ id, sequence }) => [id, sequence])).to.deep.equal([[first.device, written.rows]]);
    const readings = await readSegment(first.device, "heart");
    expect(readings.map(({ sequence }) => sequence)).to.deep.equal(Array.from(Array(written.rows), (_, n) => n + 1));
    // Without --time the rows end now, 1 s apart.
    const [oldest, newest] = [readings.at(0), readings.at(-1)];
    expect((newest?.from ?? 0) - (oldest?.from ?? 0)).to.equal((written.rows - 1) * 1_000);
    expect(newest?.until).to.be.within(began - 2_000, Date.now());
  });

  it("flags the rows without respiration, and no others, as out of range", async () => {
    expect(written.silent).to.be.greaterThan(50);
    const readings = await readSegment(first.device, "resp");
    const flagged = readings.filter(({ flags }) => flags.includes("outOfRange"));
    const silent = readings.filter(({ reading }) => parsePresentation(reading).disclosures[0]?.v[0] === 0);
    expect(flagged.length).to.equal(written.silent);
    expect(flagged.map(({ sequence }) => sequence)).to.deep.equal(silent.map(({ sequence }) => sequence));
  });

  it("is audited while it runs", async () => {
    await until("everything is anchored", async () => {
      const { devices } = await server.client.devices();
      return devices.every(({ sequence, anchoredSequence }) => sequence === anchoredSequence) || undefined;
    });
    const checked = await auditPasses(journey, data, acks);
    expect(checked.get("readings")).to.equal(written.rows);
    expect(checked.get("readings flagged out of range")).to.equal(written.silent);
    expect(checked.get("acks of devices")).to.equal(written.rows);
  });

  it("goes on after Ctrl-C: same consortium, anchors without a hole, the device's sequence", async () => {
    const consortium = readFileSync(journey.path("data/consortium.json"), "utf8");
    const { contracts } = await server.client.consortium();
    const before = await readAnchors(server.client);

    const running = journey.processes().map(({ command }) => command);
    expect(running.filter((command) => command.includes("server/oracle/process.ts"))).to.have.length(4);
    expect(running.filter((command) => command.includes("anvil --ipc"))).to.have.length.of.at.least(1);
    const ended = await server.stop("SIGINT");
    expect([ended.code, ended.err]).to.deep.equal([0, ""]);
    await journey.nothingRuns();
    expect(existsSync(journey.path("data/lock"))).to.equal(false);
    await auditPasses(journey, data, acks);
    await journey.nothingRuns();

    server = await journey.up(data);
    expect(readFileSync(journey.path("data/consortium.json"), "utf8")).to.equal(consortium);
    expect((await server.client.consortium()).contracts).to.deep.equal(contracts);
    const after = await readAnchors(server.client);
    expect(after.slice(0, before.length)).to.deep.equal(before);

    const short = journey.path("short.csv");
    writeWardCsv(short, 100, "another day");
    const second = await journey.ask<Replayed>(replay(short, ["--device", first.file]));
    expect(second).to.include({ device: first.device, accepted: 100 });
    const { devices } = await server.client.devices();
    expect(devices.map(({ id, sequence }) => [id, sequence])).to.deep.equal([[first.device, written.rows + 100]]);
    await until("the new readings are anchored", async () => {
      const anchors = await readAnchors(server.client);
      expect(anchors.slice(0, after.length)).to.deep.equal(after);
      return anchors.length > after.length || undefined;
    });
    await auditPasses(journey, data, acks);
  });

  describe("what it cannot use", () => {
    const file = (name: string, text: string): string => {
      writeFileSync(journey.path(name), text);
      return journey.path(name);
    };
    const head = "Temp,SpO2,Pulse_Rate,SYS,DIA,Heart_rate,Resp_Rate,ST";
    const row = "36.6,97,71,120,70,72,16,0.1";
    const map = (value: object): string =>
      JSON.stringify({ format: "map@1", model: MONITOR_MODEL, columns: {}, ...value });

    const cases: [string, () => { csv?: string; map?: string; more?: string[] }, RegExp][] = [
      ["no CSV", () => ({ csv: journey.path("absent.csv") }), /absent\.csv/],
      ["an empty CSV", () => ({ csv: file("empty.csv", "") }), /empty\.csv has no rows/],
      ["a CSV with a head alone", () => ({ csv: file("head.csv", `${head}\n`) }), /head\.csv has no rows/],
      ["a CSV without a mapped column", () => ({ csv: file("few.csv", "Temp,SpO2\n36.6,97\n") }), /few\.csv.*column Pulse_Rate/],
      ["a row that is too short", () => ({ csv: file("torn.csv", `${head}\n${row}\n36.6,97\n`) }), /torn\.csv.*line 3/],
      ["an open quotation", () => ({ csv: file("quote.csv", `${head}\n"${row}\n`) }), /quote\.csv.*line/],
      ["no map", () => ({ map: journey.path("absent.json") }), /absent\.json/],
      ["a map that is no JSON", () => ({ map: file("no.json", "columns: Temp") }), /no\.json.*JSON/],
      ["a map of another format", () => ({ map: file("other.json", map({ format: "map@2" })) }), /\$\.format.*map@1/],
      ["a map with an unknown member", () => ({ map: file("more.json", map({ colour: 1 })) }), /\$\.colour/],
      ["a map of no column", () => ({ map: file("none.json", map({})) }), /none\.json.*column/],
      ["a map to a segment that the model lacks", () => ({ map: file("liver.json", map({ columns: { Temp: "liver" } })) }), /liver\.json.*Temp.*liver/],
      ["a map of two columns to one segment", () => ({ map: file("two.json", map({ columns: { Temp: "temp", ST: "temp" } })) }), /ST.*temp/],
      ["a map of an absent model", () => ({ map: file("model.json", map({ model: "gone.json" })) }), /gone\.json/],
      ["a time column that is absent", () => ({ more: ["--time", "When"] }), /ward\.csv.*When/],
      ["a time that is none, in the last row", () => ({ csv: file("when.csv", `${head},When\n${row},1790000000\n${row},noon\n`), more: ["--time", "When"] }), /when\.csv row 2.*When.*noon/],
      ["both --time and --start", () => ({ more: ["--time", "Sport", "--start", "-1h"] }), /--time or --start/],
      ["--every 0", () => ({ more: ["--every", "0"] }), /--every/],
      ["--every in words", () => ({ more: ["--every", "often"] }), /--every.*whole number/],
      ["a device file that is absent", () => ({ more: ["--device", journey.path("absent-device.json")] }), /absent-device\.json/],
    ]; // prettier-ignore
    for (const [what, given, named] of cases) {
      it(`${what}: exit 2, and says what to repair`, async () => {
        const { csv: rows = csv, map: by = MONITOR_MAP, more = [] } = given();
        const at = ["--data", data, "--url", server.http];
        const { code, out, err } = await journey.run(["device", "replay", "--csv", rows, "--map", by, ...at, ...more]);
        expect(err).to.match(named);
        expect([code, out]).to.deep.equal([2, ""]);
      });
    }

    it("registers no device and sends nothing for any of them", async () => {
      const { devices } = await server.client.devices();
      expect(devices.map(({ sequence }) => sequence)).to.deep.equal([written.rows + 100]);
    });
  });
});
