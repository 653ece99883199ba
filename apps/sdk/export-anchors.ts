import { checkpointOver, type AnchorsFile } from "../../protocol/anchors.ts";
import type { Hex } from "../../protocol/bytes.ts";
import { signCheckpoint } from "../../protocol/checkpoint.ts";
import type { Consortium } from "../../protocol/consortium.ts";
import { TwinwardError } from "../../protocol/errors.ts";
import { canonical } from "../../protocol/json.ts";
import { readAnchors, readBlockAt, readHead, readKeyHistories, readStreams } from "./chain-reader.ts";
import { connectRpc } from "./json-rpc.ts";

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
  const { chainId, genesis, contracts } = consortium;
  const [id, zero, block] = await Promise.all([rpc<Hex>("eth_chainId", []), readBlockAt(rpc, 0), readHead(rpc)]);
  if (Number(id) !== chainId || zero.hash !== genesis) {
    throw new TwinwardError("CHAIN_ID_UNEXPECTED", {
      chainId: Number(id),
      genesis: zero.hash,
      expected: { chainId, genesis },
    });
  }
  const opened = await readStreams(rpc, contracts, block.number);
  const streams = [];
  for (const { stream, group } of opened) {
    streams.push({ stream, group, anchors: await readAnchors(rpc, contracts, stream, 0, block.number) });
  }
  const devices = await readKeyHistories(rpc, contracts, block.number);
  const unsigned = checkpointOver({ chainId, genesis, contracts }, block, streams, devices);
  const checkpoint = by ? await signCheckpoint(unsigned, by.member, by.signer, by.sign) : unsigned;
  return { format: "anchors@1", chainId, genesis, contracts, streams, devices, checkpoint };
}

/** The file's one text: RFC 8785 and a line feed. */
export function writeAnchors(file: AnchorsFile): string {
  return `${canonical(file)}\n`;
}
