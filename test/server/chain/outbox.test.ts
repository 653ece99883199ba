import { expect } from "chai";
import { Transaction } from "ethers";
import { fromHex, type Hex } from "../../../protocol/bytes.ts";
import { TwinwardError } from "../../../protocol/errors.ts";
import { deployConsortium } from "../../../server/chain/deploy.ts";
import { startEmbeddedChain } from "../../../server/chain/embedded.ts";
import { interfaces } from "../../../server/chain/interfaces.ts";
import { openStream } from "../../../server/chain/open-stream.ts";
import { Outbox } from "../../../server/chain/outbox.ts";
import { connectChain } from "../../../server/chain/rpc.ts";
import { testP256 } from "../../../server/chain/self-test.ts";
import { join } from "node:path";
import { addressOf, answering, gatewayOf, intercepted, openWorld, planFor, wallet, type World } from "./world.ts";

const sink: Hex = `0x${"33".repeat(20)}`;

describe("deployment and outbox", () => {
  let world: World;
  let used = 0;
  const open: Outbox[] = [];
  const outboxOf = (n: number, provider = world.provider): Outbox => {
    const outbox = new Outbox({ database: world.database, provider, signer: gatewayOf(n) });
    open.push(outbox);
    return outbox;
  };
  const stream = (outbox: Outbox, n: number): Promise<Hex> =>
    openStream({
      provider: world.provider,
      outbox,
      chainId: world.consortium.chainId,
      anchorLog: world.consortium.contracts.AnchorLog,
      group: addressOf(gatewayOf(n)),
    });
  const code = (work: Promise<unknown>): Promise<string> =>
    work.then(
      () => "none",
      (error: unknown) => (error instanceof TwinwardError ? error.code : String(error)),
    );
  const nonceOf = async (hash: Hex): Promise<number> => (await world.provider.getTransaction(hash))?.nonce ?? -1;

  before(async () => {
    world = await openWorld();
  });
  afterEach(async () => {
    await Promise.all(open.splice(0).map((outbox) => outbox.close()));
    await world.clear();
  });
  after(() => world.close());

  describe("deployment", () => {
    it("sends nothing when all is there, and says the same", async () => {
      const provider = intercepted(world.provider, (method) => {
        if (method === "eth_sendRawTransaction") throw new Error("it sent something");
      });
      expect(await deployConsortium(planFor(provider))).to.deep.equal(world.consortium);
    });

    it("is finished by running it again after it ended in between", async () => {
      const node = await startEmbeddedChain({ directory: join(world.directory, "other"), port: 0, blockSeconds: 0.05 });
      const provider = await connectChain(node.url);
      try {
        for (const survives of [2, 3]) {
          let sent = 0;
          const dying = intercepted(provider, (method) => {
            const refusal = { error: { message: "no more" } };
            if (method === "eth_sendRawTransaction" && ++sent > survives) throw Object.assign(new Error(), refusal);
          });
          expect(await code(deployConsortium(planFor(dying)))).to.equal("TRANSACTION_REFUSED");
        }
        const { contracts, genesis } = await deployConsortium(planFor(provider));
        expect(contracts).to.deep.equal(world.consortium.contracts);
        expect(genesis).to.not.equal(world.consortium.genesis);
      } finally {
        provider.destroy();
        await node.close();
      }
    });

    it("refuses a key that has deployed another consortium", async () => {
      const plan = planFor(world.provider);
      expect(await code(deployConsortium({ ...plan, oracles: plan.oracles.slice(1) }))).to.equal("CHAIN_DIFFERS");
      const others = plan.groups.map((group) => ({ ...group, senders: [addressOf(wallet(9))] }));
      expect(await code(deployConsortium({ ...plan, groups: others }))).to.equal("CHAIN_DIFFERS");
    });

    it("finds the P-256 precompile, and a node of another chain", async () => {
      expect(await testP256(world.provider)).to.equal("precompile");
      expect(await code(connectChain(world.node.url, { chainId: 1 }))).to.equal("CHAIN_ID_UNEXPECTED");
      expect(await code(connectChain("http://127.0.0.1:1"))).to.equal("CHAIN_UNAVAILABLE");
    });
  });

  it("pays no more than its ceiling, whatever the node asks for, and says so once", async () => {
    let asked = "0x9184e72a000";
    const liar = answering(world.provider, (method, answer) => (method === "eth_gasPrice" ? asked : answer));
    const troubles: TwinwardError[] = [];
    const parts = { database: world.database, provider: liar, signer: gatewayOf(used++), priceCeiling: 0n };
    const outbox = new Outbox({ ...parts, onTrouble: (error) => troubles.push(error) });
    open.push(outbox);
    const priceOf = async (): Promise<bigint> => {
      const { hash } = await outbox.settle(await outbox.send({ purpose: "fill", to: sink, data: "0x" }));
      return (await world.provider.getTransaction(hash))?.gasPrice ?? -1n;
    };
    expect([await priceOf(), await priceOf()]).to.deep.equal([0n, 0n]);
    expect(troubles.map(({ code, facts }) => [code, facts.asked])).to.deep.equal([
      ["PRICE_TOO_HIGH", 10_000_000_000_000n],
    ]);
    asked = "0x0";
    await priceOf();
    asked = "0x1";
    expect(await priceOf()).to.equal(0n);
    expect(troubles).to.have.length(2);
  });

  it("opens a stream once, also when it is asked twice and killed in between", async () => {
    const n = used++;
    const first = outboxOf(n);
    const id = await stream(first, n);
    expect(await stream(outboxOf(n), n)).to.equal(id);
    const m = used++;
    const lost = outboxOf(
      m,
      intercepted(world.provider, (method) => {
        if (method === "eth_sendRawTransaction") throw new Error("network");
      }),
    );
    const data = interfaces.AnchorLog.encodeFunctionData("openStream", [addressOf(gatewayOf(m))]) as Hex;
    await lost.send({ purpose: "open stream", to: world.consortium.contracts.AnchorLog, data });
    const again = outboxOf(m);
    await again.recover();
    await stream(again, m);
    const answer = await world.provider.call({
      to: world.consortium.contracts.AnchorLog,
      data: interfaces.AnchorLog.encodeFunctionData("streamCount", [addressOf(gatewayOf(m))]),
    });
    expect(Number(answer)).to.equal(1);
    expect(await again.waiting()).to.deep.equal([]);
  });

  it("says that a sender is not of the group", async () => {
    expect(await code(stream(outboxOf(used++), used))).to.equal("SENDER_UNEXPECTED");
  });

  it("mines what was stored and never sent", async () => {
    const n = used++;
    const dead = outboxOf(
      n,
      intercepted(world.provider, (method) => {
        if (method === "eth_sendRawTransaction") throw new Error("network");
      }),
    );
    const hash = await dead.send({ purpose: "lost", to: sink, data: "0x" });
    expect(await world.provider.getTransaction(hash)).to.equal(null);
    await dead.close();
    const next = outboxOf(n);
    await next.recover();
    expect((await next.settle(hash)).hash).to.equal(hash);
    expect(await next.waiting()).to.deep.equal([]);
  });

  it("is content when the node has the bytes already, and when they are mined already", async () => {
    const n = used++;
    const first = outboxOf(n);
    const hash = await first.send({ purpose: "twice", to: sink, data: "0x" });
    await Promise.all([first.recover(), outboxOf(n).recover()]);
    await first.settle(hash);
    expect((await first.settle(hash)).hash).to.equal(hash);
    await first.recover();
    expect(await first.waiting()).to.deep.equal([]);
  });

  it("gives nonces in order, also to two outboxes on one database", async () => {
    const n = used++;
    const [a, b] = [outboxOf(n), outboxOf(n)];
    const letters = Array.from({ length: 10 }, (_, i) =>
      (i % 2 === 0 ? a : b).send({ purpose: `letter ${i}`, to: sink, data: "0x" }),
    );
    const hashes = await Promise.all(letters);
    await Promise.all(hashes.map((hash) => a.settle(hash)));
    const nonces = await Promise.all(hashes.map(nonceOf));
    expect(nonces.toSorted((x, y) => x - y)).to.deep.equal([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    // One outbox keeps the order in which it was asked.
    const own = nonces.filter((_, i) => i % 2 === 0);
    expect(own).to.deep.equal(own.toSorted((x, y) => x - y));
  });

  it("says why a transaction would revert and stores nothing, or why it did", async () => {
    const outbox = outboxOf(used++);
    const data = interfaces.AnchorLog.encodeFunctionData("anchor", [
      `0x${"ab".repeat(32)}`,
      0,
      `0x${"cd".repeat(32)}`,
      1,
    ]);
    const letter = { purpose: "anchor 0", to: world.consortium.contracts.AnchorLog, data: data as Hex };
    const early = await outbox.send(letter).catch((error: unknown) => error as TwinwardError);
    expect(early).to.have.property("code", "TRANSACTION_REVERTED");
    expect(early)
      .to.have.nested.property("facts.detail")
      .that.matches(/^StreamUnknown\(0xabab/);
    expect(await outbox.waiting()).to.deep.equal([]);
    const hash = await outbox.send({ ...letter, gasLimit: 200_000n });
    const late = await outbox.settle(hash).catch((error: unknown) => error as TwinwardError);
    expect(late).to.have.property("code", "TRANSACTION_REVERTED");
    expect(late)
      .to.have.nested.property("facts.detail")
      .that.matches(/^StreamUnknown/);
    expect(await outbox.waiting()).to.deep.equal([]);
  });

  it("forgets what the node never takes, and goes on", async () => {
    const outbox = outboxOf(used++);
    const letter = { purpose: "too much", to: sink, data: "0x" as Hex, gasLimit: 10n ** 12n };
    expect(await code(outbox.send(letter))).to.equal("TRANSACTION_REFUSED");
    await outbox.settle(await outbox.send({ purpose: "after", to: sink, data: "0x" }));
  });

  it("fills a nonce that nothing uses, so that what waits behind it is mined", async () => {
    const n = used++;
    const outbox = outboxOf(n);
    const raw = (await gatewayOf(n).signTransaction({
      chainId: 31337,
      nonce: 2,
      to: sink,
      gasLimit: 50_000,
      gasPrice: 0,
      type: 0,
    })) as Hex;
    const hash = Transaction.from(raw).hash as Hex;
    await world.database.query(
      "insert into outbox (hash, sender, nonce, raw, purpose) values ($1, $2, 2, $3, 'behind')",
      [fromHex(hash), fromHex(outbox.sender), fromHex(raw)],
    );
    await outbox.recover();
    await outbox.settle(hash);
    expect(await nonceOf(hash)).to.equal(2);
  });

  it("says when another transaction took the nonce", async () => {
    const n = used++;
    const dead = outboxOf(
      n,
      intercepted(world.provider, (method) => {
        if (method === "eth_sendRawTransaction") throw new Error("network");
      }),
    );
    const hash = await dead.send({ purpose: "loser", to: sink, data: "0x" });
    const other = await gatewayOf(n).signTransaction({
      chainId: 31337,
      nonce: 0,
      to: sink,
      gasLimit: 60_000,
      gasPrice: 0,
      type: 0,
    });
    await world.provider.send("eth_sendRawTransaction", [other]);
    expect(await code(outboxOf(n).settle(hash))).to.equal("TRANSACTION_REFUSED");
    expect(await dead.waiting()).to.deep.equal([]);
  });
});
