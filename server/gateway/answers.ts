import type { Ack, AckProof } from "../../protocol/ack.ts";
import type { Hex } from "../../protocol/bytes.ts";
import { TwinwardError } from "../../protocol/errors.ts";
import { toRefusal, type ReadingAnswer, type Refusal } from "../../protocol/refusal.ts";
import type { Head } from "./order.ts";
import type { Fate } from "./place-readings.ts";

/** A refusal that tells a known device where to go on. */
export function refuse(error: TwinwardError, head: Head | undefined): Refusal {
  return toRefusal(error, head && { expected: head.sequence + 1, prev: head.content });
}

/**
 * What a device hears of its reading. `head` is the device's after the group; `known` the acks of readings that had been
 * accepted before, by position: the same promise and place as the first time.
 */
export function toAnswer(
  { device, sequence }: { readonly device: Hex; readonly sequence: number },
  fate: Fate,
  head: Head,
  known: ReadonlyMap<number, AckProof>,
  time: number,
): ReadingAnswer<Ack> {
  const expected = head.sequence + 1;
  if (fate.kind === "held") return { held: true, expected };
  if (fate.kind === "refused") return refuse(new TwinwardError(fate.code, { device, sequence }), head);
  const proof = fate.kind === "accepted" ? fate.ack : known.get(fate.position);
  if (!proof) return refuse(new TwinwardError("INTERNAL"), head);
  return { format: "ack@1", ...proof, device, sequence, expected, prev: head.content, time };
}
