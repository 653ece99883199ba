import { expect } from "chai";
import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { TwinwardError } from "../../../protocol/errors.ts";
import { openDatabase, type Database } from "../../../server/store/database.ts";
import { openPGlite } from "../../../server/store/pglite.ts";
import { describeOnBoth } from "../../helpers/databases.ts";

const FAULTY = new URL("../../helpers/faulty-disk.ts", import.meta.url);
const codeOf = (asked: Promise<unknown>): Promise<string> =>
  asked.then(
    () => "done",
    (error: unknown) => (error instanceof TwinwardError ? error.code : String(error)),
  );

describe("store: the embedded database and its disk", () => {
  let directory: string;
  let database: Database;

  const faults = (): string => join(directory, "faults");
  const refuse = (call: "writeSync" | "writeFileSync" | "fsyncSync" | "thread"): void => writeFileSync(faults(), call);
  const makeRoom = (): void => rmSync(faults(), { force: true });
  const open = (): Promise<Database> => openPGlite(join(directory, "database"), { worker: FAULTY });

  beforeEach(async () => {
    directory = mkdtempSync(join(tmpdir(), "twinward-disk-"));
    process.env.FAULTY_DISK = faults();
    database = await open();
    await database.script("create table kept (n bigint); insert into kept values (1)");
  });
  afterEach(async () => {
    makeRoom();
    await database.close();
    delete process.env.FAULTY_DISK;
    rmSync(directory, { recursive: true, force: true });
  });

  const kept = async (): Promise<number[]> =>
    (await database.query<{ n: number }>("select n from kept order by n")).map(({ n }) => n);

  it("refuses what finds no room, keeps nothing of it, and goes on when there is room", async () => {
    refuse("writeFileSync");
    const made = database.transaction(async (tx) => {
      await tx.query("insert into kept values (2)");
      await tx.script("create table another (n bigint)");
    });
    expect(await codeOf(made)).to.equal("DISK_FULL");
    expect(await kept()).to.deep.equal([1]);
    makeRoom();
    await database.script("create table another (n bigint)");
    await database.query("insert into kept values (2)");
    expect(await kept()).to.deep.equal([1, 2]);
  });

  it("makes a file of the same name later", async () => {
    // The first of a table makes its map of free space, under a name that follows from the table's.
    refuse("writeFileSync");
    expect(await codeOf(database.script("vacuum kept"))).to.equal("DISK_FULL");
    makeRoom();
    expect(await codeOf(database.script("vacuum kept"))).to.equal("done");
  });

  for (const call of ["writeSync", "fsyncSync"] as const) {
    it(`is over where its log fails in ${call}: nobody is told that it is kept, and the next start has what was`, async () => {
      refuse(call);
      const asked = [2, 3].map((n) => database.transaction((tx) => tx.query("insert into kept values ($1)", [n])));
      for (const one of asked) expect(await codeOf(one)).to.equal("DATABASE_ENDED");
      expect((await database.ended)?.facts.detail).to.match(/could not (write|fsync).*No space left/);
      makeRoom();
      expect(await codeOf(database.query("select 1"))).to.equal("DATABASE_ENDED");
      await database.close();
      database = await open();
      // Of the first nobody knows what became of it; the second was never begun.
      expect((await kept()).filter((n) => n !== 2)).to.deep.equal([1]);
      await database.query("insert into kept values (4)");
    });
  }

  it("is over where its thread dies: whoever waits and whoever comes is told so, and the next start has what was", async () => {
    refuse("thread");
    const asked = [2, 3].map((n) => database.query("insert into kept values ($1)", [n]));
    for (const one of asked) expect(await codeOf(one)).to.equal("DATABASE_ENDED");
    expect((await database.ended)?.facts.detail).to.match(/its thread has ended/);
    makeRoom();
    expect(await codeOf(database.transaction((tx) => tx.query("select 1")))).to.equal("DATABASE_ENDED");
    await database.close();
    database = await open();
    expect((await kept()).filter((n) => n !== 2)).to.deep.equal([1]);
  });

  it("ends every commit in an fsync that reaches the disk", async () => {
    const syncs = (): number => statSync(`${faults()}.syncs`).size;
    for (let n = 2; n < 7; n++) {
      const before = syncs();
      await database.query("insert into kept values ($1)", [n]);
      expect(syncs(), `commit ${n}`).to.be.greaterThan(before);
    }
    const before = syncs();
    await database.script("checkpoint");
    expect(syncs(), "a checkpoint syncs the tables").to.be.greaterThan(before + 3);
  });
});

describeOnBoth("store: what finds no room on the database's disk", (databases) => {
  it("is DISK_FULL, in a statement, a script and a transaction, and nothing else is", async () => {
    const database = await openDatabase(await databases.place());
    try {
      const raising = (sqlstate: string): string => `do $$ begin raise exception using errcode = '${sqlstate}'; end $$`;
      expect(await codeOf(database.query(raising("53100")))).to.equal("DISK_FULL");
      expect(await codeOf(database.script(raising("53100")))).to.equal("DISK_FULL");
      expect(await codeOf(database.transaction((tx) => tx.query(raising("53100"))))).to.equal("DISK_FULL");
      expect(await codeOf(database.query(raising("53200")))).to.not.match(/^[A-Z_]+$/);
    } finally {
      await database.close();
    }
  });
});
