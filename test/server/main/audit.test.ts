import { expect } from "chai";
import { readFileSync } from "node:fs";
import { fromHex, toHex, type Hex } from "../../../protocol/bytes.ts";
import { sha256Hex } from "../../../protocol/hash.ts";
import { leafHash } from "../../../protocol/leaf.ts";
import { openReading, readingPlaintext, sealReading } from "../../../server/keys/sealed-reading.ts";
import { type AuditReport } from "../../../server/main/audit-directory.ts";
import type { Tx } from "../../../server/store/database.ts";
import { readReadings } from "../../../server/store/read-readings.ts";
import { writeScopes, type Scopes } from "../../../server/store/sealed-scopes.ts";
import { auditEventCases } from "./audit-event-cases.ts";
import { auditMonthCases } from "./audit-month-cases.ts";
import { auditedWorld, BREATHLESS, ROWS, type AuditedWorld } from "./audit-world.ts";
import { openAudited, type Audited } from "./audited.ts";

const countOf = (report: AuditReport | undefined, name: string): number | undefined =>
  report?.checked.find((one) => one.name === name)?.count;
const places = (report: AuditReport | undefined): string[] => (report?.lies ?? []).map(({ place }) => place);

interface Reading {
  readonly position: number;
  readonly device: Hex;
  readonly sequence: number;
  readonly content: Hex;
  readonly scope: Hex;
  readonly month: string;
  readonly nonce: Uint8Array;
  readonly sealed: Uint8Array;
}

describe("audit", () => {
  let world: AuditedWorld;
  before(async () => {
    world = await auditedWorld();
  });

  describe("of a database", () => {
    let audited: Audited;
    before(async () => {
      audited = await openAudited();
    });
    after(() => audited.close());
    const acks = (): string => readFileSync(world.acksFile, "utf8");
    const auditAfter = (change: (tx: Tx) => Promise<void>, kept?: string): Promise<AuditReport | undefined> =>
      audited.after(change, kept);

    it("passes when nothing was changed, and counts what was flagged", async () => {
      const report = await auditAfter(async () => undefined, acks());
      expect(report?.lies).to.deep.equal([]);
      expect(countOf(report, "readings")).to.equal(2 * ROWS + 12);
      expect(countOf(report, "readings flagged out of range")).to.equal(BREATHLESS);
      expect(countOf(report, "readings flagged out of range, resp")).to.equal(BREATHLESS);
      expect(countOf(report, "acks of devices")).to.equal(2 * ROWS + 12);
      expect(countOf(report, "evidence")).to.equal(2);
      expect(countOf(report, "held readings")).to.equal(1);
      expect(countOf(report, "findings")).to.equal(2);
    });

    it("names the newest anchored batch when its rows were deleted, all of them", async () => {
      let [number, leaves] = [-1, ""];
      const report = await auditAfter(async (tx) => {
        const [batch] = await tx.query<{ number: number; first_leaf: number; last_leaf: number }>(
          "select number, first_leaf, first_leaf + count - 1 as last_leaf from batch where transaction is not null order by number desc limit 1",
        );
        number = batch?.number ?? -1;
        leaves = `${batch?.first_leaf ?? ""}…${batch?.last_leaf ?? ""}`;
        await deleteFrom(tx, batch?.first_leaf ?? -1);
      });
      expect(report?.lies).to.deep.equal([
        {
          place: `batch ${number}`,
          what: `the chain has it, with leaves ${leaves}, and the database does not: this database is older than the chain, or rows were deleted`,
        },
      ]);
    });

    it("names unanchored readings that were deleted, by the acks that their devices kept and only by them", async () => {
      const deletion = (tx: Tx): Promise<void> => deleteFrom(tx, world.unanchoredFrom);
      expect((await auditAfter(deletion))?.lies).to.deep.equal([]);
      const promised = acks()
        .trimEnd()
        .split("\n")
        .map((line) => JSON.parse(line) as { first: number; index: number; device: Hex; sequence: number })
        .flatMap(({ first, index, device, sequence }, line) =>
          first + index < world.unanchoredFrom
            ? []
            : [
                {
                  place: `acks line ${line + 1}: reading ${sequence} of ${device}`,
                  what: `it was promised at position ${first + index}, and is not stored`,
                },
              ],
        );
      expect(promised).to.have.length(6);
      expect((await auditAfter(deletion, acks()))?.lies).to.deep.equal(promised);
    });

    it("names the hole that a leaf leaves which was removed together with its reading", async () => {
      const { position, sequence, device } = await readingAt(audited, 20);
      const report = await auditAfter(async (tx) => {
        for (const table of ["leaf", "reading"]) await tx.query(`delete from ${table} where position = $1`, [position]);
      });
      expect(report?.lies[0]).to.deep.equal({
        place: `leaf ${position + 1}`,
        what: `the stream has a hole: position ${position} is missing`,
      });
      const named = new Set(places(report));
      expect([...named].filter((place) => place.startsWith("batch"))).to.have.length(1);
      expect([...named].filter((place) => place.startsWith("ack of"))).to.have.length(1);
      expect(named).to.include(`reading ${sequence + 1} of ${device} (position ${position + 1})`);
      // And what was released of it does not follow any more, for it is gone.
      const others = [...named].filter((place) => !place.startsWith("release at"));
      expect(others, [...named].join()).to.have.length(4);
      expect(report?.lies.map(({ what }) => what)).to.include(`its leaf ${position} is missing`);
    });

    it("names a leaf removed with its reading also when everything after it moved up", async () => {
      const { position, sequence, device } = await readingAt(audited, 20);
      const report = await auditAfter(async (tx) => {
        for (const table of ["leaf", "reading", "record"]) {
          await tx.query(`delete from ${table} where position = $1`, [position]);
          await tx.query(`update ${table} set position = -position where position > $1`, [position]);
          await tx.script(`update ${table} set position = -position - 1 where position < 0`);
        }
        await tx.script("update stream set size = size - 1");
        await tx.script("delete from batch where transaction is null");
        await tx.script("delete from outbox");
      });
      expect(report?.lies[0]?.place).to.equal(`reading ${sequence + 1} of ${device} (position ${position})`);
      expect(report?.lies[0]?.what).to.equal(`a reading before it is missing: ${sequence}…${sequence}`);
      expect(report?.lies.map(({ what }) => what)).to.include("its root is not that of its leaves");
    });

    it("names a decision that was rewritten together with its leaf", async () => {
      const report = await auditAfter(async (tx) => {
        const [row] = await tx.query<{ position: number; body: string; subject: Uint8Array; sequence: number }>(
          `select d.position, d.body, l.subject, l.sequence from record d join leaf l on l.position = d.position
           where d.body like '%"permit":false%' order by d.position limit 1`,
        );
        if (!row) throw new Error("no decision denied anything");
        const body = row.body.replace('"permit":false', '"permit":true');
        const content = sha256Hex(body);
        const hash = leafHash(2, toHex(row.subject), row.sequence, content);
        await tx.query("update record set body = $2 where position = $1", [row.position, body]);
        await tx.query("update leaf set content = $2, hash = $3 where position = $1", [
          row.position,
          fromHex(content),
          hash,
        ]);
      });
      expect(places(report).map((place) => place.split(" ")[0])).to.deep.equal(["ack", "batch"]);
      for (const { what } of report?.lies ?? []) expect(what).to.equal("its root is not that of its leaves");
    });

    it("names a step of a case that says something else than the chain, though its leaf is made to fit", async () => {
      const report = await auditAfter(async (tx) => {
        const [row] = await tx.query<{ position: number; body: string; subject: Uint8Array; sequence: number }>(
          `select d.position, d.body, l.subject, l.sequence from record d join leaf l on l.position = d.position
           where d.body like '%"justified":true%' limit 1`,
        );
        if (!row) throw new Error("nothing was reviewed");
        const body = row.body.replace('"justified":true', '"justified":false');
        const content = sha256Hex(body);
        const hash = leafHash(8, toHex(row.subject), row.sequence, content);
        await tx.query("update record set body = $2 where position = $1", [row.position, body]);
        const leaf = [row.position, fromHex(content), hash] as const;
        await tx.query("update leaf set content = $2, hash = $3 where position = $1", [...leaf]);
      });
      const told = report?.lies.filter(({ place }) => place.startsWith("step at ")).map(({ what }) => what);
      expect(told).to.deep.equal(["the chain says something else there"]);
    });

    describe("and of what the chain said", () => auditEventCases(() => audited));

    describe("and of where leaves say that readings lie", () => auditMonthCases(() => audited));

    it("names both readings between which what was disclosed was swapped", async () => {
      const [one, other] = [await readingAt(audited, 10), await readingAt(audited, 11)];
      expect([other.scope, other.month]).to.deep.equal([one.scope, one.month]);
      const report = await auditAfter(async (tx) => {
        await putSealed(tx, one.position, other);
        await putSealed(tx, other.position, one);
      });
      expect(places(report)).to.deep.equal([placeOf(one), placeOf(other)]);
      for (const { what } of report?.lies ?? []) expect(what).to.match(/^SEALED_UNREADABLE/);
    });

    it("names them also when whoever swapped it has the data key", async () => {
      const { keys } = audited.opened;
      const [one, other] = [await readingAt(audited, 10), await readingAt(audited, 11)];
      const report = await auditAfter(async (tx) => {
        for (const [into, from] of [
          [one, other],
          [other, one],
        ] as const)
          await putSealed(tx, into.position, sealReading(keys, into, readingPlaintext(openReading(keys, from, from))));
      });
      // What was released of them, where something was, does not follow from them any more.
      const lies = report?.lies.filter(({ place }) => !place.startsWith("release at")) ?? [];
      expect(lies.map(({ place }) => place)).to.deep.equal([placeOf(one), placeOf(other)]);
      for (const { what } of lies) expect(what).to.match(/^DISCLOSURE_/);
    });

    it("says of readings that lie under another key still that they are not resealed yet, and only where that is so", async () => {
      const { keys, database } = audited.opened;
      const { device, scope: assignment, month, sequence: from } = await readingAt(audited, 10);
      const those = (await readReadings(database, { device })).filter(({ sequence }) => sequence >= from).slice(0, 3);
      // As before the assignment began: they were the device's own.
      await keys.ensure(device, month);
      const move = async (tx: Tx, scopes: Scopes): Promise<void> => {
        for (const row of those) {
          const plaintext = readingPlaintext(openReading(keys, { device, ...row }, row));
          await putSealed(tx, row.position, sealReading(keys, { device, ...row, scope: device }, plaintext));
          await tx.query("update reading set scope = $1 where position = $2", [fromHex(device, 32), row.position]);
        }
        await writeScopes(tx, device, scopes);
      };
      const after = { from: from + those.length, scope: assignment };
      const unmoved = [{ from: 1, scope: assignment }, { from, scope: device }, after];
      const pending = await auditAfter((tx) => move(tx, unmoved));
      expect(pending?.lies).to.deep.equal([
        {
          place: `readings of ${device} that moved to ${assignment}`,
          what: `they are not resealed yet: the first, of sequence ${from}, is sealed for ${device}, and belongs to ${assignment}; a server that runs does it`,
        },
      ]);
      // The store says that it was done: then it is a lie.
      const done = await auditAfter((tx) => move(tx, [{ from: 1, scope: assignment }]));
      expect(new Set(places(done))).to.deep.equal(new Set(those.map((row) => placeOf({ ...row, device }))));
      expect(done?.lies.map(({ what }) => what)).to.include(`it is sealed for ${device}, and belongs to ${assignment}`);
      // It says that it was not, of readings where it was; and something of somebody whom the chain does not know.
      const early = await auditAfter((tx) => writeScopes(tx, device, unmoved));
      expect(new Set(places(early))).to.deep.equal(new Set(those.map((row) => placeOf({ ...row, device }))));
      const unknown = await auditAfter((tx) => writeScopes(tx, assignment, [{ from: 2, scope: device }]));
      expect(new Set(places(unknown))).to.deep.equal(new Set([`scopes of ${assignment}`]));
      expect(unknown?.lies).to.have.length(3);
    });

    it("names what never had a leaf: a reading and an ack beyond the stream", async () => {
      const { position } = await readingAt(audited, 10);
      const report = await auditAfter(async (tx) => {
        await tx.query(
          `insert into reading select accepted_month, -7, device, 999999, signing_input, signature, scope, month, nonce, sealed
           from reading where position = $1`,
          [position],
        );
        await tx.script(
          "insert into ack select -9, 1, root, accepted_at, anchor_by, signature from ack order by first limit 1",
        );
      });
      expect(places(report)).to.include("reading at -7");
      expect(places(report)).to.include("ack of -9…-9");
    });
  });
});

const placeOf = ({ sequence, device, position }: Pick<Reading, "sequence" | "device" | "position">): string =>
  `reading ${sequence} of ${device} (position ${position})`;

/** The n-th reading of the stream's first device that is neither its first nor its last. */
async function readingAt({ opened }: Audited, n: number): Promise<Reading> {
  const [row] = await opened.database.query<
    { [K in keyof Reading]: Reading[K] extends Hex ? Uint8Array : Reading[K] } & { month: string }
  >(
    `select r.position, r.device, r.sequence, l.content, r.scope, r.month, r.nonce, r.sealed
     from reading r join leaf l on l.position = r.position order by r.position offset $1 limit 1`,
    [n],
  );
  if (!row) throw new Error(`there is no reading ${n}`);
  return { ...row, device: toHex(row.device), content: toHex(row.content), scope: toHex(row.scope) };
}

async function putSealed(
  tx: Tx,
  position: number,
  { nonce, sealed }: Pick<Reading, "nonce" | "sealed">,
): Promise<void> {
  await tx.query("update reading set nonce = $2, sealed = $3 where position = $1", [position, nonce, sealed]);
}

/** Deletes everything from a position on, as one who knows every table would. */
async function deleteFrom(tx: Tx, position: number): Promise<void> {
  for (const table of ["leaf", "reading", "record"])
    await tx.query(`delete from ${table} where position >= $1`, [position]);
  await tx.query("delete from ack where first >= $1", [position]);
  await tx.query("delete from batch where first_leaf >= $1", [position]);
  await tx.query("update stream set size = $1", [position]);
  await tx.script("delete from outbox; delete from device_head");
  await tx.script(
    `insert into device_head select distinct on (subject) subject, sequence, content, latest_ms
     from leaf where kind = 1 order by subject, sequence desc`,
  );
}
