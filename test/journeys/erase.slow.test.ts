import { expect } from "chai";
import { cpSync, existsSync, lstatSync } from "node:fs";
import { join } from "node:path";
import { rpcSource } from "../../apps/sdk/anchor-sources.ts";
import type { Hex } from "../../protocol/bytes.ts";
import { verifyReceipt } from "../../protocol/verify.ts";
import { auditDirectory } from "../../server/main/audit-directory.ts";
import { backupDirectory } from "../../server/main/backup/backup-directory.ts";
import { restoreDirectory } from "../../server/main/backup/restore-directory.ts";
import { until } from "../helpers/journey.ts";
import { auditPasses } from "../helpers/audit-journey.ts";
import { ErasureWorld, FEBRUARY, isReadable, JANUARY, keysIn, PER_MONTH } from "../helpers/erasure-world.ts";

describe("journey: erasure in a stopped directory", function () {
  this.timeout(300_000);
  const world = new ErasureWorld();
  const { journey, data, mirror } = world;
  const [older, newer] = [journey.path("older.gz"), journey.path("newer.gz")];

  let keysOfThen: string[];
  /** Of every leaf that somebody could be handed, by its kind, from before the erasure. */
  let receipts: Record<string, string[]>;

  before(async () => {
    await world.open();
    await world.send(JANUARY, PER_MONTH);
    await world.send(FEBRUARY, PER_MONTH);
    await world.anchored();
    await world.sealTheRest();
    await backupDirectory(data, older);
    keysOfThen = world.keepKeys();
    receipts = await receiptsOf();
    await world.server.stop();
  });
  after(() => journey.close());

  it("is refused before it begins where the mirror is not named, or nothing is there", async () => {
    for (const [words, status, code] of [
      [["--all"], 1, "KEYS_UNWRITABLE"],
      [["--months", "2020-03"], 2, "NOTHING_TO_ERASE"],
      [["--months", JANUARY, "--all"], 2, "UNUSABLE_INPUT"],
    ] as const) {
      const ran = await journey.run(["erase", world.assignment, ...words, "--yes", "--data", data]);
      expect([ran.code, ran.err.split(":")[0]], words.join(" ")).to.deep.equal([status, code]);
    }
    expect(existsSync(join(data, "keys/erasing.json"))).to.equal(false);
    expect(world.opened(await world.storedOf(data, JANUARY), keysIn(join(data, "keys")))).to.equal(PER_MONTH);
  });

  it("is recorded, and anchored when the server runs again", async () => {
    const report = await world.erase("--all");
    expect(report.months).to.deep.equal([JANUARY, FEBRUARY]);
    const before = await auditPasses(journey, data, undefined, world.environment);
    expect([before.get("erasures"), before.get("readings erased")]).to.deep.equal([1, 2 * PER_MONTH]);
    await world.restart();
    const { client, twin } = world.clinician;
    const { readings } = await client.history(twin);
    expect(readings.map(({ erased }) => erased)).to.deep.equal(Array(2 * PER_MONTH).fill(true));
    // What is derived from values is told, not checked, before as after.
    const outcomes = { reading: "passed", decision: "passed", release: "not checked" };
    const consortium = await client.consortium();
    const trust = { consortium, source: rpcSource(world.server.rpc, consortium, 0) };
    for (const [kind, outcome] of Object.entries(outcomes)) {
      const texts = receipts[kind] ?? [];
      expect(texts, kind).to.have.length.greaterThan(1);
      for (const text of texts) expect((await verifyReceipt(text, trust)).outcome, kind).to.equal(outcome);
    }
    await world.send(FEBRUARY);
    await world.anchored();
    await world.server.stop();
    // Stopped: nothing more is anchored, so nothing of the chain can be missing in it.
    await backupDirectory(data, newer);
    await auditPasses(journey, data, undefined, world.environment);
  });

  it("is a lie where the keys were kept all the same", async () => {
    const copy = journey.path("kept-all-the-same");
    cpSync(data, copy, { recursive: true, filter: (path) => !lstatSync(path).isSocket() });
    const [kept = ""] = keysOfThen;
    for (const name of ["data-keys.json", "master.key"]) cpSync(join(kept, name), join(copy, "keys", name));
    const { lies } = await auditDirectory(copy);
    const opened = lies.filter(({ what }) => what === "an erasure is recorded behind it, and it still opens");
    const places = opened.map(({ place }) => place.split(" ")[0]);
    expect(places.filter((place) => place === "reading")).to.have.length(2 * PER_MONTH);
    expect(new Set(places), "and what was released of them").to.have.length.greaterThan(1);
  });

  it("restores a newer backup without the keys that were destroyed", async () => {
    const { missing } = await restoreDirectory(withoutDatabase("newer"), newer);
    expect(missing).to.equal(null);
    const checked = await auditPasses(journey, journey.path("newer"));
    expect(checked.get("readings erased")).to.equal(2 * PER_MONTH);
  });

  it("restores an older backup, of which today's keys open nothing", async () => {
    const copy = withoutDatabase("older");
    const { missing } = await restoreDirectory(copy, older);
    expect(missing).not.to.equal(null);
    const keys = keysIn(join(copy, "keys"), mirror);
    for (const month of [JANUARY, FEBRUARY] as const)
      expect(world.opened(await world.storedOf(copy, month), keys), month).to.equal(0);
    const sealed = await world.sealedOf(copy);
    const tables = [...new Set(sealed.map(({ table }) => table))].sort();
    expect(tables).to.deep.equal(["evidence", "finding", "held", "reading", "released_value"]);
    const then = keysIn(...keysOfThen);
    for (const row of sealed)
      expect([isReadable(row, then), isReadable(row, keys)], row.table).to.deep.equal([true, false]);
    // It knows nothing of the erasure: that a key is gone is a lie there, beside the leaves that are missing.
    const { lies } = await auditDirectory(copy);
    const keyless = `data key of ${world.assignment} ${JANUARY}`;
    expect(lies.map(({ place }) => place)).to.include(keyless);
    expect(lies.find(({ place }) => place === keyless)?.what).to.match(/no erasure of it is recorded/);
  });

  async function receiptsOf(): Promise<typeof receipts> {
    const { client, twin } = world.clinician;
    const read = (leaves: readonly { readonly leaf: Hex }[], by: { twin?: Hex } = {}): Promise<string[]> =>
      Promise.all(
        leaves.map(({ leaf }) => until("its receipt", () => client.receipt(leaf, by).catch(() => undefined))),
      );
    return {
      reading: await read((await client.history(twin)).readings, { twin }),
      decision: await read((await client.decisions(twin)).decisions),
      release: await read((await client.history(world.means)).releases ?? [], { twin: world.means }),
    };
  }

  /** DATA as it is after its database's disk was lost. */
  function withoutDatabase(name: string): string {
    const isKept = (path: string): boolean => path !== join(data, "database") && !lstatSync(path).isSocket();
    cpSync(data, journey.path(name), { recursive: true, filter: isKept });
    return journey.path(name);
  }
});
