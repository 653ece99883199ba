import { accessSync, constants } from "node:fs";
import { pathToFileURL } from "node:url";
import { findOrInstall, type Found } from "./debian-package.ts";

const CHROMIUM = "/usr/bin/chromium";

/** Finds the browser of the console's tests, or installs Debian's. `CHROMIUM` names another one. */
export function installBrowser(say?: (line: string) => void): Found {
  const find = (): string | undefined => {
    const wanted = process.env.CHROMIUM ?? CHROMIUM;
    return canRun(wanted) ? wanted : undefined;
  };
  return findOrInstall({ package: "chromium", variable: "CHROMIUM", find }, say);
}

function canRun(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false; // absent or not executable: both mean "install it"
  }
}

// Run as a program (`node scripts/install-browser.ts`): say what there is.
if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const browser = installBrowser(console.log);
  console.log("path" in browser ? `chromium: ${browser.path}` : `no browser: ${browser.absent}`);
  if ("absent" in browser) process.exitCode = 1;
}
