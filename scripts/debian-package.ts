import { execFileSync } from "node:child_process";

/** A program of the system: where it is, or why there is none. */
export type Found = { path: string } | { absent: string };

export interface Wanted {
  /** Name of the Debian package. */
  readonly package: string;
  /** Path of what we want of it, when it can be run. */
  readonly find: () => string | undefined;
  /** The environment's variable that names another one. */
  readonly variable: string;
  /** Called before it is installed. */
  readonly prepare?: () => void;
}

/**
 * Finds a program that only tests need, and installs Debian's where it is missing and we may: on Linux with apt-get, as root.
 * Nothing is downloaded from anywhere but the system's own archive.
 */
export function findOrInstall(wanted: Wanted, say: (line: string) => void = () => undefined): Found {
  const { package: name, find, variable } = wanted;
  const there = find();
  if (there !== undefined) return { path: there };
  const set = process.env[variable];
  if (set !== undefined) return { absent: `${variable} names ${set}, which cannot be run` };
  if (process.platform !== "linux") return { absent: `no ${name} here; set ${variable} to the path of one` };
  if (process.getuid?.() !== 0) return { absent: `no ${name}, and only root may install it: apt-get install ${name}` };
  try {
    say(`installing Debian's ${name} …`);
    wanted.prepare?.();
    apt("update");
    apt("install", "--yes", "--no-install-recommends", name);
  } catch (error) {
    const said = error instanceof Error && "stderr" in error ? String(error.stderr).trim().split("\n").at(-1) : "";
    return { absent: `apt-get could not install ${name}${said === "" ? "" : `: ${said}`}` };
  }
  const path = find();
  return path === undefined ? { absent: `apt-get installed ${name}, but it is not where it should be` } : { path };
}

function apt(...words: string[]): void {
  execFileSync("apt-get", ["--quiet", "--quiet", "-o", "DPkg::Lock::Timeout=120", ...words], {
    stdio: ["ignore", "ignore", "pipe"],
    timeout: 300_000,
    env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" },
  });
}
