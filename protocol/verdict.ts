import { secp256k1 } from "@noble/curves/secp256k1.js";
import { concat, fromHex, toHex, u256be, utf8, type Hex } from "./bytes.ts";
import { keccak256 } from "./hash.ts";

/**
 * What oracles sign, byte for byte as VerdictOracle checks it: EIP-712 digests and ERC-2098 signatures.
 * The kinds below 1 never reach the chain: a finding of kind `clear` says that an oracle saw nothing where another did.
 */
export const VERDICT_KINDS = { clear: 0, suspect: 1, quarantine: 2, readmission: 3 } as const;

/** Batches in a round: round r of a stream is its batches [10r, 10r + 10). Fixed in the contract. */
export const BATCHES_PER_ROUND = 10;

/** Integers and hashes only, so that honest oracles agree to the last bit. Sequences and batches are inclusive. */
export interface Verdict {
  /** keccak256(abi.encode(oracles in bit order)). */
  readonly oracleSet: Hex;
  /** The device's home stream, or one that succeeds it. */
  readonly stream: Hex;
  readonly round: number;
  /** 10 · round. */
  readonly firstBatch: number;
  readonly lastBatch: number;
  readonly device: Hex;
  readonly firstSequence: number;
  readonly lastSequence: number;
  /** One of VERDICT_KINDS. */
  readonly kind: number;
  /** 1 to 5; 0 where the kind is `clear`. */
  readonly severity: number;
  /** Hash of the model that judged. */
  readonly model: Hex;
  /** RFC 6962 root over the judged reading leaves, in sequence order. */
  readonly leavesRoot: Hex;
}

/** One root per round: over the devices that were judged and found clear (see `clearRoot`). */
export interface AllClear {
  readonly oracleSet: Hex;
  readonly stream: Hex;
  readonly round: number;
  readonly root: Hex;
}

/** Which contract on which chain the signatures are for. */
export interface VerdictDomain {
  readonly chainId: number;
  /** Address of the VerdictOracle. */
  readonly contract: Hex;
}

export const VERDICT_TYPE =
  "Verdict(bytes32 oracleSet,bytes32 stream,uint64 round,uint64 firstBatch,uint64 lastBatch,bytes32 device,uint64 firstSequence,uint64 lastSequence,uint8 kind,uint8 severity,bytes32 model,bytes32 leavesRoot)";
export const ALL_CLEAR_TYPE = "AllClear(bytes32 oracleSet,bytes32 stream,uint64 round,bytes32 root)";
const DOMAIN_TYPE = "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)";

const typeHash = (type: string): Uint8Array => keccak256(utf8(type));

/** The EIP-712 digest of a verdict: its id everywhere. Throws RangeError when a part does not fit its field. */
export function verdictDigest(domain: VerdictDomain, verdict: Verdict): Hex {
  const struct = keccak256(
    typeHash(VERDICT_TYPE),
    fromHex(verdict.oracleSet, 32),
    fromHex(verdict.stream, 32),
    u256be(verdict.round),
    u256be(verdict.firstBatch),
    u256be(verdict.lastBatch),
    fromHex(verdict.device, 32),
    u256be(verdict.firstSequence),
    u256be(verdict.lastSequence),
    u256be(verdict.kind),
    u256be(verdict.severity),
    fromHex(verdict.model, 32),
    fromHex(verdict.leavesRoot, 32),
  );
  return typedDigest(domain, struct);
}

/** The EIP-712 digest of an all-clear. Throws RangeError when a part does not fit its field. */
export function allClearDigest(domain: VerdictDomain, clear: AllClear): Hex {
  const struct = keccak256(
    typeHash(ALL_CLEAR_TYPE),
    fromHex(clear.oracleSet, 32),
    fromHex(clear.stream, 32),
    u256be(clear.round),
    fromHex(clear.root, 32),
  );
  return typedDigest(domain, struct);
}

function typedDigest(domain: VerdictDomain, struct: Uint8Array): Hex {
  const separator = keccak256(
    typeHash(DOMAIN_TYPE),
    keccak256(utf8("Twinward VerdictOracle")),
    keccak256(utf8("1")),
    u256be(domain.chainId),
    new Uint8Array(12),
    fromHex(domain.contract, 20),
  );
  return toHex(keccak256(Uint8Array.of(0x19, 0x01), separator, struct));
}

/** ERC-2098 signature (r ‖ vs, 64 bytes) of a 32-byte digest by a secp256k1 key. Deterministic (RFC 6979), low s. */
export function signCompact(digest: Hex, privateKey: Uint8Array): Hex {
  const signed = secp256k1.sign(fromHex(digest, 32), privateKey, { prehash: false, format: "recovered" });
  const compact = signed.slice(1);
  // The sign of y goes where a low s leaves a bit free.
  compact[32] = (compact[32] ?? 0) | ((signed[0] ?? 0) << 7);
  return toHex(compact);
}

/** Address that made an ERC-2098 signature of a digest; undefined when no key can have made it. */
export function recoverCompact(digest: Hex, signature: Hex): Hex | undefined {
  try {
    const compact = fromHex(signature, 64);
    const recovered = concat(Uint8Array.of((compact[32] ?? 0) >> 7), compact);
    recovered[33] = (recovered[33] ?? 0) & 0x7f;
    // A high s is refused on the chain as well.
    if (secp256k1.Signature.fromBytes(recovered.slice(1)).hasHighS()) return undefined;
    const key = secp256k1.recoverPublicKey(recovered, fromHex(digest, 32), { prehash: false });
    return addressOfPoint(secp256k1.Point.fromBytes(key).toBytes(false));
  } catch {
    return undefined;
  }
}

/** Lower-case address of a secp256k1 private key. */
export function addressOfKey(privateKey: Uint8Array): Hex {
  return addressOfPoint(secp256k1.getPublicKey(privateKey, false));
}

const addressOfPoint = (uncompressed: Uint8Array): Hex => toHex(keccak256(uncompressed.slice(1)).slice(12));

/** The EIP-191 digest of a text ("personal message"). */
export function personalDigest(text: string): Hex {
  const bytes = utf8(text);
  return toHex(keccak256(utf8(`\x19Ethereum Signed Message:\n${bytes.length}`), bytes));
}
