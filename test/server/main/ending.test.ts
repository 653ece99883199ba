import { expect } from "chai";
import pino from "pino";
import { Writable } from "node:stream";
import { Ending, FOUNDATION_WITHIN_MS } from "../../../server/main/ending.ts";

const never = (): Promise<void> => new Promise(() => undefined);

describe("the end of a server", () => {
  let said = "";
  let ended: string[] = [];
  const make = (): Ending => {
    [said, ended] = ["", []];
    return new Ending(pino(new Writable({ write: (chunk: Buffer, _, done) => ((said += chunk.toString()), done()) })));
  };
  const part = (name: string) => async (): Promise<void> => void ended.push(name);

  it("closes what was opened in the opposite order, after letting nothing more in, and once", async () => {
    const ending = make();
    ending.lastly(part("lock"));
    ending.onClose("database", part("database"), FOUNDATION_WITHIN_MS);
    ending.onClose("gateway", part("gateway"));
    ending.onStop(() => ended.push("door"));
    expect(ending.hasBegun).to.equal(false);
    await Promise.all([ending.close(), ending.close()]);
    expect(ending.hasBegun).to.equal(true);
    expect(ended).to.deep.equal(["door", "gateway", "database", "lock"]);
  });

  it("passes over a part that does not end, and one that fails, and says which", async () => {
    const ending = make();
    ending.lastly(part("lock"));
    ending.onClose("outbox", part("outbox"));
    ending.onClose("stuck", never, 50);
    ending.onClose("broken", () => Promise.reject(new Error("no")));
    await ending.close();
    expect(ended).to.deep.equal(["outbox", "lock"]);
    expect(said)
      .to.match(/"part":"stuck".*passed over/)
      .and.to.match(/"part":"broken"/);
  });

  it("keeps the next process out where the database or the chain may still write", async () => {
    const ending = make();
    ending.lastly(part("lock"));
    ending.onClose("database", () => Promise.reject(new Error("no")), FOUNDATION_WITHIN_MS);
    await ending.close();
    expect(ended).to.deep.equal([]);
  });

  it("takes 8 s at most, however many parts are stuck", async () => {
    const ending = make();
    for (let n = 0; n < 4; n++) ending.onClose(`foundation ${n}`, never, 1_000);
    for (let n = 0; n < 4; n++) ending.onClose(`room ${n}`, never, 700);
    const began = performance.now();
    await ending.close();
    // A tenth of a second for each whose time was over, and nothing adds up.
    expect(performance.now() - began).to.be.lessThan(1_000 + 8 * 150);
  });
});
