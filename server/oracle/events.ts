import type { Hex } from "../../protocol/bytes.ts";
import type { Verdict } from "../../protocol/verdict.ts";
import type { Transmission } from "./transmit.ts";

/** What an oracle tells of itself, one line each. */
export type OracleEvent =
  | { readonly event: "attested"; readonly verdict: Verdict; readonly digest: Hex }
  /** It published the opposite of what another oracle signed. */
  | { readonly event: "dissented"; readonly verdict: Verdict; readonly digest: Hex; readonly against: Hex }
  | { readonly event: "cleared"; readonly stream: Hex; readonly round: number; readonly devices: number }
  /** Readings that do not verify, or are withheld: the device is not judged in this round. */
  | { readonly event: "refused"; readonly device: Hex; readonly why: string }
  /** Its readings verify, but not all of them could be judged: it is not among the round's clear ones. */
  | { readonly event: "unjudged"; readonly device: Hex; readonly round: number; readonly why: string }
  | { readonly event: "transmitted"; readonly digest: Hex; readonly transmission: Transmission }
  /** The server does not take a finding. */
  | { readonly event: "unwelcome"; readonly digest: Hex; readonly why: string }
  /** Server, node or disk failed; it tries again. */
  | { readonly event: "waiting"; readonly why: string };
