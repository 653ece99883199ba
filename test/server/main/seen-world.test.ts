import { expect } from "chai";
import { sha256Hex } from "../../../protocol/hash.ts";
import { keptOf } from "../../../server/main/seen-world.ts";
import type { Block } from "../../../server/chain/view.ts";

const blockOf = (number: number, of = "the chain"): Block => ({
  number,
  hash: sha256Hex(`${of} ${number}`),
  timestamp: number,
});
const chain = async (number: number): Promise<Block | undefined> => (number < 1_000 ? blockOf(number) : undefined);
/** Stored: blocks 0 to 299 of the chain, the newest `gone` of another. */
const stored = (gone: number): Block[] =>
  Array.from({ length: 300 }, (_, number) => blockOf(number, number < 300 - gone ? "the chain" : "another"));

describe("how far stored blocks are the chain's", () => {
  for (const gone of [0, 1, 20, 128])
    it(`tells ${gone} that were taken back`, async () =>
      expect(await keptOf(stored(gone), chain)).to.equal(300 - gone));

  it("takes nothing for taken back where more has gone than a server would follow", async () => {
    for (const gone of [129, 299, 300]) expect(await keptOf(stored(gone), chain)).to.equal(300);
  });

  it("counts by numbers, since blocks in which nothing happened are forgotten", async () => {
    const sparse = [blockOf(0), blockOf(5), blockOf(140, "another"), blockOf(160, "another")];
    expect(await keptOf(sparse, chain)).to.equal(4);
    expect(await keptOf([blockOf(0), blockOf(139), ...sparse.slice(2)], chain)).to.equal(2);
  });

  it("leaves a block that differs below one that does not to the audit of blocks", async () => {
    expect(await keptOf([blockOf(0), blockOf(1, "another"), blockOf(2)], chain)).to.equal(3);
    expect(await keptOf([], chain)).to.equal(0);
  });
});
