import { expect } from "chai";
import { createRandom } from "../../ml/random.ts";
import type { Hex } from "../../protocol/bytes.ts";
import { Outbox } from "../../server/chain/outbox.ts";
import { BROKEN } from "./simulation/broken-parts.ts";
import { simulate } from "./simulation/simulate.ts";
import { NAMED, seedsFrom, simulateMany } from "./simulation/simulate-many.ts";
import { MemoryTables } from "./simulation/memory-database.ts";
import { CHAIN_ID, GROUP, parseRaw, signer, SimulatedChain, type Pending } from "./simulation/simulated-chain.ts";
import { connectNode, FAIR } from "./simulation/simulated-node.ts";
import { VirtualClock } from "./simulation/virtual-clock.ts";

const COUNT = 70;

/** Where the search for a mistake begins that few schedules bring to light; they are counted on from there as from any other. */
const BEGINS: Readonly<Record<string, number>> = {
  "a gateway that keeps nothing of what it holds": 95,
  "a committer that acks before it has committed": 25,
};

/** What it fails with; nothing where it does not. */
const failureOf = async (work: Promise<unknown>): Promise<string> => {
  const error: unknown = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  return error instanceof Error ? error.message : "";
};

const isDone = (work: Promise<unknown>): (() => boolean) => {
  let done = false;
  void work.then(() => (done = true));
  return () => done;
};

/** The same key's transaction, from elsewhere. */
async function another(nonce: number, gasPrice: bigint): Promise<Pending> {
  const letter = { chainId: CHAIN_ID, nonce, to: GROUP, data: "0x01", gasLimit: 30_000n, gasPrice, type: 0 as const };
  return parseRaw((await signer.signTransaction(letter)) as Hex);
}

describe("faults: gateway, anchor loop and outbox on a simulated chain", () => {
  it(`anchors every acked reading exactly once, whatever goes wrong (${NAMED?.length ?? COUNT} schedules)`, () =>
    simulateMany(NAMED ?? seedsFrom(1, COUNT)));

  it("pays more for each of two transactions that lie under dearer ones, as in a schedule that failed once", async () => {
    const [clock, chain, random] = [new VirtualClock(), new SimulatedChain(0, []), createRandom("two too cheap")];
    let weather = { ...FAIR, swallows: 1 };
    const provider = connectNode(chain, () => weather, clock, random);
    const outbox = new Outbox({ database: new MemoryTables().connect(clock, random), provider, signer, clock });
    chain.price = 1_000n;
    const sent = ["one", "two"].map((purpose) => outbox.send({ purpose, to: GROUP, data: "0x", gasLimit: 30_000n }));
    expect(await clock.run(10_000, isDone(Promise.all(sent)))).to.equal(true);
    // Too dear for ours to replace, too cheap to be mined.
    chain.pool = await Promise.all([0, 1].map((nonce) => another(nonce, 900n)));
    weather = FAIR;
    void outbox.recover();
    const mine = (): void => {
      chain.mine(clock.now());
      clock.after(400, mine);
    };
    mine();
    expect(await clock.run(60_000, () => chain.head.after.nonce === 2), "both are mined").to.equal(true);
    await outbox.close();
  });

  it("goes the same way from the same seed", async () => {
    for (const seed of seedsFrom(1, 3)) expect(await simulate(seed)).to.deep.equal(await simulate(seed));
  });

  for (const [part, makers] of Object.entries(BROKEN))
    it(`finds ${part}, and names the seed that shows it again`, async () => {
      const failure = await failureOf(simulateMany(seedsFrom(BEGINS[part] ?? 1, COUNT), makers));
      const [, seed = "none"] = /^seed (\d+): /.exec(failure) ?? [];
      expect(failure).to.include(`SEED=${seed} npx mocha`);
      expect(await failureOf(simulateMany([seed], makers))).to.equal(failure);
      // It is the part's fault, not the schedule's.
      await simulate(seed);
    });
});
