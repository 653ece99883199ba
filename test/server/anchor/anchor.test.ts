import { expect } from "chai";
import { streamEndLeaf } from "../../../protocol/anchor.ts";
import { logTree } from "../../../protocol/anchors.ts";
import { fromHex, toHex, type Hex } from "../../../protocol/bytes.ts";
import { TwinwardError } from "../../../protocol/errors.ts";
import { sha256Hex } from "../../../protocol/hash.ts";
import { leafHash } from "../../../protocol/leaf.ts";
import { merkleRoot } from "../../../protocol/tree.ts";
import { createAnchor, type Anchor, type AnchorParts } from "../../../server/anchor/anchor-loop.ts";
import { recomputeRoot } from "../../../server/anchor/recompute-root.ts";
import { seal } from "../../../server/anchor/seal.ts";
import { followChain } from "../../../server/chain/follow.ts";
import { openStream } from "../../../server/chain/open-stream.ts";
import { Outbox } from "../../../server/chain/outbox.ts";
import type { Chain } from "../../../server/chain/view.ts";
import type { Database, Tx } from "../../../server/store/database.ts";
import type { StoredLeaf } from "../../../server/store/read-leaves.ts";
import { makeMonth } from "../../../server/store/months.ts";
import { addressOf, gatewayOf, memberDecision, openWorld, signedAck, transact, type World } from "../chain/world.ts";
import { eventually } from "../chain/ask.ts";

const subject: Hex = `0x${"5a".repeat(32)}`;
const contentOf = (position: number): Hex => `0x${position.toString(16).padStart(64, "0")}`;
/** What leaf `position` stands for; every fourth is a record. */
const bytesOf = (position: number): string => `{"bytes":"of leaf ${position}, ä"}`;
const storedLeaf = (position: number): StoredLeaf => {
  const [kind, sequence, content] = [position % 4 === 3 ? 2 : 1, position + 1, sha256Hex(bytesOf(position))];
  return { position, kind, subject, sequence, content, hash: toHex(leafHash(kind, subject, sequence, content)) };
};

/** Months turn, and once a clock is put back. */
const MONTHS = [202610, 202611, 202610, 202612];
const monthAt = (position: number): number => MONTHS[Math.floor(position / 5) % MONTHS.length] ?? 0;

describe("sealing", () => {
  it("gives the root that the independent routine gives, for every size", () => {
    for (let count = 1; count <= 70; count++) {
      const leaves = Array.from({ length: count }, (_, i) => storedLeaf(100 + i));
      const flat = Buffer.concat(leaves.map((leaf) => fromHex(leaf.hash)));
      const batch = seal(3, 100, flat);
      expect(batch).to.deep.equal({ number: 3, firstLeaf: 100, count, root: recomputeRoot(leaves, 100) });
      expect(batch?.root).to.equal(toHex(merkleRoot(flat)));
    }
    expect(seal(0, 0, new Uint8Array(0))).to.equal(undefined);
  });

  it("is refused by the independent routine when a leaf was changed, removed or moved", () => {
    const leaves = [0, 1, 2, 3].map(storedLeaf);
    const changed = (change: Partial<StoredLeaf>): StoredLeaf[] =>
      leaves.map((leaf, i) => (i === 2 ? { ...leaf, ...change } : leaf));
    const cases = [
      changed({ kind: 2 }),
      changed({ subject: contentOf(9) }),
      changed({ sequence: 9 }),
      changed({ content: contentOf(9) }),
      changed({ hash: contentOf(9) }),
      leaves.slice(1),
      leaves.toSpliced(1, 1),
      leaves.toReversed(),
    ];
    for (const broken of cases) expect(() => recomputeRoot(broken, 0)).to.throw(TwinwardError, "ANCHOR_ROOT_MISMATCH");
  });
});

describe("the anchor loop", () => {
  let world: World;
  let used = 0;
  let chain: Chain;
  let stream: Hex;
  let sender: number;
  let total: number;
  const open: { close(): Promise<void> }[] = [];

  const insertBytes = async (tx: Tx, { position, kind, sequence }: StoredLeaf): Promise<void> => {
    const body = bytesOf(position);
    if (kind !== 1) await tx.query("insert into record (position, body) values ($1, $2)", [position, body]);
    else {
      await tx.query(
        `insert into reading (accepted_month, position, device, sequence, signing_input, signature, scope, month, nonce, sealed)
         values ($5, $1, $2, $3, $4, '', $2, '2026-11', '', '')`,
        [position, fromHex(subject), sequence, body, monthAt(position)],
      );
    }
  };
  const insertLeaves = async (count: number): Promise<void> => {
    // All at once, as the committer does: the loop must not find some of them.
    await world.database.transaction(async (tx) => {
      for (const leaf of Array.from({ length: count }, (_, i) => storedLeaf(total + i))) {
        await tx.query(
          "insert into leaf (position, kind, subject, sequence, content, hash, accepted_month) values ($1, $2, $3, $4, $5, $6, $7)",
          [
            ...[leaf.position, leaf.kind, fromHex(subject), leaf.sequence, fromHex(leaf.content), fromHex(leaf.hash)],
            leaf.kind === 1 ? monthAt(leaf.position) : null,
          ],
        );
        await insertBytes(tx, leaf);
      }
    });
    total += count;
  };
  const outboxOf = (database: Database): Outbox =>
    new Outbox({ database, provider: world.provider, signer: gatewayOf(sender) });
  const start = (
    parts: Partial<Pick<AnchorParts, "database" | "outbox" | "sealIntervalMs" | "onTrouble">> = {},
  ): Anchor => {
    const { database = world.database, sealIntervalMs = 20 } = parts;
    const anchor = createAnchor({ database, outbox: outboxOf(database), chain, stream, sealIntervalMs, ...parts });
    open.push(anchor);
    return anchor;
  };
  /** Every leaf is anchored once, in order, under the right root, and the store agrees with the chain. */
  const expectAnchored = async (): Promise<void> => {
    const view = await chain.fresh(0);
    let next = 0;
    for (const [number, anchor] of view.anchors(stream).entries()) {
      expect(anchor.number).to.equal(number);
      expect(anchor.firstLeaf).to.equal(next);
      const leaves = Array.from({ length: anchor.count }, (_, i) => storedLeaf(next + i));
      expect(anchor.root).to.equal(recomputeRoot(leaves, next));
      next += anchor.count;
    }
    expect(next).to.equal(total);
    const rows = await world.database.query<{ number: number; block_hash: Uint8Array; transaction: Uint8Array }>(
      "select number, block_hash, transaction from batch order by number",
    );
    expect(rows.map((row) => [toHex(row.transaction), toHex(row.block_hash)])).to.deep.equal(
      view.anchors(stream).map(({ transaction, block }) => [transaction, block.hash]),
    );
  };
  const settled = (anchor: Anchor): Promise<true> =>
    eventually(async () => {
      const [row] = await world.database.query<{ open: number }>(
        "select count(*) as open from batch where transaction is null",
      );
      const view = chain.view().anchors(stream).at(-1);
      const reached = view === undefined ? 0 : view.firstLeaf + view.count;
      return row?.open === 0 && reached === total && anchor.health().state === "running" ? true : undefined;
    });

  before(async () => {
    world = await openWorld();
    for (const month of MONTHS) await makeMonth(world.database, month);
  });
  beforeEach(async () => {
    await world.clear();
    await world.database.script("truncate reading, record");
    sender = used++;
    total = 0;
    const { provider, consortium } = world;
    const outbox = outboxOf(world.database);
    const group = addressOf(gatewayOf(sender));
    stream = await openStream({
      provider,
      outbox,
      chainId: consortium.chainId,
      anchorLog: consortium.contracts.AnchorLog,
      group,
    });
    chain = await followChain({ provider, consortium, pollMs: 50 });
  });
  afterEach(async () => {
    await Promise.all(open.splice(0).map((one) => one.close()));
    await chain.close();
  });
  after(() => world.close());

  it("anchors what is stored, by itself and on demand, and lists it", async () => {
    const anchor = start();
    await insertLeaves(3);
    await settled(anchor);
    await expectAnchored();
    await insertLeaves(5);
    await anchor.flush();
    await settled(anchor);
    await expectAnchored();
    expect(anchor.list()).to.deep.equal(chain.view().anchors(stream));
    expect(anchor.list({ since: 1 }).map(({ number }) => number)[0]).to.equal(1);
    expect(anchor.list({ limit: 1 })).to.have.length(1);
    expect(anchor.health()).to.deep.equal({ state: "running", anchored: chain.view().streamSize(stream) });
  });

  it("anchors nothing when there is nothing", async () => {
    const anchor = start({ sealIntervalMs: 5 });
    await anchor.flush();
    await eventually(() => (anchor.health().trouble === undefined ? true : undefined));
    await anchor.close();
    expect((await chain.fresh(0)).streamSize(stream)).to.equal(0);
    expect(await world.database.query("select * from batch")).to.deep.equal([]);
  });

  describe("on a stream that is stopped", () => {
    const act = (call: string, values: readonly unknown[]): Promise<Hex> =>
      transact(world.provider, world.consortium, gatewayOf(sender), "AnchorLog", call, values);
    const reason = contentOf(7);
    const suspend = async (): Promise<void> => {
      const { timestamp } = (await chain.fresh(0)).head;
      await act("challengeOverdue", [stream, await signedAck(world, stream, total + 50, timestamp - 1)]);
    };
    const troubled = (anchor: Anchor, code: string): Promise<true> =>
      eventually(async () => (anchor.health().trouble?.code === code ? true : undefined));

    it("anchors nothing while it is suspended, says why, and goes on when members resume it", async () => {
      const anchor = start();
      await insertLeaves(3);
      await settled(anchor);
      await suspend();
      await insertLeaves(2);
      await troubled(anchor, "STREAM_SUSPENDED");
      expect(anchor.health().state).to.equal("running");
      const view = await chain.fresh(0);
      expect(view.stream(stream)).to.deep.include({ standing: "suspended" });
      expect(view.stream(stream)?.suspension).to.deep.include({
        number: 1,
        breach: "overdue",
        by: addressOf(gatewayOf(sender)),
      });
      expect(view.streamSize(stream)).to.equal(1);
      await act("resume", [stream, 1, reason, ...(await memberDecision(world, "resumeDigest", [stream, 1, reason]))]);
      await settled(anchor);
      await expectAnchored();
      expect(chain.view().stream(stream)?.standing).to.equal("open");
      expect(anchor.health().trouble).to.equal(undefined);
    });

    it("ends for good when members fence it, and knows the successor", async () => {
      const anchor = start();
      await insertLeaves(3);
      await settled(anchor);
      const root = toHex(logTree(stream, chain.view().anchors(stream)).root());
      await act("fence", [stream, reason, ...(await memberDecision(world, "fenceDigest", [stream, reason]))]);
      await insertLeaves(1);
      await troubled(anchor, "STREAM_FENCED");
      expect(anchor.health().state).to.equal("stopped");
      await act("openSuccessor", [stream]);
      const view = await chain.fresh(0);
      const fenced = view.stream(stream);
      expect(fenced?.fence).to.deep.equal({ size: 1, leaves: 3, logRoot: root, reason });
      const successor = fenced?.successor ?? "0x";
      expect(view.stream(successor)).to.deep.include({ predecessor: stream, standing: "open", n: 1 });
      expect(view.anchors(successor).map(({ root: end }) => end)).to.deep.equal([streamEndLeaf(stream, 1, root)]);
    });
  });

  describe("killed at a write", () => {
    /** Dies at its n-th write: before it, or after it was made though nobody was told. */
    const dying = (database: Database, at: number, persisted: boolean): { database: Database; dead(): boolean } => {
      let writes = 0;
      const guard = async <T>(sql: string | undefined, work: () => Promise<T>): Promise<T> => {
        if (writes >= at) throw new Error("dead");
        if (sql !== undefined && !/^\s*(insert|update|delete)/i.test(sql)) return work();
        if (++writes < at) return work();
        if (persisted) await work();
        throw new Error("killed");
      };
      const proxy: Database = {
        kind: database.kind,
        query: <T>(sql: string, parameters?: Parameters<Tx["query"]>[1]) =>
          guard(sql, () => database.query<T>(sql, parameters)),
        script: (sql) => guard(sql, () => database.script(sql)),
        transaction: (work) => guard(undefined, () => database.transaction(work)),
        claim: (name, options) => database.claim(name, options),
        close: () => database.close(),
      };
      return { database: proxy, dead: () => writes >= at };
    };

    for (const persisted of [false, true]) {
      for (const at of [1, 2, 3, 4]) {
        it(`${at}, ${persisted ? "after" : "before"} it was made, goes on and anchors once`, async () => {
          await insertLeaves(4);
          const broken = dying(world.database, at, persisted);
          const doomed = start({ database: broken.database });
          await eventually(() => (broken.dead() ? true : undefined));
          await doomed.close();
          await insertLeaves(2);
          const outbox = outboxOf(world.database);
          open.push(outbox);
          await outbox.recover();
          await settled(start({ outbox }));
          await expectAnchored();
        });
      }
    }

    for (const step of ["send", "settle"] as const) {
      for (const persisted of [false, true]) {
        it(`while the outbox ${step}s, ${persisted ? "done but unknown" : "not done"}, anchors once`, async () => {
          await insertLeaves(4);
          const real = outboxOf(world.database);
          let failures = 0;
          const failing = async <T>(work: () => Promise<T>): Promise<T> => {
            if (failures > 0) return work();
            failures++;
            if (persisted) await work();
            throw new TwinwardError("CHAIN_UNAVAILABLE");
          };
          const outbox = {
            sender: real.sender,
            waiting: () => real.waiting(),
            send: (letter: Parameters<Outbox["send"]>[0]) =>
              step === "send" ? failing(() => real.send(letter)) : real.send(letter),
            settle: (hash: Hex, limit?: number) =>
              step === "settle" ? failing(() => real.settle(hash, limit)) : real.settle(hash, limit),
          };
          await settled(start({ outbox }));
          expect(failures).to.equal(1);
          await expectAnchored();
        });
      }
    }
  });

  it("is content where an earlier turn's transaction, gone from the outbox, anchors the batch first", async () => {
    await insertLeaves(4);
    const real = outboxOf(world.database);
    const sent: Hex[] = [];
    // As when a process starts while its last transaction is being mined: seen neither on the chain nor on its way.
    const outbox = {
      sender: real.sender,
      waiting: async () => [],
      send: async (letter: Parameters<Outbox["send"]>[0]) => {
        if (sent.length === 0) {
          sent.push(await real.send(letter));
          await real.settle(sent[0]!);
        }
        return real.send(letter);
      },
      settle: (hash: Hex, limit?: number) => real.settle(hash, limit),
    };
    const troubles: string[] = [];
    const anchor = start({ outbox, onTrouble: ({ code }) => troubles.push(code) });
    await settled(anchor);
    expect([sent.length, troubles]).to.deep.equal([1, []]);
    await expectAnchored();
  });

  it("stops when the chain is ahead of the store, and goes on when the store has the intent", async () => {
    await insertLeaves(2);
    const blind = outboxOf(world.database);
    const leaves = [0, 1].map(storedLeaf);
    const values = [stream, 0, recomputeRoot(leaves, 0), 2];
    // Somebody's earlier attempt, of which this outbox knows nothing.
    await transact(world.provider, world.consortium, gatewayOf(sender), "AnchorLog", "anchor", values);
    // The store never had the intent: a chain that is ahead of the store stops the loop instead of being overwritten.
    const halted = start({ outbox: blind });
    await eventually(() => (halted.health().state === "stopped" ? true : undefined));
    expect(halted.health().trouble?.code).to.equal("ANCHOR_CONFLICT");
    await world.database.query("insert into batch (number, first_leaf, count, root) values (0, 0, 2, $1)", [
      fromHex(recomputeRoot(leaves, 0)),
    ]);
    await settled(start());
    await expectAnchored();
  });

  it("refuses to anchor a leaf whose own bytes were changed, taken away or another's", async () => {
    const changes: [table: string, change: string][] = [
      ["reading", "update reading set signing_input = replace(signing_input, 'leaf', 'lead') where position = $1"],
      ["reading", "delete from reading where position = $1"],
      ["reading", "update reading set sequence = sequence + 1000 where position = $1"],
      ["record", "update record set body = replace(body, 'ä', 'a') where position = $1"],
      ["record", "delete from record where position = $1"],
    ];
    for (const [table, change] of changes) {
      await insertLeaves(4);
      const position = total - (table === "record" ? 1 : 2);
      await world.database.query(change, [position]);
      const anchor = start();
      const thrown = await anchor.flush().catch((error: unknown) => error as TwinwardError);
      expect(thrown, change).to.have.property("code", "ANCHOR_ROOT_MISMATCH");
      expect(thrown).to.have.nested.property("facts.position", position);
      expect(anchor.health().state).to.equal("stopped");
      await world.database.query(`delete from ${table} where position = $1`, [position]);
      await insertBytes(world.database, storedLeaf(position));
      await settled(start());
      await expectAnchored();
    }
  });

  it("refuses to anchor a leaf in which one bit was flipped, and says where", async () => {
    for (const column of ["hash", "content"]) {
      await insertLeaves(4);
      const position = total - 2;
      const flip = `update leaf set ${column} = set_bit(${column}, 77, 1 - get_bit(${column}, 77)) where position = $1`;
      await world.database.query(flip, [position]);
      const anchor = start();
      const thrown = await anchor.flush().catch((error: unknown) => error as TwinwardError);
      expect(thrown).to.have.property("code", "ANCHOR_ROOT_MISMATCH");
      expect(thrown).to.have.nested.property("facts.position", position);
      expect(anchor.health().state).to.equal("stopped");
      await world.database.query(flip, [position]);
      await settled(start());
      await expectAnchored();
    }
  });

  it("refuses an intent whose leaves were changed since", async () => {
    await insertLeaves(2);
    await world.database.query("insert into batch (number, first_leaf, count, root) values (0, 0, 2, $1)", [
      fromHex(contentOf(1)),
    ]);
    const thrown = await start()
      .flush()
      .catch((error: unknown) => error as TwinwardError);
    expect(thrown).to.have.property("code", "ANCHOR_ROOT_MISMATCH");
    expect((await chain.fresh(0)).streamSize(stream)).to.equal(0);
  });

  it("stops when the store says other than the chain", async () => {
    await insertLeaves(3);
    await settled(start());
    await Promise.all(open.splice(0).map((one) => one.close()));
    await world.database.query("update batch set root = $1, block_hash = null", [fromHex(contentOf(3))]);
    const thrown = await start()
      .flush()
      .catch((error: unknown) => error as TwinwardError);
    void thrown;
    const anchor = open.at(-1) as Anchor;
    await eventually(() => (anchor.health().state === "stopped" ? true : undefined));
    expect(anchor.health().trouble?.code).to.equal("ANCHOR_CONFLICT");
  });
});
