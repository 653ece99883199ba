import {
  parseAnchors,
  sourceOfAnchors,
  type Anchor,
  type AnchorSource,
  type BlockReference,
} from "../../protocol/anchors.ts";
import type { Hex } from "../../protocol/bytes.ts";
import type { Consortium } from "../../protocol/consortium.ts";
import { readAnchors, readBlockAt, readFrontier, readHead, readKeyHistories } from "./chain-reader.ts";
import { connectRpc } from "./json-rpc.ts";

/**
 * An anchors@1 file (its text or value) as a source: verifies offline. Believed only as far as its checkpoint is signed by
 * members of the consortium. Throws UNUSABLE_ANCHORS.
 */
export function fileSource(anchors: unknown): AnchorSource {
  return sourceOfAnchors(parseAnchors(anchors));
}

/**
 * A node of the consortium's chain as a source: anchors are its `Anchored` events, held against the contract's present
 * frontier. All answers are as of one block, taken anew when it is older than `maxAgeMs`.
 */
export function rpcSource(url: string, consortium: Consortium, maxAgeMs = 5_000): AnchorSource {
  const rpc = connectRpc(url);
  const { contracts } = consortium;
  let pinned: Promise<BlockReference> | undefined;
  let pinnedAt = 0;
  const known = new Map<Hex, { readonly head: BlockReference; readonly anchors: readonly Anchor[] }>();

  function head(): Promise<BlockReference> {
    const now = performance.now();
    if (!pinned || now - pinnedAt > maxAgeMs) {
      pinnedAt = now;
      pinned = readHead(rpc);
      pinned.catch(() => (pinned = undefined));
    }
    return pinned;
  }

  /** Only what came since is asked; after a reorg everything is. */
  async function anchorsOf(stream: Hex): Promise<readonly Anchor[]> {
    const to = await head();
    const before = known.get(stream);
    if (before?.head.hash === to.hash) return before.anchors;
    const holds = before && before.head.number < to.number && (await isStill(before.head));
    const from = holds ? before.head.number + 1 : 0;
    const added = await readAnchors(rpc, contracts, stream, from, to.number);
    const anchors = holds ? (added.length > 0 ? [...before.anchors, ...added] : before.anchors) : added;
    known.set(stream, { head: to, anchors });
    return anchors;
  }

  const isStill = async (block: BlockReference): Promise<boolean> =>
    (await readBlockAt(rpc, block.number)).hash === block.hash;

  return {
    describe: () => ({ kind: "rpc", url }),
    async chain() {
      const [chainId, genesis] = await Promise.all([rpc<Hex>("eth_chainId", []), readBlockAt(rpc, 0)]);
      return { chainId: Number(chainId), genesis: genesis.hash };
    },
    anchors: anchorsOf,
    async device(device) {
      const [history] = await readKeyHistories(rpc, contracts, (await head()).number, device);
      return history;
    },
    async frontier(stream) {
      return readFrontier(rpc, contracts, stream, (await head()).number);
    },
    block: head,
  };
}
