// Cases of audit.test.ts, over its database.
import { expect } from "chai";
import { fromHex, toHex, type Hex } from "../../../protocol/bytes.ts";
import type { ConsentRecord } from "../../../protocol/consent-record.ts";
import { sha256Hex } from "../../../protocol/hash.ts";
import { canonical } from "../../../protocol/json.ts";
import { leafHash } from "../../../protocol/leaf.ts";
import type { AuditReport } from "../../../server/main/audit-directory.ts";
import type { Tx } from "../../../server/store/database.ts";
import type { Audited } from "./audited.ts";

const GONE: Hex = `0x${"9e".repeat(32)}`;
type Told = Pick<ConsentRecord, "step" | "block" | "message">;

/** `of` is asked in the cases only. */
export function auditEventCases(of: () => Audited): void {
  let audited: Audited;
  let head: number;
  before(() => {
    audited = of();
    head = audited.head;
  });

  /** Writes the newest record of a kind and step anew, its leaf made to fit; with another signature, where one is given. */
  async function rewrite(tx: Tx, step: string, change: (record: Told) => Told, signature?: Uint8Array): Promise<void> {
    const [row] = await tx.query<{ position: number; kind: number; subject: Uint8Array; sequence: number; body: string }>(
      `select d.position, l.kind, l.subject, l.sequence, d.body from record d join leaf l on l.position = d.position
       where d.body like $1 order by d.position desc limit 1`,
      [`%"step":"${step}"%`],
    ); // prettier-ignore
    if (!row) throw new Error(`no step ${step}`);
    const body = canonical(change(JSON.parse(row.body) as Told));
    const content = sha256Hex(body);
    const hash = leafHash(row.kind, toHex(row.subject), row.sequence, content);
    await tx.query("update record set body = $2 where position = $1", [row.position, body]);
    await tx.query("update leaf set content = $2, hash = $3 where position = $1", [row.position, fromHex(content), hash]); // prettier-ignore
    if (signature) await tx.query("update record set signature = $2 where position = $1", [row.position, signature]);
  }

  /** What is told of consents, steps and events; that no root fits any more is said elsewhere. */
  const told = (report: AuditReport | undefined): string[] =>
    (report?.lies ?? [])
      .filter(({ place }) => /^(consent|step|event) /.test(place))
      .map(({ place, what }) => `${place.split(" ")[0] ?? ""}: ${what}`);
  const countOf = (report: AuditReport | undefined, name: string): number | undefined =>
    report?.checked.find((one) => one.name === name)?.count;
  const elsewhere =
    (number: (present: number) => number = (present) => present) =>
    (record: Told): Told => ({
      ...record,
      block: { ...record.block, number: number(record.block.number), hash: GONE },
    });
  const garbage = new Uint8Array(65).fill(0x1b);

  for (const [step, kind] of [
    ["agreed", "consents"],
    ["reviewed", "steps"],
  ] as const)
    // prettier-ignore
    it(`counts ${kind} of blocks that were taken back, and accuses nobody of what they were before`, async () => {
      const report = await audited.after((tx) => rewrite(tx, step, elsewhere(() => head)));
      expect(told(report)).to.deep.equal([]);
      expect(countOf(report, `${kind} of blocks that were taken back`)).to.equal(1);
      expect(countOf(await audited.after(async () => undefined), `${kind} of blocks that were taken back`)).to.equal(undefined); // prettier-ignore
    });

  for (const [step, name] of [
    ["agreed", "consent"],
    ["reviewed", "step"],
  ] as const)
    // prettier-ignore
    it(`names a ${name} of a block that is yet to come`, async () => {
      const report = await audited.after((tx) => rewrite(tx, step, elsewhere(() => head + 1)));
      expect(told(report)).to.deep.equal([`${name}: its block is yet to come`]);
    });

  it("names a signature that nobody made, also where the block is not on the chain", async () => {
    const report = await audited.after((tx) => rewrite(tx, "bound", elsewhere(), garbage));
    expect(told(report)).to.include("consent: its signature does not verify");
  });

  it("takes a contract's word only where there is a contract", async () => {
    const change = (record: Told): Told => ({
      ...record,
      message: record.message && { ...record.message, signer: "contract" },
    });
    const report = await audited.after((tx) => rewrite(tx, "bound", change, garbage));
    expect(told(report)).to.deep.equal(["consent: its signature does not verify"]);
  });

  it("holds what was signed against what the record says, also where the block is not on the chain", async () => {
    const change = (record: Told): Told => ({ ...elsewhere()(record), step: "guarded" });
    const report = await audited.after((tx) => rewrite(tx, "bound", change));
    expect(told(report)).to.include("consent: what was signed says something else");
  });
}
