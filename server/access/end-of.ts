import type { Hex } from "../../protocol/bytes.ts";

interface Given {
  readonly twin: Hex;
  /** The grant that it was passed on from. */
  readonly parent: Hex | null;
  readonly epoch: number;
  /** By itself. */
  readonly revoked: boolean;
}

interface Sight {
  twin(id: Hex): { readonly epoch: number } | undefined;
  grant(id: Hex): Given | undefined;
}

/** How a grant ended before its time. */
export interface End {
  readonly revoked: boolean;
  /** With all others of its twin. */
  readonly epochRaised: boolean;
  /** With one that it is a part of. */
  readonly parentRevoked: boolean;
}

/** Whether a grant was ended before its time, and how; walked up to the steward's own each time. */
export function endOf(view: Sight, grant: Given): End {
  let parentRevoked = false;
  for (let above = grant.parent; above !== null && !parentRevoked;) {
    const parent = view.grant(above);
    parentRevoked = parent?.revoked ?? true;
    above = parent?.parent ?? null;
  }
  const epochRaised = grant.epoch !== view.twin(grant.twin)?.epoch;
  return { revoked: grant.revoked, epochRaised, parentRevoked };
}

export function hasEnded(view: Sight, grant: Given): boolean {
  return Object.values(endOf(view, grant)).includes(true);
}
