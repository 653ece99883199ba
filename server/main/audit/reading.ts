import { toBase64url, toHex, ZERO_32, type Hex } from "../../../protocol/bytes.ts";
import { readDeviceModel, type DeviceModel } from "../../../protocol/device-model.ts";
import { sha256Hex } from "../../../protocol/hash.ts";
import { plausibility } from "../../../protocol/plausibility.ts";
import {
  checkAgainstModel,
  parsePresentation,
  parseReading,
  verifyReadingSignature,
  type ParsedReading,
} from "../../../protocol/reading.ts";
import { FLAGS } from "../../../protocol/words.ts";
import { monthOf, openReading, type OpenedReading } from "../../keys/sealed-reading.ts";
import { readDocument } from "../../store/read-document.ts";
import { erasureOf, type StoredErasure } from "../../store/read-erasures.ts";
import { scopeAt, type Scopes } from "../../store/sealed-scopes.ts";
import type { Lies } from "./lies.ts";
import { attemptOpen } from "./open-sealed.ts";
import type { AuditWorld } from "./world.ts";

/** What was accepted once is read again, whatever the limits are by now. */
const LIMITS = { characters: 1 << 24 };

/** A leaf of kind reading with the row of `reading` where it says, whose columns are null when there is none. */
export interface ReadingRow {
  readonly position: number;
  readonly subject: Uint8Array;
  readonly sequence: number;
  readonly content: Uint8Array;
  readonly from_ms: number | null;
  readonly until_ms: number | null;
  readonly latest_ms: number | null;
  readonly device: Uint8Array | null;
  readonly reading_sequence: number | null;
  readonly signing_input: string | null;
  readonly signature: Uint8Array | null;
  readonly scope: Uint8Array | null;
  readonly month: string | null;
  readonly resealed_at: number | null;
  readonly nonce: Uint8Array | null;
  readonly sealed: Uint8Array | null;
}

/** The last reading of a device, as far as was walked. */
export interface Head {
  readonly sequence: number;
  readonly content: Hex;
  /** The latest beginning of a reading so far, ms. */
  readonly latest: number;
}

export interface ReadingWalk {
  readonly heads: Map<Hex, Head>;
  readonly models: Map<Hex, DeviceModel | undefined>;
  /** All that the stream has, those behind the reading at hand included. */
  readonly erasures: readonly StoredErasure[];
  /** By device: under whose keys its readings are said to lie. */
  readonly scopes: ReadonlyMap<Hex, Scopes>;
}

/**
 * Re-derives one reading: what the leaf says from what the device signed, what is sealed from what it disclosed. One that is
 * unreadable still has its place, so that what follows it is held against its leaf and nothing sound is named with it.
 */
export async function auditReading(world: AuditWorld, row: ReadingRow, walk: ReadingWalk, lies: Lies): Promise<void> {
  const device = toHex(row.subject);
  const place = `reading ${row.sequence} of ${device} (position ${row.position})`;
  const signed = isWhole(row) ? await auditSigned(world, row, { device, place }, walk, lies) : undefined;
  if (!isWhole(row)) lies.tell(place, "its leaf is there, the reading is not");
  else lies.count("readings", 1);
  const latest = auditClock(row, signed, walk.heads.get(device), place, lies);
  if (signed) auditOrder(signed, walk.heads.get(device), place, lies);
  const { sequence, content } = signed ?? { sequence: row.sequence, content: toHex(row.content) };
  walk.heads.set(device, { sequence, content, latest });
}

type WholeRow = ReadingRow & {
  readonly [K in "signing_input" | "device" | "signature" | "scope" | "month" | "nonce" | "sealed"]: NonNullable<
    ReadingRow[K]
  >;
};

const isWhole = (row: ReadingRow): row is WholeRow =>
  row.signing_input !== null &&
  row.device !== null &&
  row.signature !== null &&
  row.scope !== null &&
  row.month !== null &&
  row.nonce !== null &&
  row.sealed !== null;

async function auditSigned(
  world: AuditWorld,
  row: WholeRow,
  { device, place }: { device: Hex; place: string },
  { models, erasures, scopes }: ReadingWalk,
  lies: Lies,
): Promise<ParsedReading | undefined> {
  const content = sha256Hex(row.signing_input);
  lies.hold(content === toHex(row.content), place, "what is stored is not what the leaf was made of");
  lies.hold(
    toHex(row.device) === device && row.reading_sequence === row.sequence,
    place,
    "its device or sequence is not the leaf's",
  );
  const scope = toHex(row.scope);
  const { sequence, month, resealed_at: resealedAt, nonce, sealed } = row;
  const token = `${row.signing_input}.${toBase64url(row.signature)}`;
  const isErased = erasureOf(erasures, { scope, month, position: row.position, resealedAt }) !== undefined;
  const open = (): OpenedReading =>
    openReading(world.keys, { device, sequence, content, scope, month, resealedAt }, { nonce, sealed });
  const opened = await attemptOpen(lies, place, { scope, month }, open, isErased);
  const whole =
    opened && (await lies.attempt(place, () => parseReading([token, ...opened.disclosures, ""].join("~"), LIMITS)));
  // What the device signed can be checked without what it disclosed.
  const parsed = whole ?? (await lies.attempt(place, () => parsePresentation(`${token}~`, LIMITS)));
  if (!parsed) return undefined;

  lies.hold(
    parsed.device === device && parsed.sequence === sequence,
    place,
    "the device signed another device or sequence",
  );
  lies.hold(
    parsed.per[0] === row.from_ms && parsed.per[1] === row.until_ms,
    place,
    "its period is not what the device signed",
  );
  lies.hold(month === monthOf(parsed.per[0]), place, "it is sealed under another month's key");
  const isGone = isErased && !opened;
  auditScope(world, { device, sequence, scope, isGone, said: scopes.get(device) ?? [] }, place, lies);
  auditKey(world, parsed, place, lies);
  if (whole && opened) {
    countFlags(opened.flags, lies);
    await auditModel(world, whole, opened.flags, models, place, lies);
  }
  return parsed;
}

/** Whose it is: the chain says it, what is stored of it follows, and what is erased stays where it was. */
function auditScope(
  { view }: AuditWorld,
  {
    device,
    sequence,
    scope,
    isGone,
    said,
  }: {
    readonly device: Hex;
    readonly sequence: number;
    readonly scope: Hex;
    readonly isGone: boolean;
    readonly said: Scopes;
  },
  place: string,
  lies: Lies,
): void {
  if (isGone) return;
  const follows = scopeAt(said, sequence) === scope;
  lies.hold(follows, place, "it is not sealed for whom the scopes of its device name");
  const expected = view.assignmentAt(device, sequence)?.id ?? device;
  if (scope === expected) return;
  const what = `sealed for ${scope}, and belongs to ${expected}`;
  if (!follows) return lies.tell(place, `it is ${what}`);
  lies.tellOnce(
    `readings of ${device} that moved to ${expected}`,
    `they are not resealed yet: the first, of sequence ${sequence}, is ${what}; a server that runs does it`,
  );
}

function auditKey({ view }: AuditWorld, parsed: ParsedReading, place: string, lies: Lies): void {
  const key = view.keyAt(parsed.device, parsed.sequence);
  if (!lies.hold(key !== undefined, place, "the chain has no key of this device for this sequence") || !key) return;
  lies.hold(key.number === parsed.kid, place, `it names key ${parsed.kid}, the chain says ${key.number}`);
  lies.hold(verifyReadingSignature(parsed, key), place, "the device's signature does not verify");
}

/** The latest beginning up to this reading, by which stretches of time are found. */
function auditClock(
  row: ReadingRow,
  signed: ParsedReading | undefined,
  head: Head | undefined,
  place: string,
  lies: Lies,
): number {
  const begins = signed?.per[0] ?? row.from_ms ?? head?.latest ?? 0;
  const latest = Math.max(begins, head?.latest ?? begins);
  lies.hold(row.latest_ms === latest, place, "by its leaf, another time had been reached before it");
  return latest;
}

function auditOrder(parsed: ParsedReading, head: Head | undefined, place: string, lies: Lies): void {
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
  const judged = plausibility(parsed, model, parsed.per[1]);
  lies.hold(
    (flags & FLAGS.outOfRange) === (judged.flags & FLAGS.outOfRange),
    place,
    "its flag 'out of range' does not follow from its values",
  );
  const outside = judged.remarks.filter(({ flag }) => flag === "outOfRange").map(({ segment }) => segment);
  for (const segment of new Set(outside)) lies.count(`readings flagged out of range, ${segment ?? "whole"}`, 1);
}

/** Out-of-range values are accepted, because the device said them; how many is for the reader of the report to weigh. */
function countFlags(flags: number, lies: Lies): void {
  for (const [flag, name] of FLAG_COUNTS) if ((flags & FLAGS[flag]) !== 0) lies.count(name, 1);
}

const FLAG_COUNTS = [
  ["outOfRange", "readings flagged out of range"],
  ["late", "readings flagged late"],
  ["clock", "readings flagged clock"],
] as const;
