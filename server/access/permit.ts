import type { Hex } from "../../protocol/bytes.ts";
import type { Purpose } from "../../protocol/words.ts";
import type { Block, ChainView, DeviceFact, TwinFact } from "../chain/view.ts";

/** What a permit says; all of it comes from one view of the chain and one recorded decision. */
export interface PermitTerms {
  readonly reader: Hex;
  readonly action: "read" | "command";
  readonly purpose: Purpose;
  readonly twin: TwinFact;
  readonly device: DeviceFact;
  /** Bitmap; never more than twin and grant allow. */
  readonly segments: bigint;
  /** The stretch asked for, ms, [from, until); null is open. */
  readonly from: number | null;
  readonly until: number | null;
  /** The sequences of the twin's assignment, [first, end); the security twin's are all. */
  readonly first: number;
  readonly end: number | null;
  /** When assignments of the device began or ended: the blocks' timestamps, seconds. */
  readonly changes: readonly number[];
  /** Null for an oracle, who needs none, and for whoever broke the glass. */
  readonly grant: Hex | null;
  /** The opening of the glass that it rests on, where there is one. */
  readonly opening?: Hex;
  /** Set while the device is quarantined: every value is shown with it. */
  readonly distrusted: { readonly verdict: Hex | null } | null;
  /** The block that the decision rests on. */
  readonly block: Block;
  /** Set where the chain could not be seen: timestamp of the last block that was, seconds. */
  readonly notSeenSince?: number;
  /** The chain as it was at that block. */
  readonly view: ChainView;
  /** The decision's leaf: durable before this permit came to be. */
  readonly decision: { readonly leaf: Hex; readonly position: number; readonly sequence: number };
}

// Not exported: outside this file nothing but `permit` makes one, and the private field keeps look-alikes out.
class DurablePermit {
  readonly #durable = true;
  readonly terms: PermitTerms;

  constructor(terms: PermitTerms) {
    this.terms = Object.freeze({ ...terms });
  }

  static isOne(value: object): boolean {
    return #durable in value && value.#durable;
  }
}

/** A positive decision that is already durable. Only `authorize` makes them. */
export type Permit = DurablePermit;

/** For `authorize` alone: the decision named in `terms` must be durable. A law of test/ holds who imports this. */
export function permit(terms: PermitTerms): Permit {
  return new DurablePermit(terms);
}

/** Whether a value is a permit, whatever the compiler was told about it. */
export function isPermit(value: unknown): value is Permit {
  return typeof value === "object" && value !== null && DurablePermit.isOne(value);
}
