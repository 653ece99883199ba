import { expect } from "chai";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { fromBase64url, fromUtf8, type Hex } from "../../protocol/bytes.ts";
import { parsePresentation } from "../../protocol/reading.ts";
import { auditDirectory } from "../../server/main/audit-directory.ts";
import { backupDirectory } from "../../server/main/backup/backup-directory.ts";
import { listErasable } from "../../server/main/erase/erase-directory.ts";
import { wordOf } from "../helpers/bedside-device.ts";
import { ErasureWorld, FEBRUARY, JANUARY, keysIn, PER_MONTH, perOf } from "../helpers/erasure-world.ts";

const disclosedBy = (text: string): number => parsePresentation(text).disclosures.length;

describe("journey: erasure", () => {
  const world = new ErasureWorld();
  const { journey, data, mirror } = world;
  const backedUp = journey.path("before.gz");
  const receipt = journey.path("january.json");
  let keysOfThen: string[];

  before(() => world.open());
  after(() => journey.close());

  it("lists what there is, and asks before anything is destroyed", async () => {
    const { clinician, device, server } = world;
    await world.send(JANUARY, PER_MONTH);
    await world.send(FEBRUARY, PER_MONTH);
    // Refused and kept, and held: sealed under the same key.
    const contradiction = await device.build({ sequence: 1, per: perOf(JANUARY, 1) });
    const early = await device.build({ sequence: device.sequence + 3, per: perOf(JANUARY, 2) });
    const told = (await server.client.postReadings([contradiction, early])).map(wordOf);
    expect(told).to.deep.equal(["SEQUENCE_CONFLICT", "held"]);
    await world.anchored();
    const { readings } = await clinician.client.history(clinician.twin, { until: perOf(FEBRUARY, 0)[0] });
    expect(readings.map(({ reading }) => disclosedBy(reading))).to.deep.equal(Array(PER_MONTH).fill(1));
    writeFileSync(receipt, await clinician.client.receipt(readings[0]?.leaf as Hex));
    await backupDirectory(data, backedUp);
    keysOfThen = world.keepKeys();

    const [{ scope, months } = { scope: "", months: [] }, ...others] = await listErasable(data);
    expect([scope, months, others]).to.deep.equal([world.assignment, [JANUARY, FEBRUARY], []]);
    // Nobody sits at its terminal.
    const refused = await journey.run(["erase", world.assignment, "--months", JANUARY, "--data", data]);
    expect([refused.code, refused.err.split(":")[0]]).to.deep.equal([2, "UNUSABLE_INPUT"]);
  });

  it("takes one month away while the server runs, says who had read it, and leaves the rest", async () => {
    const { clinician, device, assignment } = world;
    const report = await world.erase("--months", JANUARY);
    expect(report).to.include({ device: device.id, scope: assignment, evidence: 1, findings: 0 });
    expect(report.months).to.deep.equal([JANUARY]);
    // The held one may have waited too long by then.
    expect(report.held).to.be.at.most(1);
    const known = report.readers.filter(({ security }) => !security);
    expect(known).to.have.length(1);
    // A page until February, and a receipt.
    expect(known[0]).to.include({ twin: clinician.twin, purpose: "care", decisions: 2, from: null, until: null });

    const { readings } = await clinician.client.history(clinician.twin);
    expect(readings.map(({ erased, reading }) => [erased ?? false, disclosedBy(reading)])).to.deep.equal([
      ...Array<unknown>(PER_MONTH).fill([true, 0]),
      ...Array<unknown>(PER_MONTH).fill([false, 1]),
    ]);
    for (const { state } of readings) expect(state).to.equal("anchored");
    // Handed out before or asked for now: it was said, and when. What was said is only in the one that was handed out before.
    const now = journey.path("now.json");
    writeFileSync(now, await clinician.client.receipt(readings[0]?.leaf as Hex));
    const trust = ["--trust", join(data, "consortium.json"), "--rpc", world.server.rpc];
    const verified = [receipt, now].map((file) => journey.ask(["verify", file, ...trust]));
    for (const each of await Promise.all(verified)) expect(each).to.include({ outcome: "passed" });
  });

  it("gives new readings of the same month a key of their own, and audits", async () => {
    const { clinician, device } = world;
    await world.send(JANUARY);
    const { readings } = await clinician.client.history(clinician.twin, { fromSequence: device.sequence });
    expect(readings.map(({ erased, reading }) => [erased, disclosedBy(reading)])).to.deep.equal([[undefined, 1]]);
    await world.anchored();
    const { lies, checked } = await auditDirectory(data);
    expect(lies).to.deep.equal([]);
    const counted = new Map(checked.map(({ name, count }) => [name, count]));
    expect([counted.get("erasures"), counted.get("readings erased")]).to.deep.equal([1, PER_MONTH]);
  });

  it("leaves nothing that can be read: not in any file, and not in a backup that was taken before", async () => {
    await world.server.stop();
    const rows = await world.storedOf(data, JANUARY);
    const [erased, later] = [rows.slice(0, PER_MONTH), rows.slice(PER_MONTH)];
    const backup = gunzipSync(readFileSync(backedUp));
    for (const { sealed } of erased)
      expect(backup.includes(Buffer.from(sealed).toString("hex")), "the backup has the same bytes").to.equal(true);
    const today = keysIn(join(data, "keys"), mirror);
    expect(today).to.have.length(2 * 2);
    expect(world.opened(erased, today)).to.equal(0);
    // The test would see it: with the keys of then it opens what there was then, and with today's what came afterwards.
    expect(world.opened(erased, keysIn(...keysOfThen))).to.equal(PER_MONTH);
    expect(world.opened(later, today)).to.equal(1);

    const needles = world.said[JANUARY].flatMap((encoded) => {
      const text = fromUtf8(fromBase64url(encoded));
      const [salt] = JSON.parse(text) as [string];
      return [encoded, text, salt, Buffer.from(encoded).toString("hex")];
    });
    expect(needles.length).to.be.at.least(8 * 4 * PER_MONTH);
    mkdirSync(join(data, "control"));
    writeFileSync(join(data, "control/seen"), `a file that has it: ${needles.at(-2) ?? ""}`);
    const found = filesUnder(data, mirror).filter((file) => hasAny(readFileSync(file), needles));
    expect(found).to.deep.equal([join(data, "control/seen")]);
    expect(hasAny(backup, needles)).to.equal(false);
  });
});

function filesUnder(...directories: string[]): string[] {
  return directories.flatMap((directory) =>
    readdirSync(directory, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name)),
  );
}

const hasAny = (bytes: Buffer, needles: readonly string[]): boolean => needles.some((needle) => bytes.includes(needle));
