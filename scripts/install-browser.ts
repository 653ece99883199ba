import { execFileSync } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { pathToFileURL } from "node:url";

const CHROMIUM = "/usr/bin/chromium";

/** Where the browser is, or why there is none. */
export type Browser = { path: string } | { absent: string };

/**
 * Finds the browser of the console's tests, and installs Debian's where it is missing and we may: on Linux with
 * apt-get, as root. `CHROMIUM` names another one. Nothing is downloaded from anywhere but the system's own archive.
 */
export function installBrowser(say: (line: string) => void = () => undefined): Browser {
  const wanted = process.env.CHROMIUM ?? CHROMIUM;
  if (canRun(wanted)) return { path: wanted };
  if (process.env.CHROMIUM !== undefined) return { absent: `CHROMIUM names ${wanted}, which cannot be run` };
  if (process.platform !== "linux") return { absent: "no Chromium here; set CHROMIUM to the path of one" };
  if (process.getuid?.() !== 0)
    return { absent: "no Chromium, and only root may install it: apt-get install chromium" };
  try {
    say("installing Debian's chromium …");
    apt("update");
    apt("install", "--yes", "--no-install-recommends", "chromium");
  } catch (error) {
    const said = error instanceof Error && "stderr" in error ? String(error.stderr).trim().split("\n").at(-1) : "";
    return { absent: `apt-get could not install chromium${said === "" ? "" : `: ${said}`}` };
  }
  return canRun(wanted) ? { path: wanted } : { absent: "apt-get installed chromium, but it is not where it should be" };
}

function canRun(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false; // absent or not executable: both mean "install it"
  }
}

function apt(...words: string[]): void {
  execFileSync("apt-get", ["--quiet", "--quiet", ...words], {
    stdio: ["ignore", "ignore", "pipe"],
    timeout: 300_000,
    env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" },
  });
}

// Run as a program (`node scripts/install-browser.ts`): say what there is.
if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const browser = installBrowser(console.log);
  console.log("path" in browser ? `chromium: ${browser.path}` : `no browser: ${browser.absent}`);
  if ("absent" in browser) process.exitCode = 1;
}
