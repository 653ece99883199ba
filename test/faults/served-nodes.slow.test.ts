// One of two nodes fails under a whole server, while a device sends and readers read; after each fault, the audit.
import { expect } from "chai";
import { Transaction } from "ethers";
import type { Hex } from "../../protocol/bytes.ts";
import { everyDoor } from "../helpers/every-door.ts";
import { until } from "../helpers/journey.ts";
import { HONEST, stuckAt, type Behaviour, type FaultyNode } from "./faulty-node.ts";
import { ServedChain } from "./served-chain.ts";

const CUT: Behaviour = async () => "cut";
const HANG: Behaviour = async () => "hang";
const LIMITED: Behaviour = async () => ({ error: { code: -32005, message: "limit exceeded" } });

describe("faults: one of two nodes of a whole server that goes on taking readings", function () {
  this.timeout(300_000);
  const world = new ServedChain();
  let first: FaultyNode;
  let second: FaultyNode;
  before(async () => {
    await world.open(2);
    [first, second] = world.nodes as [FaultyNode, FaultyNode];
  });
  afterEach(() => {
    first.behaviour = second.behaviour = HONEST;
  });
  after(() => world.close());

  /** So many more anchors than there were. */
  const anchors = async (more: number): Promise<void> => {
    const newest = async (): Promise<number> =>
      (await world.server.client.anchors({ limit: 1 })).anchors[0]?.number ?? 0;
    const wanted = (await newest()) + more;
    await until(`${more} more are anchored`, async () => (await newest()) >= wanted || undefined, 120_000);
  };
  const node = (which: "first" | "second"): FaultyNode => (which === "first" ? first : second);

  for (const which of ["first", "second"] as const) {
    for (const [what, behaviour] of [
      ["breaks off", CUT],
      ["does not answer", HANG],
      ["says that it cannot", LIMITED],
    ] as const satisfies (readonly [string, Behaviour])[]) {
      it(`the ${which} ${what}: it goes on with the other`, () =>
        world.survives(async () => {
          await world.behaves(node(which), behaviour, () => anchors(2));
          expect(world.traffic.told("device").get("ack") ?? 0).to.be.greaterThan(0);
        }));
    }

    it(`the ${which} is stuck at an old block, and loses what it is sent: it goes on with the other`, () =>
      world.survives(async () => {
        await world.behaves(node(which), stuckAt((await world.head()) - 3), () => anchors(3));
      }));
  }

  it("the first is stuck at the block before a revocation: nobody reads by that grant for longer than it is believed", () =>
    world.survives(async () => {
      const reader = await world.admit();
      expect([...new Set(Object.values(await everyDoor(reader)))]).to.deep.equal(["data"]);
      await world.holdBlocks();
      const before = first.calls.length;
      const sender = await world.sender();
      const revoked = world.revoke(reader);
      await until("the revocation is on its way", async () =>
        first.calls
          .slice(before)
          .find(({ method, params }) => method === "eth_sendRawTransaction" && senderOf(params[0]) !== sender),
      );
      await world.behaves(first, stuckAt(await world.head()), async () => {
        await world.mineEverySecond();
        await until("every door is closed", async () => {
          const told = new Set(Object.values(await everyDoor(reader)));
          return (told.size === 1 && told.has("GRANT_REVOKED")) || undefined;
        });
        // And stays closed while it is stuck.
        await anchors(2);
        expect([...new Set(Object.values(await everyDoor(reader)))]).to.deep.equal(["GRANT_REVOKED"]);
      });
      await revoked;
    }));

  it("the first is away while the chain that the second has is reorganised", () =>
    world.survives(async () => {
      const blocks = await world.anchorsIn(5);
      await world.behaves(first, CUT, async () => {
        await world.make("anvil_reorg", 5, []);
        await world.setClock();
        await world.mineEverySecond();
        await anchors(1);
      });
      const { anchors: now } = await world.server.client.anchors({ limit: 100 });
      for (const { hash } of blocks) expect(now.map(({ block }) => block.hash)).to.not.include(hash);
    }));
});

const senderOf = (raw: unknown): string | undefined => Transaction.from(raw as Hex).from?.toLowerCase();
