import type { AckProof } from "../../protocol/ack.ts";
import { logTree, type Anchor } from "../../protocol/anchors.ts";
import { concat, toBase64url, toHex, type Hex } from "../../protocol/bytes.ts";
import { TwinwardError } from "../../protocol/errors.ts";
import type { Receipt } from "../../protocol/receipt.ts";
import { Tree, toHexPath } from "../../protocol/tree.ts";
import type { Sight, TwinRooms } from "./rooms.ts";

/** A sealed batch as this database has it. */
export interface SealedBatch {
  readonly number: number;
  readonly first: number;
  readonly count: number;
}

/** A group commit's promise, with the places of its leaves. */
type Promised = Omit<AckProof, "index" | "path">;

/** A leaf's place in the stream. */
export interface Leaf {
  readonly kind: number;
  readonly subject: Hex;
  readonly sequence: number;
  readonly content: Hex;
  readonly hash: Hex;
  readonly position: number;
}

export interface Proofs {
  /** The batches that hold the positions of [first, last], by number. */
  batches(first: number, last: number): Promise<SealedBatch[]>;
  /** The acks of all positions of [first, last]. */
  acks(first: number, last: number): Promise<(position: number) => AckProof>;
  /** All of a receipt but what it discloses; null while the leaf is not anchored. */
  receipt(leaf: Leaf, ack: AckProof, sight: Sight): Promise<Omit<Receipt, "disclosed" | "key"> | null>;
}

/** Leaves whose trees are kept at hand; 64 bytes each. */
const MOST_CACHED_LEAVES = 200_000;

/** Where leaves lie, and the paths that prove it. What a range of positions holds never changes, so trees are kept. */
export function createProofs({ database, consortium, stream }: TwinRooms): Proofs {
  const trees = new Map<string, Promise<Tree>>();
  let cachedLeaves = 0;
  let log: Tree | undefined;

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
    const rows = await database.query<{ hash: Uint8Array }>(
      "select hash from leaf where position >= $1 and position < $2 order by position",
      [first, first + count],
    );
    if (rows.length !== count) throw new TwinwardError("DATA_UNUSABLE", { first, count, found: rows.length });
    return new Tree(concat(...rows.map(({ hash }) => hash)));
  }

  /** The log over at least `size` anchors. A receipt may name any size that holds its batch, so an older tree serves. */
  function logOver(anchors: readonly Anchor[], size: number): Tree {
    if (!log || log.size < size) log = logTree(stream, anchors);
    return log;
  }

  async function batches(first: number, last: number): Promise<SealedBatch[]> {
    return database.query<SealedBatch>(
      `select number, first_leaf as first, count from batch
       where first_leaf <= $2 and first_leaf + count > $1 order by number`,
      [first, last],
    );
  }

  return {
    batches,

    async acks(first, last) {
      const rows = await database.query<AckRow>(
        `select first, count, root, accepted_at, anchor_by, signature from ack
         where first <= $2 and first >= (select coalesce(max(first), 0) from ack where first <= $1) order by first`,
        [first, last],
      );
      const promises = await Promise.all(
        rows.map(async (row) => ({ promise: promised(row), tree: await treeOver(row.first, row.count) })),
      );
      return (position) => {
        const found = promises.find(
          ({ promise: { first: from, count } }) => position >= from && position < from + count,
        );
        if (!found) throw new TwinwardError("DATA_UNUSABLE", { position, detail: "No ack covers this position." });
        const index = position - found.promise.first;
        return { ...found.promise, index, path: toHexPath(found.tree.path(index)) };
      };
    },

    async receipt(leaf, ack, sight) {
      const anchors = sight.anchors(stream);
      const anchor = findAnchor(anchors, leaf.position);
      if (!anchor) return null;
      const { number, root, count, firstLeaf, transaction, block } = anchor;
      const tree = await treeOver(firstLeaf, count);
      if (toHex(tree.root()) !== root) throw new TwinwardError("DATA_UNUSABLE", { batch: number });
      const index = leaf.position - firstLeaf;
      const logged = logOver(anchors, number + 1);
      const { kind, subject, sequence, content, hash } = leaf;
      return {
        format: "receipt@1",
        chain: { chainId: consortium.chainId, genesis: consortium.genesis, contracts: consortium.contracts },
        leaf: { kind, subject, sequence, content, hash },
        index,
        path: toHexPath(tree.path(index)),
        batch: { stream, number, root, count, firstLeaf },
        log: { size: logged.size, path: toHexPath(logged.path(number)) },
        anchor: { transaction, block: { number: block.number, hash: block.hash, timestamp: block.timestamp } },
        ack,
      };
    },
  };

  function promised(row: AckRow): Promised {
    return {
      chainId: consortium.chainId,
      anchorLog: consortium.contracts.AnchorLog,
      stream,
      first: row.first,
      count: row.count,
      root: toHex(row.root),
      acceptedAt: row.accepted_at,
      anchorBy: row.anchor_by,
      signature: toBase64url(row.signature),
    };
  }
}

interface AckRow {
  readonly first: number;
  readonly count: number;
  readonly root: Uint8Array;
  readonly accepted_at: number;
  readonly anchor_by: number;
  readonly signature: Uint8Array;
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
