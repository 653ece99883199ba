import { readdirSync, readFileSync, writeFileSync } from "node:fs";

/** Linux counts a process's time in hundredths of a second. */
const TICKS = 100;

interface Stat {
  readonly pid: number;
  readonly parent: number;
  /** Seconds of itself, its threads, and its children that ended and were waited for. */
  readonly seconds: number;
}

function statOf(pid: number): Stat | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The name stands in parentheses and may hold anything.
    const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
    const ticks = [11, 12, 13, 14].reduce((sum, at) => sum + Number(fields[at]), 0);
    return { pid, parent: Number(fields[1]), seconds: ticks / TICKS };
  } catch {
    return undefined; // It has ended.
  }
}

/** CPU seconds that a process and everything it started have used so far. Linux only. */
export function cpuSeconds(pid: number): number {
  const all = readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => statOf(Number(name)) ?? []);
  const family = new Set([pid]);
  for (let before = 0; before !== family.size;) {
    before = family.size;
    for (const each of all) if (family.has(each.parent)) family.add(each.pid);
  }
  return all.reduce((sum, each) => sum + (family.has(each.pid) ? each.seconds : 0), 0);
}

/** Memory of one process now and at its highest, bytes. Linux only. */
export function memoryOf(pid: number): { readonly now: number; readonly most: number } {
  const text = readFileSync(`/proc/${pid}/status`, "utf8");
  const read = (name: string): number => 1024 * Number(new RegExp(`^${name}:\\s+(\\d+) kB`, "m").exec(text)?.[1]);
  return { now: read("VmRSS"), most: read("VmHWM") };
}

/** From here on `memoryOf` tells the highest since now. Linux only. */
export function forgetMost(pid: number): void {
  writeFileSync(`/proc/${pid}/clear_refs`, "5");
}

/** CPU seconds of the machine since it started: those at work, for whomever, and all. */
export function machineSeconds(): { readonly busy: number; readonly all: number } {
  const line = readFileSync("/proc/stat", "utf8").split("\n", 1)[0] ?? "";
  const [user = 0, nice = 0, system = 0, idle = 0, wait = 0, hard = 0, soft = 0, stolen = 0] = line
    .split(/\s+/)
    .slice(1)
    .map((ticks) => Number(ticks) / TICKS);
  const busy = user + nice + system + hard + soft + stolen;
  return { busy, all: busy + idle + wait };
}
