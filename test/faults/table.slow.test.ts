// The fault table: every write point × what may become of it, in a real server; then a restart, then the audit.
import { expect } from "chai";
import { appendFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Client } from "../../apps/sdk/client.ts";
import type { Hex } from "../../protocol/bytes.ts";
import { TwinwardError } from "../../protocol/errors.ts";
import type { AuditReport } from "../../server/main/audit/audit.ts";
import { askControl } from "../../server/main/control.ts";
import type { Erasable, ErasureReport } from "../../server/main/erase/erase-directory.ts";
import { acceptedMonthOf } from "../../server/store/months.ts";
import { openPGlite } from "../../server/store/pglite.ts";
import { MODEL, wordOf } from "../helpers/bedside-device.ts";
import { newClinician } from "../helpers/clinician.ts";
import { Journey, portsOf, until, type Server } from "../helpers/journey.ts";
import { PatientDevice } from "./patient-device.ts";
import type { Mode } from "./write-faults.ts";
import { INTENT, POINTS } from "./write-points.ts";

const PRELOAD = fileURLToPath(new URL("write-faults.ts", import.meta.url));
const MODES: readonly Mode[] = ["failed", "persisted", "killed", "killed-after"];

/** When something is written: while readings come in, or where a row's room says it. */
type Moment = "running" | "erasing" | "month" | "ending" | "starting" | "torn" | "first";
const MOMENTS: readonly string[] = ["erasing", "month", "ending", "starting", "torn", "first"] satisfies Moment[];
const momentOf = (room: string): Moment => (MOMENTS.includes(room) ? (room as Moment) : "running");
const only = process.env.FAULTS?.split("|");
const codeOf = (error: unknown): unknown => (error instanceof TwinwardError ? error.code : String(error));

describe("faults: every write point of gateway, anchor, outbox, chain, keys, erasure and lock", function () {
  this.timeout(180_000);
  const journey = new Journey();
  const [data, mirror, acksFile, fault] = ["data", "mirror", "acks", "fault"].map((name) => journey.path(name)) as [string, string, string, string]; // prettier-ignore
  let environment: Record<string, string>;
  let server: Server;
  let patient: PatientDevice;
  let clinician: { client: Client; twin: Hex };
  let days = 0;
  /** Months that were spoken of to be erased, and those that were. */
  let months = 0;
  let erased = 0;
  const control = join(data, "control.sock");

  before(async () => {
    mkdirSync(mirror, { mode: 0o700 });
    const faults = { NODE_OPTIONS: `--import=${PRELOAD}`, FAULT_FILE: fault };
    // Whoever sends goes on at the same address; the other doors may be anywhere, and so collide with nobody's.
    const { PORT } = await portsOf();
    environment = { PORT, MQTT_PORT: "0", RPC_PORT: "0", ...faults, KEYS_MIRROR: mirror };
    server = await journey.up(data, environment);
    patient = await PatientDevice.register(server);
    clinician = await newClinician(journey, { server, data, device: patient.device.id });
  });
  after(() => journey.close());

  const happened = (): Promise<true> =>
    until("the fault happened", async () => (existsSync(`${fault}.happened`) ? true : undefined), 60_000);

  /** Asks until there is an answer that will do, whoever dies meanwhile. */
  const insist = (what: string, ask: () => Promise<boolean>): Promise<true> =>
    until(what, async () => ((await ask().catch(() => false)) ? true : undefined), 90_000);

  /** Whatever is ever written while a server runs, once each. */
  async function day(): Promise<void> {
    const { device } = patient;
    const number = days++;
    // A month of its own, years ahead: it needs a data key that is not there yet, and the present one's is.
    const from = Date.UTC(2040 + Math.floor(number / 12), number % 12, 15);
    const per = [from, from + 1_000] as const;
    patient.waiting.push(await device.next({ per, iat: from / 1_000 + 1 }));
    await insist("the reading is acked", async () => (await patient.send(0)) === undefined);
    // The second comes before the first.
    const [first, second] = [await device.next(), await device.next()];
    await insist("the early one is held", async () => /held|ack/.test(await told(second)));
    patient.waiting.push(first, second);
    await insist("both are acked", async () => (await patient.send(0)) === undefined);
    const contradiction = await device.build({ sequence: device.sequence });
    await insist("it is told to contradict itself", async () => (await told(contradiction)) === "SEQUENCE_CONFLICT");
    await insist(
      "care reads",
      async () => (await clinician.client.history(clinician.twin, { limit: 1 })).readings.length > 0,
    );
    const [name = ""] = MODEL.name.split("@");
    const model = { ...MODEL, name: `${name}-${number}@1` };
    await insist("a document is kept", async () => (await server.client.postDocument(model)).kind === "device-model");
  }
  const told = async (text: string): Promise<string> => wordOf((await server.client.postReadings([text]))[0]);

  async function auditIsClean(): Promise<void> {
    await insist("all is anchored", async () => {
      const { devices } = await server.client.devices();
      return devices.every(({ sequence, anchoredSequence }) => sequence === anchoredSequence);
    });
    patient.keepAcks(acksFile);
    const acks = readFileSync(acksFile, "utf8");
    const report = await askControl<AuditReport>(control, { ask: "audit", acks });
    expect(report?.lies).to.deep.equal([]);
    const counted = new Map(report?.checked.map(({ name, count }) => [name, count]));
    expect(counted.get("acks of devices")).to.equal(patient.device.sequence);
    expect(counted.get("readings")).to.equal(patient.device.sequence);
    expect([counted.get("erasures") ?? 0, counted.get("readings erased") ?? 0]).to.deep.equal([erased, erased]);
  }

  async function breakOnce(moment: Moment, point: string, mode: Mode): Promise<void> {
    rmSync(`${fault}.happened`, { force: true });
    if (moment === "erasing") await sayForErasure();
    // In order, so that no dead process's lock is in the way: linking ours would fail by itself.
    if (moment === "starting" || moment === "month") await server.stop();
    if (moment === "torn") {
      await server.stop("SIGKILL");
      appendFileSync(join(data, "chain/journal"), '0a1b2c3d {"raw":"0x02');
    }
    if (moment === "month") {
      await unmakeMonths();
      server = await journey.up(data, environment);
    }
    writeFileSync(fault, JSON.stringify({ point, mode }));
    const isKilled = mode.startsWith("killed");
    let lived: Promise<unknown> | undefined;
    if (moment === "erasing") return eraseOnce(point, mode);
    if (moment === "running" || moment === "month") {
      lived = day();
      await Promise.race([happened(), lived.then(happened)]);
      // What failed is repaired by going on, or the server ends; either way another one follows it.
      const { signal } = isKilled ? await server.ended : await server.stop("SIGKILL");
      if (isKilled) expect(signal).to.equal("SIGKILL");
    } else {
      const going = moment === "ending" ? server : journey.start(["up", "--data", data, "--json"], environment);
      if (moment === "ending") going.kill("SIGINT");
      const { code, signal } = await going.ended;
      expect(existsSync(`${fault}.happened`), "the fault happened").to.equal(true);
      // A snapshot is only a shortcut, so its failure is nobody's; without a lock nobody starts.
      if (isKilled) expect(signal).to.equal("SIGKILL");
      else expect(code).to.equal(moment === "ending" ? 0 : 1);
    }
    server = await journey.up(data, environment);
    await (lived ?? day());
    await auditIsClean();
  }

  /** As at a month's beginning, when the next one's partition is not there yet. */
  async function unmakeMonths(): Promise<void> {
    const now = new Date();
    const next = acceptedMonthOf(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + 1));
    const database = await openPGlite(join(data, "database"));
    await database.script(`drop table if exists reading_${next}`);
    await database.close();
  }

  /** A month that has a key, for one to be destroyed. */
  async function sayForErasure(): Promise<void> {
    const from = Date.UTC(2090, months++, 15);
    patient.waiting.push(await patient.device.next({ per: [from, from + 1_000], iat: from / 1_000 + 1 }));
    await insist("the reading is acked", async () => (await patient.send(0)) === undefined);
  }

  async function eraseOnce(point: string, mode: Mode): Promise<void> {
    const month = new Date(Date.UTC(2090, months - 1)).toISOString().slice(0, 7);
    const [{ scope } = { scope: "" }] = (await askControl<Erasable[]>(control, { ask: "erasable" })) ?? [];
    const asked = { ask: "erase", scope, months: [month] };
    const answered = askControl<ErasureReport>(control, asked).then(
      () => "erased",
      (error: unknown) => codeOf(error),
    );
    await Promise.race([happened(), answered.then(happened)]);
    const isKilled = mode.startsWith("killed");
    // Whoever is told that it is not finished may wait: the next server finishes it, or it has never begun.
    if (!isKilled) expect(await answered).to.be.oneOf(["ERASURE_UNFINISHED", "KEYS_UNWRITABLE", "INTERNAL"]);
    const { signal } = isKilled ? await server.ended : await server.stop("SIGKILL");
    if (isKilled) expect(signal).to.equal("SIGKILL");
    server = await journey.up(data, environment);
    expect(existsSync(join(data, INTENT)), "what has begun is finished").to.equal(false);
    const isMade = mode === "persisted" || mode === "killed-after";
    const hasBegun = !point.includes(INTENT) || point.startsWith("rm") || (point.startsWith("rename") && isMade);
    const left = ((await askControl<Erasable[]>(control, { ask: "erasable" })) ?? []).flatMap((one) => one.months);
    expect(left.includes(month), "there is a key").to.equal(!hasBegun);
    if (!hasBegun) expect(await askControl<ErasureReport>(control, asked)).to.deep.include({ months: [month] });
    erased += 1;
    await auditIsClean();
    expect(readFileSync(join(mirror, "data-keys.json"), "utf8")).to.equal(
      readFileSync(join(data, "keys/data-keys.json"), "utf8"),
    );
    for (const directory of [mirror, join(data, "keys")])
      expect(readdirSync(directory).filter((name) => name.startsWith("master"))).to.have.length(1);
  }

  /** A directory of its own, whose first start meets the fault; the second finishes what that began. */
  async function beginOnce(point: string, mode: Mode): Promise<void> {
    rmSync(`${fault}.happened`, { force: true });
    const root = journey.path(`first-${days++}`);
    const [fresh, acks] = [join(root, "data"), join(root, "acks")];
    const own = { ...environment, PORT: "0", KEYS_MIRROR: join(root, "mirror") };
    writeFileSync(fault, JSON.stringify({ point, mode }));
    const { code, signal } = await journey.start(["up", "--data", fresh, "--json"], own).ended;
    expect(existsSync(`${fault}.happened`), "the fault happened").to.equal(true);
    if (mode.startsWith("killed")) expect(signal).to.equal("SIGKILL");
    else expect(code).to.equal(1);
    const begun = await journey.up(fresh, own);
    const first = await PatientDevice.register(begun);
    expect(await first.send(2)).to.equal(undefined);
    await first.anchored();
    first.keepAcks(acks);
    expect((await begun.stop()).code).to.equal(0);
    const audit = await journey.ask<AuditReport>(["audit", "--data", fresh, "--acks", acks], own);
    expect(audit.lies).to.deep.equal([]);
    rmSync(root, { recursive: true });
  }

  for (const [room, points] of Object.entries(POINTS)) {
    for (const point of points) {
      for (const mode of MODES) {
        const name = `${room}: ${point}, ${mode}`;
        if (only?.some((part) => name.includes(part)) === false) continue;
        const moment = momentOf(room);
        it(name, () => (moment === "first" ? beginOnce(point, mode) : breakOnce(moment, point, mode)));
      }
    }
  }

  it("is whole in the end, when it has stopped", async () => {
    expect((await server.stop()).code).to.equal(0);
    const { code, out } = await journey.run(["audit", "--data", data, "--acks", acksFile, "--json"], {
      KEYS_MIRROR: mirror,
    });
    expect((JSON.parse(out) as AuditReport).lies).to.deep.equal([]);
    expect(code).to.equal(0);
  });
});
