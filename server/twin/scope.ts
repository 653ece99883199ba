import type { Ack, AckProof } from "../../protocol/ack.ts";
import type { Hex } from "../../protocol/bytes.ts";
import { segmentNames, type DeviceModel } from "../../protocol/device-model.ts";
import { segmentsOf } from "../../protocol/disclosure.ts";
import { TwinwardError } from "../../protocol/errors.ts";
import { isDerived, manifestHash, type Manifest } from "../../protocol/manifest.ts";
import type { Remark } from "../../protocol/plausibility.ts";
import { presentation } from "../../protocol/reading.ts";
import type { Receipt } from "../../protocol/receipt.ts";
import { transformOf, type Transform } from "../../protocol/release.ts";
import { flagNames, FLAGS, type Flag, type Purpose } from "../../protocol/words.ts";
import type { Gap } from "../store/read-gaps.ts";
import { isPermit, type Permit, type PermitTerms } from "../access/permit.ts";
import { showReleases, type ReleasedTwin, type ShownRelease, type Withheld } from "./released.ts";

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
  /** When it was loaded, ms. */
  readonly at: number;
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
  /** None of a derived twin, ever. */
  readonly readings: readonly ShownReading[];
  /** Give it as `fromSequence` to go on; null at the present end. */
  readonly next: number | null;
  /** The members from here on are there where the twin is a derived one, and only then: what is done to the readings. */
  readonly transform?: Transform;
  readonly releases?: readonly ShownRelease[];
  /** Give it as `since` to go on, ms; null at the present end. */
  readonly nextSince?: number | null;
  readonly withheld?: Withheld | null;
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
 * Cuts a stretch of the digital twin, or of what was released of it, down to what the permit and the twin's manifest say: its
 * segments, the sequences of its assignment, its time, its delay; and readings where the manifest is raw, releases where it
 * is not. Pure. Whatever the stretch holds beyond that is left out, also where it was loaded by mistake. A security twin
 * needs no manifest: it is raw, and not delayed.
 */
export function scope(twin: DigitalTwin | ReleasedTwin, permit: Permit, manifest: Manifest | null): ScopedTwin {
  if (!isPermit(permit)) throw new TwinwardError("INTERNAL", { detail: "Not a permit." });
  const { terms } = permit;
  if (terms.action !== "read" || terms.device.id !== twin.device) {
    throw new TwinwardError("INTERNAL", { detail: "The permit is for something else." });
  }
  const cut = terms.twin.security ? null : manifest;
  if (!terms.twin.security && (!cut || manifestHash(cut) !== terms.twin.manifestHash))
    throw new TwinwardError("INTERNAL", { detail: "The manifest is another twin's." });
  const segments = segmentNames(twin.model, terms.segments & terms.twin.segments);
  const page = {
    format: "history@1",
    twin: terms.twin.id,
    device: twin.device,
    model: twin.model.name,
    purpose: terms.purpose,
    segments,
    distrusted: terms.distrusted,
    decision: terms.decision,
    block: { number: terms.block.number, hash: terms.block.hash, timestamp: terms.block.timestamp },
  } as const;
  const delayMs = (cut?.delay ?? 0) * 1000;

  if (cut && isDerived(cut)) {
    if (!("releases" in twin)) throw new TwinwardError("INTERNAL", { detail: "A derived twin shows no reading." });
    const { nextSince, withheld } = twin;
    const releases = showReleases(twin, terms, delayMs);
    return new CutTwin({
      ...page,
      readings: [],
      next: null,
      transform: transformOf(cut),
      releases,
      nextSince,
      withheld,
    });
  }
  if (!("readings" in twin)) throw new TwinwardError("INTERNAL", { detail: "A raw twin shows readings." });
  // Without a delay a clock that is ahead hides nothing.
  const isDue = ({ until }: WholeReading): boolean => delayMs === 0 || until + delayMs <= twin.at;
  const shown = twin.readings.filter((one) => isInside(one, terms) && isDue(one));
  return new CutTwin({ ...page, readings: shown.map((one) => show(one, segments, permit)), next: twin.next });
}

/** Whether a reading lies within the permit, in its assignment, and not across a change of assignments. */
function isInside({ sequence, from, until }: WholeReading, terms: PermitTerms): boolean {
  const across = (seconds: number): boolean => from <= seconds * 1000 && seconds * 1000 < until;
  return (
    sequence >= terms.first &&
    (terms.end === null || sequence < terms.end) &&
    (terms.from === null || from >= terms.from) &&
    (terms.until === null || from < terms.until) &&
    // What was measured while a device went from one subject to the next may be of both: detection alone sees it.
    (terms.twin.security || !terms.changes.some(across))
  );
}

function show(reading: WholeReading, segments: readonly string[], { terms }: Permit): ShownReading {
  const { sequence, from, until, content, leaf, position, token, state, batch, proof } = reading;
  const named = segmentsOf(reading.disclosures);
  const disclosures = reading.disclosures.map((encoded, i) => ({ segment: named[i] ?? "", encoded }));
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
