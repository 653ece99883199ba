import { checkpointOver, type AnchorsFile, type BlockReference } from "../../protocol/anchors.ts";
import { equalBytes, type Hex } from "../../protocol/bytes.ts";
import { checkpointDigest, signCheckpoint, type Checkpoint } from "../../protocol/checkpoint.ts";
import type { Consortium } from "../../protocol/consortium.ts";
import { TwinwardError } from "../../protocol/errors.ts";
import { canonical } from "../../protocol/json.ts";
import { readAnchors, readBlockAt, readHead, readKeyHistories, readStreams } from "./chain-reader.ts";
import { connectRpc, type Rpc } from "./json-rpc.ts";

/** A member who signs the checkpoint: r ‖ s ‖ v over its EIP-712 digest. */
export interface CheckpointSigner {
  /** Name and signing address as in consortium@1. */
  readonly member: string;
  readonly signer: Hex;
  readonly sign: (digest: Uint8Array) => Hex | Promise<Hex>;
}

/**
 * Every anchor of every stream and every device key, as of the node's newest block, from JSON-RPC alone. Without a signer
 * the checkpoint has no signature, and a verifier says so. Throws CHAIN_UNAVAILABLE, or CHAIN_ID_UNEXPECTED when the node is of
 * another chain than the consortium's.
 */
export async function exportAnchors(url: string, consortium: Consortium, by?: CheckpointSigner): Promise<AnchorsFile> {
  const rpc = connectRpc(url);
  const [, block] = await Promise.all([requireChain(rpc, consortium), readHead(rpc)]);
  const file = await readFile(rpc, consortium, block);
  return by ? { ...file, checkpoint: await signed(file.checkpoint, by) } : file;
}

/**
 * The same file with one member's signature more. A member does not sign what somebody else says: everything is read again
 * from this member's own node, as of the file's block, and must make the checkpoint that was signed before. Throws
 * ANCHORS_DIFFER where it makes another one, and what `exportAnchors` throws.
 */
export async function cosignAnchors(
  url: string,
  consortium: Consortium,
  file: AnchorsFile,
  by: CheckpointSigner,
): Promise<AnchorsFile> {
  const rpc = connectRpc(url);
  const { number, hash } = file.checkpoint.block;
  const [, head] = await Promise.all([requireChain(rpc, consortium), readHead(rpc)]);
  if (head.number < number) throw differ(`This node is at block ${head.number}, the file is of block ${number}.`);
  const block = await readBlockAt(rpc, number);
  if (block.hash !== hash) throw differ(`Block ${number} is ${block.hash} here, ${hash} in the file.`);
  const own = await readFile(rpc, consortium, block);
  const { signatures } = file.checkpoint;
  if (!equalBytes(checkpointDigest(own.checkpoint), checkpointDigest(file.checkpoint))) {
    throw differ("The logs or keys that this node has at that block make another checkpoint.");
  }
  return { ...own, checkpoint: await signed({ ...own.checkpoint, signatures }, by) };
}

async function requireChain(rpc: Rpc, { chainId, genesis }: Consortium): Promise<void> {
  const [id, zero] = await Promise.all([rpc<Hex>("eth_chainId", []), readBlockAt(rpc, 0)]);
  if (Number(id) !== chainId || zero.hash !== genesis) {
    throw new TwinwardError("CHAIN_ID_UNEXPECTED", {
      chainId: Number(id),
      genesis: zero.hash,
      expected: { chainId, genesis },
    });
  }
}

/** What the chain holds up to a block, under a checkpoint that nobody has signed. */
async function readFile(rpc: Rpc, consortium: Consortium, block: BlockReference): Promise<AnchorsFile> {
  const { chainId, genesis, contracts } = consortium;
  const opened = await readStreams(rpc, contracts, block.number);
  const streams = [];
  for (const { stream, group } of opened) {
    streams.push({ stream, group, anchors: await readAnchors(rpc, contracts, stream, 0, block.number) });
  }
  const devices = await readKeyHistories(rpc, contracts, block.number);
  const checkpoint = checkpointOver({ chainId, genesis, contracts }, block, streams, devices);
  return { format: "anchors@1", chainId, genesis, contracts, streams, devices, checkpoint };
}

function signed(checkpoint: Checkpoint, by: CheckpointSigner): Promise<Checkpoint> {
  const others = checkpoint.signatures.filter(({ member }) => member !== by.member);
  return signCheckpoint({ ...checkpoint, signatures: others }, by.member, by.signer, by.sign);
}

function differ(detail: string): TwinwardError {
  return new TwinwardError("ANCHORS_DIFFER", { detail });
}

/** The file's one text: RFC 8785 and a line feed. */
export function writeAnchors(file: AnchorsFile): string {
  return `${canonical(file)}\n`;
}
