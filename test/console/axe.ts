import axe from "axe-core";
import { expect } from "chai";
import type { Page } from "playwright-core";

const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

/** Runs axe in the page as it is now; a violation fails with its rule, its places and what to do. */
export async function expectAccessible(page: Page, where: string): Promise<void> {
  // Evaluated by the browser's debugger, not as a script of the page: the page policy stays as strict as it is.
  await page.evaluate(axe.source);
  const found = await page.evaluate(async (rules) => {
    const run = (globalThis as unknown as { axe: typeof axe }).axe;
    const { violations } = await run.run(document, { runOnly: { type: "tag", values: rules } });
    return violations.map(({ id, help, nodes }) => `${id}: ${help} at ${nodes.map((node) => node.html).join(" | ")}`);
  }, RULES);
  expect(found, where).to.deep.equal([]);
}
