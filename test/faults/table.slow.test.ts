// The fault table: every write point × what may become of it, in a real server; then a restart, then the audit.
import { expect } from "chai";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { auditPasses } from "../helpers/audit-journey.ts";
import { Journey, MONITOR_MAP, portsOf, until } from "../helpers/journey.ts";
import { writeWardCsv } from "../helpers/ward-csv.ts";
import type { Mode } from "./write-faults.ts";

const PRELOAD = fileURLToPath(new URL("write-faults.ts", import.meta.url));
const MODES: readonly Mode[] = ["failed", "persisted", "killed", "killed-after"];
const POINTS: Readonly<Record<string, readonly string[]>> = {
  gateway: ["insert into leaf", "insert into reading", "insert into ack", "insert into device_head", "update stream"],
  anchor: ["insert into batch", "update batch"],
  outbox: ["insert into outbox", "delete from outbox"],
  chain: ["insert into chain_block", "insert into chain_event", "write chain/journal", "datasync chain/journal"],
  keys: [
    "open keys/data-keys.json.new",
    "writeFile keys/data-keys.json.new",
    "sync keys/data-keys.json.new",
    "rename keys/data-keys.json",
  ],
};
const ROWS = 12;
const only = process.env.FAULTS;

describe("faults: every write point of gateway, anchor, outbox, chain and keys", function () {
  this.timeout(120_000);
  const journey = new Journey();
  const [data, acks, csv, fault] = ["data", "acks", "ward.csv", "fault"].map((name) => journey.path(name)) as [
    string,
    string,
    string,
    string,
  ];
  let ports: Awaited<ReturnType<typeof portsOf>>;
  let accepted = 0;

  before(async () => {
    ports = await portsOf();
    writeWardCsv(csv, ROWS, "faults");
    const server = await journey.up(data, ports);
    await server.stop();
  });
  after(() => journey.close());

  /** Sends a few readings of a new device and waits until they are acked and anchored. */
  const replay = (url: string) => {
    const where = ["--data", data, "--url", url, "--acks", acks];
    return journey.start(["device", "replay", "--csv", csv, "--map", MONITOR_MAP, ...where, "--json"]);
  };

  for (const [room, points] of Object.entries(POINTS)) {
    for (const point of points) {
      for (const mode of MODES) {
        const name = `${room}: ${point}, ${mode}`;
        if (only !== undefined && !name.includes(only)) continue;
        it(name, async () => {
          rmSync(`${fault}.happened`, { force: true });
          const server = await journey.up(data, {
            ...ports,
            NODE_OPTIONS: `--import=${PRELOAD}`,
            FAULT_FILE: fault,
          });
          writeFileSync(fault, JSON.stringify({ point, mode }));
          const first = replay(server.http);
          await until("the fault happened", async () => existsSync(`${fault}.happened`) || undefined, 40_000);
          // What failed is repaired by going on, or the server ends; either way another one follows it.
          if (mode.startsWith("killed")) expect((await server.ended).signal).to.equal("SIGKILL");
          else await server.stop("SIGKILL");
          const next = await journey.up(data, ports);
          // Who was registering a device just then must begin again; who was sending goes on.
          const ran = await first.ended;
          if (ran.code !== 0) {
            const second = await replay(next.http).ended;
            expect(second.code, second.err).to.equal(0);
          }
          accepted = readFileSync(acks, "utf8").trim().split("\n").length;
          await until("all is anchored", async () => {
            const { devices } = await next.client.devices();
            return devices.every(({ sequence, anchoredSequence }) => sequence === anchoredSequence) || undefined;
          });
          const counts = await auditPasses(journey, data, acks);
          expect(counts.get("acks of devices")).to.equal(accepted);
          expect((await next.stop()).code).to.equal(0);
        });
      }
    }
  }
});
