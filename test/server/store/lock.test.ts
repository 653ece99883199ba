import { expect } from "chai";
import { spawn, spawnSync } from "node:child_process";
import { mkdtemp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { TwinwardError } from "../../../protocol/errors.ts";
import { lockDirectory } from "../../../server/store/lock.ts";

const MODULE = new URL("../../../server/store/lock.ts", import.meta.url).href;

describe("store: lock", () => {
  let directory: string;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), "twinward-lock-"));
  });
  afterEach(() => rm(directory, { recursive: true, force: true }));

  const hold = `const { lockDirectory } = await import(${JSON.stringify(MODULE)});
    await lockDirectory(process.argv[1], "child"); console.log("held"); setInterval(() => {}, 1000);`;

  it("refuses a second holder and names the first", async () => {
    const child = spawn(process.execPath, ["--input-type=module", "-e", hold, directory], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    await new Promise((resolve) => child.stdout.once("data", resolve));
    const error: unknown = await lockDirectory(directory, "test").catch((cause: unknown) => cause);
    expect(error).to.be.instanceOf(TwinwardError);
    expect(error).to.have.property("code", "DATA_LOCKED");
    expect((error as TwinwardError).facts.pid).to.equal(child.pid);

    const gone = new Promise((resolve) => child.once("exit", resolve));
    child.kill("SIGKILL");
    await gone;
    const lock = await lockDirectory(directory, "test");
    expect(await readFile(join(directory, "lock"), "utf8")).to.contain(`"pid":${process.pid}`);
    await lock.release();
    expect(await readdir(directory)).to.deep.equal([]);
  });

  it("takes over from a pid that now is another process, and from rubbish", async () => {
    const stale = [`{"pid":${process.pid},"started":"boot:1","purpose":"x"}`, "", "null", '{"pid":"1"}'];
    for (const text of stale) {
      await writeFile(join(directory, "lock"), text);
      await (await lockDirectory(directory, "test")).release();
    }
    expect(await readdir(directory)).to.deep.equal([]);
  });

  it("lets one of many win", async () => {
    await writeFile(join(directory, "lock"), `{"pid":${spawnSync("true").pid},"started":"x","purpose":"dead"}`);
    const outcomes = await Promise.allSettled(Array.from({ length: 8 }, () => lockDirectory(directory, "test")));
    expect(outcomes.filter(({ status }) => status === "fulfilled")).to.have.length(1);
  });

  it("releases only its own lock", async () => {
    const lock = await lockDirectory(directory, "test");
    await writeFile(join(directory, "lock"), "another's");
    await lock.release();
    expect(await readFile(join(directory, "lock"), "utf8")).to.equal("another's");
  });
});
