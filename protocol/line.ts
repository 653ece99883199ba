import { streamEndLeaf } from "./anchor.ts";
import { logTree, type Anchor } from "./anchors.ts";
import { toHex, type Hex } from "./bytes.ts";

/** One stream of a line, and where its leaf 0 and its batch 0 would stand in a count that goes on over the whole line. */
export interface Stretch {
  readonly stream: Hex;
  readonly firstLeaf: number;
  readonly firstBatch: number;
}

/**
 * A stream and those that it succeeds, oldest first. Leaves and batches of a line are counted through, as a database that holds
 * all of them counts: what a fenced stream has not anchored is where its successor goes on. The leaf with which the chain begins
 * a successor is nobody's record and has no number here.
 */
export interface Line {
  /** The last one: it takes anchors, if any does. */
  readonly stream: Hex;
  readonly stretches: readonly Stretch[];
}

/** What the chain says of a stream, as far as a line is made of it. */
export interface LinkFact {
  readonly predecessor?: Hex;
  readonly fence?: { readonly size: number; readonly leaves: number };
}

/** A stream that succeeds nobody. */
export const lineOf = (stream: Hex): Line => ({ stream, stretches: [{ stream, firstLeaf: 0, firstBatch: 0 }] });

/** The line that ends with `stream`. Throws RangeError where the chain does not say where a predecessor ended. */
export function lineTo(stream: Hex, fact: (stream: Hex) => LinkFact | undefined): Line {
  const ids = [stream];
  for (let before = fact(stream)?.predecessor; before !== undefined; before = fact(before)?.predecessor)
    ids.unshift(before);
  const stretches: Stretch[] = [];
  let [firstLeaf, firstBatch] = [0, 0];
  for (const id of ids) {
    stretches.push({ stream: id, firstLeaf, firstBatch });
    if (id === stream) break;
    const fence = fact(id)?.fence;
    if (fence === undefined) throw new RangeError(`nobody says where ${id} ended`);
    firstLeaf += fence.leaves - 1;
    firstBatch += fence.size - 1;
  }
  return { stream, stretches };
}

/** The newest stream that succeeds `stream`, or it itself. */
export function lastOf(stream: Hex, fact: (stream: Hex) => { readonly successor?: Hex } | undefined): Hex {
  let last = stream;
  for (let next: Hex | undefined = last; next !== undefined; next = fact(next)?.successor) last = next;
  return last;
}

/** The stretch that has this leaf of the line. */
export function stretchOfLeaf({ stretches }: Line, position: number): Stretch {
  return stretches.findLast(({ firstLeaf }, at) => at === 0 || firstLeaf < position) ?? missing();
}

/** The stretch that has this batch of the line. */
export function stretchOfBatch({ stretches }: Line, number: number): Stretch {
  return stretches.findLast(({ firstBatch }, at) => at === 0 || firstBatch < number) ?? missing();
}

/** The last stretch. */
export const newest = ({ stretches }: Line): Stretch => stretches.at(-1) ?? missing();

// What a view has of a stream never changes, and one anchor stands in all views that have it.
const ofView = new WeakMap<object, { readonly line: Line; readonly anchors: readonly Anchor[] }>();
const counted = new WeakMap<Line, WeakMap<Anchor, Anchor>>();

/** All anchors of a line, counted through: number n is at index n. Without the ends that the chain wrote itself. */
export function anchorsOf<A extends Anchor>(line: Line, view: { anchors(stream: Hex): readonly A[] }): readonly A[] {
  if (line.stretches.length === 1) return view.anchors(line.stream);
  const known = ofView.get(view);
  if (known?.line === line) return known.anchors as readonly A[];
  const anchors = line.stretches.flatMap((stretch, at) => {
    const own = view.anchors(stretch.stream);
    return at === 0 ? own : own.slice(1).map((anchor) => countThrough(line, stretch, anchor));
  });
  ofView.set(view, { line, anchors });
  return anchors;
}

function countThrough<A extends Anchor>(line: Line, { firstLeaf, firstBatch }: Stretch, anchor: A): A {
  let known = counted.get(line);
  if (!known) counted.set(line, (known = new WeakMap<Anchor, Anchor>()));
  const found = known.get(anchor) as A | undefined;
  if (found) return found;
  const made = { ...anchor, number: anchor.number + firstBatch, firstLeaf: anchor.firstLeaf + firstLeaf };
  known.set(anchor, made);
  return made;
}

/** Whether `anchors` begin with the end of a stream that has these: then they are its successor's. */
export function succeeds(anchors: readonly Anchor[], stream: Hex, its: readonly Anchor[]): boolean {
  const [end] = anchors;
  return end?.count === 1 && end.root === streamEndLeaf(stream, its.length, toHex(logTree(stream, its).root()));
}

function missing(): never {
  throw new RangeError("a line has at least one stream");
}
