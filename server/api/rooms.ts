import type { Anchor } from "../../protocol/anchors.ts";
import type { Hex } from "../../protocol/bytes.ts";
import type { Consortium } from "../../protocol/consortium.ts";
import type { SignedFinding } from "../../protocol/finding.ts";
import type { Access } from "../access/authorize.ts";
import type { Refusals } from "../access/refusals.ts";
import type { Requests } from "../access/asking/requests.ts";
import type { Relays } from "../access/relay.ts";
import type { Sessions } from "../access/session.ts";
import type { Offers } from "../twin/catalogue.ts";
import type { Documents } from "../twin/documents.ts";
import type { Exports } from "../twin/exports.ts";
import type { Fleet } from "../twin/fleet.ts";
import type { Reader } from "../twin/history.ts";
import type { Receipts } from "../twin/receipts.ts";
import type { Sight } from "../twin/rooms.ts";
import type { Records } from "../twin/records.ts";
import type { Streams } from "../twin/streams.ts";
import type { Checks } from "./ready-parts.ts";

/** A view of the chain, as far as the front door tells of it. */
export interface ApiView extends Sight {
  readonly head: { readonly number: number; readonly hash: Hex; readonly timestamp: number };
  streams(): readonly {
    readonly id: Hex;
    readonly standing: "open" | "suspended" | "fenced";
    readonly successor?: Hex;
  }[];
  anchors(stream: Hex): readonly Anchor[];
  verdicts(): readonly { readonly digest: Hex; readonly device: Hex; readonly round: number }[];
  twinsOf(device: Hex): readonly TwinEntry[];
  twin(id: Hex): TwinEntry | undefined;
  assignment(id: Hex): { readonly subject: Hex | null; readonly guardian: Hex | null } | undefined;
  consentsOf(twin: Hex): readonly { readonly reader: Hex; readonly purposes: number; readonly changes: number }[];
  grantsOf(twin: Hex): readonly GrantEntry[];
  grant(id: Hex): GrantEntry | undefined;
}

export interface TwinEntry {
  readonly id: Hex;
  readonly device: Hex;
  readonly assignment: Hex | null;
  readonly manifestHash: Hex;
  readonly segments: bigint;
  readonly commands: bigint;
  readonly security: boolean;
  readonly ended: boolean;
  readonly epoch: number;
  /** Bitmask over PURPOSES of those for which it is read only with the subject's consent. */
  readonly consent: number;
}

export interface GrantEntry {
  readonly id: Hex;
  readonly twin: Hex;
  readonly reader: Hex;
  readonly from: number;
  readonly until: number;
  readonly segments: bigint;
  readonly purposes: number;
  readonly grantor: Hex;
  /** The grant that it was passed on from; null for a steward's own. */
  readonly parent: Hex | null;
  readonly nonce: bigint;
  readonly depth: number;
  readonly epoch: number;
  /** By itself: access/end-of.ts knows what else ends it. */
  readonly revoked: boolean;
  readonly continuity: boolean;
}

/** One answer over HTTP. `route` is the pattern of its path, never the path: a closed set of words. */
export interface Answered {
  readonly method: string;
  readonly route: string;
  readonly status: number;
  readonly ms: number;
}

/** Where what happens is written; a pino logger is one. */
export interface Log {
  info(facts: object, words: string): void;
  error(facts: object, words: string): void;
}

/** The rooms that the front door serves; it is given them and imports none of what lies behind. */
export interface ApiRooms {
  readonly gateway: {
    /** What became of each reading, in order. */
    accept(texts: string[]): Promise<readonly unknown[]>;
    /** What is wrong with a reading; stores nothing. */
    check(text: string): Promise<unknown>;
  };
  readonly chain: { view(): ApiView; fresh(maxAgeSeconds?: number): Promise<ApiView> };
  readonly consortium: Consortium;
  /** With the members and keys that it has now. */
  readonly consortiumNow: () => Consortium;
  readonly sessions: Sessions;
  readonly access: Access;
  readonly refusals: Pick<Refusals, "count">;
  readonly reader: Reader;
  readonly streams: Pick<Streams, "follow" | "ending">;
  readonly exports: Exports;
  readonly records: Records;
  readonly receipts: Receipts;
  readonly documents: Documents;
  readonly fleet: Fleet;
  /** Whoever reaches us is told of every device; else whoever has signed in of those that are their affair. */
  readonly openFleet: boolean;
  readonly offers: Pick<Offers, "catalogue">;
  readonly requests: Pick<Requests, "ask" | "list" | "approve" | "refuse">;
  readonly relays: Relays;
  readonly findings: {
    accept(body: unknown): Promise<void>;
    list(filter?: FindingAsk): Promise<SignedFinding[]>;
  };
  /** What must hold before traffic is wanted: each rejects while it does not. */
  readonly ready?: Checks;
  /** Told of every answer, for whoever counts them. */
  readonly answered?: (answered: Answered) => void;
  /** Directory of the built console; without it nothing is served at `/`. */
  readonly console?: string;
  readonly log: Log;
  /** ms. */
  readonly now: () => number;
}

export interface FindingAsk {
  readonly digest?: Hex;
  readonly device?: Hex;
  readonly format?: "finding@1" | "clear@1";
  readonly round?: number;
  readonly since?: number;
  readonly limit?: number;
}
