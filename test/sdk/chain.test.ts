import { expect } from "chai";
import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Wallet, type JsonRpcProvider } from "ethers";
import {
  cosignAnchors,
  exportAnchors,
  fileSource,
  rpcSource,
  writeAnchors,
  type CheckpointSigner,
} from "../../apps/sdk/index.ts";
import { logTree, parseAnchors } from "../../protocol/anchors.ts";
import { fromHex, toHex, ZERO_32, type Hex } from "../../protocol/bytes.ts";
import { checkpointSigners, signersLacking } from "../../protocol/checkpoint.ts";
import type { Consortium } from "../../protocol/consortium.ts";
import { TwinwardError } from "../../protocol/errors.ts";
import { newPrivateKey, publicKeyOf, signEs256 } from "../../protocol/es256.ts";
import { deviceId, keyProofMessage, streamId } from "../../protocol/ids.ts";
import { purposesMask, type ContractName } from "../../protocol/words.ts";
import { createAccess } from "../../server/access/authorize.ts";
import { deployConsortium } from "../../server/chain/deploy.ts";
import { startEmbeddedChain, type EmbeddedChain } from "../../server/chain/embedded.ts";
import { followChain } from "../../server/chain/follow.ts";
import { interfaces } from "../../server/chain/interfaces.ts";
import { connectChain } from "../../server/chain/rpc.ts";
import type { Chain } from "../../server/chain/view.ts";
import { Committer } from "../../server/store/committer.ts";
import type { Database } from "../../server/store/database.ts";
import { lendDatabase } from "../helpers/lent-database.ts";

const lower = (wallet: { readonly address: string }): Hex => wallet.address.toLowerCase() as Hex;

const NAMES = ["North", "East", "South", "West"];

describe("the SDK and access on a real chain", () => {
  const member = Wallet.createRandom();
  const others = [Wallet.createRandom(), Wallet.createRandom(), Wallet.createRandom()];
  const sender = Wallet.createRandom();
  const steward = Wallet.createRandom();
  const reader = Wallet.createRandom();
  const gatewayKey = newPrivateKey(randomBytes);
  const group = toHex(randomBytes(20));
  const roots = [1, 2, 3, 4, 5].map((n) => toHex(new Uint8Array(32).fill(n)));
  let directory: string;
  let embedded: EmbeddedChain;
  let provider: JsonRpcProvider;
  let consortium: Consortium;
  let stream: Hex;
  let device: Hex;
  let chain: Chain;
  let database: Database;
  let committer: Committer;

  async function send(by: typeof member, contract: ContractName, method: string, values: unknown[]): Promise<void> {
    const data = interfaces[contract].encodeFunctionData(method, values);
    const to = consortium.contracts[contract] ?? null;
    const transaction = { to, data, gasLimit: 3_000_000n, gasPrice: 0n, type: 0 };
    const receipt = await (await by.connect(provider).sendTransaction(transaction)).wait();
    expect(receipt?.status, method).to.equal(1);
  }

  function keyProof(secret: Uint8Array, id: Hex, number: number): [Hex, Hex, Hex, Hex] {
    const { chainId, contracts } = consortium;
    const proof = signEs256(secret, keyProofMessage(chainId, contracts.DeviceRegistry, id, number, lower(steward)));
    const { x, y } = publicKeyOf(secret);
    return [x, y, toHex(proof.subarray(0, 32)), toHex(proof.subarray(32))];
  }

  before(async () => {
    directory = await mkdtemp(join(tmpdir(), "twinward-sdk-"));
    embedded = await startEmbeddedChain({ directory: join(directory, "chain"), port: 0, blockSeconds: 0.05 });
    provider = await connectChain(embedded.url);
    const key = publicKeyOf(gatewayKey);
    consortium = await deployConsortium({
      provider,
      deployer: Wallet.createRandom(),
      name: "A ward",
      members: [member, ...others].map((one, i) => ({
        name: NAMES[i] ?? "",
        endpoint: "http://127.0.0.1",
        signer: lower(one),
        commandKey: key,
      })),
      groups: [{ group, member: 0, ...key, senders: [lower(sender)] }],
      oracles: [1, 2, 3, 4].map(() => ({ member: 0, key: toHex(randomBytes(20)) })),
    });
    const { chainId, contracts } = consortium;
    stream = streamId(chainId, contracts.AnchorLog, group, 0);
    await send(sender, "AnchorLog", "openStream", [group]);
    for (const [n, root] of roots.slice(0, 3).entries())
      await send(sender, "AnchorLog", "anchor", [stream, n, root, n + 1]);

    const secret = newPrivateKey(randomBytes);
    device = deviceId(chainId, contracts.DeviceRegistry, publicKeyOf(secret));
    await send(steward, "DeviceRegistry", "register", [roots[0], stream, ...keyProof(secret, device, 1)]);
    await send(steward, "DeviceRegistry", "rotateKey", [
      device,
      11,
      ...keyProof(newPrivateKey(randomBytes), device, 2),
    ]);
    await send(steward, "DeviceRegistry", "markKey", [device, 1, 5, 1_790_000_000, roots[0]]);

    database = await lendDatabase();
    committer = new Committer({
      database,
      chainId,
      anchorLog: contracts.AnchorLog,
      stream,
      signer: (message) => signEs256(gatewayKey, message),
      now: Date.now,
      anchorWithinSeconds: 60,
    });
    chain = await followChain({ provider, consortium, pollMs: 50 });
  });

  after(async () => {
    await chain.close();
    provider.destroy();
    await embedded.close();
    await committer.close();
    await database.close();
    await rm(directory, { recursive: true, force: true });
  });

  it("tells from a node what the server folds from it: chain, anchors, keys, frontier", async () => {
    const source = rpcSource(embedded.url, consortium, 0);
    const { chainId, genesis } = consortium;
    expect(await source.chain()).to.deep.equal({ chainId, genesis });
    const anchors = await source.anchors(stream);
    expect(anchors).to.deep.equal(chain.view().anchors(stream));
    expect(anchors.map(({ number, root, count, firstLeaf }) => [number, root, count, firstLeaf])).to.deep.equal([
      [0, roots[0], 1, 0],
      [1, roots[1], 2, 1],
      [2, roots[2], 3, 3],
    ]);
    const tree = logTree(stream, anchors);
    expect(await source.frontier?.(stream)).to.deep.equal({ size: 3, root: toHex(tree.root()) });
    expect(await source.frontier?.(roots[0] ?? ZERO_32)).to.equal(undefined);
    const history = await source.device(device);
    const known = chain.view().device(device);
    expect(history).to.deep.equal({
      device,
      steward: lower(steward),
      keys: known?.keys.map(({ marks, ...key }) => ({
        ...key,
        marks: marks.map(({ fromSequence, ...mark }) => ({ from: fromSequence, ...mark })),
      })),
    });
    expect(history?.keys.map(({ from, until, marks }) => [from, until, marks.length])).to.deep.equal([
      [1, 10, 1],
      [11, null, 0],
    ]);
    expect(await source.device(ZERO_32)).to.equal(undefined);
  });

  it("asks only for what came since, and hands out the same array when nothing did", async () => {
    const source = rpcSource(embedded.url, consortium);
    const first = await source.anchors(stream);
    expect(await source.anchors(stream)).to.equal(first);
    const eager = rpcSource(embedded.url, consortium, 0);
    expect(await eager.anchors(stream)).to.have.length(first.length);
    await send(sender, "AnchorLog", "anchor", [stream, 3, roots[3], 1]);
    expect(await eager.anchors(stream)).to.have.length(first.length + 1);
  });

  it("exports an anchors file from JSON-RPC alone, signed by a member", async () => {
    const file = await exportAnchors(embedded.url, consortium, {
      member: "North",
      signer: lower(member),
      sign: (digest) => member.signingKey.sign(digest).serialized.toLowerCase() as Hex,
    });
    const text = writeAnchors(file);
    expect(checkpointSigners(parseAnchors(text).checkpoint, consortium)).to.deep.equal(["North"]);
    const source = fileSource(text);
    const node = rpcSource(embedded.url, consortium, 0);
    expect(await source.anchors(stream)).to.deep.equal(await node.anchors(stream));
    expect(await source.device(device)).to.deep.equal(await node.device(device));
    const log = (await source.checkpoint?.())?.checkpoint.streams.find((one) => one.stream === stream);
    expect(log?.root).to.equal((await node.frontier?.(stream))?.root);
    expect((await exportAnchors(embedded.url, consortium)).checkpoint.signatures).to.deep.equal([]);
  });

  it("lets members sign one after the other, each from a node, what the first one wrote", async () => {
    const by = (i: number): CheckpointSigner => {
      const wallet = [member, ...others][i] ?? member;
      const sign = (digest: Uint8Array): Hex => wallet.signingKey.sign(digest).serialized as Hex;
      return { member: NAMES[i] ?? "", signer: lower(wallet), sign };
    };
    const first = await exportAnchors(embedded.url, consortium, by(0));
    // The chain goes on; what is signed stays what it was at the file's block.
    await send(sender, "AnchorLog", "anchor", [stream, 4, roots[4], 1]);
    const second = await cosignAnchors(embedded.url, consortium, parseAnchors(writeAnchors(first)), by(2));
    const again = await cosignAnchors(embedded.url, consortium, second, by(2));
    expect(again.checkpoint.signatures).to.have.length(2);
    expect(signersLacking(checkpointSigners(again.checkpoint, consortium), consortium)).to.equal(1);
    const third = await cosignAnchors(embedded.url, consortium, again, by(3));
    expect(checkpointSigners(third.checkpoint, consortium)).to.deep.equal(["North", "South", "West"]);
    expect(signersLacking(checkpointSigners(third.checkpoint, consortium), consortium)).to.equal(0);
    expect({ ...third, checkpoint: { ...third.checkpoint, signatures: [] } }).to.deep.equal({
      ...first,
      checkpoint: { ...first.checkpoint, signatures: [] },
    });

    // What the own node does not confirm is not signed, whoever signed it before.
    const { checkpoint } = first;
    for (const changed of [
      { ...checkpoint, keysRoot: ZERO_32 },
      { ...checkpoint, placesRoot: ZERO_32 },
      { ...checkpoint, streams: checkpoint.streams.map((log) => ({ ...log, size: log.size - 1 })) },
      { ...checkpoint, block: { ...checkpoint.block, hash: ZERO_32 } },
      { ...checkpoint, block: { ...checkpoint.block, number: 1_000_000 } },
    ]) {
      const refused = await cosignAnchors(embedded.url, consortium, { ...first, checkpoint: changed }, by(1)).catch(
        (error: unknown) => error,
      );
      expect(refused).to.have.property("code", "ANCHORS_DIFFER");
    }
  });

  it("refuses a node of another chain, and one that does not answer", async () => {
    for (const [url, other, code] of [
      [embedded.url, { ...consortium, genesis: ZERO_32 }, "CHAIN_ID_UNEXPECTED"],
      ["http://127.0.0.1:1", consortium, "CHAIN_UNAVAILABLE"],
    ] as const) {
      const error = await exportAnchors(url, other).then(
        () => undefined,
        (thrown: unknown) => thrown,
      );
      expect(error).to.be.instanceOf(TwinwardError).with.property("code", code);
    }
  });

  it("permits what the chain grants, and denies it as soon as the chain has revoked it", async () => {
    const access = createAccess({
      committer,
      chain,
      stream,
      model: async () => undefined,
      now: Date.now,
      random: randomBytes,
    });
    const ask = async (twin: Hex): Promise<string> =>
      access.authorize({ reader: lower(reader), twin, purpose: "care" }).then(
        ({ terms }) => `permitted ${terms.segments}`,
        (error: unknown) => (error as TwinwardError).code,
      );
    await send(steward, "TwinRegistry", "createSecurityTwin", [device, roots[0], 15n]);
    await send(steward, "TwinRegistry", "beginAssignment", [device, 1]);
    const assignment = (
      await chain.waitFor((view) => view.openAssignment(device) !== undefined, 30_000)
    ).openAssignment(device);
    await send(steward, "TwinRegistry", "createTwin", [assignment?.id, roots[1], 7n, 0n]);
    const isOrdinary = (view: ReturnType<Chain["view"]>): Hex | undefined =>
      view.twinsOf(device).find(({ security }) => !security)?.id;
    const twin = isOrdinary(await chain.waitFor((view) => isOrdinary(view) !== undefined, 30_000)) ?? ZERO_32;
    expect(await ask(twin)).to.equal("NOT_FOUND");
    const now = Math.floor(Date.now() / 1000);
    const grant = {
      twin,
      reader: lower(reader),
      from: now - 60,
      until: now + 3600,
      segments: 3n,
      purposes: purposesMask(["care"]),
      depth: 0,
    };
    await send(steward, "GrantRegistry", "grant", [device, grant, 0]);
    const given = (await chain.waitFor((view) => view.grantsOf(twin).length > 0, 30_000)).grantsOf(twin)[0];
    expect(await ask(twin)).to.equal("permitted 3");
    await send(steward, "GrantRegistry", "revoke", [twin, lower(reader), [given?.grantor, ZERO_32, 0]]);
    await chain.waitFor((view) => view.grant(given?.id ?? ZERO_32)?.revoked === true, 1_000);
    expect(await ask(twin)).to.equal("GRANT_REVOKED");
    const records = await database.query<{ body: string }>(
      "select r.body from record r join leaf l on l.position = r.position where l.subject = $1 order by l.position",
      [fromHex(twin, 32)],
    );
    const reasons = records.map(({ body }) => (JSON.parse(body) as { reason: string }).reason);
    expect(reasons).to.deep.equal(["GrantUnknown", "Permitted", "GrantRevoked"]);
  });
});
