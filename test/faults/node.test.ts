import { expect } from "chai";
import { PERIOD_SECONDS } from "../../protocol/breach.ts";
import type { Hex } from "../../protocol/bytes.ts";
import type { TwinwardError } from "../../protocol/errors.ts";
import { eventually } from "../server/chain/ask.ts";
import { anchoredWorld } from "./anchored-world.ts";
import { survivesFailuresOf } from "./failing-method.ts";
import { HONEST, times, type Call } from "./faulty-node.ts";

const resultOf = async (asked: Promise<unknown>): Promise<unknown> => ((await asked) as { result: unknown }).result;

describe("faults: a node that fails, lies or lags", () => {
  const world = anchoredWorld();

  // The other methods' turn comes in chain.slow.test.ts.
  for (const method of ["eth_getBlockByNumber", "eth_estimateGas", "eth_sendRawTransaction"]) {
    it(`goes on when ${method} hangs, breaks off after it was done, or says that it cannot`, () =>
      survivesFailuresOf(world, method));
  }

  it("permits nothing on a node that does not answer", async () => {
    await world.anchorOne();
    world.node.behaviour = async () => "hang";
    const thrown = await world.chain.fresh(0).catch((error: unknown) => error);
    expect(thrown).to.have.property("code", "CHAIN_UNAVAILABLE");
  });

  it("anchors by the event when every receipt is lost", async () => {
    await world.anchorOne();
    world.node.behaviour = async ({ method }, pass) =>
      method === "eth_getTransactionReceipt" ? { result: null } : pass();
    for (let n = 0; n < 2; n++) await world.anchorOne();
    await world.expectWhole();
  });

  it("is not taken in by a receipt that says it reverted, or that it was mined when it was thrown away", async () => {
    const flip = times(1, "eth_getTransactionReceipt", async (_, pass) => {
      const receipt = (await resultOf(pass())) as { status: string } | null;
      return { result: receipt && { ...receipt, status: "0x0" } };
    });
    await world.survives(flip.behaviour, flip.spent);

    // The node says that it took the transaction, and that it mined it; it did neither.
    await world.anchorOne();
    const template = world.chain.view().anchors(world.stream)[0]?.transaction;
    const size = world.chain.view().streamSize(world.stream);
    let lies = 0;
    world.node.behaviour = async (call, pass) => {
      if (call.method === "eth_sendRawTransaction" && lies < 5) return { result: template };
      if (call.method !== "eth_getTransactionReceipt" || lies >= 5) return pass();
      lies += 1;
      const like = (await resultOf(pass({ ...call, params: [template] }))) as object;
      return { result: { ...like, transactionHash: call.params[0] } };
    };
    await world.insert(2);
    await eventually(() => lies > 1 || undefined);
    expect((await world.outbox.waiting()).map(({ purpose }) => purpose)).to.deep.equal([`anchor ${size}`]);
    await world.settled();
    await world.expectWhole();
  });

  it("takes nothing back, and permits nothing, while the node serves an old head", async () => {
    for (let n = 0; n < 3; n++) await world.anchorOne();
    const seen = world.chain.view();
    const old = `0x${(seen.head.number - 2).toString(16)}`;
    world.node.behaviour = async (call, pass) => {
      if (call.method === "eth_blockNumber") return { result: old };
      const params = call.params.map((value) => (value === "latest" || value === "pending" ? old : value));
      return pass({ ...call, params });
    };
    const views: number[] = [];
    const end = world.chain.onChange((view) => void views.push(view.streamSize(world.stream)));
    await world.insert(2);
    for (let n = 0; n < 3; n++) {
      const thrown = await world.chain.fresh(0).catch((error: unknown) => error);
      expect(thrown).to.have.property("code", "CHAIN_BEHIND");
      expect(world.chain.view()).to.equal(seen);
    }
    // Also whoever starts now, with what is stored, starts with all of it.
    await world.stop();
    await world.start();
    expect(world.chain.view().streamSize(world.stream)).to.equal(3);
    world.node.behaviour = HONEST;
    await world.settled();
    await world.expectWhole();
    end();
    expect(views.every((size) => size >= 3)).to.equal(true);
  });

  it("passes over no event when the logs are asked of a node that has not got the head yet", async () => {
    await world.anchorOne();
    let lagging = 3;
    world.node.behaviour = async (call, pass) => {
      const [filter] = call.params as [{ blockHash?: string; toBlock?: string }];
      if (call.method !== "eth_getLogs" || lagging === 0) return pass();
      lagging -= 1;
      return filter.blockHash === undefined ? { result: [] } : { error: { code: -32000, message: "unknown block" } };
    };
    for (let n = 0; n < 3; n++) await world.anchorOne();
    await world.expectWhole();
  });

  it("passes over no event when that node answers as Besu does: that it found none", async () => {
    await world.anchorOne();
    let lagging = 0;
    world.node.behaviour = async (call, pass) => {
      if (call.method !== "eth_getLogs" || lagging === 0) return pass();
      lagging -= 1;
      return { result: [] };
    };
    for (let n = 0; n < 3; n++) {
      lagging = 12;
      await world.anchorOne();
    }
    lagging = 0;
    await world.expectWhole();
  });

  describe("and nonces and prices", () => {
    const isOffer = ({ method }: Call): boolean => method === "eth_sendRawTransaction";
    const rawOf = (call: Call): Hex => call.params[0] as Hex;
    afterEach(async () => {
      await world.make("evm_setAutomine", true);
      await world.make("anvil_setNextBlockBaseFeePerGas", "0x0");
      await world.make("anvil_mine", "0x1");
    });

    it("goes on when another transaction takes the nonce", async () => {
      await world.anchorOne();
      await world.make("evm_setAutomine", false);
      const before = world.node.calls.length;
      await world.insert(2);
      const [sent] = await eventually(() => {
        const found = world.node.calls.slice(before).filter(isOffer);
        return found.length > 0 ? found : undefined;
      });
      expect(rawOf(sent as Call)).to.match(/^0x/);
      const nonce = Number(await world.honest.send("eth_getTransactionCount", [world.sender.address, "latest"]));
      await world.make("anvil_dropAllTransactions");
      const other = { chainId: world.consortium.chainId, nonce, to: world.sender.address, gasLimit: 21_000, type: 0 };
      await world.make("eth_sendRawTransaction", await world.sender.signTransaction({ ...other, gasPrice: 0 }));
      await world.make("evm_setAutomine", true);
      await world.make("anvil_mine", "0x1");
      await world.settled();
      await world.expectWhole();
    });

    it("has gas enough for a batch that is estimated in one period and mined as the first of the next", async () => {
      await world.anchorOne();
      await world.make("evm_setAutomine", false);
      await world.insert(2);
      const [sent] = await eventually(async () => {
        const waiting = await world.outbox.waiting();
        return waiting.length > 0 ? waiting : undefined;
      });
      const { timestamp = 0 } = (await world.honest.getBlock("latest")) ?? {};
      const period = Math.floor(timestamp / PERIOD_SECONDS) + 1;
      await world.make("evm_setNextBlockTimestamp", period * PERIOD_SECONDS);
      await world.make("anvil_mine", "0x1");
      await world.make("evm_setAutomine", true);
      await world.settled();
      await world.expectWhole();
      expect(world.chain.view().anchors(world.stream)[1]?.transaction).to.equal(sent?.hash);
      expect(world.troubles).to.deep.equal([]);
    });

    const mineDearly = async (): Promise<void> => {
      await world.make("anvil_setNextBlockBaseFeePerGas", "0x3b9aca00");
      await world.make("anvil_mine", "0x1");
    };

    /** What is anchored next is signed at today's price, the chain asks for more by `raise`, and it is mined at that. */
    const paysMore = async (raise: () => Promise<unknown>, behaviour = HONEST): Promise<void> => {
      await world.make("anvil_setBalance", world.sender.address, "0xde0b6b3a7640000");
      await world.anchorOne();
      await world.make("evm_setAutomine", false);
      world.node.behaviour = behaviour;
      const before = world.node.calls.length;
      await world.insert(2);
      await eventually(() => world.node.calls.slice(before).some(isOffer) || undefined);
      const [first] = await world.outbox.waiting();
      await raise();
      expect(await world.outbox.waiting()).to.deep.equal([first]);
      const dearer = await eventually(async () => {
        const [now] = await world.outbox.waiting();
        return now !== undefined && now.hash !== first?.hash ? now : undefined;
      }, 20_000);
      expect(dearer.nonce).to.equal(first?.nonce);
      await world.make("evm_setAutomine", true);
      await world.make("anvil_mine", "0x1");
      await world.settled();
      await world.expectWhole();
    };

    it("pays more when the price has risen above a transaction that waits", () => paysMore(mineDearly));

    it("pays no more than its ceiling: it waits, says so, and goes on when the price has fallen", async () => {
      await world.make("anvil_setBalance", world.sender.address, "0xde0b6b3a7640000");
      await world.anchorOne();
      await world.stop();
      await world.start({ priceCeiling: 0n });
      await world.make("evm_setAutomine", false);
      await world.insert(2);
      const [first] = await eventually(async () => {
        const waiting = await world.outbox.waiting();
        return waiting.length > 0 ? waiting : undefined;
      });
      await mineDearly();
      const isTooHigh = ({ code }: TwinwardError): boolean => code === "PRICE_TOO_HIGH";
      await eventually(() => world.troubles.some(isTooHigh) || undefined, 20_000);
      expect(await world.outbox.waiting()).to.deep.equal([first]);
      await world.make("anvil_setNextBlockBaseFeePerGas", "0x0");
      await world.make("evm_setAutomine", true);
      await world.make("anvil_mine", "0x1");
      await world.settled();
      await world.expectWhole();
    });

    it("pays more when the price has risen above a transaction before the node had it", async () => {
      let refused = false;
      const raise = async (): Promise<unknown> => eventually(() => refused || undefined);
      await paysMore(raise, async (call, pass) => {
        if (!isOffer(call)) return pass();
        if (!refused) await mineDearly();
        const answer = await pass();
        refused ||= "error" in answer;
        return answer;
      });
    });
  });
});
