import { expect } from "chai";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { BackupReport } from "../../server/main/backup/backup-directory.ts";
import type { RestoreReport } from "../../server/main/backup/restore-directory.ts";
import { auditPasses } from "../helpers/audit-journey.ts";
import { registerBedside, wordOf } from "../helpers/bedside-device.ts";
import { describeOnPostgres } from "../helpers/databases.ts";
import { Journey, until } from "../helpers/journey.ts";

const READINGS = 40;

describeOnPostgres("journey: a backup of one kind of database, restored into the other", function (postgres) {
  const journey = new Journey();
  const [data, file, acksFile] = [journey.path("data"), journey.path("backup.gz"), journey.path("acks.jsonl")];
  after(() => journey.close());

  it("restores into another server's database, and into an embedded one, and audits both", async function () {
    this.timeout(110_000);
    const first = { DATABASE_URL: await postgres().createDatabase() };
    const second = { DATABASE_URL: await postgres().createDatabase() };
    const server = await journey.up(data, first);
    const [device] = await registerBedside(server, 1);
    if (!device) throw new Error("no device");
    const readings: string[] = [];
    for (let n = 0; n < READINGS; n++) readings.push(await device.next());
    const acks = await server.client.postReadings(readings);
    expect(wordOf(acks.at(-1))).to.equal(`ack ${READINGS}`);
    writeFileSync(acksFile, acks.map((ack) => `${JSON.stringify(ack)}\n`).join(""));
    await until("all is anchored", async () => {
      const { devices } = await server.client.devices();
      return devices.every(({ sequence, anchoredSequence }) => anchoredSequence >= sequence) || undefined;
    });
    expect((await server.stop()).code).to.equal(0);
    const { rows } = await journey.ask<BackupReport>(["backup", file, "--data", data], first);
    expect(rows.reading).to.equal(READINGS);

    const there = await journey.ask<RestoreReport>(["restore", file, "--data", data], second);
    expect(there).to.deep.include({ missing: null, replaced: null });
    const audited = await auditPasses(journey, data, acksFile, second);
    expect(audited.get("acks of devices")).to.equal(READINGS);

    const here = await journey.ask<RestoreReport>(["restore", file, "--data", data]);
    expect(here).to.deep.include({ missing: null, replaced: null });
    expect(existsSync(join(data, "database"))).to.equal(true);
    expect((await auditPasses(journey, data, acksFile)).get("readings")).to.equal(READINGS);
  });
});
