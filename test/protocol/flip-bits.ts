import { TwinwardError, utf8, verifyReceipt, writeReceipt, type Receipt } from "../../protocol/index.ts";
import { trustOf, type TestWorld } from "./world.ts";

/** What came of a one-bit change of a receipt's bytes, for each bit, or for every `step`-th of them. */
export async function flipBits(
  receipt: Receipt,
  world: TestWorld,
  step = 1,
): Promise<{ failed: number; unusable: number; wrong: string[] }> {
  const trust = trustOf(world);
  const bytes = utf8(`${writeReceipt(receipt)}\n`);
  let failed = 0;
  let unusable = 0;
  const wrong: string[] = [];
  for (let at = 0; at < bytes.length * 8; at += step) {
    const flipped = bytes.slice();
    flipped[at >> 3] = (flipped[at >> 3] ?? 0) ^ (1 << (at & 7));
    try {
      const { outcome, checks } = await verifyReceipt(flipped, trust);
      if (outcome === "failed" && checks.some(({ result, detail }) => result === "failed" && detail !== "")) failed++;
      else wrong.push(`bit ${at}: ${outcome}`);
    } catch (error) {
      if (
        !(error instanceof TwinwardError) ||
        error.code !== "UNUSABLE_RECEIPT" ||
        typeof error.facts.path !== "string"
      ) {
        throw error;
      }
      unusable++;
    }
  }
  return { failed, unusable, wrong };
}
