import { verifyAckLeaf, type Ack } from "./ack.ts";
import { logTree, type Anchor } from "./anchors.ts";
import { fromHex, toHex, type Hex } from "./bytes.ts";
import { leafHash } from "./leaf.ts";
import type { Receipt } from "./receipt.ts";
import { toHexPath, verifyInclusion } from "./tree.ts";
import { LEAF_KINDS } from "./words.ts";

/** One leaf's place in a promise or in a batch, as `AnchorLog` takes it. */
export interface Place {
  readonly leaf: Hex;
  readonly index: number;
  readonly path: readonly Hex[];
}

/** Why two things show nothing. */
export interface Unshown {
  readonly why: string;
}

/** What `challengeContradicted` takes beside the two acks. */
export interface Contradiction {
  readonly promised: Place;
  readonly other: Place;
}

/** What `challengeMisplaced` takes beside the ack. The batch's path is into the log as it is now: a newer batch ends it. */
export interface Misplacement {
  readonly promised: Place;
  readonly batch: {
    readonly number: number;
    readonly root: Hex;
    readonly count: number;
    readonly firstLeaf: number;
    readonly path: readonly Hex[];
  };
  readonly anchored: Place;
}

/** Two acks that give one position to two leaves. Nothing here looks at signatures. Pure. */
export function findContradiction(ack: Ack, other: Ack): Contradiction | Unshown {
  const why = foreign(ack, other.stream) ?? brokenIn(ack) ?? brokenIn(other);
  if (why !== undefined) return { why };
  const [one, two] = [ack.first + ack.index, other.first + other.index];
  if (one !== two) return { why: `they speak of two positions, ${one} and ${two}` };
  const [promised, also] = [placeOf(ack), placeOf(other)];
  if (promised.leaf === also.leaf) return { why: "they promise the same leaf" };
  return { promised, other: also };
}

/** An ack whose position another leaf was anchored at, by that leaf's receipt and all anchors of the stream. Pure. */
export function findMisplacement(ack: Ack, receipt: Receipt, anchors: readonly Anchor[]): Misplacement | Unshown {
  const { leaf, index, path, batch } = receipt;
  const why = foreign(ack, batch.stream) ?? brokenIn(ack);
  if (why !== undefined) return { why };
  const [promised, there] = [ack.first + ack.index, batch.firstLeaf + index];
  if (promised !== there) return { why: `the ack speaks of position ${promised}, the receipt of ${there}` };
  const place = placeOf(ack);
  if (place.leaf === leaf.hash) return { why: "the promised leaf is where it was promised" };
  const found = anchors[batch.number];
  const { number, root, count, firstLeaf } = batch;
  if (found?.root !== root || found.count !== count || found.firstLeaf !== firstLeaf)
    return { why: "the chain has not anchored the receipt's batch" };
  const nodes = path.map((node) => fromHex(node, 32));
  if (!verifyInclusion(fromHex(leaf.hash, 32), index, count, nodes, fromHex(root, 32)))
    return { why: "the receipt's leaf is not in its batch" };
  const log = toHexPath(logTree(batch.stream, anchors).path(number));
  return {
    promised: place,
    batch: { number, root, count, firstLeaf, path: log },
    anchored: { leaf: leaf.hash, index, path },
  };
}

function foreign(ack: Ack, stream: Hex): string | undefined {
  return ack.stream === stream ? undefined : "they are of two streams";
}

/** Device, sequence and content are not signed by themselves: they count where they make the leaf that is. */
function brokenIn(ack: Ack): string | undefined {
  return verifyAckLeaf(ack, leafOf(ack)) ? undefined : "an ack's path does not lead from its reading to its root";
}

const leafOf = ({ device, sequence, prev }: Ack): Uint8Array => leafHash(LEAF_KINDS.reading, device, sequence, prev);

const placeOf = (ack: Ack): Place => ({ leaf: toHex(leafOf(ack)), index: ack.index, path: ack.path });
