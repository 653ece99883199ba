// Takes the README's tour as printed: a ward from `npm start`, and every command with what the tour says of it. Exit 1 where one differs.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { root } from "./imports.ts";

/** A shell block of the README's tour, and what the tour says about each of its lines. */
interface Step {
  readonly command: string;
  /** After `# →`: fragments of the output, and `exit N` where it is not 0. */
  readonly fragments: readonly string[];
  readonly exit: number;
}

/** The shell blocks below a heading of a document, in order. */
function shellBlocks(document: string, heading: string): string[] {
  const from = document.indexOf(`\n## ${heading}\n`);
  assert(from > -1, `no heading "${heading}"`);
  const end = document.indexOf("\n## ", from + 1);
  const section = document.slice(from, end === -1 ? undefined : end);
  return [...section.matchAll(/^```sh\n([\s\S]*?)^```$/gm)].map((match) => match[1] ?? "");
}

function stepsOf(block: string): Step[] {
  return block
    .split("\n")
    .filter((line) => line.trim() !== "" && !line.startsWith("#"))
    .map((line) => {
      const [command = "", told = ""] = line.split("# →").map((part) => part.trim());
      const words = told === "" ? [] : told.split(", ");
      const exit = Number(words.find((word) => /^exit \d+$/.test(word))?.slice(5) ?? 0);
      return { command, exit, fragments: words.filter((word) => !/^exit \d+$/.test(word)) };
    });
}

/** Runs all steps in one shell, as somebody would type them; per step what it printed and its exit. */
async function runSteps(
  steps: readonly Step[],
  cwd: string,
  env: NodeJS.ProcessEnv,
): Promise<{ output: string; exit: number }[]> {
  const mark = "== end of step ==";
  const script = steps.map(({ command }) => `${command}\necho "${mark} $?"`).join("\n");
  const shell = spawn("bash", ["-u", "-c", `exec 2>&1\n${script}`], { cwd, env, stdio: ["ignore", "pipe", "inherit"] });
  let said = "";
  shell.stdout.on("data", (chunk: Buffer) => (said += chunk.toString()));
  await new Promise((resolve) => shell.once("close", resolve));
  const parts = said.split(new RegExp(`^${mark} (\\d+)\n`, "m"));
  return steps.map((_, index) => ({ output: parts[2 * index] ?? "", exit: Number(parts[2 * index + 1] ?? -1) }));
}

/**
 * A directory that works like a fresh clone: everything of the repository, and no data yet. Its package.json has no bin:
 * npm would link a package that has one into a cache of its own and run its install scripts, over the repository's files.
 */
function cloneLike(directory: string): void {
  for (const name of ["apps", "contracts", "dist", "lab", "ml", "node_modules", "protocol", "server"])
    symlinkSync(join(root, name), join(directory, name));
  const { name, version, type, scripts } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
    [member: string]: unknown;
    scripts: { start: string };
  };
  const own = { name, version, type, private: true, scripts: { start: scripts.start } };
  writeFileSync(join(directory, "package.json"), JSON.stringify(own));
}

/** The port if nothing listens there, otherwise a free one. */
async function portOrFree(port: number): Promise<number> {
  const take = (wanted: number): Promise<number | undefined> =>
    new Promise((resolve) => {
      const server = createServer();
      server.once("error", () => resolve(undefined));
      server.listen(wanted, "127.0.0.1", () => {
        const address = server.address();
        server.close(() => resolve(typeof address === "object" ? (address?.port ?? 0) : undefined));
      });
    });
  return (await take(port)) ?? (await take(0)) ?? 0;
}

async function takeTour(directory: string): Promise<void> {
  const blocks = shellBlocks(readFileSync(join(root, "README.md"), "utf8"), "A five-minute tour");
  cloneLike(directory);
  // As printed where these ports are free; beside somebody's running ward the same text with other ports.
  const [http, mqtt, rpc] = [await portOrFree(8080), await portOrFree(1883), await portOrFree(8545)];
  const url = `http://127.0.0.1:${http}`;
  const env = { ...process.env, PORT: `${http}`, MQTT_PORT: `${mqtt}`, RPC_PORT: `${rpc}`, TWINWARD_URL: url };
  const [start = "", tour = ""] = blocks.map((block) => block.replaceAll("127.0.0.1:8545", `127.0.0.1:${rpc}`));

  const [{ command = "" } = {}, ...others] = stepsOf(start);
  assert.equal(others.length, 0, "the first block starts the ward and does nothing else");
  const began = performance.now();
  const server = spawn("bash", ["-c", `exec ${command}`], {
    cwd: directory,
    env,
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
  });
  // The streams end with the last process of the group.
  const over = new Promise((resolve) => server.once("close", resolve));
  let said = "";
  for (const stream of [server.stdout, server.stderr]) stream.on("data", (chunk: Buffer) => (said += chunk.toString()));
  try {
    await firstAnchored(
      url,
      () => server.exitCode,
      () => said,
    );
    console.log(`first anchored reading after ${((performance.now() - began) / 1000).toFixed(1)} s`);
    assert(said.includes(`${url}/v1/anchors`), said);

    const steps = stepsOf(tour);
    assert(steps.length > 8, "the tour has steps");
    const results = await runSteps(steps, directory, env);
    for (const [index, { command, exit, fragments }] of steps.entries()) {
      const { output = "", exit: ended } = results[index] ?? {};
      assert.equal(ended, exit, `${command}\nended with ${ended}\n${output}`);
      for (const fragment of fragments) assert(output.includes(fragment), `${command}\nsaid no ${fragment}\n${output}`);
    }
    console.log(`receipt ${readFileSync(join(directory, "tour/receipt.json")).length} bytes`);
  } finally {
    if (server.pid !== undefined && server.exitCode === null && server.signalCode === null)
      process.kill(-server.pid, "SIGINT");
    await over;
  }
}

/** Waits until a device's reading is anchored: the tour begins there. */
async function firstAnchored(url: string, exit: () => number | null, said: () => string): Promise<void> {
  for (const deadline = Date.now() + 90_000; Date.now() < deadline;) {
    if (exit() !== null) throw new Error(`The ward ended: ${said()}`);
    try {
      const answer = await fetch(`${url}/v1/devices`, { signal: AbortSignal.timeout(2_000) });
      const { devices } = (await answer.json()) as { devices: { anchoredSequence: number }[] };
      if (devices.length > 0 && devices.every(({ anchoredSequence }) => anchoredSequence > 0)) return;
    } catch {
      // not up yet
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`No reading was anchored: ${said()}`);
}

const directory = mkdtempSync(join(tmpdir(), "twinward-tour-"));
try {
  await takeTour(directory);
} finally {
  rmSync(directory, { recursive: true, force: true, maxRetries: 10 });
}
