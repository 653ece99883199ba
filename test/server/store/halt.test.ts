import { expect } from "chai";
import { TwinwardError } from "../../../protocol/errors.ts";
import type { Tx } from "../../../server/store/database.ts";
import { readStreamSize } from "../../../server/store/read-leaves.ts";
import { openWorld, type World } from "../../helpers/gateway-world.ts";

const codeOf = (error: unknown): unknown => (error instanceof TwinwardError ? error.code : error);
const NOTHING = { entries: [], result: () => "done" };

describe("store: a committer that is halted", () => {
  let world: World;
  let other: World;
  before(async () => {
    [world, other] = await Promise.all([openWorld(), openWorld()]);
  });
  after(() => Promise.all([world.close(), other.close()]));

  it("finishes what is under way, and refuses whoever waits and whoever comes, with the reason", async () => {
    const begun = Promise.withResolvers<void>();
    const gate = Promise.withResolvers<void>();
    const underWay = world.committer.submit(async () => {
      begun.resolve();
      await gate.promise;
      return NOTHING;
    });
    await begun.promise;
    const waiting = world.committer.submit(async () => NOTHING).catch(codeOf);
    world.committer.halt(new TwinwardError("ANCHOR_CONFLICT", { batch: 3 }));
    gate.resolve();
    expect(await underWay).to.equal("done");
    expect(await waiting).to.equal("ANCHOR_CONFLICT");
    expect(await world.committer.submit(async () => NOTHING).catch(codeOf)).to.equal("ANCHOR_CONFLICT");
  });

  it("lets the gateway promise nothing any more: a device is told so, and keeps its readings", async () => {
    const device = world.device();
    expect(await world.gateway.accept([await device.next()]).catch(codeOf)).to.equal("ANCHOR_CONFLICT");
    expect(await readStreamSize(world.database)).to.equal(0);
  });

  it("tries nothing again one by one that was rolled back before it was halted", async () => {
    let tries = 0;
    const work = (wrong: boolean) => async (tx: Tx) => {
      tries++;
      if (wrong) {
        other.committer.halt(new TwinwardError("ANCHOR_CONFLICT", { batch: 3 }));
        await tx.query("select 1 / 0");
      }
      return NOTHING;
    };
    const together = [false, true].map((wrong) => other.committer.submit(work(wrong)).catch(codeOf));
    expect(await Promise.all(together)).to.deep.equal(["ANCHOR_CONFLICT", "ANCHOR_CONFLICT"]);
    expect(tries).to.equal(2);
  });
});
