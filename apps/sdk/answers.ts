import type { Ack } from "../../protocol/ack.ts";
import type { Anchor } from "../../protocol/anchors.ts";
import type { Hex } from "../../protocol/bytes.ts";
import type { DeviceModel, Segment } from "../../protocol/device-model.ts";
import type { AggregateName, Manifest } from "../../protocol/manifest.ts";
import type { ErrorCode } from "../../protocol/errors.ts";
import type { DecisionRecord, LeafRecord } from "../../protocol/record.ts";
import type { Receipt } from "../../protocol/receipt.ts";
import type { ReleaseRecord, Transform } from "../../protocol/release.ts";
import type { Asking } from "../../protocol/request.ts";
import type { AnswerRecord, AnswerWord } from "../../protocol/request-record.ts";
import type { ReadingAnswer } from "../../protocol/refusal.ts";
import type { DeviceState, Flag, Purpose } from "../../protocol/words.ts";

/** What became of one posted reading. */
export type PostedReading = ReadingAnswer<Ack>;

/** One reading of a history. Nothing about it is checked yet: `verifyReceipt` and `parsePresentation` do that. */
export interface HistoryReading {
  readonly sequence: number;
  /** The reading's period, ms, [from, until). */
  readonly from: number;
  readonly until: number;
  readonly content: Hex;
  readonly leaf: Hex;
  readonly position: number;
  /** SD-JWT with the permitted disclosures. */
  readonly reading: string;
  readonly flags: readonly Flag[];
  /** What it said was erased: there are no disclosures any more, and the rest still proves that it was said. */
  readonly erased?: true;
  /** Sequences directly before this one that were never accepted, both ends inclusive. */
  readonly gap: { readonly from: number; readonly to: number } | null;
  readonly state: "accepted" | "sealed" | "anchored";
  readonly batch: number | null;
  readonly ack?: Ack;
  readonly receipt?: Receipt | null;
}

/** The release of one interval of a derived twin. Nothing about it is checked yet: `strayValues` and `verifyReceipt` do that. */
export interface HistoryRelease {
  readonly sequence: number;
  /** The interval, ms, [from, until). */
  readonly from: number;
  readonly until: number;
  readonly leaf: Hex;
  readonly position: number;
  /** release@1 */
  readonly record: ReleaseRecord;
  /** What it says of the permitted segments: `valuesOf` reads them. */
  readonly values: readonly string[];
  readonly erased?: true;
  readonly flags: readonly Flag[];
  readonly state: "accepted" | "sealed" | "anchored";
  readonly batch: number | null;
  readonly receipt?: Receipt | null;
}

/** history@1, one page. */
export interface HistoryPage {
  readonly format: "history@1";
  readonly twin: Hex;
  readonly device: Hex;
  readonly model: string;
  readonly purpose: Purpose;
  readonly segments: readonly string[];
  readonly distrusted: { readonly verdict: Hex | null } | null;
  readonly decision: { readonly leaf: Hex; readonly position: number; readonly sequence: number };
  readonly block: { readonly number: number; readonly hash: Hex; readonly timestamp: number };
  /** None of a derived twin. */
  readonly readings: readonly HistoryReading[];
  readonly next: number | null;
  /** Of a derived twin only, like what follows. */
  readonly transform?: Transform;
  readonly releases?: readonly HistoryRelease[];
  /** Give it as `since` to go on. */
  readonly nextSince?: number | null;
  /** Set where nothing more may be drawn: from which interval on, ms. */
  readonly withheld?: { readonly code: "BUDGET_SPENT"; readonly from: number } | null;
}

/** picture@1: chosen samples of a stretch of a raw twin. No proof of anything: the history is. */
export type TwinPicture = Pick<
  HistoryPage,
  "twin" | "device" | "model" | "purpose" | "segments" | "distrusted" | "decision" | "block"
> & {
  readonly format: "picture@1";
  readonly label: "a picture, not a proof";
  readonly method: "lttb";
  /** Each without a hole, in one assignment. */
  readonly stretches: readonly {
    readonly leaves: { readonly first: number; readonly last: number; readonly firstLeaf: Hex; readonly lastLeaf: Hex };
    readonly from: number;
    readonly until: number;
    readonly gap: { readonly from: number; readonly to: number } | null;
    readonly flags: readonly Flag[];
    /** By segment: times in ms and values, chosen out of so many. */
    readonly series: Readonly<
      Record<
        string,
        { readonly unit: string; readonly t: readonly number[]; readonly v: readonly number[]; readonly of: number }
      >
    >;
  }[];
  /** Give it as `fromSequence` to go on. */
  readonly next: number | null;
};

/** One segment's newest value; null where the newest readings have none. */
export interface SegmentState {
  readonly segment: string;
  readonly unit: string | null;
  /** The last sample that is a number; of a derived twin null. */
  readonly value: number | null;
  /** Of a derived twin: what its newest interval tells. */
  readonly aggregates?: Readonly<Partial<Record<AggregateName, number | null>>>;
  /** When it was measured, or its interval ended: ms, by the device's clock. */
  readonly measuredAt: number | null;
  /** How long ago that was, ms. */
  readonly age: number | null;
}

/** state@1: the newest values of a twin, and how well they stand for the device. */
export interface TwinState {
  readonly format: "state@1";
  readonly twin: Hex;
  readonly device: Hex;
  readonly model: string;
  readonly purpose: Purpose;
  readonly at: number;
  readonly distrusted: { readonly verdict: Hex | null } | null;
  readonly decision: { readonly leaf: Hex; readonly position: number; readonly sequence: number };
  readonly segments: readonly SegmentState[];
  /** On the newest reading or release. */
  readonly flags: readonly Flag[];
  readonly fidelity: {
    /** Since the newest reading's period, or the newest interval, ended, ms. */
    readonly age: number | null;
    /** From that end until it was accepted, or released, ms. */
    readonly lag: number | null;
    /** Of the newest sequences, 100 at most, the share that is here and shown; of a derived twin null. */
    readonly completeness: number | null;
  };
}

export interface TwinDescription {
  readonly format: "description@1";
  readonly twin: Hex;
  readonly device: Hex;
  readonly state: DeviceState;
  readonly model: string;
  readonly purpose: Purpose;
  readonly segments: readonly Segment[];
  readonly manifest: Manifest | null;
  readonly manifestHash: Hex;
  readonly distrusted: { readonly verdict: Hex | null } | null;
}

/** A twin that the chain connects with the reader. Bitmaps in decimal, times of grants in seconds. */
export interface ListedTwin {
  readonly twin: Hex;
  readonly device: Hex;
  readonly assignment: Hex | null;
  readonly manifestHash: Hex;
  readonly segments: string;
  readonly commands: string;
  readonly security: boolean;
  /** Your parts in it. */
  readonly as: readonly ("steward" | "subject" | "guardian" | "reader" | "oracle")[];
  readonly ended: boolean;
  /** Grants of an earlier one have ended, all at once. */
  readonly epoch: number;
  /** Whose data it is; null where nobody is bound, or where it does not concern you. */
  readonly subject: Hex | null;
  /** For what it is read only with the subject's consent. */
  readonly consent: readonly Purpose[];
  /** To what the subject agreed: for you, or for everybody where you are the steward, the subject or its guardian. */
  readonly consents: readonly {
    readonly reader: Hex;
    readonly purposes: readonly Purpose[];
    /** How often it was set: the nonce of the next consent@1. */
    readonly changes: number;
  }[];
  /** Those that you have or gave, or all of them where you are the steward, the subject or its guardian. */
  readonly grants: readonly {
    readonly grant: Hex;
    readonly reader: Hex;
    readonly from: number;
    readonly until: number;
    readonly segments: string;
    readonly purposes: readonly Purpose[];
    readonly grantor: Hex;
    /** The grant that it was passed on from; null for a steward's own. */
    readonly parent: Hex | null;
    /** The grantor's, decimal; with twin, reader, grantor and parent it makes the id. */
    readonly nonce: string;
    /** How often it may be passed on, one after the other. */
    readonly depth: number;
    /** Honoured for an hour by a server that cannot see the chain. */
    readonly continuity: boolean;
    /** By itself, with all others of the twin, or with one that it is a part of. */
    readonly revoked: boolean;
  }[];
}

/** A row of the fleet table. */
export interface ListedDevice {
  readonly id: Hex;
  readonly modelHash: Hex;
  readonly model: string | null;
  readonly state: DeviceState;
  readonly sequence: number;
  readonly acceptedAt: number | null;
  /** Where that reading's period ended, ms by the device's clock: a device that sends old readings is not fresh. */
  readonly until: number | null;
  readonly sealedSequence: number;
  readonly anchoredSequence: number;
  readonly twins: number;
  /** How many assignments it has had, and whether one is open. */
  readonly assignments: number;
  readonly assigned: boolean;
  /** No oracle can judge it: it has no security twin, or one without a segment that its model wants judged. */
  readonly unwatched: boolean;
}

export interface AnchorPage {
  readonly stream: Hex | null;
  /** Whether the stream takes anchors; null for one that the chain does not know. */
  readonly standing: "open" | "suspended" | "fenced" | null;
  readonly size: number;
  /** Newest first. */
  readonly anchors: readonly Anchor[];
  /** Give it as `before` to go on. */
  readonly next: number | null;
}

/** Decisions on a twin that concern the reader, newest first. */
export interface DecisionPage {
  readonly twin: Hex;
  readonly decisions: readonly {
    /** Its receipt proves the record. */
    readonly leaf: Hex;
    readonly sequence: number;
    readonly record: DecisionRecord;
  }[];
  /** Give it as `before` to go on. */
  readonly next: number | null;
}

export type RecordKind = "decision" | "consent" | "release" | "export" | "erasure";

/** Records of a twin that concern the reader, newest first. docs/formats/records.md says what each has. */
export interface RecordPage {
  readonly twin: Hex;
  readonly kind: RecordKind;
  readonly records: readonly { readonly leaf: Hex; readonly sequence: number; readonly record: LeafRecord }[];
  /** Give it as `before` to go on. */
  readonly next: number | null;
}

/** Who can see a twin. Segments in decimal; times in seconds. */
export interface ReaderPage {
  readonly twin: Hex;
  readonly at: number;
  readonly readers: readonly {
    readonly reader: Hex;
    /** Null for an oracle, who reads the security twin without one, and for whoever broke the glass. */
    readonly grant: Hex | null;
    /** The opening of the glass that lets them read, or did. */
    readonly opening?: Hex;
    readonly grantor: Hex | null;
    readonly parent: Hex | null;
    readonly segments: string;
    readonly from: number | null;
    readonly until: number | null;
    /** What would be decided now for each purpose that the grant names: `Permitted`, or why not. */
    readonly purposes: readonly { readonly purpose: Purpose; readonly reason: string }[];
  }[];
  /** Give it as `after` to go on. */
  readonly next: number | null;
}

/** Where an opening of the glass stands: it runs, waits for its review in time or too long, or was reviewed. */
export type OpeningState = "open" | "unreviewed" | "overdue" | "reviewed";

/** Somebody read in an emergency without a grant. Times in seconds, of the chain. */
export interface ListedOpening {
  readonly opening: Hex;
  readonly case: Hex;
  readonly twin: Hex;
  readonly device: Hex;
  readonly assignment: Hex;
  /** Whose holder opened it and whose reviewers review it. */
  readonly member: number;
  readonly opener: Hex;
  /** Who signed beside the opener. */
  readonly second: Hex | null;
  /** SHA-256 of a salt and the reason in words. */
  readonly reason: Hex;
  readonly openedAt: number;
  readonly until: number;
  /** From then on the review is overdue. */
  readonly reviewBy: number;
  readonly transaction: Hex;
  readonly state: OpeningState;
  /** What the contract would take from you now. */
  readonly may: readonly ("end" | "review")[];
  readonly ended: { readonly by: Hex; readonly at: number; readonly transaction: Hex } | null;
  readonly review: {
    readonly by: Hex;
    readonly at: number;
    readonly justified: boolean;
    /** SHA-256 of a salt and the finding in words. */
    readonly note: Hex;
    readonly transaction: Hex;
  } | null;
}

export interface OpeningPage {
  readonly at: number;
  /** Operators have paused new grants. */
  readonly grantsPaused: boolean;
  /** How often you have opened: what your next claim must say. */
  readonly nonce: number;
  /** The emergency twins that you may open, or have named as steward. */
  readonly emergencies: readonly {
    readonly assignment: Hex;
    readonly twin: Hex;
    readonly device: Hex;
    readonly member: number;
    readonly mayOpen: boolean;
    /** A review is overdue: a second holder must sign beside. */
    readonly needsSecond: boolean;
  }[];
  /** Newest first. */
  readonly openings: readonly ListedOpening[];
  /** Give it as `after` to go on. */
  readonly next: number | null;
}

/** The case of an opening: what happened on the chain, and every decision that rests on it. */
export interface OpeningCase extends ListedOpening {
  readonly at: number;
  readonly steps: readonly {
    readonly step: "opened" | "ended" | "reviewed";
    readonly by: Hex;
    readonly at: number;
    readonly transaction: Hex;
    /** Of its step@1, which has a receipt; null for a moment after it happened. */
    readonly leaf: Hex | null;
  }[];
  /** Newest first. */
  readonly reads: DecisionPage["decisions"];
  /** Give it as `before` to go on. */
  readonly next: number | null;
}

export interface Explained {
  readonly permitted: boolean;
  readonly reason: string;
  readonly code: ErrorCode | null;
  readonly because: {
    readonly grant: Hex | null;
    readonly opening?: Hex;
    readonly block: { readonly number: number; readonly hash: Hex; readonly timestamp: number };
  };
  readonly segments: string;
  readonly purpose: Purpose;
}

/** A verdict as the chain has it. */
export interface ListedVerdict {
  readonly digest: Hex;
  readonly oracleSet: Hex;
  readonly stream: Hex;
  readonly round: number;
  readonly firstBatch: number;
  readonly lastBatch: number;
  readonly device: Hex;
  readonly firstSequence: number;
  readonly lastSequence: number;
  readonly kind: "suspect" | "quarantine" | "readmission";
  readonly severity: number;
  readonly model: Hex;
  readonly leavesRoot: Hex;
  readonly signers: number;
  readonly transaction: Hex;
  readonly block: { readonly number: number; readonly hash: Hex; readonly timestamp: number };
}

/** reading-check@1: what would become of a reading, were it sent now. */
export interface CheckedReading {
  readonly outcome: "passed" | "failed";
  readonly checks: readonly {
    readonly name: string;
    readonly result: "passed" | "failed" | "not checked";
    readonly detail: string;
  }[];
  /** The code with which it would be refused. */
  readonly code: ErrorCode | null;
}

/** catalogue@1: what may be asked for. */
export interface Catalogue {
  readonly format: "catalogue@1";
  readonly models: readonly { readonly hash: Hex; readonly model: DeviceModel }[];
  readonly manifests: readonly { readonly hash: Hex; readonly manifest: Manifest }[];
}

/** A request is durable; the same is said of it again. */
export interface AcknowledgedRequest {
  readonly request: Hex;
  /** ms. */
  readonly expires: number;
  readonly leaf: Hex;
}

/** What became of a signed act that the server has sent. */
export interface RelayedAct {
  /** That was given or revoked; null for a consent. */
  readonly grant: Hex | null;
  /** That carried it; null where the chain had it already. */
  readonly transaction: Hex | null;
}

/** A request as its reader and the steward see it. */
export interface ListedRequest {
  readonly request: Hex;
  readonly state: "open" | AnswerWord;
  /** ms. */
  readonly at: number;
  readonly expires: number;
  readonly asked: Asking;
  /** Hash of the leaf that says what was asked. */
  readonly leaf: Hex;
  /** The record that ended it, with its leaf; null while it is open. */
  readonly answer: AnswerRecord | null;
  readonly answerLeaf: Hex | null;
  readonly position: number;
}

export interface RequestPage {
  readonly requests: readonly ListedRequest[];
  /** Give it as `before` to go on. */
  readonly next: number | null;
}
