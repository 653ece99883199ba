import { secp256k1 } from "@noble/curves/secp256k1.js";
import { concat, fromHex, toHex, u256be, utf8, type Hex } from "./bytes.ts";
import { memberQuorum, presentMembers, readContracts, shapeOf, type Consortium, type Contracts } from "./consortium.ts";
import { keccak256 } from "./hash.ts";
import type { Shape } from "./shape.ts";
import { CONTRACTS } from "./words.ts";

/** How far a stream's log had come: the root over its first `size` anchors. */
export interface LogState {
  readonly stream: Hex;
  readonly size: number;
  readonly root: Hex;
}

export interface CheckpointSignature {
  /** Name of the member, as in consortium@1. */
  readonly member: string;
  readonly signer: Hex;
  /** r ‖ s ‖ v, 65 bytes, over the EIP-712 digest. */
  readonly signature: Hex;
}

/** checkpoint@1: the state of all logs and keys at one block, signed by members. docs/formats/checkpoint.md. */
export interface Checkpoint {
  readonly format: "checkpoint@1";
  readonly chainId: number;
  readonly genesis: Hex;
  readonly contracts: Contracts;
  readonly block: { readonly number: number; readonly hash: Hex };
  /** Sorted by stream. */
  readonly streams: readonly LogState[];
  /** Root over the key histories of all devices. */
  readonly keysRoot: Hex;
  /** Root over the transactions and blocks of all anchors; older checkpoints have none, and cover none of them. */
  readonly placesRoot?: Hex;
  readonly signatures: readonly CheckpointSignature[];
}

/** EIP-712: what a wallet is shown and signs. `placesRoot` is the last member where the checkpoint has one. */
const CHECKPOINT_MEMBERS = [
  { name: "genesis", type: "bytes32" },
  { name: "contracts", type: "address[]" },
  { name: "blockNumber", type: "uint64" },
  { name: "blockHash", type: "bytes32" },
  { name: "streams", type: "Log[]" },
  { name: "keysRoot", type: "bytes32" },
];
const PLACES_MEMBER = { name: "placesRoot", type: "bytes32" };
const LOG_MEMBERS = [
  { name: "stream", type: "bytes32" },
  { name: "size", type: "uint64" },
  { name: "root", type: "bytes32" },
];

type Member = { readonly name: string; readonly type: string };

const typeText = (name: string, members: readonly Member[]): string =>
  `${name}(${members.map((member) => `${member.type} ${member.name}`).join(",")})`;
const LOG_TYPE = typeText("Log", LOG_MEMBERS);
const DOMAIN_TYPE = "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)";
const DOMAIN = { name: "Twinward Checkpoint", version: "1" };

type Unsigned = Omit<Checkpoint, "signatures">;

const membersOf = ({ placesRoot }: Unsigned): Member[] =>
  placesRoot === undefined ? CHECKPOINT_MEMBERS : [...CHECKPOINT_MEMBERS, PLACES_MEMBER];

/** The typed data of a checkpoint, as `signTypedData(domain, types, message)` takes it. */
export function checkpointTypedData(checkpoint: Unsigned): {
  domain: { name: string; version: string; chainId: number; verifyingContract: Hex };
  types: Record<"Checkpoint" | "Log", Member[]>;
  message: Record<string, unknown>;
} {
  const { chainId, contracts, genesis, block, streams, keysRoot } = checkpoint;
  return {
    domain: { ...DOMAIN, chainId, verifyingContract: contracts.AnchorLog },
    types: { Checkpoint: membersOf(checkpoint), Log: LOG_MEMBERS },
    message: {
      genesis,
      contracts: CONTRACTS.map((name) => contracts[name]),
      blockNumber: block.number,
      blockHash: block.hash,
      streams,
      keysRoot,
      ...(checkpoint.placesRoot === undefined ? {} : { placesRoot: checkpoint.placesRoot }),
    },
  };
}

/** The EIP-712 digest that members sign; 32 bytes. */
export function checkpointDigest(checkpoint: Unsigned): Uint8Array {
  const { chainId, contracts, genesis, block, streams } = checkpoint;
  const domain = keccak256(
    keccak256(utf8(DOMAIN_TYPE)),
    keccak256(utf8(DOMAIN.name)),
    keccak256(utf8(DOMAIN.version)),
    u256be(chainId),
    address(contracts.AnchorLog),
  );
  const logs = streams.map(({ stream, size, root }) =>
    keccak256(keccak256(utf8(LOG_TYPE)), fromHex(stream, 32), u256be(size), fromHex(root, 32)),
  );
  const message = keccak256(
    keccak256(utf8(typeText("Checkpoint", membersOf(checkpoint)) + LOG_TYPE)),
    fromHex(genesis, 32),
    keccak256(...CONTRACTS.map((name) => address(contracts[name]))),
    u256be(block.number),
    fromHex(block.hash, 32),
    keccak256(...logs),
    fromHex(checkpoint.keysRoot, 32),
    ...(checkpoint.placesRoot === undefined ? [] : [fromHex(checkpoint.placesRoot, 32)]),
  );
  return keccak256(new Uint8Array([0x19, 0x01]), domain, message);
}

/** Members that the checkpoint lacks to a quorum of the consortium's; 0 when it has one. */
export function signersLacking(signers: readonly string[], consortium: Consortium): number {
  return Math.max(0, memberQuorum(presentMembers(consortium).length) - signers.length);
}

/** A checkpoint with one more member's signature; `sign` gives r ‖ s ‖ v over the digest. */
export async function signCheckpoint(
  checkpoint: Checkpoint,
  member: string,
  signer: Hex,
  sign: (digest: Uint8Array) => Hex | Promise<Hex>,
): Promise<Checkpoint> {
  const signature = await sign(checkpointDigest(checkpoint));
  return { ...checkpoint, signatures: [...checkpoint.signatures, { member, signer, signature }] };
}

/** Names of the present members whose signatures the checkpoint really bears; one key counts for one member. */
export function checkpointSigners(checkpoint: Checkpoint, consortium: Consortium): string[] {
  const digest = checkpointDigest(checkpoint);
  return presentMembers(consortium)
    .filter(({ signer }, i, members) => members.findIndex((one) => one.signer === signer) === i)
    .filter(({ name, signer }) =>
      checkpoint.signatures.some(
        (one) => one.member === name && one.signer === signer && recoverAddress(digest, one.signature) === signer,
      ),
    )
    .map(({ name }) => name);
}

/** Address whose key signed the digest, or undefined when nobody's did. `signature` is r ‖ s ‖ v. */
export function recoverAddress(digest: Uint8Array, signature: Hex): Hex | undefined {
  try {
    const bytes = fromHex(signature, 65);
    const point = secp256k1.Signature.fromBytes(bytes.subarray(0, 64), "compact")
      .addRecoveryBit((bytes[64] ?? 0) - 27)
      .recoverPublicKey(digest)
      .toBytes(false);
    return toHex(keccak256(point.subarray(1)).subarray(12));
  } catch {
    // r or s out of range, or no such point: no signature at all.
    return undefined;
  }
}

/** Reads a checkpoint@1, a JSON text or its value, strictly. Throws UNUSABLE_CHECKPOINT with the place. */
export function parseCheckpoint(input: unknown): Checkpoint {
  return readCheckpoint(shapeOf("UNUSABLE_CHECKPOINT", input));
}

export function readCheckpoint(shape: Shape): Checkpoint {
  const found = shape.members(
    ["format", "chainId", "genesis", "contracts", "block", "streams", "keysRoot", "signatures"],
    ["placesRoot"],
  );
  const block = found.block.members(["number", "hash"]);
  const streams = found.streams.list((item) => {
    const log = item.members(["stream", "size", "root"]);
    return { stream: log.stream.hex(32), size: log.size.integer(), root: log.root.hex(32) };
  });
  if (streams.some(({ stream }, i) => i > 0 && (streams[i - 1]?.stream ?? "") >= stream)) {
    throw found.streams.fault("not sorted by stream, each once");
  }
  return {
    format: found.format.literal("checkpoint@1"),
    chainId: found.chainId.integer(1),
    genesis: found.genesis.hex(32),
    contracts: readContracts(found.contracts),
    block: { number: block.number.integer(), hash: block.hash.hex(32) },
    streams,
    keysRoot: found.keysRoot.hex(32),
    ...(found.placesRoot ? { placesRoot: found.placesRoot.hex(32) } : {}),
    signatures: found.signatures.list((item) => {
      const one = item.members(["member", "signer", "signature"]);
      return { member: one.member.text(), signer: one.signer.hex(20), signature: one.signature.hex(65) };
    }),
  };
}

function address(hex: Hex): Uint8Array {
  return concat(new Uint8Array(12), fromHex(hex, 20));
}
