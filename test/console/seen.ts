import { expect } from "chai";
import type { Page } from "playwright-core";
import { expectAccessible } from "./axe.ts";

const VIEWS = [
  ["light", "light", 1280],
  ["dark", "dark", 1280],
  ["phone", "light", 360],
] as const;

/** Nobody is kept out by colour, contrast, names or a small screen; SCREENSHOTS names a folder for people to look at. */
export async function seen(page: Page, name: string): Promise<void> {
  const { SCREENSHOTS } = process.env;
  for (const [what, colorScheme, width] of VIEWS) {
    await page.emulateMedia({ colorScheme });
    await page.setViewportSize({ width, height: 900 });
    await expectAccessible(page, `${name}, ${what}`);
    const wider = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    expect(wider, `${name}, ${what}: scrolls sideways`).to.be.at.most(0);
    if (SCREENSHOTS !== undefined)
      await page.screenshot({ path: `${SCREENSHOTS}/${name}-${what}.png`, fullPage: true });
  }
  await page.setViewportSize({ width: 1280, height: 900 });
}
