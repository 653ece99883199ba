// Every system call that touches the key store or the lock file fails once, and kills once (strace -e inject): whatever state
// that leaves, the next start goes on, with every key that anything may have been sealed under.
import { expect } from "chai";
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { openKeyStore } from "../../server/keys/key-store.ts";

const HOLDER = fileURLToPath(new URL("key-holder.ts", import.meta.url));
/** Those that change something are counted wherever they point: the lock is first made under a name with chance in it. */
const CHANGING = ["write", "fsync", "rename", "link", "unlink", "chmod", "mkdir"];
/** Those that a program's start is full of, only where they touch these files. */
const LOOKING = ["openat", "read", "close", "statx"];
const FILES = [
  "",
  "lock",
  "keys",
  "keys/data-keys.json",
  "keys/data-keys.json.new",
  "keys/master.key",
  "keys/master.key.new",
];
const MOST = 200;
const hasStrace = spawnSync("strace", ["-V"]).status === 0;

describe("faults: every system call of the key store and the lock file", function () {
  this.timeout(1_200_000);
  let root: string;
  beforeEach(() => void (root = mkdtempSync(join(tmpdir(), "twinward-calls-"))));
  afterEach(() => rmSync(root, { recursive: true, force: true }));

  const run = (words: readonly string[], traced: readonly string[] = []) => {
    const [program, ...rest] = [...traced, process.execPath, HOLDER, ...words];
    // One thread for files: strace counts the calls of each thread by itself.
    const env = { ...process.env, UV_THREADPOOL_SIZE: "1" };
    const { stdout, stderr } = spawnSync(program ?? "", rest, { encoding: "utf8", env });
    return { made: stdout.includes("made"), stderr };
  };

  for (const [what, injected] of [
    ["fails", "error=EIO"],
    ["kills", "signal=KILL"],
  ] as const) {
    for (const call of [...CHANGING, ...LOOKING]) {
      it(`${call} ${what}`, async function () {
        if (!hasStrace) this.skip();
        let most = 0;
        for (let at = 1, isHit = true; isHit; at++) {
          expect(at).to.be.lessThan(MOST);
          const directory = join(root, String(at));
          mkdirSync(directory);
          const watched = LOOKING.includes(call) ? FILES.flatMap((path) => ["-P", join(directory, path)]) : [];
          const trace = join(root, "trace");
          const words = ["strace", "-f", "-qq", "-o", trace, ...watched, "-e", `trace=${call}`];
          const inject = [...words, "-e", `inject=${call}:${injected}:when=${at}`];
          const made: string[] = [];
          isHit = false;
          // Where nothing is yet, and where a store is already.
          for (const name of ["1", "2"]) {
            if (run([directory, name], inject).made) made.push(name);
            isHit ||= /INJECTED|killed by SIGKILL/.test(readFileSync(trace, "utf8"));
            const next = run([directory, `f${name}`]);
            expect(next.stderr, `after ${call} ${at}`).to.equal("");
            expect(next.made).to.equal(true);
            made.push(`f${name}`);
          }
          const keys = await openKeyStore(join(directory, "keys", "data-keys.json"));
          for (const name of made) expect(keys.has(`0x${name.padStart(64, "0")}`, "2026-11"), name).to.equal(true);
          await keys.verify();
          await keys.close();
          expect(readdirSync(directory).filter((name) => name === "lock")).to.deep.equal([]);
          if (isHit) most = at;
        }
        console.log(`        ${most} of them`);
      });
    }
  }
});
