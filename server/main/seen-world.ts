import type { Consortium } from "../../protocol/consortium.ts";
import { TwinwardError } from "../../protocol/errors.ts";
import { readFollowed, REMEMBERED_BLOCKS } from "../chain/event-store.ts";
import type { Block } from "../chain/view.ts";
import { readStream } from "../store/stream-row.ts";
import { audit, type AuditReport } from "./audit/audit.ts";
import { Lies } from "./audit/lies.ts";
import type { AuditWorld } from "./audit/world.ts";
import { foldWorld } from "./observe-world.ts";

/** What the database had followed and the chain has no more, with the world as it was when it was seen. */
interface TakenBack {
  readonly blocks: number;
  readonly seen: AuditWorld;
}

const TAKEN_BACK = "blocks that were taken back";
/** Rows that are nothing but a block that was seen, or what was in it. */
const OF_BLOCKS = /^chain_(block|event) /;

/**
 * Audits a database that nobody has told what became of a chain that may go back. What follows from the chain as it is now is
 * held against that. What follows from it no more, but did from the blocks that were seen last and are gone, is no lie: it is
 * counted, since only the database speaks for those. Throws CHAIN_BEHIND where the node has merely fewer blocks.
 */
export async function auditSeen(
  world: AuditWorld,
  consortium: Consortium,
  acks: string | undefined,
): Promise<AuditReport> {
  const gone = await takenBack(world, consortium);
  if (gone === undefined) return audit(world, acks);
  const now = await audit({ ...world, mayGoBack: false }, acks);
  const then = await audit(gone.seen, acks);
  const told = new Set(then.lies.map(({ place }) => place));
  const rest = now.lies.filter(({ place }) => !told.has(place) && !OF_BLOCKS.test(place));
  const lies = new Lies();
  lies.count(TAKEN_BACK, gone.blocks);
  lies.count("rows that follow from those blocks alone", new Set(rest.map(({ place }) => place)).size);
  return { checked: [...now.checked, ...lies.report().checked], lies: then.lies };
}

/**
 * How many of the stored blocks (ascending) are the chain's, up to the first that is not. All of them where more have gone than a
 * server would follow back: so far a chain of ours never goes, and whoever holds the database shall not call the past that.
 */
export async function keptOf(blocks: readonly Block[], block: AuditWorld["block"]): Promise<number> {
  const newest = blocks.at(-1)?.number ?? 0;
  for (let kept = blocks.length; ; kept--) {
    const last = blocks[kept - 1];
    if (last === undefined || newest - last.number > REMEMBERED_BLOCKS) return blocks.length;
    if ((await block(last.number))?.hash === last.hash) return kept;
  }
}

/**
 * Undefined where the newest block that was stored is the chain's, or none is: then nothing was taken back, or it is another chain.
 * A block within that differs is a lie, since the ones after it name it: so what is gone is always the newest.
 */
async function takenBack(world: AuditWorld, consortium: Consortium): Promise<TakenBack | undefined> {
  const { tx, view } = world;
  // What does not fit together is told where its rows are audited.
  const followed = await readFollowed(tx).catch(onlyUnfit);
  if (!followed) return undefined;
  const { blocks, events } = followed;
  const kept = await keptOf(blocks, (number) => world.block(number));
  const [fork, next, last] = [blocks[kept - 1], blocks[kept], blocks.at(-1)];
  if (fork === undefined || next === undefined || last === undefined) return undefined;
  if (next.number > view.head.number)
    throw new TwinwardError("CHAIN_BEHIND", {
      head: view.head.number,
      seen: last.number,
      detail: `Its newest block is ${view.head.number}; block ${last.number} was seen already.`,
    });
  const lost = new Map(blocks.slice(kept).map((block) => [block.number, block]));
  const before = world.events.filter(({ block }) => block.number <= fork.number);
  const after = events.filter(({ block }) => block.number > fork.number);
  try {
    const written = await readStream(tx);
    const seen = foldWorld(consortium, { head: last, events: [...before, ...after], written });
    const block: AuditWorld["block"] = async (number) =>
      number > fork.number ? lost.get(number) : world.block(number);
    return { blocks: lost.size, seen: { ...world, ...seen, block } };
  } catch {
    // Nobody's contracts said what is stored: then it is held against the chain as it is.
    return undefined;
  }
}

function onlyUnfit(error: unknown): undefined {
  if (!(error instanceof RangeError)) throw error;
}
