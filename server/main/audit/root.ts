import { equalBytes } from "../../../protocol/bytes.ts";
import { merkleRoot } from "../../../protocol/tree.ts";
import type { Lies } from "./lies.ts";
import type { WalkedLeaves } from "./stream.ts";

/** A root that was promised or anchored is that of its leaves, all of which are there. */
export function auditRoot(
  leaves: WalkedLeaves,
  range: { readonly first: number; readonly count: number; readonly root: Uint8Array },
  place: string,
  lies: Lies,
): void {
  const { first, count, root } = range;
  if (!lies.hold(first >= 0 && count >= 1, place, "it has no leaf")) return;
  const end = first + count;
  if (!lies.hold(end <= leaves.length, place, `it holds leaves up to ${end}, and only ${leaves.length} are stored`))
    return;
  const here = leaves.slice(first, end);
  const missing = here.indexOf(undefined);
  if (!lies.hold(missing < 0, place, `its leaf ${first + missing} is missing`)) return;
  const whole = here.filter((leaf) => leaf !== undefined);
  lies.hold(equalBytes(merkleRoot(whole), root), place, "its root is not that of its leaves");
}
