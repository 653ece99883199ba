// `npm test`: everything a contributor needs, in some ten minutes on two cores. `--slow` runs the long tests instead; further words
// choose files (`npm test -- gateway`). The closing line sums the runners: mocha, and Hardhat's own for Solidity; what
// failed is told once more above it, so that the end of a log suffices.
import { spawn, spawnSync } from "node:child_process";
import { globSync } from "node:fs";
import { constants, setPriority } from "node:os";
import { stripVTControlCharacters } from "node:util";
import { root } from "./checks/imports.ts";

type Ran = { code: number; output: string };
type Sum = { passed: number; failed: number; skipped: number; failures: string };

const began = performance.now();
const slow = process.argv.includes("--slow");
const wanted = process.argv.slice(2).filter((word) => !word.startsWith("--"));

/** Runs a program with its output shown and kept: as it comes, or at its end where another one is shown meanwhile. */
async function show(command: string, args: string[], meanwhile?: Promise<unknown>): Promise<Ran> {
  const child = spawn(command, args, {
    cwd: root,
    stdio: ["ignore", "pipe", "inherit"],
    env: {
      ...process.env,
      FORCE_COLOR: process.stdout.isTTY ? "1" : "0",
      LONG_FUZZ: slow ? "1" : "0",
      NODE_COMPILE_CACHE: `${root}/node_modules/.cache/twinward`,
    },
  });
  // What is not looked at takes what the tests beside it leave: those wait a lot, and have deadlines.
  if (meanwhile && child.pid !== undefined) setPriority(child.pid, constants.priority.PRIORITY_LOW);
  let output = "";
  child.stdout.on("data", (chunk: Buffer) => {
    output += chunk.toString();
    if (!meanwhile) process.stdout.write(chunk);
  });
  const code = await new Promise<number>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (status) => resolve(status ?? 1));
  });
  await meanwhile;
  if (meanwhile) process.stdout.write(output);
  return { code, output: stripVTControlCharacters(output) };
}

const sumOf = (output: string, word: string): number =>
  [...output.matchAll(new RegExp(`^\\s*(\\d+) ${word}\\b`, "gm"))].reduce((sum, match) => sum + Number(match[1]), 0);

/** A runner that dies before it counts is one failure, never none. */
function counted({ code, output }: Ran): Sum {
  const sum = {
    passed: sumOf(output, "passing"),
    failed: sumOf(output, "failing"),
    skipped: sumOf(output, "(?:pending|skipped)"),
    failures: /^\s*\d+ failing\b.*/ms.exec(output)?.[0] ?? "",
  };
  if (code !== 0 && sum.failed === 0) sum.failed = 1;
  if (code === 0 && sum.passed === 0) sum.failed += 1;
  return sum;
}

/** Those that start whole servers first: they take longest, and wait more than they compute. */
function typescriptFiles(): string[] {
  const isLong = (file: string): number => Number(/^test\/(journeys|faults)\//.test(file));
  return globSync("test/**/*.test.ts", { cwd: root })
    .filter((file) => file.endsWith(".slow.test.ts") === slow)
    .filter((file) => wanted.length === 0 || wanted.some((word) => file.includes(word)))
    .sort((a, b) => isLong(b) - isLong(a) || a.localeCompare(b));
}

if (process.env.CI === "true" || wanted.length === 0) {
  for (const script of ["install-browser.ts", "install-postgres.ts", "install-mosquitto.ts"]) {
    const { status } = spawnSync("node", [`scripts/${script}`], { cwd: root, stdio: "inherit" });
    if (status !== 0) console.log("tests that need it will say why they are skipped");
  }
}
const running: Promise<Ran>[] = [];
const files = typescriptFiles();
if (files.length > 0) {
  // For what hangs: a machine that others keep busy takes its time.
  const limit = slow ? "1800000" : "300000";
  running.push(show("mocha", ["--parallel", "--jobs", slow ? "2" : "3", "--timeout", limit, ...files]));
}
if (wanted.length === 0 || wanted.some((word) => "solidity contracts".includes(word)))
  running.push(show("hardhat", ["test", "solidity"], running[0]));
const sums = (await Promise.all(running)).map(counted);

const total = sums.reduce(
  (all, sum) => ({
    passed: all.passed + sum.passed,
    failed: all.failed + sum.failed,
    skipped: all.skipped + sum.skipped,
    failures: all.failures + sum.failures,
  }),
  { passed: 0, failed: 0, skipped: 0, failures: "" },
);
if (total.failures !== "") console.log(`\nWhat failed:\n${total.failures.trimEnd()}\n`);
if (process.env.CI === "true" && total.skipped > 0) {
  console.log(`${total.skipped} skipped: in CI a skipped test is a failure`);
  total.failed += total.skipped;
  total.skipped = 0;
}
const seconds = Math.round((performance.now() - began) / 1_000);
console.log(`in ${Math.floor(seconds / 60)} min ${seconds % 60} s`);
console.log(`${total.passed} passed, ${total.failed} failed${total.skipped > 0 ? `, ${total.skipped} skipped` : ""}`);
process.exitCode = total.failed === 0 && total.passed > 0 ? 0 : 1;
