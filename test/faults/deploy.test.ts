import { expect } from "chai";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Transaction, Wallet } from "ethers";
import { deployConsortium } from "../../server/chain/deploy.ts";
import { startEmbeddedChain, type EmbeddedChain } from "../../server/chain/embedded.ts";
import { connectChain } from "../../server/chain/rpc.ts";
import { planFor } from "../server/chain/world.ts";
import { HONEST, startFaultyNode, times, type FaultyNode } from "./faulty-node.ts";

describe("faults: a deployment", () => {
  let directory: string;
  let chain: EmbeddedChain;
  let node: FaultyNode;

  before(async () => {
    directory = mkdtempSync(join(tmpdir(), "deploy-"));
    chain = await startEmbeddedChain({ directory, port: 0, blockSeconds: 0.05, heartbeatSeconds: 60 });
    node = await startFaultyNode(chain.url);
  });
  after(async () => {
    await node.close();
    await chain.close();
    rmSync(directory, { recursive: true, force: true });
  });

  it("goes on when the node breaks off, takes what it does not say, or says nothing for a while", async () => {
    const away = times(2, "eth_sendRawTransaction", async () => "cut");
    const silent = times(2, "eth_getTransactionReceipt", async () => "hang");
    const taking = times(1, "eth_sendRawTransaction", async (_, pass) => {
      await pass();
      return "cut";
    });
    node.behaviour = async (call, pass) => {
      if (!away.spent()) return away.behaviour(call, pass);
      return call.method === "eth_sendRawTransaction" ? taking.behaviour(call, pass) : silent.behaviour(call, pass);
    };
    const provider = await connectChain(node.url, undefined, 500);
    const plan = { ...planFor(provider), deployer: Wallet.createRandom() };
    const consortium = await deployConsortium(plan);
    expect([away, silent, taking].map((one) => one.spent())).to.deep.equal([true, true, true]);
    node.behaviour = HONEST;
    expect(await deployConsortium(plan)).to.deep.equal(consortium);
    provider.destroy();
  });

  it("goes on when the node throws away the first transactions that it took", async () => {
    const taken = 3;
    const losing = times(taken, "eth_sendRawTransaction", async ({ params: [raw] }) => ({
      result: Transaction.from(raw as string).hash,
    }));
    node.behaviour = losing.behaviour;
    const provider = await connectChain(node.url);
    const consortium = await deployConsortium(planFor(provider));
    expect(losing.spent()).to.equal(true);
    const offered = node.calls.filter(({ method }) => method === "eth_sendRawTransaction");
    expect(offered.length).to.be.greaterThan(new Set(offered.map(({ params }) => params[0])).size);
    // Whoever deploys on what is there sends nothing.
    const sent = offered.length;
    expect(await deployConsortium(planFor(provider))).to.deep.equal(consortium);
    expect(node.calls.filter(({ method }) => method === "eth_sendRawTransaction")).to.have.lengthOf(sent);
    provider.destroy();
  });
});
