// The write points that no embedded chain reaches: a letter of the outbox is replaced by a dearer one, for there transactions are
// free; and what was followed is forgotten, for it takes nothing back. What the fault table does there with a server's process is
// done here with what a server's process does.
import { expect } from "chai";
import type { Tx } from "../../server/store/database.ts";
import { eventually } from "../server/chain/ask.ts";
import { anchoredWorld } from "./anchored-world.ts";
import type { Mode } from "./write-faults.ts";
import { BARE_CHAIN_POINTS } from "./write-points.ts";

const MODES = ["failed", "persisted", "killed", "killed-after"] as const satisfies Mode[];
const isMade = (mode: Mode): boolean => mode === "persisted" || mode === "killed-after";

describe("faults: every write point that only another chain reaches", function () {
  this.timeout(120_000);
  const world = anchoredWorld();

  /** Has the write fail once, as `mode` says; resolves with what is put back when that has happened. */
  function breakOnce(point: string, mode: Mode): () => Promise<void> {
    const { database } = world;
    const whole = Object.getOwnPropertyDescriptors(database);
    const [query, transaction] = [database.query.bind(database), database.transaction.bind(database)];
    const injected = new Error(`injected: ${mode}`);
    let happened = false;
    const takes = (sql: string): boolean => !happened && sql.startsWith(point) && (happened = true);
    Object.assign(database, {
      query: async (...words: Parameters<typeof query>) => {
        if (!takes(words[0])) return query(...words);
        if (isMade(mode)) await query(...words);
        throw injected;
      },
      transaction: async (work: (tx: Tx) => Promise<unknown>) => {
        let isHit = false;
        const value = await transaction(async (tx) =>
          work({
            ...tx,
            query: async (...words) => {
              isHit ||= takes(words[0]);
              if (isHit && !isMade(mode)) throw injected;
              return tx.query(...words);
            },
          }),
        );
        // Made is what is committed.
        if (isHit) throw injected;
        return value;
      },
    });
    return async () => {
      await eventually(() => happened || undefined, 20_000);
      Object.defineProperties(database, whole);
      if (!mode.startsWith("killed")) return;
      await world.stop();
      await world.start();
    };
  }

  for (const point of BARE_CHAIN_POINTS.price)
    for (const mode of MODES)
      it(`price: ${point}, ${mode}`, async () => {
        await world.make("anvil_setBalance", world.sender.address, "0xde0b6b3a7640000");
        await world.anchorOne();
        await world.make("evm_setAutomine", false);
        await world.insert(2);
        const [cheap] = await eventually(async () => {
          const waiting = await world.outbox.waiting();
          return waiting.length > 0 ? waiting : undefined;
        });
        const repaired = breakOnce(point, mode);
        await world.make("anvil_setNextBlockBaseFeePerGas", "0x3b9aca00");
        await world.make("anvil_mine", "0x1");
        await repaired();
        const dearer = await eventually(async () => {
          const [now] = await world.outbox.waiting();
          return now !== undefined && now.hash !== cheap?.hash ? now : undefined;
        }, 20_000);
        expect([dearer.nonce, dearer.purpose]).to.deep.equal([cheap?.nonce, cheap?.purpose]);
        await world.make("evm_setAutomine", true);
        await world.make("anvil_mine", "0x1");
        await world.settled();
        await world.expectWhole();
        await world.make("anvil_setNextBlockBaseFeePerGas", "0x0");
        await world.make("anvil_mine", "0x1");
      });

  for (const point of BARE_CHAIN_POINTS.rewind)
    for (const mode of MODES)
      it(`rewind: ${point}, ${mode}`, async () => {
        for (let n = 0; n < 4; n++) await world.anchorOne();
        const repaired = breakOnce(point, mode);
        await world.make("anvil_reorg", 3, []);
        await repaired();
        await world.insert(2);
        await world.settled();
        await world.expectWhole();
      });
});
