import { expect } from "chai";
import { verifyAck } from "../../../protocol/ack.ts";
import { fromHex, type Hex } from "../../../protocol/bytes.ts";
import type { TwinwardError } from "../../../protocol/errors.ts";
import { es256Signer } from "../../../protocol/es256.ts";
import type { Line } from "../../../protocol/line.ts";
import { buildRecord } from "../../../protocol/record.ts";
import { Committer, type Placed, type RecordEntry } from "../../../server/store/committer.ts";
import type { Database } from "../../../server/store/database.ts";
import { AckReader } from "../../../server/store/read-acks.ts";
import { readLeaves } from "../../../server/store/read-leaves.ts";
import { readStream } from "../../../server/store/stream-row.ts";
import { succeedStream } from "../../../server/store/succeed-stream.ts";
import { describeOnBoth } from "../../helpers/databases.ts";
import { SUCCESSION_POINTS } from "../../faults/write-points.ts";
import { ANCHOR_LOG, CHAIN_ID, NOON, openWorld, STREAM, type World } from "../../helpers/gateway-world.ts";

const NEXT: Hex = `0x${"5e".repeat(32)}`;
const note = (n: number): RecordEntry => {
  const salt: Hex = `0x${n.toString(16).padStart(32, "0")}`;
  const { text, content } = buildRecord({ format: "refusals@1", stream: STREAM, at: NOON, salt });
  return { kind: "record", leafKind: 9, subject: NEXT, body: text, content };
};
/** A stream that ended with `leaves` of its leaves anchored. */
const lineAfter = (leaves: number, batches: number): Line => ({
  stream: NEXT,
  stretches: [
    { stream: STREAM, firstLeaf: 0, firstBatch: 0 },
    { stream: NEXT, firstLeaf: leaves - 1, firstBatch: batches - 1 },
  ],
});

describeOnBoth("store: going on in a successor", (databases) => {
  let world: World;
  before(async () => {
    world = await openWorld({ database: await databases.place() });
  });
  beforeEach(() => world.empty());
  after(() => world?.close());

  const commit = (committer: Committer, ...entries: RecordEntry[]): Promise<readonly Placed[]> =>
    committer.submit(async () => ({ entries, result: (placed) => placed }));
  const partsOf = (line: Line) => {
    const signer = es256Signer(fromHex(`0x${"11".repeat(32)}`)); // the world's gateway's
    return {
      chainId: CHAIN_ID,
      anchorLog: ANCHOR_LOG,
      stream: NEXT,
      line,
      signer,
      now: () => NOON,
      anchorWithinSeconds: 60,
    };
  };
  const rowsOf = (table: string): Promise<{ first: number; count: number }[]> =>
    world.database.query(`select first, count from ${table} order by first`);

  it("refuses a database that is written to another stream, or that lacks what is anchored; nothing changes", async () => {
    await commit(world.committer, note(1), note(2));
    const before = await readLeaves(world.database, 0, 9);
    for (const [from, anchored, code] of [
      [NEXT, 1, "STREAM_MISMATCH"],
      [STREAM, 3, "STREAM_BEHIND"],
    ] as const) {
      const refused = await succeedStream(world.database, from, partsOf(lineAfter(anchored, 1))).catch(
        (e: unknown) => e,
      );
      expect((refused as TwinwardError).code).to.equal(code);
    }
    expect(await readLeaves(world.database, 0, 9)).to.deep.equal(before);
    expect(await readStream(world.database)).to.equal(STREAM);
    expect(await rowsOf("broken_ack")).to.deep.equal([]);
  });

  it("promises anew what was not anchored, at its places in the successor, and keeps the broken promises", async () => {
    const whole = await commit(world.committer, note(1), note(2), note(3));
    const late = await commit(world.committer, note(4), note(5));
    const leaves = await readLeaves(world.database, 0, 9);
    // Two leaves of the first group are anchored; its third and the second group are not.
    const line = lineAfter(2, 1);
    expect(await succeedStream(world.database, STREAM, partsOf(line))).to.equal(3);
    expect(await readLeaves(world.database, 0, 9)).to.deep.equal(leaves);
    expect(await readStream(world.database)).to.equal(NEXT);
    expect(await rowsOf("ack")).to.deep.equal([{ first: 0, count: 3 }, { first: 2, count: 3 }]); // prettier-ignore
    expect(await rowsOf("broken_ack")).to.deep.equal([{ first: 3, count: 2 }]);

    const acks = await new AckReader({ chainId: CHAIN_ID, anchorLog: ANCHOR_LOG, stream: NEXT, line }).read(
      world.database,
      [0, 1, 2, 3, 4],
    );
    expect([acks.get(0), acks.get(1)]).to.deep.equal(whole.slice(0, 2).map(({ ack }) => ack));
    for (const [index, position] of [2, 3, 4].entries()) {
      const ack = acks.get(position);
      expect(ack).to.include({ stream: NEXT, first: 1, count: 3, index });
      const leaf = leaves[position]?.hash ?? "0x";
      expect(ack && verifyAck(ack, world.gatewayKey, fromHex(leaf))).to.equal(true);
      expect(late.map(({ ack: { signature } }) => signature)).not.to.include(ack?.signature);
    }

    const { database } = world;
    const committer = new Committer({ ...partsOf(line), database });
    const [next] = await commit(committer, note(6));
    expect(next).to.include({ position: 4, sequence: 6 });
    expect(next?.ack).to.include({ stream: NEXT, first: 4, count: 1, index: 0 });
    expect(next && verifyAck(next.ack, world.gatewayKey, fromHex(next.leaf))).to.equal(true);
    expect((await readLeaves(database, 5, 1))[0]?.hash).to.equal(next?.leaf);
    await committer.close();
    const old = await commit(world.committer, note(7)).catch((error: unknown) => error);
    expect((old as TwinwardError).code).to.equal("STREAM_MISMATCH");
  });

  it("goes on where nothing was ever anchored, and where everything was", async () => {
    await commit(world.committer, note(1));
    expect(await succeedStream(world.database, STREAM, partsOf(lineAfter(0, 0)))).to.equal(1);
    expect(await rowsOf("ack")).to.deep.equal([{ first: 0, count: 1 }]);
    expect(await rowsOf("broken_ack")).to.deep.equal([{ first: 0, count: 1 }]);
    await world.empty();
    await commit(world.committer, note(1));
    expect(await succeedStream(world.database, STREAM, partsOf(lineAfter(1, 1)))).to.equal(0);
    expect(await rowsOf("broken_ack")).to.deep.equal([]);
    expect(await readStream(world.database)).to.equal(NEXT);
  });

  for (const point of SUCCESSION_POINTS.succession)
    it(`changes nothing where '${point}' fails, and is made when it is asked again`, async () => {
      await commit(world.committer, note(1), note(2), note(3));
      const { database } = world;
      const all = async (): Promise<unknown[]> => [
        await readStream(database),
        ...(await Promise.all(["ack", "broken_ack", "leaf"].map((table) => database.query(`select * from ${table}`)))),
      ];
      const before = await all();
      const failing: Database = {
        ...database,
        transaction: (work) =>
          database.transaction((tx) =>
            work({
              ...tx,
              query: async (sql, parameters) => {
                if (sql.startsWith(point)) throw new Error("injected");
                return tx.query(sql, parameters);
              },
            }),
          ),
      };
      const parts = partsOf(lineAfter(2, 1));
      const failed = await succeedStream(failing, STREAM, parts).catch((error: unknown) => error);
      expect((failed as Error).message).to.equal("injected");
      expect(await all()).to.deep.equal(before);
      expect(await succeedStream(database, STREAM, parts)).to.equal(1);
      expect(await readStream(database)).to.equal(NEXT);
    });
});
