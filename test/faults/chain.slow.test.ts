import { anchoredWorld } from "./anchored-world.ts";
import { survivesFailuresOf } from "./failing-method.ts";

const METHODS = [
  "eth_getLogs",
  "eth_gasPrice",
  "eth_getTransactionCount",
  "eth_getTransactionReceipt",
  "eth_blockNumber",
];

describe("faults: reorganisations of every depth, and every method that a node may fail in", function () {
  this.timeout(300_000);
  const world = anchoredWorld();

  for (let depth = 1; depth <= 20; depth++) {
    it(`depth ${depth}`, () => world.survivesReorganisation(depth));
  }
  for (const method of METHODS) it(method, () => survivesFailuresOf(world, method));
});
