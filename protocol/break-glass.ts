import type { Hex } from "./bytes.ts";
import { Shape } from "./shape.ts";

/** break-glass@1: what an opener says, and a second holder with them. Times in seconds. docs/formats/break-glass.md. */
export interface Claim {
  readonly format: "break-glass@1";
  /** The assignment's emergency twin. */
  readonly twin: Hex;
  readonly opener: Hex;
  /** Exclusive; at most MOST_OPEN_SECONDS from the block that takes it. */
  readonly until: number;
  /** `noteHash` of the reason in words. */
  readonly reason: Hex;
  /** How often this opener has opened before. */
  readonly nonce: number;
  /** The last second in which a signature counts. */
  readonly deadline: number;
}

/** The longest opening; `BreakGlass.MOST_SECONDS` says the same. */
export const MOST_OPEN_SECONDS = 4 * 3_600;

const MOST_TIME = 2 ** 40 - 1;
const MEMBERS = [
  { name: "twin", type: "bytes32" },
  { name: "opener", type: "address" },
  { name: "until", type: "uint40" },
  { name: "reason", type: "bytes32" },
  { name: "nonce", type: "uint256" },
  { name: "deadline", type: "uint40" },
];

/** A claim as `signTypedData(domain, types, message)` takes it; `contract` is the BreakGlass contract. */
export function claimTypedData(
  { chainId, contract }: { readonly chainId: number; readonly contract: Hex },
  { format: _format, ...message }: Claim,
): {
  domain: { name: string; version: string; chainId: number; verifyingContract: Hex };
  types: Record<"BreakGlass", { name: string; type: string }[]>;
  message: Record<string, unknown>;
} {
  const domain = { name: "Twinward BreakGlass", version: "1", chainId, verifyingContract: contract };
  return { domain, types: { BreakGlass: MEMBERS }, message };
}

/** Reads a break-glass@1 strictly. Throws UNUSABLE_INPUT with the place. */
export function readClaim(value: unknown): Claim {
  const found = new Shape("UNUSABLE_INPUT", value).members([
    "format", "twin", "opener", "until", "reason", "nonce", "deadline",
  ]); // prettier-ignore
  return {
    format: found.format.literal("break-glass@1"),
    twin: found.twin.hex(32),
    opener: found.opener.hex(20),
    until: found.until.integer(1, MOST_TIME),
    reason: found.reason.hex(32),
    nonce: found.nonce.integer(),
    deadline: found.deadline.integer(1, MOST_TIME),
  };
}
