import type { AckProof } from "../../protocol/ack.ts";
import { toBase64url, toHex, type Hex } from "../../protocol/bytes.ts";
import { stretchOfLeaf, lineOf, type Line } from "../../protocol/line.ts";
import { Tree, toHexPath } from "../../protocol/tree.ts";
import type { Tx } from "./database.ts";
import { readLeafHashes } from "./read-leaves.ts";

/** What every ack of a gateway names and no row repeats. */
export interface AckIdentity {
  readonly chainId: number;
  readonly anchorLog: Hex;
  readonly stream: Hex;
  /** The stream with those that it succeeds; left out where it succeeds none. */
  readonly line?: Line;
}

interface Row {
  position: number;
  first: number;
  count: number;
  root: Uint8Array;
  accepted_at: number;
  anchor_by: number;
  signature: Uint8Array;
}

// A group's tree never changes; whoever sends old readings again must not make us build it each time.
const TREES_KEPT = 32;

/** The acks of leaves, rebuilt: the same promise, signature, index and path as on the day. */
export class AckReader {
  readonly #identity: Omit<AckIdentity, "stream" | "line">;
  readonly #line: Line;
  readonly #trees = new Map<number, Tree>();

  constructor({ chainId, anchorLog, stream, line = lineOf(stream) }: AckIdentity) {
    this.#identity = { chainId, anchorLog };
    this.#line = line;
  }

  /** By position. A position that no ack covers is missing from the result. */
  async read(tx: Tx, positions: readonly number[]): Promise<Map<number, AckProof>> {
    const acks = new Map<number, AckProof>();
    if (positions.length === 0) return acks;
    const rows = await tx.query<Row>(
      `select p.position, a.* from unnest($1::bigint[]) as p (position)
       cross join lateral (select * from ack where first <= p.position order by first desc limit 1) a
       where p.position < a.first + a.count`,
      [positions],
    );
    for (const row of rows) {
      const tree = await this.#tree(tx, row.first, row.count);
      const index = row.position - row.first;
      const { stream, firstLeaf } = stretchOfLeaf(this.#line, row.first);
      acks.set(row.position, {
        ...this.#identity,
        stream,
        first: row.first - firstLeaf,
        count: row.count,
        root: toHex(row.root),
        acceptedAt: row.accepted_at,
        anchorBy: row.anchor_by,
        signature: toBase64url(row.signature),
        index,
        path: toHexPath(tree.path(index)),
      });
    }
    return acks;
  }

  async #tree(tx: Tx, first: number, count: number): Promise<Tree> {
    const known = this.#trees.get(first);
    if (known) return known;
    const tree = new Tree(await readLeafHashes(tx, first, count));
    if (this.#trees.size >= TREES_KEPT) {
      const [oldest] = this.#trees.keys();
      if (oldest !== undefined) this.#trees.delete(oldest);
    }
    this.#trees.set(first, tree);
    return tree;
  }
}
