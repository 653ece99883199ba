import { expect } from "chai";
import type { Ack } from "../../../protocol/ack.ts";
import { fromHex, type Hex } from "../../../protocol/bytes.ts";
import { sha256, sha256Hex } from "../../../protocol/hash.ts";
import { LEAF_KINDS } from "../../../protocol/words.ts";
import { checkContents } from "../../../server/anchor/check-contents.ts";
import { copyIn } from "../../../server/store/copy-in.ts";
import { copyOut, type CopiedHead, type CopiedPage } from "../../../server/store/copy-out.ts";
import { openDatabase, type Database, type DatabasePlace } from "../../../server/store/database.ts";
import { insertLeaves, placeEntries } from "../../../server/store/insert-leaves.ts";
import { migrate, migrations } from "../../../server/store/migrate.ts";
import { acceptedMonthOf, makeMonth } from "../../../server/store/months.ts";
import { openPGlite } from "../../../server/store/pglite.ts";
import { openPostgres } from "../../../server/store/postgres.ts";
import { readIntervals } from "../../../server/store/read-intervals.ts";
import { readNewest, readReadings } from "../../../server/store/read-readings.ts";
import { describeOnBoth } from "../../helpers/databases.ts";
import { openWorld, type World } from "../../helpers/gateway-world.ts";

interface Lying {
  readonly position: number;
  readonly accepted_month: number;
  readonly accepted_at: number;
  /** The table that the reading is really in. */
  readonly partition: string;
}

const lying = (database: Database): Promise<Lying[]> =>
  database.query<Lying>(
    `select l.position, l.accepted_month, r.tableoid::regclass::text as partition,
       (select accepted_at from ack where first <= l.position order by first desc limit 1) as accepted_at
     from leaf l join reading r on r.position = l.position where l.kind = 1 order by l.position`,
  );

const partitions = async (database: Database): Promise<string[]> => {
  const rows = await database.query<{ name: string }>(
    "select inhrelid::regclass::text as name from pg_inherits where inhparent = 'reading'::regclass order by 1",
  );
  return rows.map(({ name }) => name);
};

const DAY = 86_400_000;

describe("the month of acceptance", () => {
  it("is UTC's, as a number", () => {
    expect(acceptedMonthOf(Date.UTC(2026, 10, 30, 23, 59, 59, 999))).to.equal(202611);
    expect(acceptedMonthOf(Date.UTC(2026, 11, 1))).to.equal(202612);
    expect(acceptedMonthOf(Date.UTC(2027, 0, 1))).to.equal(202701);
  });
});

describeOnBoth("store: readings by month", (databases) => {
  let world: World;
  beforeEach(async () => {
    world = await openWorld({ database: await databases.place() });
  });
  afterEach(() => world?.close());

  it("lie where their promise says, whatever the gateway's clock does, and the next month is there before it begins", async () => {
    const device = world.device();
    expect(await partitions(world.database)).to.deep.equal([]);
    // Up to the last moment of a month, over its end, far on over a year's, and back again.
    const times = [
      Date.UTC(2026, 10, 30, 23, 59, 59, 999),
      Date.UTC(2026, 11, 1),
      Date.UTC(2027, 1, 3),
      Date.UTC(2026, 10, 5),
      Date.UTC(2027, 1, 4),
    ];
    for (const time of times) {
      world.now = time;
      for (const request of [2, 1]) {
        const texts: string[] = [];
        for (let n = 0; n < request; n++) texts.push(await device.next());
        const answers = await world.gateway.accept(texts);
        for (const answer of answers) expect((answer as Ack).acceptedAt).to.equal(time);
      }
    }
    const found = await lying(world.database);
    expect(found).to.have.length(15);
    for (const { accepted_month, accepted_at, partition } of found) {
      expect(accepted_month).to.equal(acceptedMonthOf(accepted_at));
      expect(partition).to.equal(`reading_${accepted_month}`);
    }
    const months = ["202611", "202612", "202701", "202702", "202703"];
    expect(await partitions(world.database)).to.deep.equal(months.map((month) => `reading_${month}`));
    const page = await readReadings(world.database, { device: device.id });
    expect(page.map(({ sequence }) => sequence)).to.deep.equal(Array.from({ length: 15 }, (_, n) => n + 1));
    await checkContents(world.database, 0, 15);
  });

  it("are made anew where the group that made their month was rolled back", async () => {
    const device = world.device();
    await world.gateway.accept([await device.next()]);
    world.now += 100 * DAY;
    const before = await partitions(world.database);
    // The statement after the one that made the month fails, and takes it along.
    await world.database.script("alter table device_head add constraint broken check (sequence < 2)");
    const text = await device.next();
    expect(await world.gateway.accept([text]).catch((error: unknown) => error)).to.be.instanceOf(Error);
    expect(await partitions(world.database)).to.deep.equal(before);
    await world.database.script("alter table device_head drop constraint broken");
    await world.gateway.accept([text]);
    expect(await partitions(world.database)).to.have.length(before.length + 2);
    expect((await lying(world.database)).map(({ position }) => position)).to.deep.equal([0, 1]);
  });

  it("are stored in rows of 3.6 kB, as they are", async () => {
    await world.gateway.accept([await world.device().next()]);
    const [table] = await world.database.query<{ options: string; stored: string }>(
      `select array_to_string(c.reloptions, ',') as options, (select string_agg(a.attname || ' ' || a.attstorage::text, ',' order by a.attname)
         from pg_attribute a where a.attrelid = c.oid and a.attname in ('sealed', 'signing_input')) as stored
       from pg_class c where c.relname like 'reading!_%' escape '!' and c.relkind = 'r' order by c.relname limit 1`,
    );
    expect(table).to.deep.equal({ options: "toast_tuple_target=8160", stored: "sealed e,signing_input e" });
  });
});

const [steady, behind] = ["steady", "behind"].map((name) => sha256Hex(name)) as [Hex, Hex];
const COUNT = 400;
/** A clock that one device has set back halfway. */
const fromOf = (device: Hex, n: number): number => 10_000_000 + n * 1_000 - (device === behind && n > 100 ? 40_000 : 0);
const signingInput = (device: Hex, n: number): string => `${device}.${n}`;

/** Readings of two devices by turns and a record after every tenth, written as the version of migration 009 wrote them. */
async function fillBefore(database: Database): Promise<void> {
  let position = 0;
  const latest = new Map<Hex, number>();
  await database.transaction(async (tx) => {
    await tx.query("insert into stream values (sha256('s'), 0)");
    for (let n = 1; n <= COUNT; n++) {
      for (const device of [steady, behind]) {
        const from = fromOf(device, n);
        latest.set(device, Math.max(from, latest.get(device) ?? from));
        const content = sha256(Buffer.from(signingInput(device, n)));
        const id = fromHex(device, 32);
        await tx.query("insert into leaf values ($1, 1, $2, $3, $4, sha256('leaf'))", [position, id, n, content]);
        await tx.query(
          `insert into reading (position, device, sequence, from_ms, until_ms, signing_input, signature, scope, month, nonce, sealed, latest_ms)
           values ($1, $2, $3, $4, $5, $6, '\\x01', $2, '2026-10', '\\x02', sha256('sealed'), $7)`,
          [position, id, n, from, from + 1_000, signingInput(device, n), latest.get(device) ?? 0],
        );
        position += 1;
      }
      if (n % 10 !== 0) continue;
      const body = `{"n":${n}}`;
      const content = sha256(Buffer.from(body));
      await tx.query("insert into leaf values ($1, 9, $2, $3, $4, sha256('leaf'))", [
        ...[position, fromHex(steady, 32), n, content],
      ]);
      await tx.query("insert into record (position, body) values ($1, $2)", [position, body]);
      position += 1;
    }
    for (const device of [steady, behind])
      await tx.query("insert into device_head values ($1, $2, sha256('x'), $3)", [
        ...[fromHex(device, 32), COUNT, latest.get(device) ?? 0],
      ]);
    await tx.query("update stream set size = $1", [position]);
    await tx.query("insert into ack values (0, $1, sha256('r'), 1, 2, '\\x03')", [position]);
  });
}

const openBefore = async (place: DatabasePlace): Promise<Database> => {
  const database = "url" in place ? await openPostgres(place.url) : await openPGlite(place.directory);
  await migrate(database, migrations().slice(0, 9));
  return database;
};

describeOnBoth("store: readings from before they lay by month", (databases) => {
  const open: Database[] = [];
  const opened = async (opening: Promise<Database>): Promise<Database> => {
    const database = await opening;
    open.push(database);
    return database;
  };
  afterEach(async () => {
    for (const database of open.splice(0)) await database.close();
  });

  const fileOf = async (database: Database, table: string): Promise<unknown> =>
    (await database.query("select pg_relation_filenode($1::regclass)::bigint as file", [table]))[0];

  /** All that is asked of readings gives what was written, over the old ones and some of a month. */
  async function check(database: Database): Promise<void> {
    const [stream] = await database.query<{ size: number }>("select size from stream");
    const size = stream?.size ?? 0;
    const bytes = sha256(fromHex(steady, 32));
    const entries = [1, 2, 3].map((n) => {
      const text = signingInput(steady, COUNT + n);
      const from = fromOf(steady, COUNT + n);
      return {
        ...({ kind: "reading", device: steady, sequence: COUNT + n, content: sha256Hex(text) } as const),
        ...({
          signingInput: text,
          signature: bytes,
          per: [from, from + 1_000],
          scope: steady,
          month: "2026-11",
        } as const),
        ...{ nonce: bytes.subarray(0, 12), sealed: bytes },
      };
    });
    await database.transaction(async (tx) => {
      await makeMonth(tx, 202611);
      await insertLeaves(tx, await placeEntries(tx, size, entries), 202611);
    });
    for (const device of [steady, behind]) {
      const page = await readReadings(database, { device, fromSequence: 90, limit: 10_000 });
      const last = device === steady ? COUNT + 3 : COUNT;
      expect(page.map(({ sequence }) => sequence)).to.deep.equal(Array.from({ length: last - 89 }, (_, i) => 90 + i));
      let latest = 0;
      for (const { sequence, per, signingInput: text, latest: reached } of page) {
        latest = Math.max(latest, fromOf(device, sequence));
        expect(per).to.deep.equal([fromOf(device, sequence), fromOf(device, sequence) + 1_000]);
        expect(text).to.equal(signingInput(device, sequence));
        expect(reached).to.equal(latest);
      }
      const stretch = { since: fromOf(device, 80), until: fromOf(device, 80) + 50_000 };
      const inside = await readReadings(database, { device, ...stretch });
      const expected = Array.from({ length: last }, (_, i) => i + 1).filter(
        (n) => fromOf(device, n) >= stretch.since && fromOf(device, n) < stretch.until,
      );
      expect(inside.map(({ sequence }) => sequence)).to.deep.equal(expected);
    }
    expect(await readNewest(database, behind, { latest: fromOf(behind, 90), until: null })).to.deep.equal({
      ...{ sequence: 90, acceptedAt: 1 },
    });
    const intervals = await readIntervals(database, {
      ...{ device: steady, interval: 50_000, fromSequence: 1, untilSequence: null },
      ...{ since: 10_100_000, until: 10_300_000, changes: [], limit: 10 },
    });
    expect(intervals).to.deep.equal([10_100_000, 10_150_000, 10_200_000, 10_250_000]);
    await checkContents(database, 0, size + 3);
  }

  it("stay where they are, and are read, checked and copied together with those of a month", async () => {
    const place = await databases.place();
    const before = await openBefore(place);
    await fillBefore(before);
    const file = await fileOf(before, "reading");
    const old = await copyOut(before);
    const pages: CopiedPage[] = [];
    for await (const page of old.pages()) pages.push(page);
    await before.close();

    const database = await opened(openDatabase(place));
    expect(await fileOf(database, "reading_0")).to.deep.equal(file);
    expect(await partitions(database)).to.deep.equal(["reading_0"]);
    await check(database);
    expect(await partitions(database)).to.deep.equal(["reading_0", "reading_202611"]);
    const bare = `select count(*) as n from leaf where kind <> ${LEAF_KINDS.reading}
      and (accepted_month is not null or from_ms is not null or until_ms is not null or latest_ms is not null)`;
    expect(await database.query(bare)).to.deep.equal([{ n: 0 }]);

    // A backup of both restores both, and one that was made before restores to the same.
    await database.query("update stream set size = size + 3");
    const { head, pages: all } = await copyOut(database);
    const restored = await opened(copyIn(await databases.place(), head, all(), async () => undefined));
    for (const table of ["leaf", "reading"])
      expect(await rowsOf(restored, table), table).to.deep.equal(await rowsOf(database, table));
    expect(await partitions(restored)).to.deep.equal(["reading_0", "reading_202611"]);
    await check(await opened(restoreBefore(old.head, pages)));
  });

  async function restoreBefore(head: CopiedHead, pages: readonly CopiedPage[]): Promise<Database> {
    async function* given(): AsyncGenerator<CopiedPage> {
      yield* pages;
    }
    expect(head.migrations).to.have.length(9);
    return copyIn(await databases.place(), head, given(), async () => undefined);
  }

  const rowsOf = (database: Database, table: string): Promise<unknown[]> =>
    database.query(`select t::text as row from ${table} t order by position`);

  it("are none in a database that is new", async () => {
    const database = await opened(openDatabase(await databases.place()));
    expect(await partitions(database)).to.deep.equal([]);
  });
});
