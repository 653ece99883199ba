import type { Hex } from "../../protocol/bytes.ts";
import { ERRORS, TwinwardError } from "../../protocol/errors.ts";
import type { SignedFinding } from "../../protocol/finding.ts";
import type { SecurityReading } from "./check.ts";

/** The server's front door, as far as an oracle walks through it. `walk-in.ts` is the one over HTTP. */
export interface Door {
  /** Highest accepted sequence of every device: where there is news. */
  lastSequences(): Promise<ReadonlyMap<Hex, number>>;
  /** Readings of a security twin after this sequence, in sequence order, perhaps not all of them; empty when there are none. */
  readings(twin: Hex, after: number): Promise<SecurityReading[]>;
  post(finding: SignedFinding): Promise<void>;
  /**
   * What oracles laid down under this digest: one each, so nobody can crowd another out. Nothing of it is verified.
   */
  findingsOf(digest: Hex): Promise<SignedFinding[]>;
  /**
   * Some of what oracles found about devices in this round and later ones, without all-clears; who floods it can hide others in
   * it. Not verified.
   */
  findingsSince(round: number): Promise<SignedFinding[]>;
}

/** Refused for what it says, not for being busy: sending it again would change nothing. */
export const isRefusal = (error: unknown): error is TwinwardError => {
  if (!(error instanceof TwinwardError) || error.code.startsWith("SESSION")) return false;
  const { status } = ERRORS[error.code];
  return status >= 400 && status < 500 && status !== 429;
};
