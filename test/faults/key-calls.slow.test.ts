// Every system call that touches keys, their mirror or the lock file fails once, finds no room once and kills once (strace -e
// inject): whatever state that leaves, the next start goes on, with every key that anything may have been sealed under.
import { expect } from "chai";
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { hold, nameOf, openSaid, type Plan, type Said } from "./key-holder.ts";

const HOLDER = fileURLToPath(new URL("key-holder.ts", import.meta.url));
const CHANGING = ["openat", "write", "fsync", "rename", "link", "unlink", "chmod", "mkdir"] as const;
const CALLS = [...CHANGING, "read", "close", "statx", "getdents64"] as const;
/** What can need room on the disk. */
const GROWING: readonly string[] = ["openat", "write", "fsync", "rename", "link", "mkdir"];
/** What strace is told, and what it says in its trace when it has done so. */
const KINDS = [
  ["fails", "error=EIO", /EIO .*\(INJECTED\)/],
  ["finds no room", "error=ENOSPC", /ENOSPC .*\(INJECTED\)/],
  ["kills", "signal=KILL", /killed by SIGKILL/],
] as const;
/** Nobody's process has this id: Linux gives none above 2²². */
const DEAD = JSON.stringify({ pid: 2 ** 22 + 1, started: "before", purpose: "test" });
const hasStrace = spawnSync("strace", ["-V"]).status === 0;

interface Case {
  /** What was done before, in an ordinary way. */
  readonly before?: Omit<Plan, "directory">;
  /** What is there besides: paths and texts. */
  readonly files?: Readonly<Record<string, string>>;
  readonly plan: Omit<Plan, "directory">;
}

const CASES: Readonly<Record<string, Case>> = {
  "a new store": { plan: { hasMirror: false, signs: true, makes: [1] } },
  "a new store with a mirror": { plan: { hasMirror: true, makes: [1] } },
  "a store that gets a mirror": {
    before: { hasMirror: false, signs: true, makes: [1] },
    plan: { hasMirror: true, signs: true, makes: [2] },
  },
  "keys that are destroyed": {
    before: { hasMirror: true, makes: [1, 2, 3] },
    plan: { hasMirror: true, makes: [4], destroys: [2, 4] },
  },
  // Who died while it took over the lock of somebody dead.
  "locks of the dead": {
    before: { hasMirror: false, makes: [1] },
    files: { lock: DEAD, "lock.takeover": DEAD },
    plan: { hasMirror: false, makes: [2] },
  },
};

/** An injected run is tried again where something else was hit. */
const TRIES = 5;

interface Run {
  readonly said: readonly Said[];
  readonly stderr: string;
  readonly trace: string;
  /** Those of the thread that does what is done with files. */
  readonly lines: readonly string[];
}

/** The lines of one call in a trace, by thread. */
function linesOf(trace: string, call: string): readonly string[][] {
  const threads = new Map<string, string[]>();
  for (const line of trace.split("\n")) {
    const [, thread, what] = /^(\d+)\s+(\w+)\(/.exec(line) ?? [];
    if (thread === undefined || what !== call) continue;
    threads.set(thread, [...(threads.get(thread) ?? []), line]);
  }
  return [...threads.values()];
}

describe("faults: every system call of keys and the lock file", function () {
  this.timeout(1_200_000);
  let root: string;
  let directory: string;
  beforeEach(function () {
    if (!hasStrace) this.skip();
    root = mkdtempSync(join(tmpdir(), "twinward-calls-"));
    directory = join(root, "data");
  });
  afterEach(() => hasStrace && rmSync(root, { recursive: true, force: true }));

  /** Runs the holder under strace; what it said, and the lines of this call. */
  function run(plan: Plan, call: string, inject: readonly string[]): Run {
    const file = join(root, "trace");
    // Far faster, but no signal comes through where a call is stopped by it.
    const filter = inject.some((word) => word.includes("signal=")) ? [] : ["--seccomp-bpf"];
    const words = ["-f", ...filter, "-q", "-y", "-o", file, "-e", `trace=${call}`, ...inject];
    const holder = [process.execPath, HOLDER, JSON.stringify(plan), call];
    // One thread for files.
    const env = { ...process.env, UV_THREADPOOL_SIZE: "1" };
    const { stdout, stderr } = spawnSync("strace", [...words, ...holder], { encoding: "utf8", env });
    const said = stdout.split("\n").flatMap((line) => (line === "" ? [] : [JSON.parse(line) as Said]));
    const trace = readFileSync(file, "utf8");
    const lines = linesOf(trace, call).find((all) => all.some((line) => oursIn(line) !== undefined)) ?? [];
    return { said, stderr, trace, lines };
  }

  /** The file of ours that a call touches, without what chance gave it for a name. */
  function oursIn(line: string): string | undefined {
    const at = line.indexOf(directory);
    if (at < 0) return undefined;
    const path = /^[^">]*/.exec(line.slice(at + directory.length))?.[0] ?? "";
    return path.replaceAll(/\.\d+\.[0-9a-f]{12}/g, ".aside");
  }

  /** After whatever happened: an ordinary start, twice, for what it finds may be what is wrong. */
  async function repairs(plan: Plan, said: readonly Said[], files: Case["files"]): Promise<void> {
    const { hasMirror, destroys = [] } = plan;
    const all = [...said];
    for (const made of [8, 9]) {
      for (const [name, text] of Object.entries(files ?? {})) writeFileSync(join(directory, name), text);
      const again = { ...plan, makes: [made] };
      await hold(
        again,
        (one) => all.push(one),
        async (keys) => {
          for (const one of all) if ("made" in one && !destroys.includes(one.made)) openSaid(keys, one);
          for (const one of all) {
            if (!("destroyed" in one)) continue;
            const { scope, month } = nameOf(one.destroyed);
            expect(keys.has(scope, month), `key ${one.destroyed} is gone`).to.equal(false);
          }
          await keys.verify();
          await keys.present();
        },
      );
      expect(readdirSync(directory)).not.to.include("lock");
      const places = [join(directory, "keys"), ...(hasMirror ? [join(directory, "mirror")] : [])];
      const texts = places.map((place) => readFileSync(join(place, "data-keys.json"), "utf8"));
      expect(new Set(texts).size, "the mirror is the same").to.equal(1);
      for (const place of places)
        expect(
          readdirSync(place).filter((name) => name.startsWith("master")),
          place,
        ).to.have.length(1);
    }
    const signing = new Set(all.flatMap((one) => ("signing" in one ? [one.signing] : [])));
    expect(signing.size, "signing keys").to.equal(plan.signs === true ? 1 : 0);
  }

  for (const [name, { before: earlier, files, plan: planned }] of Object.entries(CASES)) {
    describe(name, () => {
      const said: Said[] = [];
      let template: string;
      let plan: Plan;
      beforeEach(async () => {
        said.length = 0;
        plan = { ...planned, directory };
        template = join(root, "template");
        mkdirSync(directory);
        if (earlier) await hold({ ...earlier, directory }, (one) => said.push(one));
        cpSync(directory, template, { recursive: true });
      });
      const begin = (): void => {
        rmSync(directory, { recursive: true });
        cpSync(template, directory, { recursive: true });
        for (const [path, text] of Object.entries(files ?? {})) writeFileSync(join(directory, path), text);
      };

      for (const call of CALLS) {
        for (const [what, inject, sign] of KINDS) {
          if (what === "finds no room" && !GROWING.includes(call)) continue;
          it(`${call} ${what}`, async () => {
            begin();
            const whole = run(plan, call, []);
            expect(whole.stderr).to.equal("");
            const ours = whole.lines.flatMap((line, n) => (oursIn(line) === undefined ? [] : [n + 1]));
            expect(ours, "calls that touch something").not.to.have.length(0);
            for (const at of ours) {
              const path = oursIn(whole.lines[at - 1] ?? "");
              let broken: Run | undefined;
              // On a busy machine another call may have come between.
              for (let tries = 0; tries < TRIES && path !== oursIn(broken?.lines[at - 1] ?? ""); tries++) {
                begin();
                broken = run(plan, call, ["-e", `inject=${call}:${inject}:when=${at}`]);
              }
              expect(broken && oursIn(broken.lines[at - 1] ?? ""), `call ${at}`).to.equal(path);
              expect(broken?.trace).to.match(sign);
              await repairs(plan, [...said, ...(broken?.said ?? [])], files);
            }
            console.log(`          ${ours.length} of them`);
          });
        }
      }
    });
  }
});
