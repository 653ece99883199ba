import { PURPOSES, type Hex, type Purpose } from "../../../protocol/index.ts";
import type { ListedTwin } from "../../sdk/answers.ts";

/** A twin that somebody may read now, and for what. */
export interface ReadableTwin {
  readonly twin: Hex;
  readonly device: Hex;
  readonly manifestHash: Hex;
  readonly purposes: readonly Purpose[];
  /** When the last of the grants ends, seconds. */
  readonly until: number;
}

/**
 * The twins on which `reader` has a grant that counts now (seconds). Only the chain decides, at each look; this is which
 * ones are worth offering. Security twins are read by oracles, not by people.
 */
export function readableTwins(twins: readonly ListedTwin[], reader: Hex, now: number): ReadableTwin[] {
  return twins.flatMap(({ twin, device, manifestHash, security, ended, grants }) => {
    const active = grants.filter(
      (grant) => grant.reader === reader && !grant.revoked && grant.from <= now && now < grant.until,
    );
    if (security || ended || active.length === 0) return [];
    const purposes = PURPOSES.filter((purpose) => active.some((grant) => grant.purposes.includes(purpose)));
    return [{ twin, device, manifestHash, purposes, until: Math.max(...active.map(({ until }) => until)) }];
  });
}
