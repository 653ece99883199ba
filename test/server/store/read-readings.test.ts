import { expect } from "chai";
import { createRandom } from "../../../ml/random.ts";
import { fromHex, type Hex } from "../../../protocol/bytes.ts";
import { TwinwardError } from "../../../protocol/errors.ts";
import { sha256, sha256Hex } from "../../../protocol/hash.ts";
import { openDatabase, type Database, type Tx } from "../../../server/store/database.ts";
import type { Entry } from "../../../server/store/entry.ts";
import { insertLeaves, placeEntries } from "../../../server/store/insert-leaves.ts";
import { makeMonth } from "../../../server/store/months.ts";
import { readReadings, type ReadingRange } from "../../../server/store/read-readings.ts";
import { describeOnBoth } from "../../helpers/databases.ts";

const HOUR = 3_600_000;
const [steady, jumping, other] = ["steady", "jumping", "other"].map((name) => sha256Hex(name)) as [Hex, Hex, Hex];
const bytes = sha256(fromHex(steady, 32));

interface Told {
  readonly device: Hex;
  readonly sequence: number;
  readonly from: number;
}

/** A clock that runs, stands, is set back and forth, and once was in another century. */
function clockOf(device: Hex, count: number): Told[] {
  const random = createRandom(`clock ${device}`);
  let from = 10 * HOUR;
  return Array.from({ length: count }, (_, i) => {
    from += 1_000;
    if (device === jumping && random.uniform() < 0.2) from += Math.floor((random.uniform() - 0.5) * 2 * HOUR);
    const shown = device === jumping && i === count >> 1 ? 1_000 * HOUR : from;
    return { device, sequence: 1 + i + (device === jumping ? Math.floor(i / 10) : 0), from: shown };
  });
}

const entryOf = ({ device, sequence, from }: Told): Entry => ({
  kind: "reading",
  device,
  sequence,
  content: sha256Hex(`${device} ${sequence}`),
  signingInput: "header.payload",
  signature: bytes,
  per: [from, from + 1_000],
  scope: device,
  month: "2026-11",
  nonce: bytes.subarray(0, 12),
  sealed: bytes,
});

/** A month turns every few hundred readings, and once the gateway's clock was put back for a while. */
const MONTHS = [0, 202612, 202701, 202702, 202612, 202703, 202704, 202705, 202706];
const monthAt = (position: number): number => MONTHS[Math.floor(position / 400)] ?? 202707;

describeOnBoth("store: a device's readings", (databases) => {
  let database: Database;
  const told = [...clockOf(steady, 3_000), ...clockOf(jumping, 300), ...clockOf(other, 300)];

  before(async () => {
    database = await openDatabase(await databases.place());
    // As they come in: a few of each device at a time.
    const lanes = [steady, jumping, other].map((device) => told.filter((one) => one.device === device));
    let position = 0;
    while (lanes.some((lane) => lane.length > 0)) {
      const group = lanes.flatMap((lane) => lane.splice(0, lane.length > 600 ? 100 : 7));
      await database.transaction(async (tx) => {
        const month = monthAt(position);
        await makeMonth(tx, month);
        await insertLeaves(tx, await placeEntries(tx, position, group.map(entryOf)), month);
      });
      position += group.length;
    }
    if (databases.kind === "server") await database.script("analyze");
  });
  after(() => database?.close());

  it("are those of a stretch of sequences and time, in order, whatever the clock did", async () => {
    const random = createRandom("stretches");
    const upTo = (most: number): number => Math.floor(random.uniform() * most);
    for (let round = 0; round < 150; round++) {
      const device = [steady, jumping, other][round % 3] as Hex;
      const range: { -readonly [Bound in keyof ReadingRange]: ReadingRange[Bound] } = { device, limit: 1 + upTo(40) };
      if (random.uniform() < 0.6) range.since = 8 * HOUR + upTo(5 * HOUR);
      if (random.uniform() < 0.6) range.until = (range.since ?? 9 * HOUR) + upTo(HOUR);
      if (random.uniform() < 0.5) range.fromSequence = upTo(330);
      if (random.uniform() < 0.3) range.untilSequence = (range.fromSequence ?? 0) + upTo(300);
      if (random.uniform() < 0.3) range.fromPosition = upTo(700);
      if (random.uniform() < 0.3) range.untilPosition = 300 + upTo(1_000);
      const found = await readReadings(database, range);
      const [since, until] = [range.since ?? 0, range.until ?? Infinity];
      const [fromSequence, untilSequence] = [range.fromSequence ?? 0, range.untilSequence ?? Infinity];
      const [fromPosition, untilPosition] = [range.fromPosition ?? 0, range.untilPosition ?? Infinity];
      const inside = told
        .filter((one) => one.device === device && one.from >= since && one.from < until)
        .filter(({ sequence }) => sequence >= fromSequence && sequence < untilSequence);
      const whole = await positionsOf(device);
      const expected = inside.filter(({ sequence }) => {
        const position = whole.get(sequence) ?? -1;
        return position >= fromPosition && position < untilPosition;
      });
      const shown = found.map(({ sequence, per }) => ({ device, sequence, from: per[0] }));
      expect(shown, JSON.stringify(range)).to.deep.equal(expected.slice(0, range.limit));
    }
  });

  it("cost a page's own rows, however many come before and after them", async () => {
    const begin = 10 * HOUR;
    for (const range of [
      { fromSequence: 1_000 },
      { since: begin + 1_000_000 },
      { until: begin + 2_500_000 },
      { since: begin + 1_000_000, until: begin + 2_000_000 },
      { since: begin, until: begin + 2_900_000, fromSequence: 1_500 },
      { since: begin + 1_000_000, fromSequence: 2_000, untilSequence: 2_500 },
    ]) {
      const { rows, partitions, months } = await touched({ device: steady, limit: 20, ...range });
      expect(rows, JSON.stringify(range)).to.be.within(20, 45);
      // And no partition but those in which they lie: two at most, where a month turns between them.
      expect(partitions, JSON.stringify(range)).to.deep.equal(months);
      expect(months.length, JSON.stringify(range)).to.be.within(1, 2);
    }
  });

  it("are an error where a row is gone that its leaf names, never a shorter page", async () => {
    const undone = new Error("undone");
    const [, gone] = await readReadings(database, { device: steady, fromSequence: 1_500, limit: 3 });
    const reading = database.transaction(async (tx) => {
      await tx.query("delete from reading where position = $1", [gone?.position ?? -1]);
      const found = await readReadings(tx, { device: steady, fromSequence: 1_500, limit: 3 }).catch(
        (error: unknown) => error,
      );
      expect(found).to.be.instanceOf(TwinwardError).and.to.deep.include({ code: "DATA_UNUSABLE" });
      expect((found as TwinwardError).facts.position).to.equal(gone?.position);
      throw undone;
    });
    expect(await reading.catch((error: unknown) => error)).to.equal(undone);
  });

  async function positionsOf(device: Hex): Promise<Map<number, number>> {
    const rows = await database.query<{ sequence: number; position: number }>(
      "select sequence, position from leaf where subject = $1",
      [fromHex(device, 32)],
    );
    return new Map(rows.map(({ sequence, position }) => [sequence, position]));
  }

  /** The most rows that any step of the answer took or threw away, the partitions that it looked into, and those it had to. */
  async function touched(range: ReadingRange): Promise<{ rows: number; partitions: number[]; months: number[] }> {
    return database.transaction(async (tx) => {
      // A server reads tables as small as these whole; the embedded database never does.
      if (databases.kind === "server")
        for (const way of ["seqscan", "bitmapscan", "hashjoin", "mergejoin"])
          await tx.script(`set local enable_${way} = off`);
      let plan = "";
      const explaining: Tx = {
        script: (sql) => tx.script(sql),
        query: async (sql, parameters) => {
          const lines = await tx.query<Record<string, string>>(`explain (analyze) ${sql}`, parameters);
          plan += lines.map((line) => Object.values(line)[0] ?? "").join("\n");
          return tx.query(sql, parameters);
        },
      };
      const found = await readReadings(explaining, range);
      const counts = [...plan.matchAll(/actual [^)]*rows=([\d.]+)|Rows Removed by Filter: (\d+)/g)];
      expect(counts.length, plan).to.be.at.least(3);
      const months = await tx.query<{ month: number }>(
        "select distinct accepted_month as month from leaf where position = any($1::bigint[]) order by 1",
        [found.map(({ position }) => position)],
      );
      const named = new Set([...plan.matchAll(/ on reading_(\d+)/g)].map(([, month]) => Number(month)));
      return {
        rows: Math.max(...counts.map(([, taken, removed]) => Number(taken ?? removed))),
        partitions: [...named].sort((a, b) => a - b),
        months: months.map(({ month }) => month),
      };
    });
  }
});
