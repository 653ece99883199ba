// The fault table of the access road: every write of a read, of a release and of a relayed grant × what may become of it, in a real
// server; then a restart, what must be true, and the audit.
import { expect } from "chai";
import { existsSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createAccountKey } from "../../apps/cli/key-file.ts";
import { createTwin } from "../../apps/cli/commands/twin.ts";
import { giveGrant } from "../../apps/cli/commands/grant.ts";
import { openClient } from "../../apps/cli/server.ts";
import { signGrant } from "../../apps/cli/signed-grant.ts";
import type { Client } from "../../apps/sdk/client.ts";
import type { Hex } from "../../protocol/bytes.ts";
import { idOfSigned } from "../../protocol/signed-acts.ts";
import type { AuditReport } from "../../server/main/audit/audit.ts";
import { askControl } from "../../server/main/control.ts";
import { BedsideDevice, registerBedside, wordOf } from "../helpers/bedside-device.ts";
import { Journey, portsOf, until, type Server } from "../helpers/journey.ts";
import type { Mode } from "./write-faults.ts";
import { ACCESS_POINTS } from "./write-points.ts";

const PRELOAD = fileURLToPath(new URL("write-faults.ts", import.meta.url));
const MODES: readonly Mode[] = ["failed", "persisted", "killed", "killed-after"];

type Room = keyof typeof ACCESS_POINTS;
const only = process.env.FAULTS?.split("|");
const MINUTE_MS = 60_000;
const BEGIN_MS = Date.UTC(2021, 3, 1);

describe("faults: every write point of reads, releases and relayed grants", function () {
  this.timeout(180_000);
  const journey = new Journey();
  const [data, fault] = [journey.path("data"), journey.path("fault")];
  const stewardKey = join(data, "keys/steward.key");
  let environment: Record<string, string>;
  let server: Server;
  let device: BedsideDevice;
  let readerKey: string;
  let raw: Hex;
  let study: Hex;
  let minutes = 0;
  /** Answers with data that the reader got from the raw twin. */
  let served = 0;
  /** Of the derived twin, by the beginning of the interval: what was shown first. */
  const shown = new Map<number, string>();

  before(async () => {
    const { PORT } = await portsOf();
    const faults = { NODE_OPTIONS: `--import=${PRELOAD}`, FAULT_FILE: fault };
    environment = { PORT, MQTT_PORT: "0", RPC_PORT: "0", ...faults };
    server = await journey.up(data, environment);
    const [registered] = await registerBedside(server, 1);
    if (!registered) return expect.fail("no device");
    device = new BedsideDevice(registered.id, registered.key);
    readerKey = journey.path("reader.key");
    const reader = createAccountKey(readerKey);
    const at = { url: server.http, stewardKey, device: device.id, segments: ["heart"] };
    raw = await createTwin({ ...at, name: "raw" });
    const heart = { clamp: [30, 220], scale: 1, denominator: 1 };
    const noise = { epsilon: 0.01, budget: 20, unit: "reading", neighbours: "replace", segments: { heart } };
    study = await createTwin({ ...at, name: "study", resolution: { interval: 60, show: ["mean"] }, noise });
    for (const twin of [raw, study])
      await giveGrant({ ...at, twin, reader, purposes: ["care"], until: Date.now() + 36_000_000 });
    await speak();
  });
  after(() => journey.close());

  const reading = (): Client => openClient(server.http, readerKey);
  const insist = (what: string, ask: () => Promise<boolean>): Promise<true> =>
    until(what, async () => ((await ask().catch(() => false)) ? true : undefined), 90_000);
  const happened = (): Promise<true> =>
    until("the fault happened", async () => (existsSync(`${fault}.happened`) ? true : undefined), 60_000);

  /** A reading of the next minute; the minute before it is complete then. */
  async function speak(): Promise<void> {
    const from = BEGIN_MS + minutes++ * MINUTE_MS;
    const text = await device.next({ per: [from, from + 1_000], iat: from / 1_000 + 1 });
    await insist("it is acked", async () => wordOf((await server.client.postReadings([text]))[0]).startsWith("ack"));
  }

  async function read(): Promise<void> {
    const { readings } = await reading().history(raw, { purpose: "care", limit: 1 });
    expect(readings).to.have.length(1);
    served += 1;
  }

  /** Shows the last interval that is complete; what was ever shown of it is the same. */
  async function release(): Promise<void> {
    const since = BEGIN_MS + (minutes - 2) * MINUTE_MS;
    const { releases = [] } = await reading().history(study, { purpose: "care", since, until: since + MINUTE_MS });
    expect(releases).to.have.length(1);
    const value = JSON.stringify(releases[0]);
    const first = shown.get(since) ?? value;
    shown.set(since, first);
    expect(value).to.equal(first);
  }

  /** Sends what the steward signed, by somebody new each time; the same may be sent again. */
  async function relayOf(): Promise<{ readonly relay: () => Promise<void>; readonly grant: Hex }> {
    const file = journey.path(`bringer-${minutes++}.key`);
    const reader = createAccountKey(file);
    const place = { url: server.http, trust: join(data, "consortium.json"), epoch: 0, bits: "1", stewardKey };
    const times = { until: Date.now() + 3_600_000, deadline: Date.now() + 3_600_000 };
    const act = await signGrant({ ...place, ...times, twin: raw, reader, purposes: ["care"] });
    const relay = async (): Promise<void> => void (await openClient(server.http, file).relay(act));
    return { relay, grant: idOfSigned(act) };
  }

  async function auditIsClean(): Promise<void> {
    const report = await askControl<AuditReport>(join(data, "control.sock"), { ask: "audit" });
    expect(report?.lies).to.deep.equal([]);
  }

  /** As many decisions as there were answers, or more: one may have been written and its reader cut off. */
  async function decided(): Promise<number> {
    let count = 0;
    for (let before: number | undefined; ;) {
      const page = await reading().decisions(raw, { limit: 100, ...(before === undefined ? {} : { before }) });
      count += page.decisions.filter(({ record }) => record.reason === "Permitted").length;
      if (page.next === null) return count;
      before = page.next;
    }
  }

  async function breakOnce(room: Room, point: string, mode: Mode): Promise<void> {
    rmSync(`${fault}.happened`, { force: true });
    if (room === "release") await speak();
    const relayed = room === "relay" ? await relayOf() : undefined;
    const act = relayed?.relay ?? (room === "read" ? read : release);
    // Whoever reads signs in first: that writes nothing.
    writeFileSync(fault, JSON.stringify({ point, mode }));
    const tried = act().then(
      () => "done",
      (error: unknown) => error,
    );
    await happened();
    const isKilled = mode.startsWith("killed");
    // A relay's waiting ends with the server at the latest.
    if (!isKilled && room !== "relay") await tried;
    const { signal } = isKilled ? await server.ended : await server.stop("SIGKILL");
    if (isKilled) expect(signal).to.equal("SIGKILL");
    await tried;
    server = await journey.up(data, environment);
    await insist("it is done in the end", () => act().then(() => true));
    if (relayed) {
      const steward = openClient(server.http, stewardKey);
      const given = (await steward.twins())
        .flatMap(({ grants }) => grants)
        .filter(({ grant }) => grant === relayed.grant);
      expect(given, "given once").to.have.length(1);
    }
    expect(await decided()).to.be.at.least(served);
    await auditIsClean();
  }

  for (const [room, points] of Object.entries(ACCESS_POINTS) as [Room, readonly string[]][]) {
    for (const point of points) {
      for (const mode of MODES) {
        const name = `${room}: ${point}, ${mode}`;
        if (only?.some((part) => name.includes(part)) === false) continue;
        it(name, () => breakOnce(room, point, mode));
      }
    }
  }

  it("is whole in the end, when it has stopped", async () => {
    expect((await server.stop()).code).to.equal(0);
    const { code, out } = await journey.run(["audit", "--data", data, "--json"]);
    expect((JSON.parse(out) as AuditReport).lies).to.deep.equal([]);
    expect(code).to.equal(0);
  });
});
