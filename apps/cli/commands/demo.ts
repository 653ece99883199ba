import type { Command } from "commander";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export function addDemoCommand(program: Command): void {
  program
    .command("demo")
    .description("play the three roads once in a fresh temporary directory: integrity, access, detection")
    .option("--data <directory>", "where to leave everything instead of a temporary directory")
    .addHelpText(
      "after",
      `
Starts the same server as 'up', then uses it from outside, over HTTP, MQTT and JSON-RPC only. It leaves a receipt, an
anchors file and consortium.json, and prints the line that verifies them.`,
    )
    .action(async (options: { data?: string }) => {
      const { playDemo } = await import("../demo/play.ts");
      await playDemo(options.data ?? mkdtempSync(join(tmpdir(), "twinward-demo-")));
    });
}
