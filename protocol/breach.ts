import type { AckPromise, AckProof } from "./ack.ts";
import type { Anchor } from "./anchors.ts";
import { fromBase64url, toHex, type Hex } from "./bytes.ts";

/** Seconds in a period of `AnchorLog`: what was reached before the first batch of each is recorded. */
export const PERIOD_SECONDS = 600;

/** Seconds after members resumed a stream before anything in it falls due: `AnchorLog.RESUME_GRACE`. */
export const RESUME_GRACE_SECONDS = 600;

/** How an ack was broken, as far as positions and times show it; docs/proofs.md says what each proves. */
export type AckBreach =
  | { readonly kind: "overdue" }
  | {
      readonly kind: "late";
      /** The period that `challengeLate` takes. */
      readonly period: number;
    };

/** What became of an ack: `none` with why nothing can be shown on chain. */
export type AckFate = AckBreach | { readonly kind: "none"; readonly why: string };

/**
 * What became of an ack's positions, by all anchors of its stream and the chain's time in seconds. Says nothing about the
 * leaves at these positions: a misplaced one is found by its receipt. `resumedAt` is when members last resumed the stream, 0
 * where they never did: what was due by then is forgiven, and what falls due after it has time to be anchored first. Pure.
 */
export function findBreach(ack: AckPromise, anchors: readonly Anchor[], now: number, resumedAt = 0): AckFate {
  if (resumedAt > 0 && ack.anchorBy <= resumedAt)
    return { kind: "none", why: "members forgave what was due before they resumed the stream" };
  const due = resumedAt > 0 ? Math.max(ack.anchorBy, resumedAt + RESUME_GRACE_SECONDS) : ack.anchorBy;
  const until = ack.first + ack.count;
  const last = anchors.find(({ firstLeaf, count }) => until <= firstLeaf + count);
  if (!last) {
    return now > due ? { kind: "overdue" } : { kind: "none", why: `it is due in ${due - now} s and not anchored yet` };
  }
  const late = last.block.timestamp - due;
  if (late <= 0) return { kind: "none", why: `it was kept, ${-late} s before it was due` };
  const period = Math.floor(last.block.timestamp / PERIOD_SECONDS);
  if (period * PERIOD_SECONDS > due) return { kind: "late", period };
  return {
    kind: "none",
    why: `it was kept ${late} s late; the chain records only what is late into another ten minutes`,
  };
}

/** An ack as `AnchorLog`'s challenges take it. */
export function ackArgument(ack: AckProof): {
  readonly first: number;
  readonly count: number;
  readonly root: Hex;
  readonly acceptedAt: number;
  readonly anchorBy: number;
  readonly r: Hex;
  readonly s: Hex;
} {
  const { first, count, root, acceptedAt, anchorBy } = ack;
  const signature = fromBase64url(ack.signature);
  return {
    first,
    count,
    root,
    acceptedAt,
    anchorBy,
    r: toHex(signature.subarray(0, 32)),
    s: toHex(signature.subarray(32)),
  };
}
