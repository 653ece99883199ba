import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium, type BrowserContext } from "playwright-core";
import { installBrowser } from "../../scripts/install-browser.ts";

export interface OpenBrowser {
  context: BrowserContext;
  close(): Promise<void>;
}

/** Debian's Chromium with a profile of its own, asking nobody but us; or why there is none. */
export async function openBrowser(): Promise<OpenBrowser | { absent: string }> {
  const browser = installBrowser((line) => console.log(`      ${line}`));
  if ("absent" in browser) return browser;
  const profile = await mkdtemp(join(tmpdir(), "twinward-browser-"));
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: browser.path,
    headless: true,
    viewport: { width: 1280, height: 900 },
    args: [
      "--headless",
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
      "--disable-dev-shm-usage",
    ],
  });
  return {
    context,
    close: async () => {
      await context.close();
      await rm(profile, { recursive: true, force: true });
    },
  };
}
