import { expect } from "chai";
import fs from "node:fs";
import { mkdtempSync, rmSync } from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { TwinwardError } from "../../../protocol/errors.ts";
import { openDatabase, type Database } from "../../../server/store/database.ts";
import { describeOnBoth } from "../../helpers/databases.ts";

const { writeSync, writeFileSync, fsyncSync } = fs;
const full = (): never => {
  throw Object.assign(new Error("ENOSPC: no space left on device"), { code: "ENOSPC" });
};
const codeOf = (asked: Promise<unknown>): Promise<string> =>
  asked.then(
    () => "done",
    (error: unknown) => (error instanceof TwinwardError ? error.code : String(error)),
  );

describe("store: the embedded database on a full disk", function () {
  this.timeout(60_000);
  let directory: string;
  let database: Database;

  const refuse = (calls: Partial<Record<"writeSync" | "writeFileSync" | "fsyncSync", () => never>>): void => {
    Object.assign(fs, calls);
    syncBuiltinESMExports();
  };
  const makeRoom = (): void => refuse({ writeSync, writeFileSync, fsyncSync } as never);

  beforeEach(async () => {
    directory = mkdtempSync(join(tmpdir(), "twinward-disk-"));
    database = await openDatabase({ directory });
    await database.script("create table kept (n bigint); insert into kept values (1)");
  });
  afterEach(async () => {
    makeRoom();
    await database.close();
    rmSync(directory, { recursive: true, force: true });
  });

  const kept = async (): Promise<number[]> =>
    (await database.query<{ n: number }>("select n from kept order by n")).map(({ n }) => n);

  it("refuses what finds no room, keeps nothing of it, and goes on when there is room", async () => {
    refuse({ writeFileSync: full });
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
    refuse({ writeFileSync: full });
    expect(await codeOf(database.script("vacuum kept"))).to.equal("DISK_FULL");
    makeRoom();
    expect(await codeOf(database.script("vacuum kept"))).to.equal("done");
  });

  for (const call of ["writeSync", "fsyncSync"] as const) {
    it(`is over where its log fails in ${call}: nobody is told that it is kept, and the next start has what was`, async () => {
      refuse({ [call]: full });
      const asked = [2, 3].map((n) => database.transaction((tx) => tx.query("insert into kept values ($1)", [n])));
      for (const one of asked) expect(await codeOf(one)).to.equal("DATABASE_ENDED");
      expect((await database.ended)?.facts.detail).to.match(/could not (write|fsync).*No space left/);
      makeRoom();
      expect(await codeOf(database.query("select 1"))).to.equal("DATABASE_ENDED");
      await database.close();
      database = await openDatabase({ directory });
      // Of the first nobody knows what became of it; the second was never begun.
      expect((await kept()).filter((n) => n !== 2)).to.deep.equal([1]);
      await database.query("insert into kept values (4)");
    });
  }
});

describeOnBoth("store: what finds no room on the database's disk", (databases) => {
  it("is DISK_FULL, in a statement, a script and a transaction, and nothing else is", async function () {
    this.timeout(60_000);
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
