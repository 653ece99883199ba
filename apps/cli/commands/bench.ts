import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { Command } from "commander";

/** Each is a program of its own: what it measures must not share a process with the command line. */
const BENCHES = {
  ingest: "readings a second that become durable and acked, beside what the machine verifies bare",
  anchor: "sealing a batch, checking it before it is anchored, proofs out of it",
  read: "how long a reader waits for an hour of a twin, with receipts and without; checking a receipt",
  decide: "decisions a second: the rule alone, and through the door with a durable leaf for each",
  figures: "all figures of the README in one run, with what is to be reached",
  train: "how fast each engine trains four models, beside PyTorch where that is installed",
  detect:
    "what the ward's detector finds, attack by attack; --ward: false alarms over simulated weeks, --speed: windows a second",
};
const PROGRAMS = fileURLToPath(new URL("../../../scripts/bench/", import.meta.url));

export function addBenchCommand(program: Command): void {
  const bench = program
    .command("bench")
    .description("measure on this machine: ratios against the machine's own limit, in the same run");
  for (const [name, description] of Object.entries(BENCHES)) {
    bench
      .command(name)
      .description(description)
      .helpOption(false)
      .allowUnknownOption()
      .allowExcessArguments()
      .action(async (_options: unknown, command: Command) => {
        const json = command.opts<{ json?: boolean }>().json === true ? ["--json"] : [];
        const program = command.args.includes("--ward") ? `${name}-ward` : name;
        process.exitCode = await run(`${PROGRAMS}${program}.ts`, [...command.args, ...json]);
      });
  }
}

/** Its words, its output and its exit are the program's. */
function run(file: string, words: readonly string[]): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [file, ...words], { stdio: "inherit" });
    // Ctrl-C reaches both; the program ends what it started, and we wait for it.
    const wait = (): void => undefined;
    process.on("SIGINT", wait);
    child.once("error", reject);
    child.once("exit", (code, signal) => {
      process.off("SIGINT", wait);
      resolve(code ?? (signal === "SIGINT" ? 130 : 1));
    });
  });
}
