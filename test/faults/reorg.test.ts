import { expect } from "chai";
import { eventually } from "../server/chain/ask.ts";
import { anchoredWorld } from "./anchored-world.ts";

describe("faults: a chain that takes back what it said", () => {
  const world = anchoredWorld();

  for (const depth of [1, 8]) {
    it(`anchors again what a reorganisation of depth ${depth} took`, () => world.survivesReorganisation(depth));
  }

  it("lets the transactions that a reorganisation threw out come back beside the new ones", async () => {
    for (let n = 0; n < 4; n++) await world.anchorOne();
    const sent = world.node.calls.filter(({ method }) => method === "eth_sendRawTransaction").slice(-4);
    await world.make("anvil_reorg", 4, []);
    for (const { params } of sent) await world.make("eth_sendRawTransaction", params[0]).catch(() => undefined);
    await world.insert(3);
    await world.settled();
    await world.expectWhole();
  });

  it("opens its stream again when the opening itself was taken back", async () => {
    await world.anchorOne();
    await world.make("anvil_reorg", 2, []);
    await world.insert(1);
    await world.settled();
    await world.expectWhole();
  });

  it("goes on after a reorganisation while it was not running", async () => {
    for (let n = 0; n < 5; n++) await world.anchorOne();
    await world.stop();
    await world.make("anvil_reorg", 3, []);
    await world.insert(2);
    await world.start();
    await world.settled();
    await world.expectWhole();
  });

  for (const running of [true, false]) {
    it(`wakes a node that forgot its last second, ${running ? "while it ran" : "before it starts"}`, async () => {
      for (let n = 0; n < 4; n++) await world.anchorOne();
      if (!running) await world.stop();
      const seen = world.chain.view();
      await world.make("anvil_rollback", 3);
      if (!running) await world.start();
      // Until another block contradicts it, what was seen stays so and nothing may rest on the node.
      await eventually(() => world.troubles.some(({ code }) => code === "CHAIN_BEHIND") || undefined);
      expect(world.chain.view().streamSize(world.stream)).to.equal(4);
      expect(world.chain.view().head).to.deep.equal(seen.head);
      await world.insert(1);
      await world.settled();
      await world.expectWhole();
    });
  }
});
