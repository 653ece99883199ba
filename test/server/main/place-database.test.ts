import { expect } from "chai";
import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TwinwardError } from "../../../protocol/errors.ts";
import { makeDirectory, type DataDirectory } from "../../../server/main/data-directory.ts";
import { placeDatabase } from "../../../server/main/place-database.ts";

const URL_ = "postgresql://db.example/x";

describe("where the database is", () => {
  let root: string;
  let data: DataDirectory;
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), "twinward-place-"));
    data = makeDirectory(join(root, "data"));
  });
  afterEach(() => rmSync(root, { recursive: true, force: true }));

  const refused = (databaseUrl?: string): string => {
    try {
      placeDatabase(data, databaseUrl);
      return "taken";
    } catch (error) {
      expect((error as TwinwardError).code).to.equal("DATA_UNUSABLE");
      return (error as TwinwardError).message;
    }
  };

  it("is where it was begun", () => {
    expect([refused(), refused(URL_)]).to.deep.equal(["taken", "taken"]);
    writeFileSync(data.consortium, "{}");
    expect(refused()).to.match(/set DATABASE_URL as before/);
    mkdirSync(data.database);
    expect(refused()).to.equal("taken");
    expect(refused(URL_)).to.match(/unset DATABASE_URL/);
  });

  it("is said to be half restored where a restore was killed between its last two steps, and how to go on", () => {
    writeFileSync(data.consortium, "{}");
    mkdirSync(data.database);
    mkdirSync(`${data.database}.restoring`);
    // Before the first of the two steps everything is as it was.
    expect(refused()).to.equal("taken");
    const before = `${data.database}.before-2026-11-21T12-00-00.000Z`;
    renameSync(data.database, before);
    for (const url of [undefined, URL_])
      expect(refused(url)).to.match(
        /database\.restoring holds all of the backup, database\.before-2026.* what was there/,
      );
    renameSync(before, data.database);
    expect(refused()).to.equal("taken");
  });

  it("is said to be not there yet where a restore into nothing was killed", () => {
    mkdirSync(`${data.database}.restoring`);
    expect(refused()).to.match(/there was no database before it: restore again/);
  });
});
