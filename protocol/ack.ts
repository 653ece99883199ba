import { concat, fromBase64url, fromHex, isBase64url, u256be, u64be, utf8, type Hex } from "./bytes.ts";
import { verifyEs256, type PublicKey } from "./es256.ts";
import { Shape } from "./shape.ts";
import { verifyInclusion } from "./tree.ts";

/** What a gateway signs once per group commit: these leaves are durable, and will be anchored in time. */
export interface AckPromise {
  readonly chainId: number;
  readonly anchorLog: Hex;
  readonly stream: Hex;
  /** Position in the stream of the first leaf committed. */
  readonly first: number;
  readonly count: number;
  /** RFC 6962 root over the leaves committed. */
  readonly root: Hex;
  /** When they were durable, ms. */
  readonly acceptedAt: number;
  /** When they will be anchored at the latest, seconds. */
  readonly anchorBy: number;
}

/** The promise with the gateway's signature and one leaf's place in it. */
export interface AckProof extends AckPromise {
  /** ES256 over `ackMessage`, base64url. */
  readonly signature: string;
  readonly index: number;
  readonly path: readonly Hex[];
}

/** ack@1: docs/formats/ack.md. */
export interface Ack extends AckProof {
  readonly format: "ack@1";
  readonly device: Hex;
  readonly sequence: number;
  /** The device's next sequence, and the content that its `prev` must be. */
  readonly expected: number;
  readonly prev: Hex;
  /** Server time, ms. */
  readonly time: number;
}

/** "twinward/ack@1" ‖ chainId u256 ‖ AnchorLog ‖ stream ‖ first ‖ count ‖ root ‖ acceptedAt ms ‖ anchorBy s. */
export function ackMessage(ack: AckPromise): Uint8Array {
  return concat(
    utf8("twinward/ack@1"),
    u256be(ack.chainId),
    fromHex(ack.anchorLog, 20),
    fromHex(ack.stream, 32),
    u64be(ack.first),
    u64be(ack.count),
    fromHex(ack.root, 32),
    u64be(ack.acceptedAt),
    u64be(ack.anchorBy),
  );
}

/** True when the gateway signed the promise. */
export function verifyAckSignature(ack: AckProof, gatewayKey: PublicKey): boolean {
  return isBase64url(ack.signature) && verifyEs256(gatewayKey, ackMessage(ack), fromBase64url(ack.signature));
}

/** True when the leaf is where the promise says. */
export function verifyAckLeaf(ack: AckProof, leaf: Uint8Array): boolean {
  const path = ack.path.map((node) => fromHex(node, 32));
  return verifyInclusion(leaf, ack.index, ack.count, path, fromHex(ack.root, 32));
}

/** True when the gateway signed the promise and the leaf is in it. */
export function verifyAck(ack: AckProof, gatewayKey: PublicKey, leaf: Uint8Array): boolean {
  return verifyAckLeaf(ack, leaf) && verifyAckSignature(ack, gatewayKey);
}

const PROOF = [
  "chainId",
  "anchorLog",
  "stream",
  "first",
  "count",
  "root",
  "acceptedAt",
  "anchorBy",
  "signature",
  "index",
  "path",
] as const;

/** Reads an ack@1 strictly. Throws UNUSABLE_ACK with the place. */
export function readAck(value: unknown): Ack {
  const found = new Shape("UNUSABLE_ACK", value).members([
    ...PROOF,
    "format",
    "device",
    "sequence",
    "expected",
    "prev",
    "time",
  ]);
  return {
    format: found.format.literal("ack@1"),
    ...proofOf(found),
    device: found.device.hex(32),
    sequence: found.sequence.integer(1),
    expected: found.expected.integer(1),
    prev: found.prev.hex(32),
    time: found.time.integer(),
  };
}

/** Reads the signed part of an ack with a leaf's place, as a receipt carries it. */
export function readAckProof(shape: Shape): AckProof {
  return proofOf(shape.members([...PROOF]));
}

function proofOf(found: Record<(typeof PROOF)[number], Shape>): AckProof {
  const signature = found.signature.matching(/^[A-Za-z0-9_-]{85}[AQgw]$/, "64 bytes of strict base64url");
  return {
    chainId: found.chainId.integer(1),
    anchorLog: found.anchorLog.hex(20),
    stream: found.stream.hex(32),
    first: found.first.integer(),
    count: found.count.integer(1),
    root: found.root.hex(32),
    acceptedAt: found.acceptedAt.integer(),
    anchorBy: found.anchorBy.integer(),
    signature,
    index: found.index.integer(),
    path: found.path.list((node) => node.hex(32), 64),
  };
}
