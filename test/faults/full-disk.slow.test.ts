// The disk of a running server is full at once, between two looks at the room that is left: what then cannot go on ends in words.
import { expect } from "chai";
import { readdirSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { auditPasses } from "../helpers/audit-journey.ts";
import { Journey, portsOf, until, type Server } from "../helpers/journey.ts";
import type { FullDisk } from "./full-disk.ts";
import { PatientDevice } from "./patient-device.ts";

const PRELOAD = fileURLToPath(new URL("full-disk.ts", import.meta.url));

describe("faults: a disk that is full at once", function () {
  this.timeout(180_000);
  const journey = new Journey();
  const [data, full, acksFile] = [journey.path("data"), journey.path("full"), journey.path("acks")] as const;
  let environment: Record<string, string>;
  let server: Server;
  let patient: PatientDevice;

  before(async () => {
    const faults = { NODE_OPTIONS: `--import=${PRELOAD}`, FULL_DISK: full, DATA_DIRECTORY: data };
    environment = { ...(await portsOf()), ...faults };
    server = await journey.up(data, environment);
    patient = await PatientDevice.register(server);
    expect(await patient.send()).to.equal(undefined);
  });
  after(() => journey.close());

  const disks: readonly (readonly [string, FullDisk, RegExp])[] = [
    ["for whatever needs a new block", { free: 1_000_000_000, fails: "growing" }, /^DISK_FULL$/],
    // As where blocks are copied on write, or the disk is thinner than it says.
    ["for every write", { free: 1_000_000_000, fails: "all" }, /^(DISK_FULL|DATABASE_ENDED)$/],
  ];
  for (const [what, disk, expected] of disks) {
    it(`acks nothing that it could not write, ends in words, refuses to start in words, and loses nothing: ${what}`, async () => {
      writeFileSync(full, JSON.stringify(disk));
      const codes = new Set<string>();
      const ended = async (): Promise<true | undefined> => {
        if (!server.running()) return true;
        const refused = await patient.send(patient.waiting.length < 64 ? 16 : 0).catch(() => undefined);
        if (refused === undefined) return undefined;
        expect([refused.status, refused.headers.get("retry-after")]).to.deep.equal([503, "1"]);
        codes.add(((await refused.json()) as { code: string }).code);
        return undefined;
      };
      await until("it has ended", ended, 60_000);
      expect(
        [...codes].some((code) => expected.test(code)),
        [...codes].join(),
      ).to.equal(true);
      const { code, out } = await server.ended;
      expect(code).to.equal(1);
      // Whichever of the two needs the next block first.
      expect(out).to.match(
        /"error": "(CHAIN_ENDED|DATABASE_ENDED)",\s+"detail": "The embedded .*(ENOSPC|No space left)/,
      );
      const again = await journey.run(["up", "--data", data], environment);
      expect([again.code, again.err]).to.deep.equal([1, again.err.match(/^DISK_FULL: ENOSPC.*Make room.*/s)?.[0]]);
      expect(readdirSync(data).filter((name) => /^lock\./.test(name))).to.deep.equal([]);
      rmSync(full);
      server = await journey.up(data, environment);
      expect(await patient.send(0)).to.equal(undefined);
      expect(patient.acks.length).to.equal(patient.device.sequence);
      await patient.anchored();
      patient.keepAcks(acksFile);
      const counted = await auditPasses(journey, data, acksFile);
      expect(counted.get("readings")).to.equal(patient.acks.length);
      expect(counted.get("acks of devices")).to.equal(patient.acks.length);
    });
  }
});
