import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium, type BrowserContext } from "playwright-core";
import { installBrowser } from "../../scripts/install-browser.ts";

export interface OpenBrowser {
  context: BrowserContext;
  close(): Promise<void>;
}

/** Debian's Chromium with a profile of its own, asking nobody but us. Where there is none the tests are skipped, but never in CI. */
export async function openBrowser(test: Mocha.Context): Promise<OpenBrowser> {
  const browser = installBrowser((line) => console.log(`      ${line}`));
  if ("absent" in browser) {
    if (process.env.CI === "true") throw new Error(`no browser: ${browser.absent}`);
    console.log(`      skipped: ${browser.absent}`);
    test.skip();
  }
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
