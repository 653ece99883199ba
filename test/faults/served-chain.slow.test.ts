// The chain suffers under a whole server, while a device goes on sending and readers go on reading; after each fault, the audit.
import { expect } from "chai";
import { Transaction, Wallet } from "ethers";
import { readAccountKey } from "../../apps/cli/key-file.ts";
import { toHex, type Hex } from "../../protocol/bytes.ts";
import { openDatabase } from "../../server/store/database.ts";
import { everyDoor } from "../helpers/every-door.ts";
import { until } from "../helpers/journey.ts";
import type { Behaviour, Call } from "./faulty-node.ts";
import { ServedChain } from "./served-chain.ts";

const isOffer = ({ method }: Call): boolean => method === "eth_sendRawTransaction";
const sentIn = ({ params: [raw] }: Call): Transaction => Transaction.from(raw as Hex);
const CUT: Behaviour = async () => "cut";
const HANG: Behaviour = async () => "hang";

describe("faults: the chain of a whole server that goes on taking readings", function () {
  this.timeout(240_000);
  const world = new ServedChain();
  before(() => world.open());
  after(() => world.close());

  const told = (word: string) => () => world.traffic.hears("reader", word);
  const anchorsNow = async (): Promise<number> =>
    (await world.server.client.anchors({ limit: 1 })).anchors[0]?.number ?? 0;
  /** The server names none of these blocks any more. */
  const isTakenBack = (blocks: readonly { readonly hash: Hex }[]): Promise<true> =>
    until("the server knows that they are gone", async () => {
      const { anchors } = await world.server.client.anchors({ limit: 100 });
      return anchors.every(({ block }) => blocks.every(({ hash }) => hash !== block.hash)) || undefined;
    });
  /** The next transaction that the server offers to the node, while no block is made. */
  const nextOffer = async (): Promise<Transaction> => {
    await world.holdBlocks();
    const before = world.node.calls.length;
    const offer = await until("a transaction is on its way", async () => world.node.calls.slice(before).find(isOffer));
    return sentIn(offer);
  };
  const takeBack = async (method: "anvil_reorg" | "anvil_rollback", ...params: unknown[]): Promise<void> => {
    await world.make(method, ...params);
    await world.setClock();
  };

  for (const depth of [1, 8, 20]) {
    it(`a reorganisation of depth ${depth} takes what it anchored`, () =>
      world.survives(async () => {
        const blocks = await world.anchorsIn(depth);
        await takeBack("anvil_reorg", depth, []);
        // What is stored says still what was so: no lie, since the server has yet to hear of it.
        const audited = world.auditNow();
        await world.mineEverySecond();
        expect(await audited).to.equal("[]");
        await isTakenBack(blocks);
      }));
  }

  it("a reorganisation takes what it anchored, and its transactions come back beside the new ones", () =>
    world.survives(async () => {
      const blocks = await world.anchorsIn(8);
      const sent = world.sent();
      await takeBack("anvil_reorg", 8, []);
      const raws = blocks.flatMap(({ transactions }) => transactions).map(({ hash }) => sent.get(hash));
      expect(raws.length).to.be.greaterThan(0);
      for (const raw of raws) await world.make("eth_sendRawTransaction", raw).catch(() => undefined);
      await world.mineEverySecond();
      await isTakenBack(blocks);
    }));

  it("a reorganisation moves a revocation to another block: nobody reads by that grant meanwhile", () =>
    world.survives(async () => {
      const moved = await world.admit();
      await world.anchorsIn(3);
      await world.mineEverySecond();
      await world.revoke(moved);
      const sender = await world.sender();
      const raw = world.node.calls.findLast((call) => isOffer(call) && sentIn(call).from?.toLowerCase() !== sender)
        ?.params[0];
      const { hash } = Transaction.from(raw as Hex);
      await world.holdBlocks();
      const { blockNumber } = await world.make<{ blockNumber: Hex }>("eth_getTransactionReceipt", hash);
      // Two blocks more, so that it comes to stand two blocks before its place.
      const blocks = await world.newest((await world.head()) - Number(blockNumber) + 3);
      await takeBack("anvil_reorg", blocks.length, [[raw, 0]]);
      const now = await world.make<{ blockNumber: Hex }>("eth_getTransactionReceipt", hash);
      expect(Number(now.blockNumber)).to.equal(Number(blockNumber) - 2);
      let isOver = false;
      const gone = world
        .mineEverySecond()
        .then(() => isTakenBack(blocks))
        .finally(() => (isOver = true));
      const heard = new Set<string>();
      while (!isOver) for (const word of Object.values(await everyDoor(moved))) heard.add(word);
      await gone;
      expect([...heard].filter((word) => word !== "GRANT_REVOKED" && !word.startsWith("CHAIN_"))).to.deep.equal([]);
      expect(heard).to.include("GRANT_REVOKED");
    }));

  it("the node forgets its last blocks: nothing is permitted until it is woken", () =>
    world.survives(async () => {
      const blocks = await world.anchorsIn(3);
      const before = world.node.calls.length;
      await takeBack("anvil_rollback", 3);
      await told("CHAIN_BEHIND")();
      expect(await world.auditNow()).to.equal("CHAIN_BEHIND");
      await until("it is woken", async () => world.node.calls.slice(before).some(isOffer) || undefined);
      await world.mineEverySecond();
      await isTakenBack(blocks);
    }));

  it("the node forgets its last blocks, and others come in their place at once", () =>
    world.survives(async () => {
      const blocks = await world.anchorsIn(2);
      await takeBack("anvil_rollback", 2);
      await world.mineEverySecond();
      await isTakenBack(blocks);
    }));

  it("somebody with its key takes the nonce of what it sent", () =>
    world.survives(async () => {
      const { nonce, chainId, from } = await nextOffer();
      await world.make("anvil_setBalance", from, "0xde0b6b3a7640000");
      const wallet = new Wallet(toHex(readAccountKey(`${world.data}/keys/sender.key`)));
      const other = { chainId, nonce, to: from, gasLimit: 21_000, type: 0, gasPrice: 1_000_000_000 };
      const raw = await wallet.signTransaction(other);
      await world.make("eth_sendRawTransaction", raw);
      await world.mineEverySecond();
      const { hash } = Transaction.from(raw);
      await until(
        "the other one is mined",
        async () => (await world.make("eth_getTransactionReceipt", hash)) ?? undefined,
      );
    }));

  it("the node takes what is sent and throws it away", async () => {
    const offered: string[] = [];
    const losing: Behaviour = async (call, pass) => {
      if (!isOffer(call)) return pass();
      offered.push(sentIn(call).hash ?? "");
      return { result: offered.at(-1) };
    };
    const isStuck = (): Promise<true> =>
      until("it is offered again and again", async () => offered.length - new Set(offered).size > 2 || undefined);
    await world.survives(() => world.behaves(world.node, losing, isStuck));
  });

  for (const [what, price] of [
    ["above what it offered", 1_000_000_000],
    ["above its ceiling, and falls", 2_000_000_000_000],
  ] as const) {
    it(`the price of gas rises ${what}`, () =>
      world.survives(async () => {
        const cheap = await nextOffer();
        const before = world.node.calls.length;
        await world.make("anvil_setBalance", cheap.from, "0x8ac7230489e80000");
        await world.make("anvil_setNextBlockBaseFeePerGas", `0x${price.toString(16)}`);
        await world.make("anvil_mine", "0x1");
        await world.mineEverySecond();
        const dearer = await until("it pays more", async () => {
          const offers = world.node.calls.slice(before).filter(isOffer).map(sentIn);
          return offers.find(
            ({ nonce, gasPrice }) => nonce === cheap.nonce && (gasPrice ?? 0n) > (cheap.gasPrice ?? 0n),
          );
        });
        expect(dearer.data).to.equal(cheap.data);
        if (price > 1_000_000_000) expect(world.journey.said).to.include("PRICE_TOO_HIGH");
        await until(
          "it is mined",
          async () => (await world.make("eth_getTransactionReceipt", dearer.hash)) ?? undefined,
        );
        await world.make("anvil_setNextBlockBaseFeePerGas", "0x0");
      }));
  }

  it("every receipt is lost", async () => {
    const lost: Behaviour = async ({ method }, pass) =>
      method === "eth_getTransactionReceipt" ? { result: null } : pass();
    const before = await anchorsNow();
    const goesOn = (): Promise<true> => until("it anchors", async () => (await anchorsNow()) > before + 2 || undefined);
    await world.survives(() => world.behaves(world.node, lost, goesOn));
  });

  it("receipts say that it reverted", async () => {
    let lies = 0;
    const lying: Behaviour = async (call, pass) => {
      const answer = await pass();
      if (call.method !== "eth_getTransactionReceipt" || !("result" in answer) || answer.result === null) return answer;
      lies += 1;
      return { result: { ...(answer.result as object), status: "0x0" } };
    };
    const isTold = (): Promise<true> => until("it was lied to", async () => lies > 2 || undefined);
    await world.survives(() => world.behaves(world.node, lying, isTold));
  });

  it("receipts say that it was mined, when it was thrown away", async () => {
    const { anchors } = await world.server.client.anchors({ limit: 1 });
    let lies = 0;
    const lying: Behaviour = async (call, pass) => {
      if (isOffer(call)) return { result: sentIn(call).hash };
      if (call.method !== "eth_getTransactionReceipt") return pass();
      lies += 1;
      const like = (await pass({ ...call, params: [anchors[0]?.transaction] })) as { result: object };
      return { result: { ...like.result, transactionHash: call.params[0] } };
    };
    const isTold = (): Promise<true> => until("it was lied to", async () => lies > 4 || undefined);
    await world.survives(() => world.behaves(world.node, lying, isTold));
  });

  for (const [what, behaviour] of [
    ["does not answer", HANG],
    ["breaks off", CUT],
    ["says that it cannot", async () => ({ error: { code: -32005, message: "limit exceeded" } })],
  ] as const satisfies (readonly [string, Behaviour])[]) {
    it(`the node ${what}`, () => world.survives(() => world.behaves(world.node, behaviour, told("CHAIN_UNAVAILABLE"))));
  }

  for (const method of ["eth_getBlockByNumber", "eth_getLogs", "eth_estimateGas", "eth_sendRawTransaction"]) {
    it(`the node does not answer ${method} once, and breaks off after it has done it three times`, async () => {
      let asked = 0;
      const failing: Behaviour = async (call, pass) => {
        if (call.method !== method || asked > 3) return pass();
        asked += 1;
        if (asked === 1) return "hang";
        await pass();
        return "cut";
      };
      const isSpent = (): Promise<true> => until("it has failed", async () => asked > 3 || undefined);
      await world.survives(() => world.behaves(world.node, failing, isSpent));
    });
  }

  it("logs are asked of a node that has not got the block, and says that it found none", async () => {
    let lagging = 0;
    const besu: Behaviour = async (call, pass) => {
      if (call.method !== "eth_getLogs") return pass();
      lagging += 1;
      return { result: [] };
    };
    const isTold = (): Promise<true> => until("it was told of none", async () => lagging > 12 || undefined);
    await world.survives(() => world.behaves(world.node, besu, isTold));
  });

  describe("and the server is away", () => {
    const leave = async (signal: "SIGINT" | "SIGKILL"): Promise<void> => {
      world.traffic.mayBeAway = true;
      await world.server.stop(signal);
    };
    const restart = async (): Promise<void> => {
      world.traffic.forget();
      await world.up();
      await world.traffic.hears("device", "ack");
      await world.traffic.hears("reader", "data");
      await world.traffic.hears("revoked", "GRANT_REVOKED");
      world.traffic.mayBeAway = false;
    };
    // One that failed leaves the next one a server.
    afterEach(() => (world.server.running() ? undefined : restart()));
    /** Nothing in the directory is called a lie; how many of what it counted. */
    const findsNoLie = async (): Promise<(name: string) => number> => {
      const { code, err, report } = await world.auditStopped();
      expect([code, err, report?.lies]).to.deep.equal([0, "", []]);
      return (name) => report?.checked.find((one) => one.name === name)?.count ?? 0;
    };
    /** Changes rows of the directory's database while nobody else has it open. */
    const changeRows = async (...statements: string[]): Promise<void> => {
      const database = await openDatabase({ directory: `${world.data}/database` });
      for (const statement of statements) await database.script(statement);
      await database.close();
    };

    it("killed before a reorganisation: the audit of what it left tells what was taken back from a lie", () =>
      world.survives(async () => {
        // The place of one that another followed has been written down.
        const blocks = await until("two of the blocks hold anchors", async () => {
          const newest = await world.anchorsIn(5);
          if (newest.filter(({ transactions }) => transactions.length > 0).length > 1) return newest;
          return world.mineEverySecond().then(() => undefined);
        });
        const stays = Number(blocks[0]?.number) - 2;
        await leave("SIGKILL");
        await takeBack("anvil_reorg", 5, []);
        const counted = await findsNoLie();
        expect(counted("blocks that were taken back")).to.equal(5);
        expect(counted("rows that follow from those blocks alone")).to.be.at.least(1);

        // What is forged is told all the same, and nothing with it: of a block that the chain has, and of one that it had.
        const flips = [
          `update chain_block set hash = set_byte(hash, 0, get_byte(hash, 0) # 1) where number = ${stays}`,
          `update batch set transaction = set_byte(transaction, 0, get_byte(transaction, 0) # 1)
             where number = (select max(number) from batch where block > ${stays + 1})`,
        ];
        await changeRows(...flips);
        const { code, report } = await world.auditStopped();
        expect(code).to.equal(1);
        expect(report?.lies).to.have.length(2);
        expect(report?.lies[0]?.place).to.equal(`chain_block ${stays}`);
        expect(report?.lies[1]?.what).to.match(/not the one of its anchor/);
        await changeRows(...flips);
        await world.mineEverySecond();
        await findsNoLie();
        await restart();
        await isTakenBack(blocks);
      }));

    it("stopped, and the chain is reorganised while it is audited", () =>
      world.survives(async () => {
        await world.anchorsIn(3);
        await leave("SIGINT");
        let reorganised = 0;
        const moving: Behaviour = async (call, pass) => {
          const answer = await pass();
          // The second time: it has read the chain and asks for the blocks that are stored.
          if (call.method === "eth_getCode" || call.method !== "eth_getBlockByNumber" || reorganised > 0) return answer;
          if (Number(call.params[0]) !== (await world.head())) return answer;
          reorganised += 1;
          await takeBack("anvil_reorg", 3, []);
          return answer;
        };
        await world.behaves(world.node, moving, findsNoLie);
        expect(reorganised).to.equal(1);
        await world.mineEverySecond();
        await restart();
      }));

    it("stopped, and the node forgets its last blocks: that is no evidence against anybody", () =>
      world.survives(async () => {
        const blocks = await world.anchorsIn(3);
        await leave("SIGINT");
        await takeBack("anvil_rollback", 3);
        const { code, err } = await world.auditStopped();
        expect([code, err]).to.deep.equal([3, err.match(/^CHAIN_BEHIND.*/s)?.[0]]);
        await world.mineEverySecond();
        await until(
          "it has made as many again",
          async () => (await world.head()) > Number(blocks.at(-1)?.number) || undefined,
        );
        await findsNoLie();
        await restart();
        await isTakenBack(blocks);
      }));

    const isRead = ({ method }: Call): boolean => method === "eth_getBlockByNumber";
    for (const [when, isThen] of [
      ["when it looks how far a reorganisation reaches", (call) => isRead(call) && call.params[0] !== "latest"],
      ["when it has gone back and reads the other way", ({ method }) => method === "eth_getLogs"],
    ] as const satisfies (readonly [string, (call: Call) => boolean])[]) {
      it(`killed ${when}`, () =>
        world.survives(async () => {
          const blocks = await world.anchorsIn(5);
          world.traffic.mayBeAway = true;
          await takeBack("anvil_reorg", 5, []);
          const killing: Behaviour = async (call, pass) => {
            if (!isThen(call)) return pass();
            world.server.kill("SIGKILL");
            return "cut";
          };
          await world.behaves(world.node, killing, async () => {
            await world.mineEverySecond();
            expect((await world.server.ended).signal).to.equal("SIGKILL");
          });
          await findsNoLie();
          await restart();
          await isTakenBack(blocks);
        }));
    }

    for (const [when, isThen] of [
      ["an anchor is sent", isOffer],
      ["it asks for an anchor's receipt", ({ method }) => method === "eth_getTransactionReceipt"],
    ] as const satisfies (readonly [string, (call: Call) => boolean])[]) {
      for (const comesBack of [false, true]) {
        it(`killed when ${when}, which a reorganisation ${comesBack ? "puts elsewhere" : "takes with the blocks before it"}`, () =>
          world.survives(async () => {
            const sender = await world.sender();
            const blocks = await world.anchorsIn(4);
            world.traffic.mayBeAway = true;
            const before = world.node.calls.length;
            const killing: Behaviour = async (call, pass) => {
              const answer = await pass();
              if (!isThen(call)) return answer;
              world.server.kill("SIGKILL");
              return "cut";
            };
            await world.behaves(world.node, killing, async () => {
              await world.mineEverySecond();
              expect((await world.server.ended).signal).to.equal("SIGKILL");
            });
            await world.holdBlocks();
            const raw = world.node.calls
              .slice(before)
              .find((call) => isOffer(call) && sentIn(call).from?.toLowerCase() === sender)?.params[0];
            await world.make("anvil_mine", "0x1");
            const depth = (await world.head()) - Number(blocks[0]?.number) + 1;
            await takeBack("anvil_reorg", depth, comesBack && raw !== undefined ? [[raw, 0]] : []);
            await world.mineEverySecond();
            await findsNoLie();
            await restart();
            await isTakenBack(blocks);
          }));
      }
    }
  });
});
