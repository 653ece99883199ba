import { equalBytes, toBase64url, toHex, ZERO_32, type Hex } from "../../../protocol/bytes.ts";
import { ackMessage } from "../../../protocol/ack.ts";
import { readDeviceModel, type DeviceModel } from "../../../protocol/device-model.ts";
import { verifyEs256 } from "../../../protocol/es256.ts";
import { sha256Hex } from "../../../protocol/hash.ts";
import { leafHash } from "../../../protocol/leaf.ts";
import { plausibility } from "../../../protocol/plausibility.ts";
import {
  checkAgainstModel,
  parseReading,
  verifyReadingSignature,
  type ParsedReading,
} from "../../../protocol/reading.ts";
import { readRecord, recordKind } from "../../../protocol/record.ts";
import { merkleRoot } from "../../../protocol/tree.ts";
import { FLAGS, LEAF_KINDS } from "../../../protocol/words.ts";
import { monthOf, openReading } from "../../keys/sealed-reading.ts";
import { readDocument } from "../../store/readDocument.ts";
import type { Lies } from "./lies.ts";
import type { AuditWorld } from "./world.ts";

const PAGE = 2_000;

interface LeafRow {
  position: number;
  kind: number;
  subject: Uint8Array;
  sequence: number;
  content: Uint8Array;
  hash: Uint8Array;
  device: Uint8Array | null;
  reading_sequence: number | null;
  from_ms: number | null;
  until_ms: number | null;
  signing_input: string | null;
  signature: Uint8Array | null;
  scope: Uint8Array | null;
  month: string | null;
  nonce: Uint8Array | null;
  sealed: Uint8Array | null;
  body: string | null;
  record_signature: Uint8Array | null;
}

interface Head {
  readonly sequence: number;
  readonly content: Hex;
}

/** What the walk over the leaves leaves behind for the checks that follow. */
export interface WalkedStream {
  readonly size: number;
  /** Leaf hashes, re-derived, by position. */
  readonly leaves: readonly Uint8Array[];
  /** The last reading of each device. */
  readonly heads: ReadonlyMap<Hex, Head>;
}

/** Re-derives every leaf from the reading or record behind it: signatures, order, disclosures, keys. */
export async function auditLeaves(world: AuditWorld, lies: Lies): Promise<WalkedStream> {
  const size = await auditStreamRow(world, lies);
  const leaves: Uint8Array[] = [];
  const heads = new Map<Hex, Head>();
  const models = new Map<Hex, DeviceModel | undefined>();
  const sequences = new Map<string, number>();

  for (let last = -1; ;) {
    const rows = await world.tx.query<LeafRow>(
      `select l.position, l.kind, l.subject, l.sequence, l.content, l.hash, r.device, r.sequence as reading_sequence, r.from_ms,
         r.until_ms, r.signing_input, r.signature, r.scope, r.month, r.nonce, r.sealed, d.body, d.signature as record_signature
       from leaf l left join reading r on r.position = l.position left join record d on d.position = l.position
       where l.position > $1 order by l.position limit $2`,
      [last, PAGE],
    );
    for (const row of rows) {
      const position = leaves.length;
      const place = `leaf ${row.position}`;
      lies.hold(row.position === position, place, `the stream has a hole: position ${position} is missing`);
      const subject = toHex(row.subject);
      const content = toHex(row.content);
      const hash = leafHash(row.kind, subject, row.sequence, content);
      lies.hold(equalBytes(hash, row.hash), place, "its hash is not that of its kind, subject, sequence and content");
      leaves.push(hash);
      if (row.kind === LEAF_KINDS.reading) await auditReading(world, row, { heads, models }, lies);
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

async function auditStreamRow({ tx, stream }: AuditWorld, lies: Lies): Promise<number> {
  const rows = await tx.query<{ id: Uint8Array; size: number }>("select id, size from stream");
  lies.hold(rows.length <= 1, "stream", "there is more than one");
  const [row] = rows;
  if (!row) return 0;
  lies.hold(toHex(row.id) === stream, "stream", `it is ${toHex(row.id)}, the gateway's is ${stream}`);
  return row.size;
}

/** Rows of `reading` and `record` that stand at no leaf of their kind. */
async function auditStrays({ tx }: AuditWorld, lies: Lies): Promise<void> {
  const strays = await tx.query<{ name: string; position: number }>(
    `select 'reading' as name, r.position from reading r left join leaf l on l.position = r.position where l.kind is distinct from 1
     union all select 'record', d.position from record d left join leaf l on l.position = d.position where l.kind is null or l.kind = 1
     limit 100`,
  );
  for (const { name, position } of strays) lies.tell(`${name} at ${position}`, "no leaf of its kind stands there");
}

async function auditReading(
  world: AuditWorld,
  row: LeafRow,
  walk: { heads: Map<Hex, Head>; models: Map<Hex, DeviceModel | undefined> },
  lies: Lies,
): Promise<void> {
  const device = toHex(row.subject);
  const place = `reading ${row.sequence} of ${device} (position ${row.position})`;
  if (
    row.signing_input === null ||
    row.device === null ||
    row.signature === null ||
    row.scope === null ||
    row.month === null ||
    row.nonce === null ||
    row.sealed === null
  ) {
    lies.tell(place, "its leaf is there, the reading is not");
    return;
  }
  lies.count("readings", 1);
  const content = sha256Hex(row.signing_input);
  lies.hold(content === toHex(row.content), place, "what is stored is not what the leaf was made of");
  lies.hold(
    toHex(row.device) === device && row.reading_sequence === row.sequence,
    place,
    "its device or sequence is not the leaf's",
  );
  const scope = toHex(row.scope);
  const opened = await lies.attempt(place, () =>
    openReading(
      world.keys,
      { device, sequence: row.sequence, content, scope, month: row.month ?? "" },
      { nonce: row.nonce as Uint8Array, sealed: row.sealed as Uint8Array },
    ),
  );
  if (!opened) return;
  const token = `${row.signing_input}.${toBase64url(row.signature)}`;
  const parsed = await lies.attempt(place, () =>
    parseReading([token, ...opened.disclosures, ""].join("~"), { characters: 1 << 24 }),
  );
  if (!parsed) return;

  lies.hold(
    parsed.device === device && parsed.sequence === row.sequence,
    place,
    "the device signed another device or sequence",
  );
  lies.hold(
    parsed.per[0] === row.from_ms && parsed.per[1] === row.until_ms,
    place,
    "its period is not what the device signed",
  );
  lies.hold(row.month === monthOf(parsed.per[0]), place, "it is sealed under another month's key");
  const expectedScope = world.view.assignmentAt(device, row.sequence)?.id ?? device;
  lies.hold(scope === expectedScope, place, `it is sealed for ${scope}, and belongs to ${expectedScope}`);
  auditKey(world, parsed, place, lies);
  auditOrder(parsed, walk.heads, place, lies);
  await auditModel(world, parsed, opened.flags, walk.models, place, lies);
}

function auditKey({ view }: AuditWorld, parsed: ParsedReading, place: string, lies: Lies): void {
  const key = view.keyAt(parsed.device, parsed.sequence);
  if (!lies.hold(key !== undefined, place, "the chain has no key of this device for this sequence") || !key) return;
  lies.hold(key.number === parsed.kid, place, `it names key ${parsed.kid}, the chain says ${key.number}`);
  lies.hold(verifyReadingSignature(parsed, key), place, "the device's signature does not verify");
}

function auditOrder(parsed: ParsedReading, heads: Map<Hex, Head>, place: string, lies: Lies): void {
  const head = heads.get(parsed.device);
  const last = head?.sequence ?? 0;
  lies.hold(parsed.sequence > last, place, `it stands after sequence ${last}`);
  lies.hold(
    parsed.sequence - parsed.gap <= last + 1,
    place,
    `a reading before it is missing: ${last + 1}…${parsed.sequence - parsed.gap - 1}`,
  );
  const before = parsed.sequence - parsed.gap - 1 === last ? (head?.content ?? ZERO_32) : undefined;
  const chained =
    (before !== undefined && parsed.prev === before) ||
    (parsed.gap > 0 && (parsed.prev === ZERO_32 || before === undefined));
  lies.hold(chained, place, "its prev is not the content of the reading before it");
  heads.set(parsed.device, { sequence: parsed.sequence, content: parsed.content });
}

async function auditModel(
  world: AuditWorld,
  parsed: ParsedReading,
  flags: number,
  models: Map<Hex, DeviceModel | undefined>,
  place: string,
  lies: Lies,
): Promise<void> {
  const hash = world.view.device(parsed.device)?.modelHash;
  if (hash === undefined) return;
  if (!models.has(hash)) {
    const document = await readDocument(world.tx, hash);
    models.set(
      hash,
      document && (await lies.attempt(`document ${hash}`, () => readDeviceModel(JSON.parse(document.body)))),
    );
    if (!document) lies.tell(`document ${hash}`, "the device model that the chain names is not stored");
  }
  const model = models.get(hash);
  if (!model) return;
  await lies.attempt(place, () => checkAgainstModel(parsed, model));
  // What depended on the gateway's clock when it came in cannot be re-derived; what depends on the values can.
  const judged = plausibility(parsed, model, parsed.per[1]).flags & FLAGS.outOfRange;
  lies.hold((flags & FLAGS.outOfRange) === judged, place, "its flag 'out of range' does not follow from its values");
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
  lies.hold(row.record_signature === null, place, "it carries a signature, and no record of its kind does");
  try {
    const record = readRecord(row.body);
    lies.hold(recordKind(record.format) === row.kind, place, `a ${record.format} is no record of kind ${row.kind}`);
    lies.hold(record.stream === world.stream, place, "it was written for another stream");
  } catch (error) {
    lies.tell(place, error instanceof Error ? error.message : String(error));
  }
}

async function auditHeads({ tx }: AuditWorld, heads: ReadonlyMap<Hex, Head>, lies: Lies): Promise<void> {
  const rows = await tx.query<{ device: Uint8Array; sequence: number; content: Uint8Array }>(
    "select device, sequence, content from device_head",
  );
  const stored = new Map(rows.map((row) => [toHex(row.device), row]));
  for (const [device, head] of heads) {
    const row = stored.get(device);
    const equal = row !== undefined && row.sequence === head.sequence && toHex(row.content) === head.content;
    lies.hold(equal, `head of ${device}`, `it is not at ${head.sequence}, the last reading that was accepted`);
  }
  for (const device of stored.keys())
    lies.hold(heads.has(device), `head of ${device}`, "no reading of this device is stored");
  lies.count("device heads", rows.length);
}

interface AckRow {
  first: number;
  count: number;
  root: Uint8Array;
  accepted_at: number;
  anchor_by: number;
  signature: Uint8Array;
}

/** Every leaf is promised once, by the gateway's signature over the root that these very leaves have. */
export async function auditAcks(world: AuditWorld, { leaves }: WalkedStream, lies: Lies): Promise<void> {
  let next = 0;
  for (let last = -1; ;) {
    const rows = await world.tx.query<AckRow>(
      "select first, count, root, accepted_at, anchor_by, signature from ack where first > $1 order by first limit $2",
      [last, PAGE],
    );
    for (const row of rows) {
      const place = `ack of ${row.first}…${row.first + row.count - 1}`;
      lies.hold(row.first === next, place, `leaves ${next}…${row.first - 1} were never promised, or twice`);
      next = row.first + row.count;
      const root = merkleRoot(leaves.slice(row.first, next));
      lies.hold(equalBytes(root, row.root), place, "its root is not that of the leaves");
      const message = ackMessage({
        chainId: world.chainId,
        anchorLog: world.contracts.AnchorLog,
        stream: world.stream,
        first: row.first,
        count: row.count,
        root: toHex(row.root),
        acceptedAt: row.accepted_at,
        anchorBy: row.anchor_by,
      });
      lies.hold(
        verifyEs256(world.gatewayKey, message, row.signature),
        place,
        "the gateway's signature does not verify",
      );
    }
    lies.count("acks", rows.length);
    last = rows.at(-1)?.first ?? last;
    if (rows.length < PAGE) break;
  }
  lies.hold(next === leaves.length, "ack", `leaves from ${next} on were stored and never promised`);
}
