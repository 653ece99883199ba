// Who may call what: every function that changes anything × everybody, from the ABIs. Each call is tried, none is sent, on
// one consortium in which everything that may be done can be done next, so that only the caller differs.
import { expect } from "chai";
import { ALL_CONTRACTS, type ContractName } from "../../protocol/words.ts";
import { interfaces } from "../../server/chain/interfaces.ts";
import { build } from "./callers/build.ts";
import { rowsOf } from "./callers/rows.ts";
import { CAST, type World } from "./callers/world.ts";

describe("who may call what", () => {
  let world: World;
  let rows: Awaited<ReturnType<typeof rowsOf>>;
  before(async () => {
    const ground = await build();
    world = ground.world;
    rows = await rowsOf(ground);
  });

  it("has a row for every function that changes anything", () => {
    const functions = ALL_CONTRACTS.flatMap((name) => {
      const found: string[] = [];
      interfaces[name].forEachFunction((one) => {
        if (!one.constant) found.push(`${name}.${one.name}`);
      });
      return found;
    });
    expect(Object.keys(rows).sort()).to.deep.equal(functions.sort());
  });

  it("has somebody who does it in every row, or says why nobody may", () => {
    const idle = Object.entries(rows).filter(
      ([, tries]) =>
        !tries.some(({ others, but = {}, never }) => [others, ...Object.values(but), never].includes("done")),
    );
    const silent = idle.filter(([, tries]) => !tries.some(({ never }) => never));
    expect(silent.map(([name]) => name)).to.deep.equal([]);
    expect(idle.map(([name]) => name)).to.deep.equal(["Operators.consumeScheduledOp"]);
  });

  it("lets everybody do exactly what their row says", async () => {
    const wrong: string[] = [];
    for (const [name, tries] of Object.entries(rows)) {
      const [contract, method] = name.split(".") as [ContractName, string];
      for (const [place, row] of tries.entries()) {
        const outcomes = await Promise.all(CAST.map((caller) => world.outcome(caller, contract, method, row)));
        for (const [i, caller] of CAST.entries()) {
          const [expected, got] = [row.but?.[caller] ?? row.others, outcomes[i]];
          if (got !== expected) wrong.push(`${name}, try ${place + 1}, by ${caller}: ${expected} expected, ${got}`);
        }
      }
    }
    expect(wrong).to.deep.equal([]);
  });
});
