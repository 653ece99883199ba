/**
 * What the chain says, as the rest of the server sees it. Types only: `state.ts` folds events into them, `follow.ts` keeps
 * them current. A view is a snapshot: it never changes after it was handed out, so a decision can name the block it rests on.
 */
import type { Provider } from "ethers";
import type { Hex } from "../../protocol/bytes.ts";
import type { Consortium } from "../../protocol/consortium.ts";
import type { KeyTerm } from "../../protocol/gateway-key.ts";
import type { Role } from "../../protocol/roles.ts";
import type { Terms } from "../../protocol/terms.ts";

/** A block as the chain names it; `timestamp` in seconds. */
export interface Block {
  readonly number: number;
  readonly hash: Hex;
  readonly timestamp: number;
}

/** Names of the on-chain enum DeviceState, without None. */
export type DeviceState = "registered" | "active" | "suspect" | "quarantined" | "retired";

/** A mark on a key: not to be trusted from `fromSequence` on, because something is suspected since `suspectedSince`. */
export interface KeyMark {
  readonly fromSequence: number;
  /** Seconds. */
  readonly suspectedSince: number;
  readonly reason: Hex;
}

/** One P-256 key of a device and the sequences it signs: [from, until], both inclusive; `until` null while it is open. */
export interface DeviceKey {
  readonly number: number;
  readonly x: Hex;
  readonly y: Hex;
  readonly from: number;
  readonly until: number | null;
  readonly marks: readonly KeyMark[];
}

export type VerdictKind = "suspect" | "quarantine" | "readmission";

/** A verdict that a quorum put on the chain (VerdictReached). Sequences inclusive; `signers` is the bitmask over `oracles`. */
export interface VerdictFact {
  readonly digest: Hex;
  readonly oracleSet: Hex;
  readonly stream: Hex;
  readonly round: number;
  readonly firstBatch: number;
  readonly lastBatch: number;
  readonly device: Hex;
  readonly firstSequence: number;
  readonly lastSequence: number;
  readonly kind: VerdictKind;
  readonly severity: number;
  readonly model: Hex;
  readonly leavesRoot: Hex;
  readonly signers: number;
  readonly transaction: Hex;
  readonly block: Block;
}

/** Two contents, ascending, that one of the device's keys signed for one sequence, as somebody proved on chain. */
export interface EquivocationFact {
  readonly key: number;
  readonly sequence: number;
  readonly contents: readonly [Hex, Hex];
  /** Who brought them. */
  readonly by: Hex;
  readonly transaction: Hex;
}

export interface DeviceFact {
  readonly id: Hex;
  readonly steward: Hex;
  readonly state: DeviceState;
  readonly modelHash: Hex;
  readonly homeStream: Hex;
  /** By number, from 1. */
  readonly keys: readonly DeviceKey[];
  /** The verdict that quarantined the device; set for as long as it is quarantined, whatever verdicts come after. */
  readonly quarantinedBy?: Hex;
  /** The last proof that the device signed two readings for one sequence. */
  readonly equivocation?: EquivocationFact;
  /** The latest verdict on this device. */
  readonly verdict?: {
    readonly digest: Hex;
    readonly kind: VerdictKind;
    readonly severity: number;
    readonly round: number;
  };
}

/** Sequences [from, end): `end` exclusive, null while the assignment is open. */
export interface AssignmentFact {
  readonly id: Hex;
  readonly device: Hex;
  readonly n: number;
  readonly from: number;
  readonly end: number | null;
  /** Timestamps of the blocks in which it began and ended, seconds; null while it is open. */
  readonly beganAt: number;
  readonly endedAt: number | null;
  /** Whose data it is, and who may do all that the subject may; null for nobody. */
  readonly subject: Hex | null;
  readonly guardian: Hex | null;
}

export interface TwinFact {
  readonly id: Hex;
  readonly device: Hex;
  /** Null for the security twin, which is cut from the device. */
  readonly assignment: Hex | null;
  readonly manifestHash: Hex;
  readonly segments: bigint;
  readonly commands: bigint;
  readonly security: boolean;
  readonly ended: boolean;
  /** Grants of an earlier one have ended, all at once. */
  readonly epoch: number;
  /** Bitmask over PURPOSES of those for which it is read only with the subject's consent. */
  readonly consent: number;
}

export interface GrantFact extends Terms {
  readonly id: Hex;
  readonly twin: Hex;
  readonly reader: Hex;
  readonly grantor: Hex;
  /** The grant that it was passed on from; null for a steward's own. */
  readonly parent: Hex | null;
  /** The grantor's; with twin, reader, grantor and parent it makes the id. */
  readonly nonce: bigint;
  /** By itself; access/end-of.ts knows what else may have ended it. */
  readonly revoked: boolean;
  /** Honoured for a while by a server that cannot see the chain (access/continuity.ts). */
  readonly continuity: boolean;
  /** Timestamp of the revoking block in seconds; null while it is not revoked. */
  readonly revokedAt: number | null;
}

/** The twin of an assignment that is read in an emergency, and the member whose holders may. */
export interface EmergencyFact {
  readonly assignment: Hex;
  readonly twin: Hex;
  readonly member: number;
}

/** Somebody broke the glass. Times in seconds, of the chain. */
export interface OpeningFact {
  readonly id: Hex;
  readonly twin: Hex;
  /** The case that it opened. */
  readonly case: Hex;
  /** Whose holder opened it and whose reviewers review it. */
  readonly member: number;
  readonly opener: Hex;
  /** Who signed beside the opener; null for nobody. */
  readonly second: Hex | null;
  /** SHA-256 of a salt and the reason in words. */
  readonly reason: Hex;
  readonly openedAt: number;
  /** Exclusive. */
  readonly until: number;
  /** From then on the review is overdue. */
  readonly reviewBy: number;
  readonly transaction: Hex;
  /** Set where it was ended before its time. */
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

/** A batch as AnchorLog recorded it. */
export interface AnchorFact {
  readonly number: number;
  readonly root: Hex;
  readonly count: number;
  readonly firstLeaf: number;
  readonly transaction: Hex;
  readonly block: Block;
}

/** How a gateway broke a promise: names of the on-chain enum Breach. */
export type Breach = "overdue" | "late" | "misplaced" | "contradicted";

export interface StreamFact {
  readonly id: Hex;
  readonly group: Hex;
  readonly n: number;
  /** Open streams take anchors; members resume a suspended one, or fence it for good. */
  readonly standing: "open" | "suspended" | "fenced";
  /** The last suspension, lifted or not: which one it is, what broke, the digest of the ack, and who challenged. */
  readonly suspension?: {
    readonly number: number;
    readonly breach: Breach;
    readonly ack: Hex;
    readonly by: Hex;
    readonly block: Block;
  };
  /** The end of a fenced stream: batches, leaves, log root, and the hash of why. */
  readonly fence?: { readonly size: number; readonly leaves: number; readonly logRoot: Hex; readonly reason: Hex };
  /** Set in a fenced stream that has one. */
  readonly successor?: Hex;
  /** Set in a stream that was opened as one: its first leaf is that one's end. */
  readonly predecessor?: Hex;
}

/** The P-256 keys with which a gateway group signs its acks, and the addresses that may anchor for it. */
export interface GatewayFact {
  readonly group: Hex;
  readonly member: number;
  /** In order; `keyOfPromise` says which of them counts. */
  readonly keys: readonly KeyTerm[];
  readonly senders: readonly Hex[];
}

export interface MemberFact {
  readonly number: number;
  readonly name: string;
  readonly endpoint: string;
  readonly signer: Hex;
  readonly commandKey: { readonly x: Hex; readonly y: Hex };
  /** Seconds; `until` null while it belongs. */
  readonly since: number;
  readonly until: number | null;
}

/** All addresses and ids are lower-case hex; a lookup with another case finds nothing. */
export interface ChainView {
  readonly head: Block;

  device(id: Hex): DeviceFact | undefined;
  devices(): readonly DeviceFact[];
  /** The key whose range holds `sequence`; marks do not hide it, the asker weighs them. */
  keyAt(device: Hex, sequence: number): DeviceKey | undefined;

  /** All of them: the same map for as long as nothing of any changes. */
  assignments(): ReadonlyMap<Hex, AssignmentFact>;
  assignment(id: Hex): AssignmentFact | undefined;
  assignmentsOf(device: Hex): readonly AssignmentFact[];
  openAssignment(device: Hex): AssignmentFact | undefined;
  assignmentAt(device: Hex, sequence: number): AssignmentFact | undefined;

  twin(id: Hex): TwinFact | undefined;
  /** Every twin of the device, the security twin included, in order of creation. */
  twinsOf(device: Hex): readonly TwinFact[];
  securityTwin(device: Hex): TwinFact | undefined;

  grant(id: Hex): GrantFact | undefined;
  /** In order of giving; revoked ones are included. */
  grantsOf(twin: Hex): readonly GrantFact[];

  /** Bitmask over PURPOSES of those to which the subject agreed, for a reader of a twin. */
  consentOf(twin: Hex, reader: Hex): number;
  /** All consents of a twin that were ever set, in the order of their first time, and how often; withdrawn ones have no purposes. */
  consentsOf(twin: Hex): readonly { readonly reader: Hex; readonly purposes: number; readonly changes: number }[];

  /** Whether operators have paused new grants. */
  readonly grantsPaused: boolean;
  /** Whether somebody has a role at a time, seconds. */
  hasRole(role: Role, member: number, account: Hex, now: number): boolean;
  /** Of an assignment; undefined where its steward named none. */
  emergencyTwin(assignment: Hex): EmergencyFact | undefined;
  emergencyTwins(): readonly EmergencyFact[];
  opening(id: Hex): OpeningFact | undefined;
  /** In the order of the chain. */
  openings(): readonly OpeningFact[];
  openingsOf(twin: Hex): readonly OpeningFact[];

  /** Everybody who ever was one, by number. */
  members(): readonly MemberFact[];
  /** How many changes of members and keys were carried out: the number of the next. */
  readonly memberChanges: number;
  groups(): readonly GatewayFact[];
  /** Current oracles' addresses in bit order. */
  readonly oracles: readonly Hex[];
  /** The member whose oracle has this bit. */
  memberOfOracle(bit: number): number | undefined;
  /** keccak256(abi.encode(oracles)). */
  readonly oracleSet: Hex;
  isOracle(address: Hex): boolean;
  gateway(group: Hex): GatewayFact | undefined;

  stream(id: Hex): StreamFact | undefined;
  streams(): readonly StreamFact[];
  /** By number from 0, without gaps. */
  anchors(stream: Hex): readonly AnchorFact[];
  /** Number of anchors of the stream = the number that the next one must carry. */
  streamSize(stream: Hex): number;

  /** In the order of the chain. */
  verdicts(): readonly VerdictFact[];
  verdict(digest: Hex): VerdictFact | undefined;
  /** Root of the round's all-clear, if one was given. */
  clearedRoot(stream: Hex, round: number): Hex | undefined;
}

/** The followed chain. */
export interface Chain {
  readonly provider: Provider;
  readonly consortium: Consortium;
  /** What was folded last; costs nothing. Throws CHAIN_UNAVAILABLE once an event could not be folded. */
  view(): ChainView;
  /**
   * A view whose head is at most `maxAgeSeconds` (default 2) old by its timestamp; asks the node now when the one at hand is
   * older, and always when 0 is given. After asking, the node's newest block counts as fresh unless it is older than the chain may be:
   * then CHAIN_STALE is thrown, but not when 0 is given.
   * Throws CHAIN_UNAVAILABLE when the node does not answer, and always once an event could not be folded: then the view has
   * ended, and nothing that rests on it may be permitted.
   */
  fresh(maxAgeSeconds?: number): Promise<ChainView>;
  /**
   * The chain's time now, seconds: the newest block's, and what has passed since it came by a clock that nobody sets. The wall
   * clock counts only until a first block has come, and only where it is later.
   */
  time(): number;
  /** Called after each change of the view with it; the result ends the subscription. */
  onChange(listener: (view: ChainView) => void): () => void;
  /** Resolves with the first view that satisfies the predicate; CHAIN_WAIT_EXPIRED after `timeoutMs`, or as `view` throws. */
  waitFor(predicate: (view: ChainView) => boolean, timeoutMs: number): Promise<ChainView>;
  close(): Promise<void>;
}
