import type { Hex } from "../../protocol/bytes.ts";
import type { ChainView } from "../chain/view.ts";

/**
 * Every beginning and end of an assignment of a device, seconds: a reading that was measured across one may hold what is another's.
 * The beginning of an assignment from sequence 1 on is none: what a device says first belongs to it by the sequence that its
 * transaction names, and nothing was said before that could be another's.
 */
export function changesOf(view: Pick<ChainView, "assignmentsOf">, device: Hex): number[] {
  return view.assignmentsOf(device).flatMap(({ from, beganAt, endedAt }) => {
    const began = from > 1 ? [beganAt] : [];
    return endedAt === null ? began : [...began, endedAt];
  });
}
