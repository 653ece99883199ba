import { randomBytes } from "node:crypto";
import { expect } from "chai";
import { checkContents } from "../../../server/anchor/check-contents.ts";
import { readBatches, readNextBatch } from "../../../server/anchor/batches.ts";
import type { Database, Tx } from "../../../server/store/database.ts";
import type { Parameter } from "../../../server/store/parameters.ts";
import { AckReader } from "../../../server/store/read-acks.ts";
import { readLeafAt, readLeafHashes, readLeaves } from "../../../server/store/read-leaves.ts";
import { readReadings } from "../../../server/store/read-readings.ts";
import { createFleet } from "../../../server/twin/fleet.ts";
import { describeOnBoth } from "../../helpers/databases.ts";
import { ANCHOR_LOG, CHAIN_ID, NOON, openWorld, STREAM, type World } from "../../helpers/gateway-world.ts";
import { named, WrittenChain, writtenConsortium } from "../api/written-chain.ts";

/** Tables that grow with every reading. A row of each must be found by an index, or the cost grows with the ward's age. */
const GROWING = /Seq Scan on (?:leaf|reading|reading_\d+|ack|record)\b/;
const EXPLAINED = /^\s*(?:select|insert|update|delete|with)\b/i;
const ROUNDS = 20;

interface Asked {
  readonly sql: string;
  readonly parameters: readonly Parameter[];
}

/** Writes down what is asked of a database from now on, each text once. */
function watch(database: Database): Map<string, Asked> {
  const asked = new Map<string, Asked>();
  const watched = (tx: Tx): Tx => ({
    script: (sql) => tx.script(sql),
    query: (sql, parameters = []) => {
      asked.set(sql, { sql, parameters });
      return tx.query(sql, parameters);
    },
  });
  const own = { ...database };
  const plain = watched(own);
  const query: Database["query"] = (sql, parameters) => plain.query(sql, parameters);
  const transaction: Database["transaction"] = (work) => own.transaction((tx) => work(watched(tx)));
  Object.assign(database, { query, transaction });
  return asked;
}

describeOnBoth("what is asked for every reading", (databases) => {
  let world: World;
  before(async () => {
    world = await openWorld({ database: await databases.place() });
  });
  after(() => world.close());

  it("is answered by indexes, however many there are", async () => {
    const devices = [world.device(), world.device(), world.device()];
    for (let round = 0; round < ROUNDS; round++) {
      if (round % 5 === 0) world.now += 31 * 86_400_000;
      const texts: string[] = [];
      for (const device of devices) for (let i = 0; i < 30; i++) texts.push(await device.next());
      await world.gateway.accept(texts);
    }
    const size = 30 * devices.length * ROUNDS;
    // A server does so by itself after a while; the embedded one plans without.
    if (databases.kind === "server") await world.database.script("analyze");

    const { database } = world;
    const asked = watch(database);
    const [device] = devices;
    if (device === undefined) throw new Error("no device");
    const old = await device.build({ sequence: 7 });
    await world.gateway.accept([await device.next(), old]);
    await readLeafHashes(database, 5, 20);
    await readLeaves(database, 5, 20);
    await readLeafAt(database, 1, device.id, 9);
    await checkContents(database, 5, 20);
    await readBatches(database, 3);
    await readNextBatch(database);
    await new AckReader({ chainId: CHAIN_ID, anchorLog: ANCHOR_LOG, stream: STREAM }).read(database, [3, 4, size - 1]);
    await readReadings(database, { device: device.id, fromSequence: 5, limit: 10 });
    await readReadings(database, { device: device.id, since: NOON, until: NOON + 20_000, limit: 10 });
    const empty = new WrittenChain(writtenConsortium(named("member", 20), new Uint8Array(32).fill(1), []), NOON / 1000);
    const noDocuments = { model: async () => undefined };
    await createFleet(
      { ...world, random: randomBytes, now: () => NOON, stream: STREAM, consortium: empty.consortium },
      noDocuments,
    )(empty.view());

    expect(asked.size).to.be.above(12);
    const plans = await database.transaction(async (tx) => {
      // Small tables are rather read whole. Whoever may not do so shows whether an index could answer.
      await tx.script("set local enable_seqscan = off");
      const found: [string, string][] = [];
      for (const { sql, parameters } of [...asked.values()].filter((one) => EXPLAINED.test(one.sql))) {
        const lines = await tx.query<Record<string, string>>(`explain ${sql}`, parameters);
        found.push([sql, lines.map((line) => Object.values(line)[0] ?? "").join("\n")]);
      }
      return found;
    });
    for (const [sql, plan] of plans) {
      expect(plan, sql).to.not.match(GROWING);
      // Of the wide rows only those of a month that the text names.
      if (sql.includes("reading") && sql.startsWith("select"))
        expect(new Set(plan.match(/\breading_\d+\b/g)).size, `${sql}\n${plan}`).to.be.at.most(1);
    }
  });
});
