import type { EventRecord } from "../../access/record-events.ts";
import type { Lies } from "./lies.ts";
import type { AuditWorld } from "./world.ts";

/**
 * Whether the block that a record names is on the chain. One that the chain took back is no lie: the leaf says where it was seen.
 * It is counted, so that nobody overlooks how many rest on nothing that can still be asked. One that is yet to come was never seen.
 */
export async function isOnChain(
  world: AuditWorld,
  { block }: Pick<EventRecord, "block">,
  { place, kind }: { readonly place: string; readonly kind: "anchors" | "consents" | "steps" },
  lies: Lies,
): Promise<boolean> {
  if (!lies.hold(block.number <= world.view.head.number, place, "its block is yet to come")) return false;
  const isThere = (await world.block(block.number))?.hash === block.hash;
  if (!isThere) lies.count(`${kind} of blocks that were taken back`, 1);
  return isThere;
}
