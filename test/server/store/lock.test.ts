import { expect } from "chai";
import { spawn, spawnSync } from "node:child_process";
import fs, { mkdtemp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { syncBuiltinESMExports } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
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

  it("lets one of many win, however long each of their calls takes", async () => {
    const undo = delayCalls();
    try {
      await contend();
    } finally {
      undo();
    }
  });

  async function contend(): Promise<void> {
    const dead = `{"pid":${spawnSync("true").pid},"started":"x","purpose":"dead"}`;
    for (let round = 0; round < 20; round++) {
      await writeFile(join(directory, "lock"), dead);
      if (round % 2) await writeFile(join(directory, "lock.takeover"), dead);
      const outcomes = await Promise.allSettled(Array.from({ length: 8 }, () => lockDirectory(directory, "test")));
      const held = outcomes.filter((outcome) => outcome.status === "fulfilled").map(({ value }) => value);
      expect(held, `round ${round}`).to.have.length(1);
      expect(await readdir(directory), `round ${round}`).to.deep.equal(["lock"]);
      await held[0]?.release();
    }
  }

  it("waits while another takes over from a dead process, and leaves the new lock alone", async () => {
    const dead = `{"pid":${spawnSync("true").pid},"started":"x","purpose":"dead"}`;
    const living = await ownLock();
    await writeFile(join(directory, "lock"), dead);
    await writeFile(join(directory, "lock.takeover"), living);
    const late = lockDirectory(directory, "late").catch((cause: unknown) => cause);
    await setTimeout(100); // it has read the dead one's lock and waits, for a takeover is under way
    expect(await readFile(join(directory, "lock"), "utf8")).to.equal(dead);
    await writeFile(join(directory, "lock"), living);
    await rm(join(directory, "lock.takeover"));
    expect(await late).to.have.property("code", "DATA_LOCKED");
    expect(await readFile(join(directory, "lock"), "utf8")).to.equal(living);
  });

  /** What the lock of this process says. */
  async function ownLock(): Promise<string> {
    const lock = await lockDirectory(directory, "test");
    const text = await readFile(join(directory, "lock"), "utf8");
    await lock.release();
    return text;
  }

  it("releases only its own lock", async () => {
    const lock = await lockDirectory(directory, "test");
    await writeFile(join(directory, "lock"), "another's");
    await lock.release();
    expect(await readFile(join(directory, "lock"), "utf8")).to.equal("another's");
  });
});

/** Lets the answers of the file system come late, each by a chance delay: what was read may be true no more. */
function delayCalls(): () => void {
  const { readFile, link, unlink, rename } = fs;
  const late =
    <T extends unknown[], R>(call: (...given: T) => Promise<R>) =>
    async (...given: T): Promise<R> => {
      try {
        return await call(...given);
      } finally {
        await setTimeout(Math.random() * 8);
      }
    };
  Object.assign(fs, { readFile: late(readFile), link: late(link), unlink: late(unlink), rename: late(rename) });
  syncBuiltinESMExports();
  return () => {
    Object.assign(fs, { readFile, link, unlink, rename });
    syncBuiltinESMExports();
  };
}
