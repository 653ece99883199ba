import type { Contracts } from "../../../protocol/consortium.ts";
import type { Hex } from "../../../protocol/bytes.ts";
import type { KeyTerm } from "../../../protocol/gateway-key.ts";
import type { Line } from "../../../protocol/line.ts";
import type { ChainEvent } from "../../chain/event.ts";
import type { ChainView } from "../../chain/view.ts";
import type { KeyStore } from "../../keys/key-store.ts";
import type { Tx } from "../../store/database.ts";

/** What an audit rests on: the node for what is true, the database and key store for what is claimed. */
export interface AuditWorld {
  /** One transaction over the whole audit, on one snapshot: what is claimed holds still meanwhile. */
  readonly tx: Tx;
  readonly keys: KeyStore;
  readonly chainId: number;
  readonly contracts: Contracts;
  /** The stream that the database says it is written to, and those that it succeeds, as the chain links them. */
  readonly line: Line;
  /** The keys of this gateway group, each with its time. */
  readonly gatewayKeys: readonly KeyTerm[];
  /** Folded from `events` alone: nothing of it comes from the database. */
  readonly view: ChainView;
  /** Every event of the six contracts, as the node tells it. */
  readonly events: readonly ChainEvent[];
  /** The chain as it is now, also where the world is one that was seen before the chain went another way (`seen-world.ts`). */
  readonly present: Pick<AuditWorld, "line" | "view">;
  /**
   * Whether the chain may have taken something back of which nobody has told the database: the chain is not our own, and no server
   * runs. Then a batch that names a block that the chain has not is no lie.
   */
  readonly mayGoBack: boolean;
  /** What the chain had up to this block happened before the database was looked at: the database must know of it. */
  readonly settled: number;
  /** The node's block, or undefined when it has none of that number. */
  block(number: number): Promise<{ readonly hash: Hex; readonly timestamp: number } | undefined>;
  /** Whether the address has code on the chain now. */
  isContract(address: Hex): Promise<boolean>;
}
