import { expect } from "chai";
import { signEs256, publicKeyOf } from "../../../protocol/es256.ts";
import { keyOfPromise } from "../../../protocol/gateway-key.ts";
import { parseConsortium, presentMembers, type Consortium } from "../../../protocol/consortium.ts";
import { checkpointDigest, checkpointSigners, signersLacking, signCheckpoint } from "../../../protocol/checkpoint.ts";
import { checkpointOver } from "../../../protocol/anchors.ts";
import type { Hex } from "../../../protocol/bytes.ts";
import { ackMessage, verifyAckSignature } from "../../../protocol/ack.ts";
import { toBase64url, toHex } from "../../../protocol/bytes.ts";
import { consortiumNow } from "../../../server/chain/consortium-now.ts";
import { followChain } from "../../../server/chain/follow.ts";
import { interfaces } from "../../../server/chain/interfaces.ts";
import type { Chain, ChainView } from "../../../server/chain/view.ts";
import { addressOf, decided, gatewayOf, openWorld, transact, wallet, type World } from "./world.ts";

const GROUP = addressOf(gatewayOf(0));
const SECOND_KEY = new Uint8Array(32).fill(8);
const GATEWAY_KEY = new Uint8Array(32).fill(7);

describe("members who come, change and go", () => {
  let world: World;
  let chain: Chain;
  let changes = 0;

  before(async () => {
    world = await openWorld();
    chain = await followChain(world);
  });
  after(async () => {
    await chain.close();
    await world.close();
  });

  async function change(calls: Parameters<typeof decided>[2], signers = [wallet(2)]): Promise<ChainView> {
    const { provider, consortium } = world;
    const values = await decided(consortium, changes, calls, signers);
    await transact(provider, consortium, wallet(9), "MemberRegistry", "carryOut", values);
    changes += 1;
    return chain.waitFor(({ memberChanges }) => memberChanges === changes, 10_000);
  }
  const now = (view: ChainView): Consortium => consortiumNow(world.consortium, view);
  const commandKey = publicKeyOf(GATEWAY_KEY);
  const memberB = ["B", "http://b.example", addressOf(wallet(3)), commandKey.x, commandKey.y];

  it("is the consortium as it was founded, before anything changes", () => {
    expect(now(chain.view())).to.deep.equal(world.consortium);
  });

  it("knows who joined, with a group and an oracle of its own", async () => {
    const group = addressOf(wallet(60));
    const view = await change([
      ["addMember", [memberB]],
      ["addGroup", [[group, 1, commandKey.x, commandKey.y, [addressOf(wallet(61))]]]],
      ["replaceOracles", [[0, 0, 0, 1].map((member, bit) => [member, addressOf(wallet(12 + bit))]), 1]],
    ]);
    const [a, b] = now(view).members;
    expect(a?.oracles).to.deep.equal([12, 13, 14].map((n) => addressOf(wallet(n))));
    expect(b).to.deep.include({ name: "B", signer: addressOf(wallet(3)), oracles: [addressOf(wallet(15))] });
    expect(b?.gateways).to.deep.equal([{ group, ...commandKey }]);
    expect(view.isOracle(addressOf(wallet(11)))).to.equal(false);
    const digest = await world.provider.call({
      to: world.consortium.contracts.MemberRegistry,
      data: interfaces.MemberRegistry.encodeFunctionData("oracleSetDigest"),
    });
    expect(view.oracleSet).to.equal(digest);
  });

  it("asks a quorum of those who are there for a checkpoint", async () => {
    const { head } = chain.view();
    const block = { number: head.number, hash: head.hash };
    const both = now(chain.view());
    let checkpoint = checkpointOver(both, block, [], []);
    for (const [name, n] of [
      ["A", 2],
      ["B", 3],
    ] as const) {
      const signer = wallet(n);
      const sign = (digest: Uint8Array): Hex => signer.signingKey.sign(digest).serialized as Hex;
      checkpoint = await signCheckpoint(checkpoint, name, addressOf(signer), sign);
      expect(signersLacking(checkpointSigners(checkpoint, both), both)).to.equal(n === 2 ? 1 : 0);
    }
    // To whoever has the file from before, B is nobody; and when A has left, A's signature is none.
    expect(checkpointSigners(checkpoint, world.consortium)).to.deep.equal(["A"]);
    const without = { ...both, members: both.members.map((one) => (one.name === "A" ? { ...one, until: 5 } : one)) };
    expect(checkpointSigners(checkpoint, without)).to.deep.equal(["B"]);
    expect(checkpointDigest(checkpoint)).to.have.length(32);
  });

  it("holds each promise against the key of its time", async () => {
    const since = chain.view().head.timestamp + 1_000;
    const next = publicKeyOf(SECOND_KEY);
    const view = await change([["changeGatewayKey", [GROUP, next.x, next.y, since]]], [wallet(2), wallet(3)]);
    const keys = view.gateway(GROUP)?.keys ?? [];
    const { chainId, contracts } = world.consortium;
    const promise = (acceptedAt: number, anchorBy: number) => ({
      ...{ chainId, anchorLog: contracts.AnchorLog, stream: toHex(new Uint8Array(32)), first: 0, count: 1 },
      ...{ root: toHex(new Uint8Array(32)), acceptedAt, anchorBy },
    });
    const signedBy = (key: Uint8Array, acceptedAt: number, anchorBy = since): boolean => {
      const said = promise(acceptedAt, anchorBy);
      const signature = toBase64url(signEs256(key, ackMessage(said)));
      const expected = keyOfPromise(keys, said);
      return expected !== undefined && verifyAckSignature({ ...said, signature, index: 0, path: [] }, expected);
    };
    expect(signedBy(GATEWAY_KEY, 0), "before the first key's beginning").to.equal(true);
    expect(signedBy(GATEWAY_KEY, since * 1000 - 1)).to.equal(true);
    expect(signedBy(SECOND_KEY, since * 1000 - 1)).to.equal(false);
    expect(signedBy(SECOND_KEY, since * 1000)).to.equal(true);
    expect(signedBy(GATEWAY_KEY, since * 1000)).to.equal(false);
    expect(signedBy(GATEWAY_KEY, since * 1000 - 1, since + 86_400)).to.equal(true);
    expect(signedBy(GATEWAY_KEY, since * 1000 - 1, since + 86_401), "not for ever").to.equal(false);

    const file = parseConsortium(JSON.stringify(now(view)));
    const [gateway] = file.members[0]?.gateways ?? [];
    expect(gateway).to.deep.include({ group: GROUP, ...next, since });
    expect(gateway?.former).to.deep.equal([{ ...commandKey, since: keys[0]?.since, until: since }]);
    // What the contract answers is the same, at each of these times.
    for (const time of [0, since - 1, since, since + 5]) {
      const data = interfaces.MemberRegistry.encodeFunctionData("gatewayKeyAt", [GROUP, time]);
      const answer = await world.provider.call({ to: contracts.MemberRegistry, data });
      const [x] = interfaces.MemberRegistry.decodeFunctionResult("gatewayKeyAt", answer).toArray() as string[];
      expect(x).to.equal(keyOfPromise(keys, { acceptedAt: time * 1000, anchorBy: time })?.x);
    }
  });

  it("keeps the place and the promises of who left", async () => {
    const group = addressOf(wallet(60));
    const view = await change(
      [
        ["closeGroup", [group]],
        ["replaceOracles", [[11, 12, 13, 14].map((n) => [0, addressOf(wallet(n))]), 1]],
        ["removeMember", [1]],
      ],
      [wallet(2), wallet(3)],
    );
    const gone = now(view).members[1];
    const at = view.head.timestamp;
    expect(gone).to.deep.include({ name: "B", until: at, oracles: [] });
    expect(gone?.gateways).to.deep.equal([{ group, ...commandKey, until: at }]);
    expect(presentMembers(now(view)).map(({ name }) => name)).to.deep.equal(["A"]);
    expect(view.gateway(group)?.senders).to.deep.equal([]);
    const keys = view.gateway(group)?.keys ?? [];
    expect(keyOfPromise(keys, { acceptedAt: at * 1000 - 1, anchorBy: at })).to.include(commandKey);
    expect(keyOfPromise(keys, { acceptedAt: at * 1000, anchorBy: at })).to.equal(undefined);
  });

  it("says the same when it is folded anew", async () => {
    const { provider, consortium } = world;
    const again = await followChain({ provider, consortium });
    expect(now(again.view())).to.deep.equal(now(chain.view()));
    expect(again.view().memberChanges).to.equal(changes);
    await again.close();
  });
});
