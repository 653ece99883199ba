// The real anchor loop, outbox and follower over a real chain that is reached through a faulty node, with leaves to anchor.
import { expect } from "chai";
import type { JsonRpcProvider } from "ethers";
import { fromHex, toHex, type Hex } from "../../protocol/bytes.ts";
import type { Consortium } from "../../protocol/consortium.ts";
import type { TwinwardError } from "../../protocol/errors.ts";
import { sha256Hex } from "../../protocol/hash.ts";
import { leafHash } from "../../protocol/leaf.ts";
import { createAnchor, type Anchor } from "../../server/anchor/anchor-loop.ts";
import { recomputeRoot } from "../../server/anchor/recompute-root.ts";
import { deployConsortium } from "../../server/chain/deploy.ts";
import { followChain } from "../../server/chain/follow.ts";
import { openStream } from "../../server/chain/open-stream.ts";
import { Outbox, type OutboxParts } from "../../server/chain/outbox.ts";
import { connectChain } from "../../server/chain/rpc.ts";
import type { Chain } from "../../server/chain/view.ts";
import type { Database } from "../../server/store/database.ts";
import type { StoredLeaf } from "../../server/store/read-leaves.ts";
import { eventually } from "../server/chain/ask.ts";
import { addressOf, gatewayOf, planFor } from "../server/chain/world.ts";
import { startBareAnvil, type BareAnvil } from "./bare-anvil.ts";
import { HONEST, startFaultyNode, type Behaviour, type FaultyNode } from "./faulty-node.ts";
import { lendDatabase } from "../helpers/lent-database.ts";

/** A node that does not answer is given up after this, so that tests need not wait for the product's ten seconds. */
const TIMEOUT_MS = 700;
const SUBJECT: Hex = `0x${"5a".repeat(32)}`;
const bytesOf = (position: number): string => `{"bytes":"of leaf ${position}"}`;

export function storedLeaf(position: number): StoredLeaf {
  const [kind, sequence, content] = [2, position + 1, sha256Hex(bytesOf(position))];
  const hash = toHex(leafHash(kind, SUBJECT, sequence, content));
  return { position, kind, subject: SUBJECT, sequence, content, hash };
}

export class AnchoredWorld {
  #anvil!: BareAnvil;
  /** The node that is asked first. */
  node!: FaultyNode;
  nodes: FaultyNode[] = [];
  /** The chain itself, without the faulty node. */
  honest!: JsonRpcProvider;
  faulty!: JsonRpcProvider;
  consortium!: Consortium;
  database!: Database;
  chain!: Chain;
  outbox!: Outbox;
  anchor!: Anchor;
  stream!: Hex;
  total = 0;
  troubles: TwinwardError[] = [];
  #used = 0;

  async open(nodes = 1): Promise<void> {
    this.#anvil = await startBareAnvil();
    for (let n = 0; n < nodes; n++) this.nodes.push(await startFaultyNode(this.#anvil.url));
    this.node = this.nodes[0] as FaultyNode;
    this.honest = await connectChain(this.#anvil.url);
    this.faulty = await connectChain(this.urls, undefined, TIMEOUT_MS);
    [this.consortium, this.database] = await Promise.all([deployConsortium(planFor(this.honest)), lendDatabase()]);
  }

  /** Another stream, of another sender, with empty tables. */
  async begin(): Promise<void> {
    this.#used += 1;
    [this.total, this.troubles] = [0, []];
    for (const node of this.nodes) node.behaviour = HONEST;
    for (const table of ["outbox", "chain_block", "chain_event", "batch", "record", "leaf"])
      await this.database.query(`delete from ${table}`);
    await this.start();
  }

  /** As RPC_URL has them. */
  get urls(): string {
    return this.nodes.map(({ url }) => url).join(",");
  }

  get sender() {
    return gatewayOf(this.#used);
  }

  /** What a start of the server does with the chain. */
  async start(terms: Pick<OutboxParts, "priceCeiling"> = {}): Promise<void> {
    const { database, consortium, faulty: provider, sender } = this;
    const onTrouble = (error: TwinwardError): void => void this.troubles.push(error);
    this.outbox = new Outbox({ database, provider, signer: sender, onTrouble, ...terms });
    await this.outbox.recover();
    const { chainId, contracts } = consortium;
    const group = addressOf(sender);
    const opening = { provider, outbox: this.outbox, chainId, anchorLog: contracts.AnchorLog, group };
    this.stream = await openStream(opening);
    this.chain = await followChain({ provider, consortium, database, pollMs: 50, onTrouble });
    const { outbox, chain, stream } = this;
    const reopen = (): Promise<Hex> => openStream(opening);
    this.anchor = createAnchor({
      database,
      outbox,
      chain,
      stream,
      openStream: reopen,
      sealIntervalMs: 20,
      onTrouble,
    });
  }

  async stop(): Promise<void> {
    await this.anchor.close();
    await this.chain.close();
    await this.outbox.close();
  }

  async insert(count: number): Promise<void> {
    // All at once, as the committer does: the loop must not find some of them.
    await this.database.transaction(async (tx) => {
      for (const leaf of Array.from({ length: count }, (_, i) => storedLeaf(this.total + i))) {
        const { position, kind, sequence } = leaf;
        await tx.query("insert into record (position, body) values ($1, $2)", [position, bytesOf(position)]);
        await tx.query(
          "insert into leaf (position, kind, subject, sequence, content, hash) values ($1, $2, $3, $4, $5, $6)",
          [position, kind, fromHex(SUBJECT), sequence, fromHex(leaf.content), fromHex(leaf.hash)],
        );
      }
    });
    this.total += count;
  }

  /** One batch more, in a block of its own. */
  async anchorOne(): Promise<void> {
    await this.insert(1 + (this.total % 3));
    await this.settled();
  }

  /** Everything stored is anchored, as the loop sees it. */
  async settled(withinMs = 30_000): Promise<void> {
    await eventually(async () => {
      const [row] = await this.database.query<{ open: number }>(
        "select count(*) as open from batch where transaction is null",
      );
      const last = this.chain.view().anchors(this.stream).at(-1);
      const reached = last === undefined ? 0 : last.firstLeaf + last.count;
      return (row?.open === 0 && reached === this.total && this.anchor.health().trouble === undefined) || undefined;
    }, withinMs).catch((cause: unknown) => {
      throw new Error(`not settled: ${this.troubles.slice(-3).map(String).join("; ")}`, { cause });
    });
  }

  /**
   * By the chain itself: every leaf is where it was promised and anchored exactly once, under the root of its stored bytes; the
   * store, the view and the outbox agree with it.
   */
  async expectWhole(): Promise<void> {
    const truth = await followChain({ provider: this.honest, consortium: this.consortium, pollMs: 60_000 });
    const anchors = truth.view().anchors(this.stream);
    await truth.close();
    let next = 0;
    for (const [number, anchor] of anchors.entries()) {
      expect([anchor.number, anchor.firstLeaf]).to.deep.equal([number, next]);
      const leaves = Array.from({ length: anchor.count }, (_, i) => storedLeaf(next + i));
      expect(anchor.root, `batch ${number}`).to.equal(recomputeRoot(leaves, next));
      next += anchor.count;
    }
    expect(next).to.equal(this.total);
    expect((await this.chain.fresh(0)).anchors(this.stream)).to.deep.equal(anchors);
    const rows = await this.database.query<{ transaction: Uint8Array; block_hash: Uint8Array }>(
      "select transaction, block_hash from batch order by number",
    );
    expect(rows.map((row) => [toHex(row.transaction), toHex(row.block_hash)])).to.deep.equal(
      anchors.map(({ transaction, block }) => [transaction, block.hash]),
    );
    expect(this.anchor.health().state).to.equal("running");
    await eventually(async () => (await this.outbox.waiting()).length === 0 || undefined, 20_000);
  }

  /** Has something to anchor under this behaviour, then goes on under an honest one: all is anchored, once. */
  async survives(behaviour: Behaviour, spent: () => boolean): Promise<void> {
    await this.anchorOne();
    this.node.behaviour = behaviour;
    await this.insert(3);
    await eventually(() => spent() || undefined, 30_000);
    this.node.behaviour = HONEST;
    await this.insert(2);
    await this.settled();
    await this.expectWhole();
  }

  /** What a reorganisation of this depth takes is anchored again, each batch as it was, and what comes after goes behind. */
  async survivesReorganisation(depth: number): Promise<void> {
    const factsOf = () =>
      this.chain
        .view()
        .anchors(this.stream)
        .map(({ root, firstLeaf, count }) => [root, firstLeaf, count]);
    for (let n = 0; n < depth; n++) await this.anchorOne();
    const before = factsOf();
    await this.make("anvil_reorg", depth, []);
    await this.insert(2);
    await this.settled();
    await this.expectWhole();
    expect(factsOf().slice(0, before.length)).to.deep.equal(before);
  }

  /** A method of the test node itself, which no client of a chain could call. */
  make(method: string, ...params: unknown[]): Promise<unknown> {
    return this.honest.send(method, params);
  }

  async close(): Promise<void> {
    this.honest.destroy();
    this.faulty.destroy();
    await Promise.all(this.nodes.map((node) => node.close()));
    await this.#anvil.close();
    await this.database.close();
  }
}

/** For a suite: one world, and in it another stream for each of its tests. */
export function anchoredWorld(nodes = 1): AnchoredWorld {
  const world = new AnchoredWorld();
  before(() => world.open(nodes));
  beforeEach(() => world.begin());
  afterEach(() => world.stop());
  after(() => world.close());
  return world;
}
