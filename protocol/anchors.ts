import { anchorLeaf } from "./anchor.ts";
import { fromHex, toHex, u64be, type Hex } from "./bytes.ts";
import { readCheckpoint, type Checkpoint } from "./checkpoint.ts";
import { readContracts, shapeOf, type Contracts } from "./consortium.ts";
import { sha256 } from "./hash.ts";
import { keysRoot, readKeyHistory, type KeyHistory } from "./key-history.ts";
import type { Shape } from "./shape.ts";
import { merkleRoot, Tree } from "./tree.ts";

/** A block as a verifier names it; timestamp in seconds. */
export interface BlockReference {
  readonly number: number;
  readonly hash: Hex;
  readonly timestamp: number;
}

/** One batch of a stream, and the transaction that anchored it. */
export interface Anchor {
  readonly number: number;
  readonly root: Hex;
  readonly count: number;
  readonly firstLeaf: number;
  readonly transaction: Hex;
  readonly block: BlockReference;
}

export interface AnchoredStream {
  readonly stream: Hex;
  /** Address of the gateway group. */
  readonly group: Hex;
  readonly anchors: readonly Anchor[];
}

/** anchors@1: every anchor and every device key, and a signed checkpoint over them. docs/formats/anchors.md. */
export interface AnchorsFile {
  readonly format: "anchors@1";
  readonly chainId: number;
  readonly genesis: Hex;
  readonly contracts: Contracts;
  readonly streams: readonly AnchoredStream[];
  readonly devices: readonly KeyHistory[];
  readonly checkpoint: Checkpoint;
}

/** A signed state, and what it is recomputed from. */
export interface Covered {
  readonly checkpoint: Checkpoint;
  readonly devices: readonly KeyHistory[];
  /** Left out where the checkpoint says nothing of transactions and blocks. */
  readonly streams?: readonly AnchoredStream[];
}

/** Where a verifier takes anchors and keys from. An answer of undefined means: the source knows no such thing. */
export interface AnchorSource {
  describe(): { readonly kind: "file" | "rpc"; readonly [fact: string]: unknown };
  /** The chain that it tells of. An RPC source that was given the contracts leaves them out. */
  chain(): Promise<{ readonly chainId: number; readonly genesis: Hex; readonly contracts?: Contracts }>;
  /** All anchors of a stream, from number 0 on. The same array again as long as nothing was added. */
  anchors(stream: Hex): Promise<readonly Anchor[]>;
  device(device: Hex): Promise<KeyHistory | undefined>;
  /** RPC: the present state of the stream's log on chain. */
  frontier?(stream: Hex): Promise<{ readonly size: number; readonly root: Hex } | undefined>;
  /** File: the signed state, and what it covers. */
  checkpoint?(): Promise<Covered>;
  /** The block that the answers are as of. */
  block?(): Promise<{ readonly number: number; readonly hash: Hex }>;
}

/** Reads an anchors@1, a JSON text or its value, strictly. Throws UNUSABLE_ANCHORS with the place. */
export function parseAnchors(input: unknown): AnchorsFile {
  const found = shapeOf("UNUSABLE_ANCHORS", input).members([
    "format",
    "chainId",
    "genesis",
    "contracts",
    "streams",
    "devices",
    "checkpoint",
  ]);
  const file: AnchorsFile = {
    format: found.format.literal("anchors@1"),
    chainId: found.chainId.integer(1),
    genesis: found.genesis.hex(32),
    contracts: readContracts(found.contracts),
    streams: found.streams.list((item) => {
      const stream = item.members(["stream", "group", "anchors"]);
      return { stream: stream.stream.hex(32), group: stream.group.hex(20), anchors: stream.anchors.list(readAnchor) };
    }),
    devices: found.devices.list(readKeyHistory),
    checkpoint: readCheckpoint(found.checkpoint),
  };
  if (new Set(file.streams.map(({ stream }) => stream)).size !== file.streams.length)
    throw found.streams.fault("a stream twice");
  if (new Set(file.devices.map(({ device }) => device)).size !== file.devices.length)
    throw found.devices.fault("a device twice");
  return file;
}

function readAnchor(shape: Shape): Anchor {
  const found = shape.members(["number", "root", "count", "firstLeaf", "transaction", "block"]);
  return {
    number: found.number.integer(),
    root: found.root.hex(32),
    count: found.count.integer(1),
    firstLeaf: found.firstLeaf.integer(),
    transaction: found.transaction.hex(32),
    block: readBlock(found.block),
  };
}

export function readBlock(shape: Shape): BlockReference {
  const found = shape.members(["number", "hash", "timestamp"]);
  return { number: found.number.integer(), hash: found.hash.hex(32), timestamp: found.timestamp.integer() };
}

/** The log of a stream: the tree over its anchor leaves. Throws RangeError where numbers or positions leave a gap. */
export function logTree(stream: Hex, anchors: readonly Anchor[]): Tree {
  let next = 0;
  const leaves = anchors.map((anchor, number) => {
    if (anchor.number !== number) throw new RangeError(`anchor ${number} is missing`);
    if (anchor.firstLeaf !== next)
      throw new RangeError(`anchor ${number} begins at ${anchor.firstLeaf}, not at ${next}`);
    next += anchor.count;
    return anchorLeaf({ stream, ...anchor });
  });
  return new Tree(leaves);
}

/**
 * RFC 6962 root over SHA-256(0x00 ‖ stream 32 ‖ number u64 ‖ transaction 32 ‖ block number u64 ‖ block hash 32 ‖ timestamp u64)
 * of every anchor, streams sorted, numbers rising: where and when everything was anchored.
 */
export function placesRoot(streams: readonly AnchoredStream[]): Uint8Array {
  const sorted = streams.toSorted((a, b) => (a.stream < b.stream ? -1 : 1));
  const leaves = sorted.flatMap(({ stream, anchors }) => {
    const id = fromHex(stream, 32);
    return anchors.map(({ number, transaction, block }) =>
      sha256(
        new Uint8Array(1),
        id,
        u64be(number),
        fromHex(transaction, 32),
        u64be(block.number),
        fromHex(block.hash, 32),
        u64be(block.timestamp),
      ),
    );
  });
  return merkleRoot(leaves);
}

/** The checkpoint over these anchors and keys, not signed yet. */
export function checkpointOver(
  chain: { readonly chainId: number; readonly genesis: Hex; readonly contracts: Contracts },
  block: { readonly number: number; readonly hash: Hex },
  streams: readonly AnchoredStream[],
  devices: readonly KeyHistory[],
): Checkpoint {
  const states = streams.map(({ stream, anchors }) => {
    const tree = logTree(stream, anchors);
    return { stream, size: tree.size, root: toHex(tree.root()) };
  });
  return {
    format: "checkpoint@1",
    chainId: chain.chainId,
    genesis: chain.genesis,
    contracts: chain.contracts,
    block: { number: block.number, hash: block.hash },
    streams: states.toSorted((a, b) => (a.stream < b.stream ? -1 : 1)),
    keysRoot: toHex(keysRoot(devices)),
    placesRoot: toHex(placesRoot(streams)),
    signatures: [],
  };
}

/** An anchors file as a source. Nothing in it is believed yet: `verifyReceipt` recomputes it under its checkpoint. */
export function sourceOfAnchors(file: AnchorsFile): AnchorSource {
  const { chainId, genesis, contracts, checkpoint, devices } = file;
  const streams = new Map(file.streams.map(({ stream, anchors }) => [stream, anchors]));
  const histories = new Map(devices.map((history) => [history.device, history]));
  const none: readonly Anchor[] = [];
  const covered = { checkpoint, devices, streams: file.streams };
  return {
    describe: () => ({ kind: "file", block: checkpoint.block.number }),
    chain: async () => ({ chainId, genesis, contracts }),
    anchors: async (stream) => streams.get(stream) ?? none,
    device: async (device) => histories.get(device),
    checkpoint: async () => covered,
    block: async () => checkpoint.block,
  };
}
