import type { AckProof } from "../../protocol/ack.ts";
import { logTree, type Anchor } from "../../protocol/anchors.ts";
import { toHex, type Hex } from "../../protocol/bytes.ts";
import { TwinwardError } from "../../protocol/errors.ts";
import { anchorsOf, lineOf, stretchOfBatch } from "../../protocol/line.ts";
import type { Receipt } from "../../protocol/receipt.ts";
import { Tree, toHexPath } from "../../protocol/tree.ts";
import { AckReader } from "../store/read-acks.ts";
import { readLeafHashes } from "../store/read-leaves.ts";
import type { Sight, TwinRooms } from "./rooms.ts";

/** A sealed batch as this database has it. */
export interface SealedBatch {
  readonly number: number;
  readonly first: number;
  readonly count: number;
}

/** A leaf and its place, counted over the line. */
export interface Leaf {
  readonly kind: number;
  readonly subject: Hex;
  readonly sequence: number;
  readonly content: Hex;
  readonly hash: Hex;
  readonly position: number;
}

export interface Proofs {
  /** The batches that are sealed but not anchored in this view, by number. */
  pending(sight: Sight): Promise<SealedBatch[]>;
  /** The acks of leaves, by position. */
  acks(positions: readonly number[]): Promise<ReadonlyMap<number, AckProof>>;
  /** All of a receipt but what it discloses; null while the leaf is not anchored. */
  receipt(leaf: Leaf, ack: AckProof, sight: Sight): Promise<Omit<Receipt, "disclosed" | "key"> | null>;
}

/** Leaves whose trees are kept at hand; 64 bytes each. */
const MOST_CACHED_LEAVES = 200_000;

/** Where leaves lie, and the paths that prove it. What a range of positions holds never changes, so trees are kept. */
export function createProofs({ database, consortium, stream, line = lineOf(stream) }: TwinRooms): Proofs {
  const acks = new AckReader({ chainId: consortium.chainId, anchorLog: consortium.contracts.AnchorLog, stream, line });
  const trees = new Map<string, Promise<Tree>>();
  let cachedLeaves = 0;
  const logs = new Map<Hex, Tree>();

  function treeOver(first: number, count: number): Promise<Tree> {
    const name = `${first}:${count}`;
    const known = trees.get(name);
    if (known) return known;
    if (cachedLeaves + count > MOST_CACHED_LEAVES) {
      trees.clear();
      cachedLeaves = 0;
    }
    const made = readTree(first, count);
    cachedLeaves += count;
    trees.set(name, made);
    made.catch(() => trees.delete(name));
    return made;
  }

  async function readTree(first: number, count: number): Promise<Tree> {
    const tree = new Tree(await readLeafHashes(database, first, count));
    if (tree.size !== count) throw new TwinwardError("DATA_UNUSABLE", { first, count, found: tree.size });
    return tree;
  }

  /** A stream's log over at least `size` anchors. A receipt may name any size that holds its batch, so an older tree serves. */
  function logOver(of: Hex, anchors: readonly Anchor[], size: number): Tree {
    const known = logs.get(of);
    if (known && known.size >= size) return known;
    const log = logTree(of, anchors);
    logs.set(of, log);
    return log;
  }

  /** Sealed, but not anchored in this view: the newest few. */
  async function pending(sight: Sight): Promise<SealedBatch[]> {
    return database.query<SealedBatch>(
      "select number, first_leaf as first, count from batch where number >= $1 order by number",
      [anchorsOf(line, sight).length],
    );
  }

  return {
    pending,
    acks: (positions) => acks.read(database, positions),

    async receipt(leaf, ack, sight) {
      const anchor = findAnchor(anchorsOf(line, sight), leaf.position);
      if (!anchor) return null;
      const { root, count, firstLeaf, transaction, block } = anchor;
      const its = stretchOfBatch(line, anchor.number);
      const number = anchor.number - its.firstBatch;
      const tree = await treeOver(firstLeaf, count);
      if (toHex(tree.root()) !== root) throw new TwinwardError("DATA_UNUSABLE", { batch: number });
      const index = leaf.position - firstLeaf;
      const logged = logOver(its.stream, sight.anchors(its.stream), number + 1);
      const { kind, subject, sequence, content, hash } = leaf;
      return {
        format: "receipt@1",
        chain: { chainId: consortium.chainId, genesis: consortium.genesis, contracts: consortium.contracts },
        leaf: { kind, subject, sequence, content, hash },
        index,
        path: toHexPath(tree.path(index)),
        batch: { stream: its.stream, number, root, count, firstLeaf: firstLeaf - its.firstLeaf },
        log: { size: logged.size, path: toHexPath(logged.path(number)) },
        anchor: { transaction, block: { number: block.number, hash: block.hash, timestamp: block.timestamp } },
        ack,
      };
    },
  };
}

/** The anchor whose batch holds a position: anchors are in order and without gaps, so bisection finds it. */
export function findAnchor(anchors: readonly Anchor[], position: number): Anchor | undefined {
  let [low, high] = [0, anchors.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    const anchor = anchors[middle];
    if (!anchor) return undefined;
    if (position < anchor.firstLeaf) high = middle;
    else if (position >= anchor.firstLeaf + anchor.count) low = middle + 1;
    else return anchor;
  }
  return undefined;
}
