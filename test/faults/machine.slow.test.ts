// What may happen to the machine of a running server while readings come in: its disk fills up, its clock is put forward or back.
import { expect } from "chai";
import { rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { HistoryReading } from "../../apps/sdk/answers.ts";
import type { Client } from "../../apps/sdk/client.ts";
import type { Hex } from "../../protocol/bytes.ts";
import { auditPasses } from "../helpers/audit-journey.ts";
import { wordOf } from "../helpers/bedside-device.ts";
import { newClinician } from "../helpers/clinician.ts";
import { Journey, until, type Server } from "../helpers/journey.ts";
import { PatientDevice, readyOf } from "./patient-device.ts";

const PRELOADS = ["full-disk.ts", "step-clock.ts"].map((name) => fileURLToPath(new URL(name, import.meta.url)));
const HOUR = 3_600_000;

describe("faults: the machine under a server", () => {
  const journey = new Journey();
  const [data, full, step, acksFile] = ["data", "full", "step", "acks"].map((name) => journey.path(name)) as [string, string, string, string]; // prettier-ignore
  let server: Server;
  let patient: PatientDevice;
  let clinician: { client: Client; twin: Hex };

  before(async () => {
    const NODE_OPTIONS = PRELOADS.map((path) => `--import=${path}`).join(" ");
    server = await journey.up(data, { NODE_OPTIONS, FULL_DISK: full, DATA_DIRECTORY: data, CLOCK_STEP: step });
    patient = await PatientDevice.register(server);
    await patient.send();
    clinician = await newClinician(journey, { server, data, device: patient.device.id });
  });
  after(() => journey.close());

  const read = async (): Promise<readonly HistoryReading[]> => {
    return (await clinician.client.history(clinician.twin)).readings;
  };
  /** The clock looks at how far it is to be off now and then only. */
  const isOffBy = async (ms: number): Promise<true | undefined> => {
    const { at } = await server.client.devices();
    return Math.abs(at - Date.now() - ms) < 60_000 || undefined;
  };
  const auditIsClean = async (): Promise<void> => {
    await patient.anchored();
    patient.keepAcks(acksFile);
    const counted = await auditPasses(journey, data, acksFile);
    expect(counted.get("acks of devices")).to.equal(patient.acks.length);
  };

  it("refuses readings while its disk is nearly full, anchors what was acked, lets care read, and goes on when there is room", async () => {
    expect(await readyOf(server)).to.include({ disk: "ok" });
    writeFileSync(full, JSON.stringify({ free: 1_000_000, fails: "none" }));
    const refused = await until("readings are refused", () => patient.send());
    expect([refused.status, refused.headers.get("retry-after")]).to.deep.equal([503, "1"]);
    expect(await refused.json()).to.include({ code: "DISK_NEARLY_FULL" });
    const parts = { disk: "DISK_NEARLY_FULL", database: "ok", chain: "ok", anchor: "ok" };
    expect(await readyOf(server)).to.include(parts);
    await patient.anchored();
    expect((await read()).map(({ sequence }) => sequence)).to.deep.equal(patient.acks.map(({ sequence }) => sequence));
    rmSync(full);
    await until("they are taken again", async () => ((await patient.send(0)) === undefined ? true : undefined));
    expect(patient.acks.length).to.equal(patient.device.sequence);
    await auditIsClean();
  });

  for (const [what, by, flag] of [
    ["forward", HOUR, "late"],
    ["back", -HOUR, "clock"],
  ] as const) {
    it(`keeps every promise when its clock is put ${what} by an hour: takes readings with a flag, holds, anchors, lets care read`, async () => {
      const headers = { "content-type": "application/json" };
      const post = async (text: string): Promise<{ word: string; expected: number }> => {
        const body = JSON.stringify({ readings: [text] });
        const response = await fetch(new URL("/v1/readings", server.http), { method: "POST", headers, body });
        const [answer] = ((await response.json()) as { results: [{ expected: number }] }).results;
        return { word: wordOf(answer as never), expected: answer.expected };
      };
      await patient.send();
      const missing = await patient.device.next();
      const early = await patient.device.next();
      expect((await post(early)).word).to.equal("held");
      // The last ack is not anchored yet, one reading waits for another, and the clinician's session runs.
      writeFileSync(step, String(by));
      const { sequence } = patient.device;
      await until("what it says now is an hour off", () => isOffBy(by));
      patient.waiting = [];
      // The look for readings that have waited too long comes every second.
      const begun = performance.now();
      await until("it has looked", async () => performance.now() - begun > 2_100 || undefined);
      expect(await post(missing)).to.deep.equal({ word: `ack ${sequence - 1}`, expected: sequence + 1 });
      patient.waiting = [missing, early];
      expect(await patient.send(3)).to.equal(undefined);
      await patient.anchored();
      const seen = await read();
      expect(seen.map((one) => one.sequence)).to.deep.equal(patient.acks.map((ack) => ack.sequence));
      expect(seen.at(-1)?.flags).to.deep.equal([flag]);
      const parts = await readyOf(server);
      expect(
        Object.values(parts).every((code) => code === "ok"),
        JSON.stringify(parts),
      ).to.equal(true);
      await auditIsClean();
    });
  }

  it("goes on when the clock is right again, and after a restart", async () => {
    writeFileSync(step, "0");
    await until("what it says now is right", () => isOffBy(0));
    await patient.send(3);
    await auditIsClean();
    expect((await read()).at(-1)?.flags).to.deep.equal([]);
    expect((await server.stop()).code).to.equal(0);
    await auditPasses(journey, data, acksFile);
  });
});
