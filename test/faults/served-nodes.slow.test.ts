// One of two nodes fails under a whole server, while a device sends and readers read; after each fault, the audit.
import { expect } from "chai";
import { Transaction } from "ethers";
import type { Hex } from "../../protocol/bytes.ts";
import { everyDoor } from "../helpers/every-door.ts";
import { until } from "../helpers/journey.ts";
import {
  breaksOffEvery,
  HONEST,
  oldHead,
  stuckAt,
  swallows,
  type Answer,
  type Behaviour,
  type Call,
  type FaultyNode,
} from "./faulty-node.ts";
import { ServedChain } from "./served-chain.ts";

const CUT: Behaviour = async () => "cut";
const HANG: Behaviour = async () => "hang";
const LIMITED: Behaviour = async () => ({ error: { code: -32005, message: "limit exceeded" } });

/** Whether a call's answer is a receipt of something that was mined, and which. */
const receiptIn = ({ method }: Call, answer: Answer): Receipt | undefined =>
  method === "eth_getTransactionReceipt" && "result" in answer
    ? ((answer.result as Receipt | null) ?? undefined)
    : undefined;
interface Receipt {
  readonly status: Hex;
  readonly transactionHash: Hex;
}

/** A node that makes of each receipt something else; how often it did. */
function lying(lie: (receipt: Receipt) => Receipt | null): {
  readonly behaviour: Behaviour;
  readonly lies: () => number;
} {
  let lies = 0;
  const behaviour: Behaviour = async (call, pass) => {
    const answer = await pass();
    const receipt = receiptIn(call, answer);
    if (receipt === undefined) return answer;
    lies += 1;
    return { result: lie(receipt) };
  };
  return { behaviour, lies: () => lies };
}

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
  /** The one that is asked from now on, for as long as it answers. */
  const isAsked = (one: FaultyNode): Promise<void> =>
    world.behaves(one === first ? second : first, CUT, () => anchors(1));

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

  for (const nth of [2, 3])
    it(`both break off at every call number ${nth}: it goes on`, () =>
      world.survives(async () => {
        [first.behaviour, second.behaviour] = [breaksOffEvery(nth), breaksOffEvery(nth)];
        await anchors(3);
        await world.traffic.hears("device", "ack", 3);
        await world.traffic.hears("reader", "data");
        await world.traffic.hears("revoked", "GRANT_REVOKED");
        [first.behaviour, second.behaviour] = [HONEST, HONEST];
      }));

  for (const which of ["first", "second"] as const)
    it(`the ${which} names an old block as its newest, and has all the others: it goes on with the other`, () =>
      world.survives(async () => {
        await isAsked(node(which));
        const before = node(which).calls.length;
        await world.behaves(node(which), oldHead((await world.head()) - 3), () => anchors(3));
        expect(node(which).calls.length).to.be.greaterThan(before);
      }));

  for (const [what, lie] of [
    ["that everything was reverted", (receipt) => ({ ...receipt, status: "0x0" })],
    ["that it has none", () => null],
  ] as const satisfies (readonly [string, (receipt: Receipt) => Receipt | null])[])
    it(`the first says of receipts ${what}: it anchors on, and its audit finds no lie`, () =>
      world.survives(async () => {
        await isAsked(first);
        const liar = lying(lie);
        await world.behaves(first, liar.behaviour, async () => {
          await anchors(3);
          expect(await world.auditNow()).to.equal("[]");
        });
        expect(liar.lies()).to.be.greaterThan(2);
      }));

  for (const which of ["first", "second"] as const)
    it(`the ${which} takes what is sent, throws it away and says that it was mined: it anchors on by the other`, () =>
      world.survives(async () => {
        await isAsked(node(which));
        const [newest] = (await world.server.client.anchors({ limit: 1 })).anchors;
        const before = node(which).calls.length;
        await world.behaves(node(which), swallows(newest?.transaction), () => anchors(3));
        const offered = node(which)
          .calls.slice(before)
          .filter(({ method }) => method === "eth_sendRawTransaction");
        expect(offered.length).to.be.greaterThan(2);
      }));

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

  it("the first lies about every receipt until the server is stopped: all is whole by the second alone", async () => {
    await isAsked(first);
    const liar = lying((receipt) => ({ ...receipt, status: "0x0" }));
    first.behaviour = liar.behaviour;
    await anchors(3);
    expect(liar.lies()).to.be.greaterThan(2);
    await world.isWholeStopped({ RPC_URL: second.url });
  });
});

const senderOf = (raw: unknown): string | undefined => Transaction.from(raw as Hex).from?.toLowerCase();
