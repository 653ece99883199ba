import { isHex, type Hex } from "./bytes.ts";
import { TwinwardError } from "./errors.ts";
import type { PublicKey } from "./es256.ts";
import { timeText, type CheckName, type Checklist } from "./checks.ts";
import { sha256Hex } from "./hash.ts";
import { deviceId } from "./ids.ts";
import { canonical } from "./json.ts";
import { keyAt, type DeviceKey, type KeyHistory } from "./key-history.ts";
import { parseSdJwt, strayDisclosures, verifyReadingSignature, type ParsedReading } from "./reading.ts";
import { consentDigest, isConsentSigned, type ConsentRecord } from "./consent-record.ts";
import type { Receipt } from "./receipt.ts";
import { recordKind, type LeafRecord } from "./record.ts";
import { strayValues, valuesOf, type ReleaseRecord } from "./release.ts";
import { isRequestSigned, requestId } from "./request.ts";
import type { AskedRecord } from "./request-record.ts";
import type { World } from "./verify-source.ts";
import { LEAF_KINDS } from "./words.ts";

/** A reading: its bytes, what it discloses, and the key that signed it. */
export function verifyReading(receipt: Receipt, text: string, world: World, list: Checklist): void {
  let parsed: ParsedReading | undefined;
  let bad = "";
  try {
    parsed = parseSdJwt(text);
  } catch (error) {
    if (!(error instanceof TwinwardError)) throw error;
    bad = error.message;
  }
  list.check("presentation", parsed !== undefined, "a well-formed reading@1", bad);
  if (parsed) verifyDisclosures(receipt, parsed, list);
  else for (const name of ["disclosures", "content"] as const) list.skip(name, "there is no well-formed reading");
  verifyKey(receipt, parsed, world, list);
}

function verifyDisclosures({ leaf }: Receipt, parsed: ParsedReading, list: Checklist): void {
  const stray = strayDisclosures(parsed).map(({ segment }) => segment);
  const shown = parsed.disclosures.map(({ segment }) => segment).join(", ");
  list.check(
    "disclosures",
    stray.length === 0,
    `${parsed.disclosures.length} of ${parsed.sd.length} segments are shown: ${shown}`,
    `the device did not sign ${stray.join(", ")}`,
  );
  const { device, sequence, content } = parsed;
  list.check(
    "content",
    leaf.kind === LEAF_KINDS.reading &&
      leaf.subject === device &&
      leaf.sequence === sequence &&
      leaf.content === content,
    `reading ${sequence} of ${device}`,
    "the leaf is not of this reading",
  );
}

/** The device's id and key, from the source's key history; the receipt's copies are only compared. */
function verifyKey(receipt: Receipt, parsed: ParsedReading | undefined, world: World, list: Checklist): void {
  const { key: claimed, leaf } = receipt;
  const { history, distrust } = world;
  const names: CheckName[] = [
    "device id",
    "device key",
    "key valid at this sequence",
    "key not marked compromised since",
    "device signature",
  ];
  if (!history.known) {
    for (const name of names) list.unless(distrust, name, history.why);
    return;
  }
  const told = history.value;
  const device = parsed?.device ?? leaf.subject;
  const sequence = parsed?.sequence ?? leaf.sequence;
  const idHolds = claimed?.device === device && leaf.subject === device && told?.device === device;
  if (!world.consortium) list.skip("device id", "no consortium was given");
  else {
    list.trusted(distrust, "device id", idHolds && isDeviceOf(told, world.consortium), {
      good: device,
      bad: told
        ? "it is not the id of the device's first key in this registry"
        : `no such device is registered: ${device}`,
    });
  }

  const number = parsed?.kid ?? claimed?.number;
  const key = told?.keys.find((one) => one.number === number);
  const sameKey = key !== undefined && claimed?.number === number && key.x === claimed?.x && key.y === claimed.y;
  list.trusted(distrust, "device key", idHolds && sameKey, {
    good: `key ${key?.number ?? 0} of the device`,
    bad: key
      ? `key ${key.number} of the device is another one`
      : `the device has no key ${number ?? ""} on the trusted chain`,
  });

  const valid = told && keyAt(told, sequence);
  const range = key && `${key.from} to ${key.until ?? "now"}`;
  list.trusted(distrust, "key valid at this sequence", key !== undefined && valid === key && sameRange(claimed, key), {
    good: `sequence ${sequence} is in ${range ?? ""}`,
    bad: range ? `the key's range is ${range}` : "there is no such key",
  });
  verifyMarks(key, sequence, world, list);

  if (!parsed) list.skip("device signature", "there is no well-formed reading");
  else {
    list.trusted(distrust, "device signature", key !== undefined && verifyReadingSignature(parsed, key), {
      good: "signed by the device's key",
      bad: key ? "not signed by the device's key" : "there is no key of the device to check it with",
    });
  }
}

function verifyMarks(key: DeviceKey | undefined, sequence: number, world: World, list: Checklist): void {
  const name = "key not marked compromised since";
  const { block, distrust } = world;
  const mark = key?.marks.find(({ from }) => from <= sequence);
  if (key && !mark && !block.known) return list.unless(distrust, name, block.why);
  const asOf = block.known ? `, as of block ${block.value.number}` : "";
  list.trusted(distrust, name, key !== undefined && !mark, {
    good: `not marked${asOf}`,
    bad: mark
      ? `marked from sequence ${mark.from} on, suspected since ${timeText(mark.suspectedSince * 1000)}${asOf}`
      : "there is no such key",
  });
}

function isDeviceOf(
  history: KeyHistory | undefined,
  { chainId, contracts }: NonNullable<World["consortium"]>,
): boolean {
  const first: PublicKey | undefined = history?.keys[0];
  return (
    first !== undefined && isHex(first.x, 32) && deviceId(chainId, contracts.DeviceRegistry, first) === history?.device
  );
}

/** A range that was open when the receipt was made may have been closed since; one that was closed never changes. */
function sameRange(claimed: Receipt["key"], key: DeviceKey): boolean {
  return claimed?.from === key.from && (claimed.until === null || claimed.until === key.until);
}

/**
 * A record: its text is what the leaf is the hash of, and it was written for the stream that anchors it, or for one that ended
 * before it was anchored and that this one succeeds.
 */
export function verifyRecord(
  { leaf, batch, chain }: Receipt,
  { record, signature }: { readonly record: LeafRecord; readonly signature?: Hex },
  world: World,
  list: Checklist,
): void {
  const subject = subjectOf(record) ?? leaf.subject;
  if (record.format === "consent@1") verifyConsent(chain, record as unknown as ConsentRecord, signature, list);
  else if (isAsked(record) || signature !== undefined) verifySignature(chain, record, signature, list);
  const holds =
    leaf.content === sha256Hex(canonical(record)) &&
    leaf.kind === recordKind(record.format) &&
    leaf.subject === subject;
  const [good, bad] = [`${record.format}, salted, of ${timeText(record.at)}`, "the leaf is not of this record"];
  const { succession, distrust } = world;
  if (!holds || record.stream === batch.stream) return list.check("record", holds, good, bad);
  if (!succession?.known)
    return list.unless(distrust, "record", `it was written for another stream: ${succession?.why ?? ""}`);
  list.trusted(distrust, "record", succession.value, {
    good: `${good}; written for the stream before, which was fenced`,
    bad: "it was written for another stream",
  });
}

/** What a record is beside, where its format says so. */
function subjectOf(record: LeafRecord): unknown {
  if (["decision@1", "release@1", "export@1"].includes(record.format)) return record.twin;
  if (record.format === "consent@1") return record.twin ?? record.device;
  if (record.format === "step@1") return record.case;
  return record.format === "request@1" ? record.request : undefined;
}

const isAsked = (record: LeafRecord): boolean => record.format === "request@1" && record.step === "asked";

/** By the reader's key. What a contract took for its own (ERC-1271) was seen by the gateway, on the chain as it was then. */
function verifySignature(
  { chainId, contracts }: Receipt["chain"],
  record: LeafRecord,
  signature: Hex | undefined,
  list: Checklist,
): void {
  const { request, asked, signer } = record as unknown as AskedRecord;
  const domain = { chainId, contract: contracts.GrantRegistry };
  const its = isAsked(record) && signature !== undefined && requestId(domain, asked) === request;
  const good = `signed by ${String(record.reader)}`;
  if (its && signer === "contract" && !isRequestSigned(domain, asked, signature))
    list.skip("record signature", "it is of a contract (ERC-1271): the gateway asked the chain, a receipt cannot");
  else {
    const holds = its && isRequestSigned(domain, asked, signature);
    list.check("record signature", holds, good, "the record is of nothing that this signature is under");
  }
}

/** Where a consent was given by signature: what was signed is what the record says, by whoever it says. */
function verifyConsent(
  chain: Receipt["chain"],
  { message, by }: ConsentRecord,
  signature: Hex | undefined,
  list: Checklist,
): void {
  if (!message && signature === undefined) return;
  const its = message && signature !== undefined && consentDigest(chain, message) === message.digest;
  if (its && message.signer === "contract" && !isConsentSigned(message, by, signature))
    return list.skip("record signature", "it is of a contract (ERC-1271): the chain took it, a receipt cannot");
  const holds = its === true && isConsentSigned(message, by, signature);
  list.check("record signature", holds, `signed by ${by}`, "the record is of nothing that this signature is under");
}

/** A release's values are those that its record commits to; from which readings they follow needs the readings. */
export function verifyRelease(record: ReleaseRecord, values: readonly string[], list: Checklist): void {
  const stray = strayValues(record, values);
  const shown = stray.length === 0 ? valuesOf(values).map(({ segment }) => segment) : [];
  list.check(
    "values",
    stray.length === 0,
    `${shown.length} of ${Object.keys(record.values).length} segments are shown: ${shown.join(", ")}`,
    `the release does not hold ${stray.length === 1 ? "a value" : `${stray.length} values`} of these`,
  );
  const { count, first, last } = record.leaves;
  const said = `the gateway says that they follow from ${count} readings, sequences ${first} to ${last}`;
  list.skip("derivation", `${said}: only who has these can tell`);
}
