import { expect } from "chai";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { openWorld } from "../../helpers/gateway-world.ts";

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

const PER_REQUEST = 60;

/** Bytes that are held by anything, garbage collected first. */
async function held(): Promise<number> {
  // What was resolved last is let go of in the next turns of the event loop.
  for (let round = 0; round < 3; round++) {
    await new Promise((resolve) => setImmediate(resolve));
    collect();
  }
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

describe("gateway: memory", () => {
  it("holds nothing of a reading once it is answered", async () => {
    const world = await openWorld();
    try {
      const device = world.device();
      const send = async (requests: number): Promise<void> => {
        for (; requests > 0; requests--) {
          const texts: string[] = [];
          while (texts.length < PER_REQUEST) texts.push(await device.next({}, 10));
          await world.gateway.accept(texts);
        }
      };
      await send(10);
      const before = await held();
      await send(30);
      // A reading is some 3 kB as text and as much again as what is sealed.
      const perReading = ((await held()) - before) / (30 * PER_REQUEST);
      expect(perReading).to.be.below(1_000);
    } finally {
      await world.close();
    }
  });
});
