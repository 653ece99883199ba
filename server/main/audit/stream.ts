import { setImmediate as othersFirst } from "node:timers/promises";
import { equalBytes, toHex, type Hex } from "../../../protocol/bytes.ts";
import type { DeviceModel } from "../../../protocol/device-model.ts";
import { sha256Hex } from "../../../protocol/hash.ts";
import { leafHash } from "../../../protocol/leaf.ts";
import { stretchOfLeaf } from "../../../protocol/line.ts";
import { readRecord, recordKind, type ErasureRecord, type LeafRecord } from "../../../protocol/record.ts";
import { LEAF_KINDS } from "../../../protocol/words.ts";
import { readErasures, type StoredErasure } from "../../store/read-erasures.ts";
import { openMonths, type IndexedLeaf } from "./accepted-months.ts";
import type { Lies } from "./lies.ts";
import { auditReading, type Head, type ReadingRow } from "./reading.ts";
import { auditScopes } from "./scopes.ts";
import { faultOfRequest } from "./requests.ts";
import type { AuditWorld } from "./world.ts";

const PAGE = 500;
/** Leaves audited in one go, about 20 ms: a running server that audits itself still answers meanwhile. */
const AT_ONCE = 100;

/** Further positions than this that nobody stands at are not walked one by one. */
const LONGEST_HOLE = 1_000_000;

interface LeafRow extends ReadingRow, IndexedLeaf {
  readonly kind: number;
  readonly hash: Uint8Array;
  readonly body: string | null;
  readonly record_signature: Uint8Array | null;
}

/** Leaf hashes, re-derived, by position; undefined where a leaf is missing. */
export type WalkedLeaves = readonly (Uint8Array | undefined)[];

/** What the walk over the leaves leaves behind for the checks that follow. */
export interface WalkedStream {
  readonly size: number;
  readonly leaves: WalkedLeaves;
  /** The last reading of each device. */
  readonly heads: ReadonlyMap<Hex, Head>;
}

/** Re-derives every leaf from the reading or record behind it: signatures, order, disclosures, keys. */
export async function auditLeaves(world: AuditWorld, lies: Lies): Promise<WalkedStream> {
  const size = await auditStreamRow(world, lies);
  const leaves: (Uint8Array | undefined)[] = [];
  const heads = new Map<Hex, Head>();
  const models = new Map<Hex, DeviceModel | undefined>();
  const sequences = new Map<string, number>();
  const erasures = await readWhole(world, lies);
  const auditMonth = await openMonths(world);
  const scopes = await auditScopes(world, lies);

  for (let last = Number.MIN_SAFE_INTEGER; ;) {
    const rows = await world.tx.query<LeafRow>(
      `select l.position, l.kind, l.subject, l.sequence, l.content, l.hash, l.accepted_month, l.from_ms, l.until_ms, l.latest_ms,
         r.device, r.sequence as reading_sequence, r.signing_input, r.signature, r.scope, r.month, r.resealed_at, r.nonce, r.sealed,
         d.body, d.signature as record_signature,
         (select a.accepted_at from ack a where a.first <= l.position order by a.first desc limit 1) as accepted_at
       from leaf l left join reading r on r.accepted_month = l.accepted_month and r.position = l.position
         left join record d on d.position = l.position
       where l.position > $1 order by l.position limit $2`,
      [last, PAGE],
    );
    for (const row of rows) {
      const place = `leaf ${row.position}`;
      if (leaves.length % AT_ONCE === 0) await othersFirst();
      if (!auditPosition(row.position, leaves, lies)) continue;
      const subject = toHex(row.subject);
      const content = toHex(row.content);
      const hash = await lies.attempt(place, () => leafHash(row.kind, subject, row.sequence, content));
      const same = hash !== undefined && equalBytes(hash, row.hash);
      lies.hold(same, place, "its hash is not that of its kind, subject, sequence and content");
      leaves.push(hash);
      auditMonth(row, place, lies);
      if (row.kind === LEAF_KINDS.reading) await auditReading(world, row, { heads, models, erasures, scopes }, lies);
      else auditRecord(world, row, sequences, lies);
    }
    lies.count("leaves", rows.length);
    last = rows.at(-1)?.position ?? last;
    if (rows.length < PAGE) break;
  }
  lies.hold(leaves.length === size, "stream", `it counts ${size} leaves, and ${leaves.length} are stored`);
  await auditStrays(world, lies);
  await auditHeads(world, heads, lies);
  return { size, leaves, heads };
}

/** What is erased is known before the readings come by. Each record is held against its leaf where the walk meets it. */
async function readWhole({ tx }: AuditWorld, lies: Lies): Promise<readonly StoredErasure[]> {
  return (await lies.attempt("erasures", () => readErasures(tx))) ?? [];
}

/** Positions count from 0 without a hole. False when this one is so far off that what stands there is no leaf of ours. */
function auditPosition(position: number, leaves: (Uint8Array | undefined)[], lies: Lies): boolean {
  const expected = leaves.length;
  if (position === expected) return true;
  const last = position - 1;
  const hole = expected === last ? `position ${expected} is` : `positions ${expected}…${last} are`;
  lies.tell(`leaf ${position}`, `the stream has a hole: ${hole} missing`);
  if (position < expected || position - expected > LONGEST_HOLE) return false;
  while (leaves.length < position) leaves.push(undefined);
  return true;
}

async function auditStreamRow({ tx, line: { stream } }: AuditWorld, lies: Lies): Promise<number> {
  const rows = await tx.query<{ id: Uint8Array; size: number }>("select id, size from stream");
  lies.hold(rows.length <= 1, "stream", "there is more than one");
  const [row] = rows;
  if (!row) return 0;
  lies.hold(toHex(row.id) === stream, "stream", `it is ${toHex(row.id)}, the gateway's is ${stream}`);
  return row.size;
}

/** Rows of `reading` and `record` that stand at no leaf of their kind, or not in the partition that it names. */
async function auditStrays({ tx }: AuditWorld, lies: Lies): Promise<void> {
  const strays = await tx.query<{ name: string; position: number }>(
    `select 'reading' as name, r.position from reading r
       left join leaf l on l.position = r.position and l.accepted_month = r.accepted_month where l.kind is distinct from 1
     union all select 'record', d.position from record d left join leaf l on l.position = d.position where l.kind is null or l.kind = 1
     limit 100`,
  );
  for (const { name, position } of strays) lies.tell(`${name} at ${position}`, "no leaf of its kind stands there");
}

function auditRecord(world: AuditWorld, row: LeafRow, sequences: Map<string, number>, lies: Lies): void {
  const name = `${row.kind} ${toHex(row.subject)}`;
  const place = `record ${row.sequence} of kind ${name} (position ${row.position})`;
  if (row.body === null) {
    lies.tell(place, "its leaf is there, the record is not");
    return;
  }
  lies.count("records", 1);
  const expected = (sequences.get(name) ?? 0) + 1;
  lies.hold(row.sequence === expected, place, `its kind and subject are at sequence ${expected}`);
  sequences.set(name, row.sequence);
  lies.hold(sha256Hex(row.body) === toHex(row.content), place, "what is stored is not what the leaf was made of");
  try {
    const record = readRecord(row.body);
    const fault = faultOfSignature(world, record, row);
    if (fault !== undefined) lies.tell(place, fault);
    lies.hold(recordKind(record.format) === row.kind, place, `a ${record.format} is no record of kind ${row.kind}`);
    // What a fenced stream had not anchored is its successor's now, and says still what it was written for.
    const { stretches } = world.line;
    const until = stretches.indexOf(stretchOfLeaf(world.line, row.position));
    const isOurs = stretches.slice(0, until + 1).some(({ stream }) => stream === record.stream);
    lies.hold(isOurs, place, "it was written for another stream");
    if (record.format === "export@1")
      lies.hold(record.twin === toHex(row.subject), place, "it is recorded for another twin");
    if (record.format === "erasure@1") auditErasure(world, record as unknown as ErasureRecord, row, place, lies);
  } catch (error) {
    lies.tell(place, error instanceof Error ? error.message : String(error));
  }
}

function auditErasure({ view }: AuditWorld, record: ErasureRecord, row: LeafRow, place: string, lies: Lies): void {
  const { device, scope } = record;
  lies.count("erasures", 1);
  lies.hold(device === toHex(row.subject), place, "it is recorded for another device");
  const isOwn = scope === device ? view.device(device) !== undefined : view.assignment(scope)?.device === device;
  lies.hold(isOwn, place, "the chain knows no such assignment of this device");
}

/** What is wrong with what a record is beside, and with the signature that is kept beside it. */
function faultOfSignature(world: AuditWorld, record: LeafRecord, row: LeafRow): string | undefined {
  const { record_signature: signature } = row;
  // Held against the chain by itself: consents.ts.
  if (record.format === "consent@1") return undefined;
  if (record.format === "request@1") return faultOfRequest(world, record, toHex(row.subject), signature);
  return signature === null ? undefined : "it carries a signature, and no record of its kind does";
}

async function auditHeads({ tx }: AuditWorld, heads: ReadonlyMap<Hex, Head>, lies: Lies): Promise<void> {
  const rows = await tx.query<{ device: Uint8Array; sequence: number; content: Uint8Array; latest_ms: number }>(
    "select device, sequence, content, latest_ms from device_head",
  );
  const stored = new Map(rows.map((row) => [toHex(row.device), row]));
  for (const [device, head] of heads) {
    const row = stored.get(device);
    const equal =
      row !== undefined &&
      row.sequence === head.sequence &&
      toHex(row.content) === head.content &&
      row.latest_ms === head.latest;
    lies.hold(equal, `head of ${device}`, `it is not at ${head.sequence}, the last reading that was accepted`);
  }
  for (const device of stored.keys())
    lies.hold(heads.has(device), `head of ${device}`, "no reading of this device is stored");
  lies.count("device heads", rows.length);
}
