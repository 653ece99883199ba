import { expect } from "chai";
import { verifyAck } from "../../../protocol/ack.ts";
import { fromHex, toHex, type Hex } from "../../../protocol/bytes.ts";
import { TwinwardError } from "../../../protocol/errors.ts";
import { leafHash } from "../../../protocol/leaf.ts";
import { buildRecord } from "../../../protocol/record.ts";
import { merkleRoot } from "../../../protocol/tree.ts";
import { Committer, type Placed, type RecordEntry } from "../../../server/store/committer.ts";
import { AckReader } from "../../../server/store/read-acks.ts";
import { readLeafAt, readLeaves, readStreamSize } from "../../../server/store/read-leaves.ts";
import { readRecords } from "../../../server/store/read-records.ts";
import { describeOnBoth } from "../../helpers/databases.ts";
import { ANCHOR_LOG, CHAIN_ID, NOON, openWorld, STREAM, type World } from "../../helpers/gateway-world.ts";

const subject = (byte: number): Hex => `0x${byte.toString(16).padStart(2, "0").repeat(32)}`;
const note = (of: Hex, n: number): RecordEntry => {
  const salt: Hex = `0x${n.toString(16).padStart(32, "0")}`;
  const { text, content } = buildRecord({ format: "refusals@1", stream: STREAM, at: NOON, salt });
  return { kind: "record", leafKind: 9, subject: of, body: text, content };
};

describeOnBoth("store: committer", (databases) => {
  let world: World;
  before(async () => {
    world = await openWorld({ database: await databases.place() });
  });
  beforeEach(() => world.empty());
  after(() => world?.close()); // none where the server is skipped

  const submit = (...entries: RecordEntry[]): Promise<readonly Placed[]> =>
    world.committer.submit(async () => ({ entries, result: (placed) => placed }));

  it("commits concurrent works in one group under one signature", async () => {
    const placed = (await Promise.all(Array.from({ length: 50 }, (_, i) => submit(note(subject(i % 3), i))))).flat();
    expect(placed.map(({ position }) => position)).to.deep.equal(Array.from({ length: 50 }, (_, i) => i));
    expect(new Set(placed.map(({ ack }) => ack.signature)).size).to.equal(1);
    for (const [i, { ack, leaf, sequence }] of placed.entries()) {
      expect(sequence).to.equal(Math.floor(i / 3) + 1);
      expect(leaf).to.equal(toHex(leafHash(9, subject(i % 3), sequence, note(subject(i % 3), i).content)));
      expect(verifyAck(ack, world.gatewayKey, fromHex(leaf)), `ack ${i}`).to.equal(true);
      expect(verifyAck({ ...ack, index: (i + 1) % 50 }, world.gatewayKey, fromHex(leaf))).to.equal(false);
    }
    const leaves = await readLeaves(world.database, 0, 100);
    expect(toHex(merkleRoot(leaves.map(({ hash }) => fromHex(hash))))).to.equal(placed[0]?.ack.root);
    expect(await readStreamSize(world.database)).to.equal(50);
    expect(await world.database.query("select first, count from ack")).to.deep.equal([{ first: 0, count: 50 }]);
  });

  it("counts a record's sequence per kind and subject, over groups and restarts", async () => {
    await submit(note(subject(1), 1), note(subject(2), 2));
    await world.restart();
    const [first, second] = await submit(note(subject(1), 3), note(subject(1), 4));
    expect([first?.sequence, second?.sequence, first?.position]).to.deep.equal([2, 3, 2]);
    const records = await readRecords(world.database, { kind: 9, subject: subject(1) });
    expect(records.map(({ sequence }) => sequence)).to.deep.equal([1, 2, 3]);
    expect((await readLeafAt(world.database, 9, subject(1), 3))?.position).to.equal(3);
  });

  it("gives the same ack again", async () => {
    const placed = [
      ...(await submit(note(subject(1), 1), note(subject(1), 2))),
      ...(await submit(note(subject(2), 3))),
    ];
    const reader = new AckReader({ chainId: CHAIN_ID, anchorLog: ANCHOR_LOG, stream: STREAM });
    const again = await reader.read(world.database, [2, 0, 1, 7]);
    for (const { position, ack } of placed) expect(again.get(position)).to.deep.equal(ack);
    expect(again.has(7)).to.equal(false);
  });

  it("promises by the chain's clock where the wall clock is behind it", async () => {
    const signer = (): Uint8Array => new Uint8Array(64);
    const parts = { database: world.database, chainId: 1, anchorLog: ANCHOR_LOG, stream: STREAM, signer };
    for (const ahead of [3_600, -3_600]) {
      const chainTime = (): number => NOON / 1_000 + ahead;
      const committer = new Committer({ ...parts, now: () => NOON, anchorWithinSeconds: 60, chainTime });
      const work = { entries: [note(subject(1), 3_601 + ahead)], result: ([one]: readonly Placed[]) => one?.ack };
      const ack = await committer.submit(async () => work);
      await committer.close();
      expect(ack?.anchorBy).to.equal(NOON / 1_000 + Math.max(0, ahead) + 60);
      expect(ack?.acceptedAt).to.equal(NOON);
    }
  });

  it("lets a work that throws fail alone", async () => {
    const failures = [
      world.committer.submit(() => Promise.reject(new TwinwardError("NOT_FOUND"))),
      world.committer.submit(async (tx) => {
        await tx.query("select * from nowhere");
        return { entries: [], result: () => null };
      }),
      world.committer.submit(async () => ({
        entries: [note(subject(1), 1)],
        writes: (tx) => tx.script("insert into nowhere values (1)"),
        result: () => null,
      })),
      world.committer.submit(async () => ({
        entries: [{ ...note(subject(1), 1), leafKind: 999 }],
        result: () => null,
      })),
      world.committer.submit(async () => ({
        entries: [note(subject(1), 2)],
        result: () => {
          throw new Error("result");
        },
      })),
    ];
    const good = Array.from({ length: 5 }, (_, i) => submit(note(subject(9), i)));
    const outcomes = await Promise.allSettled(failures);
    expect(outcomes.map(({ status }) => status)).to.deep.equal(Array(5).fill("rejected"));
    const placed = (await Promise.all(good)).flat();
    expect(placed.map(({ sequence }) => sequence)).to.deep.equal([1, 2, 3, 4, 5]);
    for (const { ack, leaf } of placed) expect(verifyAck(ack, world.gatewayKey, fromHex(leaf))).to.equal(true);
    expect(await readStreamSize(world.database)).to.equal(5);
    expect(await readLeaves(world.database, 0, 10)).to.have.length(5);
  });

  it("writes a work's own rows in the same transaction", async () => {
    await world.committer.submit(async () => ({
      entries: [note(subject(1), 1)],
      writes: (tx, [placed]) =>
        tx.query("insert into document (hash, kind, body) values ($1, 'manifest', $2)", [
          fromHex(placed?.leaf ?? "0x"),
          String(placed?.position),
        ]) as Promise<unknown> as Promise<void>,
      result: () => null,
    }));
    expect(await world.database.query("select body from document where kind = 'manifest'")).to.deep.equal([
      { body: "0" },
    ]);
  });

  it("refuses more than may wait, and everything after close", async () => {
    const { database } = world;
    const signer = (): Uint8Array => new Uint8Array(64);
    const parts = { database, chainId: 1, anchorLog: ANCHOR_LOG, stream: STREAM, signer, now: () => NOON };
    const small = new Committer({ ...parts, anchorWithinSeconds: 60, maxWaiting: 2, maxGroupLeaves: 1 });
    const outcomes = await Promise.allSettled(
      [1, 2, 3].map((n) => small.submit(async () => ({ entries: [note(subject(1), n)], result: () => n }))),
    );
    expect(outcomes.map(({ status }) => status)).to.deep.equal(["fulfilled", "fulfilled", "rejected"]);
    expect(await database.query("select count from ack")).to.have.length(2);
    await small.close();
    const late: unknown = await small
      .submit(async () => ({ entries: [], result: () => 1 }))
      .catch((error: unknown) => error);
    expect(late).to.have.property("code", "OVERLOADED");
  });

  it("refuses to write into another stream's database", async () => {
    await submit(note(subject(1), 1));
    const { database } = world;
    const signer = (): Uint8Array => new Uint8Array(64);
    const parts = { database, chainId: 1, anchorLog: ANCHOR_LOG, stream: subject(4), signer, now: () => NOON };
    const other = new Committer({ ...parts, anchorWithinSeconds: 60 });
    const works = [1, 2].map((n) =>
      other.submit(async () => ({ entries: [note(subject(1), n)], result: () => n })).catch((error: unknown) => error),
    );
    for (const error of await Promise.all(works)) expect(error).to.have.property("code", "STREAM_MISMATCH");
  });
});
