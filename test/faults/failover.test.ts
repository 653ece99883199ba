import { expect } from "chai";
import { TwinwardError } from "../../protocol/errors.ts";
import { connectChain } from "../../server/chain/rpc.ts";
import { eventually } from "../server/chain/ask.ts";
import { anchoredWorld } from "./anchored-world.ts";
import { HONEST, breaksOffEvery, swallows, type Behaviour, type FaultyNode } from "./faulty-node.ts";

const code = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => "none",
    (error: unknown) => (error instanceof TwinwardError ? error.code : String(error)),
  );
/** A node of another chain with the same id. */
const ANOTHER: Behaviour = async ({ method, params }, pass) =>
  method === "eth_getBlockByNumber" && params[0] === "0x0" ? { result: { hash: `0x${"99".repeat(32)}` } } : pass();
const AWAY: Behaviour = async () => "cut";
const CALLS = 60;

describe("faults: several nodes by RPC_URL", () => {
  const world = anchoredWorld(2);
  let first: FaultyNode;
  let second: FaultyNode;
  before(() => {
    [first, second] = world.nodes as [FaultyNode, FaultyNode];
  });

  it("goes on with the next one when one is away or does not answer, and back", async () => {
    await world.anchorOne();
    first.behaviour = AWAY;
    await world.anchorOne();
    [first.behaviour, second.behaviour] = [HONEST, async () => "hang"];
    await world.anchorOne();
    second.behaviour = async ({ method }, pass) =>
      method === "eth_getLogs" ? { error: { code: -32005, message: "limit exceeded" } } : pass();
    await world.anchorOne();
    await world.expectWhole();
    expect(world.troubles.map(({ code }) => code)).to.deep.equal([]);
  });

  it("hands to the next node what the first one took and lost", async () => {
    await world.anchorOne();
    first.behaviour = async (call, pass) => {
      if (call.method !== "eth_sendRawTransaction") return pass();
      first.behaviour = AWAY;
      return { result: `0x${"11".repeat(32)}` };
    };
    second.behaviour = AWAY;
    await world.insert(2);
    await eventually(() => first.behaviour === AWAY || undefined);
    second.behaviour = HONEST;
    await world.settled();
    await world.expectWhole();
  });

  it("anchors on when the one that is asked takes whatever is sent, throws it away and says that it was mined", async () => {
    await world.anchorOne();
    const like = world.chain.view().anchors(world.stream).at(-1)?.transaction;
    // Whichever is the one.
    for (const one of world.nodes) {
      for (const node of world.nodes) node.behaviour = node === one ? swallows(like) : AWAY;
      await world.chain.fresh(0);
      for (const node of world.nodes) if (node !== one) node.behaviour = HONEST;
      const before = one.calls.length;
      for (let n = 0; n < 2; n++) await world.anchorOne();
      expect(one.calls.slice(before).map(({ method }) => method)).to.include("eth_sendRawTransaction");
      one.behaviour = HONEST;
    }
    await world.expectWhole();
  });

  it("leaves a node that is stuck at an old head", async () => {
    for (let n = 0; n < 3; n++) await world.anchorOne();
    const old = `0x${(world.chain.view().head.number - 1).toString(16)}`;
    const stuck: Behaviour = async (call, pass) => {
      if (call.method === "eth_blockNumber") return { result: old };
      return pass({ ...call, params: call.params.map((value) => (value === "latest" ? old : value)) });
    };
    first.behaviour = stuck;
    for (let n = 0; n < 2; n++) await world.anchorOne();
    [first.behaviour, second.behaviour] = [HONEST, stuck];
    for (let n = 0; n < 2; n++) await world.anchorOne();
    await world.expectWhole();
    expect(world.troubles.map(({ code }) => code)).to.not.include("CHAIN_BEHIND");
  });

  for (const nth of [2, 3])
    it(`answers every call, and anchors, when both break off at every call number ${nth}`, async () => {
      const provider = await connectChain(world.urls, world.consortium);
      const asked = world.nodes.map(({ calls }) => calls.length);
      for (const node of world.nodes) node.behaviour = breaksOffEvery(nth);
      for (let n = 0; n < CALLS; n++) expect(await code(provider.send("eth_gasPrice", []))).to.equal("none");
      provider.destroy();
      for (const [n, { calls }] of world.nodes.entries()) expect(calls.length - (asked[n] ?? 0)).to.be.greaterThan(nth);
      for (let n = 0; n < 3; n++) await world.anchorOne();
      for (const node of world.nodes) node.behaviour = HONEST;
      await world.expectWhole();
    });

  it("permits nothing when all are away, and goes on when one is back", async () => {
    await world.anchorOne();
    [first.behaviour, second.behaviour] = [AWAY, AWAY];
    expect(await code(world.chain.fresh(0))).to.equal("CHAIN_UNAVAILABLE");
    await world.insert(1);
    second.behaviour = HONEST;
    await world.settled();
    await world.expectWhole();
  });

  it("starts with one of them, refuses two chains, and believes nobody who comes back as another", async () => {
    first.behaviour = ANOTHER;
    expect(await code(connectChain(world.urls))).to.equal("CHAIN_DIFFERS");
    first.behaviour = second.behaviour = AWAY;
    expect(await code(connectChain(world.urls))).to.equal("CHAIN_UNAVAILABLE");
    second.behaviour = HONEST;
    const provider = await connectChain(world.urls, world.consortium);
    expect(await code(connectChain(world.urls, { chainId: 5 }))).to.equal("CHAIN_ID_UNEXPECTED");
    first.behaviour = ANOTHER;
    expect(Number(await provider.send("eth_blockNumber", []))).to.be.greaterThan(0);
    second.behaviour = AWAY;
    expect(await code(provider.send("eth_blockNumber", []))).to.match(/another chain/);
    provider.destroy();
    second.behaviour = HONEST;
  });
});
