// Cases of audit.test.ts about where leaves say that their readings lie, and by which times they are found.
import { expect } from "chai";
import { toHex } from "../../../protocol/bytes.ts";
import type { Tx } from "../../../server/store/database.ts";
import { makeMonth } from "../../../server/store/months.ts";
import type { Audited } from "./audited.ts";

interface Found {
  readonly position: number;
  readonly place: string;
  readonly month: number;
}

/** The `n`-th reading of the stream. */
async function readingOf(tx: Tx, n: number): Promise<Found> {
  const [row] = await tx.query<{ position: number; subject: Uint8Array; sequence: number; month: number }>(
    "select position, subject, sequence, accepted_month as month from leaf where kind = 1 order by position offset $1 limit 1",
    [n],
  );
  if (!row) throw new Error(`there is no reading ${n}`);
  const { position, month } = row;
  return { position, month, place: `reading ${row.sequence} of ${toHex(row.subject)} (position ${position})` };
}

const ELSEWHERE = 203001;

export function auditMonthCases(audited: () => Audited): void {
  /** What is told after `change` to the tenth reading, as [place, what]. */
  const toldOf = async (change: (tx: Tx, found: Found) => Promise<void>): Promise<[Found, string[][]]> => {
    let found: Found | undefined;
    const report = await audited().after(async (tx) => {
      found = await readingOf(tx, 10);
      await makeMonth(tx, ELSEWHERE);
      await change(tx, found);
    });
    return [found!, (report?.lies ?? []).map(({ place, what }) => [place, what])];
  };

  it("names a reading that lies in another month's partition than its leaf says", async () => {
    const [{ place, position }, told] = await toldOf(async (tx, { position }) => {
      await tx.query("update reading set accepted_month = $2 where position = $1", [position, ELSEWHERE]);
    });
    expect(told).to.deep.equal([
      [place, "its leaf is there, the reading is not"],
      [`reading at ${position}`, "no leaf of its kind stands there"],
    ]);
  });

  it("names it also when its leaf says the same", async () => {
    const [{ position, month }, told] = await toldOf(async (tx, { position }) => {
      for (const table of ["reading", "leaf"])
        await tx.query(`update ${table} set accepted_month = $2 where position = $1`, [position, ELSEWHERE]);
    });
    expect(told).to.deep.equal([[`leaf ${position}`, `its reading is kept under ${ELSEWHERE}, and came in ${month}`]]);
  });

  it("names a second reading at the place of one, in a partition where nobody looks", async () => {
    const [{ position }, told] = await toldOf(async (tx, { position }) => {
      await tx.query(
        `insert into reading select ${ELSEWHERE}, position, device, sequence, 'another', signature, scope, month, nonce, sealed
         from reading where position = $1`,
        [position],
      );
    });
    expect(told).to.deep.equal([[`reading at ${position}`, "no leaf of its kind stands there"]]);
  });

  it("names every time of a leaf that is not what the device signed", async () => {
    for (const [column, what] of [
      ["from_ms", "its period is not what the device signed"],
      ["until_ms", "its period is not what the device signed"],
      ["latest_ms", "by its leaf, another time had been reached before it"],
    ] as const)
      for (const value of [`${column} + 1`, "null"]) {
        const [{ place }, told] = await toldOf(async (tx, { position }) => {
          await tx.query(`update leaf set ${column} = ${value} where position = $1`, [position]);
        });
        // Released values, which are looked for by these times, no longer follow either.
        expect(
          told.filter(([where]) => !where?.startsWith("release at")),
          `${column} = ${value}`,
        ).to.deep.equal([[place, what]]);
      }
  });

  it("names a record's leaf that has a month or a time", async () => {
    for (const column of ["accepted_month", "from_ms", "until_ms", "latest_ms"]) {
      const [, told] = await toldOf(async (tx) => {
        await tx.query(
          `update leaf set ${column} = 0 where position = (select min(position) from leaf where kind <> 1)`,
        );
      });
      expect(told.map(([, what]) => what)).to.deep.equal(["it is no reading, and has a reading's month or times"]);
    }
  });

  it("takes readings from before there were months where they lie, and none of later", async () => {
    const before = async (tx: Tx, position: number): Promise<void> => {
      await makeMonth(tx, 0);
      for (const table of ["reading", "leaf"])
        await tx.query(`update ${table} set accepted_month = 0 where position < $1 and accepted_month is not null`, [
          position,
        ]);
    };
    const [, none] = await toldOf((tx, { position }) => before(tx, position));
    expect(none).to.deep.equal([]);
    const [, all] = await toldOf((tx) => before(tx, 1_000_000));
    expect(all).to.deep.equal([]);
    const [{ month }, told] = await toldOf(async (tx, { position }) => {
      await before(tx, position);
      const later = await readingOf(tx, 12);
      for (const table of ["reading", "leaf"])
        await tx.query(`update ${table} set accepted_month = 0 where position = $1`, [later.position]);
    });
    expect(told.map(([, what]) => what)).to.deep.equal([`its reading is kept under 0, and came in ${month}`]);
  });
}
