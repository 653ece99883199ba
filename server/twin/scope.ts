import type { Ack, AckProof } from "../../protocol/ack.ts";
import type { Hex } from "../../protocol/bytes.ts";
import { segmentNames, type DeviceModel } from "../../protocol/device-model.ts";
import { segmentOf } from "../../protocol/disclosure.ts";
import { TwinwardError } from "../../protocol/errors.ts";
import type { Remark } from "../../protocol/plausibility.ts";
import { presentation } from "../../protocol/reading.ts";
import type { Receipt } from "../../protocol/receipt.ts";
import { flagNames, FLAGS, type Flag, type Purpose } from "../../protocol/words.ts";
import { isPermit, type Permit } from "../access/permit.ts";

/** A stretch of sequences, both ends inclusive. */
export interface Gap {
  readonly from: number;
  readonly to: number;
}

/** How far a reading has come on the integrity road. */
export type Stage = "accepted" | "sealed" | "anchored";

/** One reading with everything that the device disclosed: never leaves the house. */
export interface WholeReading {
  readonly sequence: number;
  /** ms, [from, until). */
  readonly from: number;
  readonly until: number;
  readonly content: Hex;
  readonly leaf: Hex;
  readonly position: number;
  /** header.payload.signature. */
  readonly token: string;
  /** All disclosures as the device encoded them. */
  readonly disclosures: readonly string[];
  /** What the gateway found implausible, each on its segment; null is the reading itself. */
  readonly remarks: readonly Pick<Remark, "segment" | "flag">[];
  /** Its key was destroyed: it has no disclosures, and never again will. */
  readonly erased: boolean;
  /** Sequences directly before this one that were never accepted. */
  readonly gap: Gap | null;
  readonly state: Stage;
  /** Number of the batch that it is sealed in. */
  readonly batch: number | null;
  /** Null where neither receipts were asked for nor the purpose is security. */
  readonly ack: AckProof | null;
  /** The rest of a receipt, where one was asked for; null while the reading is not anchored. */
  readonly proof?: Omit<Receipt, "disclosed"> | null;
}

/** A stretch of a device's digital twin, whole. */
export interface DigitalTwin {
  readonly device: Hex;
  readonly model: DeviceModel;
  /** In order of sequence. */
  readonly readings: readonly WholeReading[];
  /** Sequence at which the stretch goes on; null at its present end. */
  readonly next: number | null;
}

/** One reading as a reader gets it. */
export interface ShownReading {
  readonly sequence: number;
  readonly from: number;
  readonly until: number;
  readonly content: Hex;
  readonly leaf: Hex;
  readonly position: number;
  /** SD-JWT with the permitted disclosures only. */
  readonly reading: string;
  readonly flags: readonly Flag[];
  /** What it said was erased: here is what still proves that it was said, and nothing of it. */
  readonly erased?: true;
  readonly gap: Gap | null;
  readonly state: Stage;
  readonly batch: number | null;
  /** For the purpose security: an oracle checks that the gateway promised this very leaf. */
  readonly ack?: Ack;
  /** receipt@1, where asked for; null while the reading is not anchored. */
  readonly receipt?: Receipt | null;
}

/** history@1: what a reader gets of a twin. */
export interface History {
  readonly format: "history@1";
  readonly twin: Hex;
  readonly device: Hex;
  readonly model: string;
  readonly purpose: Purpose;
  readonly segments: readonly string[];
  /** While the device is quarantined: every value below is distrusted, by this verdict. */
  readonly distrusted: { readonly verdict: Hex | null } | null;
  /** The recorded decision that this answer rests on, and the block that the decision rests on. */
  readonly decision: { readonly leaf: Hex; readonly position: number; readonly sequence: number };
  readonly block: { readonly number: number; readonly hash: Hex; readonly timestamp: number };
  readonly readings: readonly ShownReading[];
  /** Give it as `fromSequence` to go on; null at the present end. */
  readonly next: number | null;
}

// Not exported: a scoped twin comes out of `scope` and from nowhere else. The private field keeps look-alikes out at
// compile time (test/server/twin/leak.ts) and `isScoped` at run time.
class CutTwin {
  readonly #history: History;

  constructor(history: History) {
    this.#history = history;
  }

  toJSON(): History {
    return this.#history;
  }

  static isOne(value: object): boolean {
    return #history in value;
  }
}

/** The only thing of a twin that a reader gets. */
export type ScopedTwin = CutTwin;

export function isScoped(value: unknown): value is ScopedTwin {
  return typeof value === "object" && value !== null && CutTwin.isOne(value);
}

/**
 * Cuts a stretch of the digital twin down to what the permit says: its segments, the sequences of its assignment, its
 * time. Pure. Whatever the stretch holds beyond that is left out, also where it was loaded by mistake.
 */
export function scope(twin: DigitalTwin, permit: Permit): ScopedTwin {
  if (!isPermit(permit)) throw new TwinwardError("INTERNAL", { detail: "Not a permit." });
  const { terms } = permit;
  if (terms.action !== "read" || terms.device.id !== twin.device) {
    throw new TwinwardError("INTERNAL", { detail: "The permit is for something else." });
  }
  const segments = segmentNames(twin.model, terms.segments & terms.twin.segments);
  const inside = ({ sequence, from }: WholeReading): boolean =>
    sequence >= terms.first &&
    (terms.end === null || sequence < terms.end) &&
    (terms.from === null || from >= terms.from) &&
    (terms.until === null || from < terms.until);

  return new CutTwin({
    format: "history@1",
    twin: terms.twin.id,
    device: twin.device,
    model: twin.model.name,
    purpose: terms.purpose,
    segments,
    distrusted: terms.distrusted,
    decision: terms.decision,
    block: { number: terms.block.number, hash: terms.block.hash, timestamp: terms.block.timestamp },
    readings: twin.readings.filter(inside).map((reading) => show(reading, segments, permit)),
    next: twin.next,
  });
}

function show(reading: WholeReading, segments: readonly string[], { terms }: Permit): ShownReading {
  const { sequence, from, until, content, leaf, position, token, state, batch, proof } = reading;
  const disclosures = reading.disclosures.map((encoded) => ({ segment: segmentOf(encoded), encoded }));
  const shown = presentation({ token, disclosures }, segments);
  // A remark on a segment says something about its values: it goes where the segment goes.
  const remarks = reading.remarks.filter(({ segment }) => segment === null || segments.includes(segment));
  const mask = remarks.reduce((all, { flag }) => all | FLAGS[flag], terms.distrusted ? FLAGS.distrusted : 0);
  return {
    sequence,
    from,
    until,
    content,
    leaf,
    position,
    reading: shown,
    flags: flagNames(mask),
    ...(reading.erased ? { erased: true } : {}),
    gap: clip(reading.gap, terms.first),
    state,
    batch,
    ...(terms.purpose === "security" ? { ack: ackOf(terms.device.id, reading) } : {}),
    ...(proof === undefined ? {} : { receipt: proof && { ...proof, disclosed: { reading: shown } } }),
  };
}

/** The ack as the device got it. */
function ackOf(device: Hex, { ack, sequence, content }: WholeReading): Ack {
  if (!ack) throw new TwinwardError("INTERNAL", { detail: "An oracle is shown each reading's ack." });
  return { format: "ack@1", ...ack, device, sequence, expected: sequence + 1, prev: content, time: ack.acceptedAt };
}

/** What a device lost before the assignment began is not this reader's business. */
function clip(gap: Gap | null, first: number): Gap | null {
  if (!gap || gap.to < first) return null;
  return { from: Math.max(gap.from, first), to: gap.to };
}
