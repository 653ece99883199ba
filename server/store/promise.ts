import type { AckPromise } from "../../protocol/ack.ts";
import type { Hex } from "../../protocol/bytes.ts";
import { lineOf, newest, type Line } from "../../protocol/line.ts";

/** Signs the message of a promise, by the key of its time. */
export type PromiseSigner = (
  message: Uint8Array,
  promise: Pick<AckPromise, "acceptedAt" | "anchorBy">,
) => Uint8Array | Promise<Uint8Array>;

/** Who promises, and until when. */
export interface PromiseParts {
  readonly chainId: number;
  readonly anchorLog: Hex;
  readonly stream: Hex;
  /** The stream with those that it succeeds; left out where it succeeds none. */
  readonly line?: Line;
  /** The gateway's P-256 key of a promise's time, as a signer. */
  readonly signer: PromiseSigner;
  /** Milliseconds. */
  readonly now: () => number;
  /** The newest block's time, seconds: promises are judged by it. Without it the wall clock alone counts. */
  readonly chainTime?: () => number;
  /** How long the gateway takes at most to anchor what it accepted. */
  readonly anchorWithinSeconds: number;
}

/** What the gateway promises now over leaves whose first one stands at `first` of the line. */
export function promiseOver(parts: PromiseParts, first: number, count: number, root: Hex): AckPromise {
  const { chainId, anchorLog, stream, line = lineOf(stream), now, chainTime, anchorWithinSeconds } = parts;
  const acceptedAt = now();
  // A wall clock that was put back would make promises that are broken already.
  const anchorBy = Math.max(Math.floor(acceptedAt / 1000), chainTime?.() ?? 0) + anchorWithinSeconds;
  return { chainId, anchorLog, stream, first: first - newest(line).firstLeaf, count, root, acceptedAt, anchorBy };
}
