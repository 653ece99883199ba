/**
 * What the front door handed out → what an oracle may judge. Pure: an oracle believes a reading only by the device's
 * signature, its place only by the gateway's signed ack, its batch only by the chain, and that none is missing only by the
 * chain of `prev`. Anything else is refused, and the oracle says so instead of judging what is left.
 */
import { verifyAckLeaf, verifyAckSignature, type Ack } from "../../protocol/ack.ts";
import { ZERO_32, type Hex } from "../../protocol/bytes.ts";
import type { PublicKey } from "../../protocol/es256.ts";
import { keyOfPromise, type KeyTerm } from "../../protocol/gateway-key.ts";
import { lineOf, type Line } from "../../protocol/line.ts";
import { parsePresentation, readingLeaf, verifyReadingSignature, type ParsedReading } from "../../protocol/reading.ts";
import type { JudgedReading } from "./judge.ts";
import type { Baseline } from "./state-file.ts";

/** A reading of a security twin, as its history carries it. */
export interface SecurityReading {
  /** SD-JWT presentation. */
  readonly text: string;
  readonly ack: Ack;
}

/** What the chain says, against which everything is checked. */
export interface Ground {
  readonly chainId: number;
  readonly anchorLog: Hex;
  readonly device: Hex;
  readonly stream: Hex;
  /** The streams that it succeeds and those that succeed it; left out where there are none. */
  readonly line?: Line;
  /** The P-256 key that signs acks for the stream's gateway group. */
  readonly gatewayKeys: readonly KeyTerm[];
  /** The key whose range holds the sequence. */
  keyAt(sequence: number): (PublicKey & { readonly number: number }) | undefined;
}

/** A reading that was checked, with its place in the stream; below 0 in one before it, beyond its end in one after it. */
export interface CheckedReading extends JudgedReading {
  readonly position: number;
  readonly content: Hex;
}

/** Why a device's readings are not judged. */
export class ReadingRefused extends Error {
  override readonly name = "ReadingRefused";
  readonly device: Hex;

  constructor(device: Hex, message: string) {
    super(message);
    this.device = device;
  }
}

/**
 * Checks the readings that follow `before`, in sequence order. `seen` remembers ack signatures that were verified: one
 * signature covers a whole group commit.
 *
 * @throws ReadingRefused at the first one that does not verify, or where one is missing
 */
export function checkReadings(
  ground: Ground,
  before: Baseline,
  readings: readonly SecurityReading[],
  seen: Set<string>,
): CheckedReading[] {
  let last = before;
  let position = -Infinity;
  return readings.map((reading) => {
    const checked = checkReading(ground, last, reading, seen);
    if (checked.position <= position)
      throw new ReadingRefused(ground.device, `Reading ${checked.sequence} is placed before the one it follows.`);
    position = checked.position;
    last = { sequence: checked.sequence, content: checked.content };
    return checked;
  });
}

function checkReading(ground: Ground, last: Baseline, reading: SecurityReading, seen: Set<string>): CheckedReading {
  let parsed: ParsedReading;
  try {
    parsed = parsePresentation(reading.text);
  } catch (error) {
    throw new ReadingRefused(ground.device, `A reading is malformed: ${(error as Error).message}`);
  }
  const refuse = (why: string) => new ReadingRefused(ground.device, `Reading ${parsed.sequence}: ${why}`);
  if (parsed.device !== ground.device) throw refuse("it is another device's.");
  const key = ground.keyAt(parsed.sequence);
  if (!key || key.number !== parsed.kid) throw refuse("its key is not the one valid at its sequence.");
  if (!verifyReadingSignature(parsed, key)) throw refuse("its signature is not the device's.");
  requireNext(parsed, last, refuse);
  const leaf = readingLeaf(parsed);
  return {
    sequence: parsed.sequence,
    per: parsed.per,
    leaf,
    content: parsed.content,
    disclosures: parsed.disclosures,
    position: checkedPosition(ground, reading.ack, leaf, seen, refuse),
  };
}

/** Nothing may be missing between two readings but what the device itself declared lost. */
function requireNext(parsed: ParsedReading, last: Baseline, refuse: (why: string) => ReadingRefused): void {
  const { sequence, gap, prev } = parsed;
  if (sequence <= last.sequence) throw refuse(`it does not follow ${last.sequence}.`);
  // Before the first reading that this oracle has ever seen it knows nothing to chain to.
  if (last.content === null && last.sequence > 0) return;
  if (sequence - gap > last.sequence + 1)
    throw refuse(`${last.sequence + 1} to ${sequence - gap - 1} were not handed out.`);
  const isChained = prev === (last.content ?? ZERO_32) || (gap > 0 && prev === ZERO_32);
  if (sequence - gap === last.sequence + 1 && !isChained) throw refuse("it does not chain to the one before it.");
}

function checkedPosition(
  ground: Ground,
  ack: Ack,
  leaf: Uint8Array,
  seen: Set<string>,
  refuse: (why: string) => ReadingRefused,
): number {
  const position = positionIn(ground, ack);
  if (ack.chainId !== ground.chainId || ack.anchorLog !== ground.anchorLog || position === undefined)
    throw refuse("its ack is for another chain, log or stream.");
  if (!verifyAckLeaf(ack, leaf)) throw refuse("its ack is for another leaf.");
  const { first, count, root, acceptedAt, anchorBy, signature } = ack;
  const promise = `${first} ${count} ${root} ${acceptedAt} ${anchorBy} ${signature}`;
  if (!seen.has(promise)) {
    const key = keyOfPromise(ground.gatewayKeys, ack);
    if (!key || !verifyAckSignature(ack, key)) throw refuse("its ack is not signed by the stream's gateway.");
    seen.add(promise);
  }
  return position;
}

/** The place that an ack promises, counted in the ground's stream; undefined where it is of none of its line. */
export function positionIn({ stream, line = lineOf(stream) }: Ground, ack: Ack): number | undefined {
  const [own, its] = [stream, ack.stream].map((id) => line.stretches.find((stretch) => stretch.stream === id));
  return own && its && its.firstLeaf + ack.first + ack.index - own.firstLeaf;
}
