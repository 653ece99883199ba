import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { bundle } from "../helpers/bundle.ts";

const configFile = fileURLToPath(new URL("../../apps/console/vite.config.ts", import.meta.url));

/** Builds the console as `npm ci` does, into a directory of its own (the caller removes it). */
export async function buildConsole(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), "twinward-console-"));
  await bundle({ configFile, logLevel: "error", build: { outDir: directory, emptyOutDir: true } });
  return directory;
}
