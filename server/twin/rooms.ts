import type { Anchor } from "../../protocol/anchors.ts";
import type { Hex } from "../../protocol/bytes.ts";
import type { Consortium } from "../../protocol/consortium.ts";
import type { PublicKey } from "../../protocol/es256.ts";
import type { Line } from "../../protocol/line.ts";
import type { DeviceState } from "../../protocol/words.ts";
import type { KeyStore } from "../keys/key-store.ts";
import type { Committer } from "../store/committer.ts";
import type { Database } from "../store/database.ts";

/** What this room needs to know of a view of the chain. It may not import the chain's room: it is given views. */
export interface Sight {
  devices(): readonly { readonly id: Hex; readonly modelHash: Hex; readonly state: DeviceState }[];
  device(id: Hex): { readonly modelHash: Hex; readonly steward: Hex } | undefined;
  keyAt(
    device: Hex,
    sequence: number,
  ): (PublicKey & { readonly number: number; readonly from: number; readonly until: number | null }) | undefined;
  twinsOf(device: Hex): readonly { readonly id: Hex; readonly ended: boolean; readonly security: boolean }[];
  securityTwin(device: Hex): { readonly segments: bigint } | undefined;
  assignmentsOf(device: Hex): readonly { readonly end: number | null }[];
  assignmentAt(device: Hex, sequence: number): { readonly id: Hex } | undefined;
  twin(
    id: Hex,
  ): { readonly assignment: Hex | null; readonly manifestHash: Hex; readonly security: boolean } | undefined;
  grantsOf(twin: Hex): readonly { readonly reader: Hex }[];
  isOracle(address: Hex): boolean;
  anchors(stream: Hex): readonly Anchor[];
}

/** What this room is made of. */
export interface TwinRooms {
  readonly database: Database;
  readonly keys: KeyStore;
  readonly consortium: Consortium;
  /** The stream whose leaves this database holds. */
  readonly stream: Hex;
  /** The stream with those that it succeeds, whose leaves are here too; left out where it succeeds none. */
  readonly line?: Line;
  /** Releases become leaves before they are shown. */
  readonly committer: Pick<Committer, "submit">;
  /** ms. */
  readonly now: () => number;
  /** Seals a device's readings again under the keys of the assignments that they belong to by now; resolves when all are. */
  readonly reseal?: (device: Hex) => Promise<void>;
  /** Cryptographically random bytes. */
  readonly random: (size: number) => Uint8Array;
}
