import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { JudgeSpeed } from "./judge-speed.ts";

/** The aims. */
const MOST_MS = 0.2;
const LEAST_PER_SECOND = 10_000;
const PART = fileURLToPath(new URL("judge-speed.ts", import.meta.url));

/** How fast a hybrid judges, in a process of its own: the memory that is measured is its own. */
export async function measureSpeed(seconds: number): Promise<JudgeSpeed> {
  const { stdout } = await promisify(execFile)(process.execPath, [PART, String(seconds)]);
  return JSON.parse(stdout) as JudgeSpeed;
}

export function tellSpeed({ engine, steps, signals, windowMs, windowsPerSecond, memory }: JudgeSpeed): string {
  return [
    `A hybrid of both networks, windows of ${steps} rows of ${signals} signals, from numbers to a score; ${engine}, one core:`,
    `${windowMs.toPrecision(2)} ms for a row that streams by (aim: at most ${MOST_MS})`,
    `${Math.round(windowsPerSecond)} rows of a file a second (aim: at least ${LEAST_PER_SECOND})`,
    `${memory.open} MB, with ${memory.bare} MB of it before the judge; ${memory.most} MB at most`,
  ].join("\n");
}
