// The one write point that no embedded chain reaches, because its transactions are free: a letter of the outbox is replaced by a
// dearer one. What the fault table does there with a server's process is done here with what a server's process does.
import { expect } from "chai";
import { eventually } from "../server/chain/ask.ts";
import { anchoredWorld } from "./anchored-world.ts";
import type { Mode } from "./write-faults.ts";

const POINT = /^update outbox/;

describe("faults: outbox: update outbox", function () {
  this.timeout(120_000);
  const world = anchoredWorld();

  for (const mode of ["failed", "persisted", "killed", "killed-after"] satisfies Mode[]) {
    it(mode, async () => {
      await world.make("anvil_setBalance", world.sender.address, "0xde0b6b3a7640000");
      await world.anchorOne();
      await world.make("evm_setAutomine", false);
      await world.insert(2);
      const [cheap] = await eventually(async () => {
        const waiting = await world.outbox.waiting();
        return waiting.length > 0 ? waiting : undefined;
      });

      let happened = false;
      const query = world.database.query.bind(world.database);
      const broken: typeof query = async <T>(sql: string, parameters: Parameters<typeof query>[1]) => {
        if (happened || !POINT.test(sql)) return query<T>(sql, parameters);
        happened = true;
        if (mode === "persisted" || mode === "killed-after") await query(sql, parameters);
        throw new Error(`injected: ${mode}`);
      };
      const whole = Object.getOwnPropertyDescriptors(world.database);
      Object.assign(world.database, { query: broken });
      await world.make("anvil_setNextBlockBaseFeePerGas", "0x3b9aca00");
      await world.make("anvil_mine", "0x1");
      await eventually(() => happened || undefined, 20_000);
      Object.defineProperties(world.database, whole);
      if (mode.startsWith("killed")) {
        await world.stop();
        await world.start();
      }

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
  }
});
