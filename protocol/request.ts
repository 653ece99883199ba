import { concat, fromHex, toHex, u256be, utf8, ZERO_32, type Hex } from "./bytes.ts";
import { recoverAddress } from "./checkpoint.ts";
import { keccak256 } from "./hash.ts";
import { Shape } from "./shape.ts";
import { PURPOSES, purposesMask, type Purpose } from "./words.ts";

/** What a reader wishes for and signs. docs/formats/request.md. */
export interface Asking {
  /** A certain twin, or null where any twin with the manifest will do. */
  readonly twin: Hex | null;
  /** Hash of a manifest on offer; null where a twin is named. */
  readonly manifest: Hex | null;
  /** Address of who wishes to read, and signs. */
  readonly reader: Hex;
  /** Bitmap of the device model's segments, decimal, not 0. */
  readonly segments: string;
  /** In the order of PURPOSES, each once; security is nobody's to give. */
  readonly purposes: readonly Purpose[];
  /** Until when the reader wishes to read, seconds. */
  readonly until: number;
  /** For the person who decides. */
  readonly why: string;
  /** Where the answer is posted, or null: webhook@1. */
  readonly webhook: string | null;
  /** 32 bytes of the reader's own choice: they make each request another one. */
  readonly nonce: Hex;
  /** The request expires then if nobody has answered, seconds. */
  readonly deadline: number;
}

/** request@1 as it is sent: nobody is signed in, the signature says whose it is. */
export interface SignedRequest {
  readonly format: "request@1";
  readonly asked: Asking;
  /** EIP-712: r ‖ s ‖ v, or what the contract at the reader's address takes for its own (ERC-1271). */
  readonly signature: Hex;
}

/** For which consortium a request is signed. */
export interface RequestDomain {
  readonly chainId: number;
  /** Address of the GrantRegistry. */
  readonly contract: Hex;
}

const MEMBERS = [
  { name: "twin", type: "bytes32" },
  { name: "manifest", type: "bytes32" },
  { name: "reader", type: "address" },
  { name: "segments", type: "uint64" },
  { name: "purposes", type: "uint8" },
  { name: "until", type: "uint40" },
  { name: "why", type: "string" },
  { name: "webhook", type: "string" },
  { name: "nonce", type: "uint256" },
  { name: "deadline", type: "uint40" },
];
export const REQUEST_TYPE = `Request(${MEMBERS.map(({ type, name }) => `${type} ${name}`).join(",")})`;
const DOMAIN_TYPE = "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)";
const DOMAIN = { name: "Twinward Request", version: "1" };

const MOST_SECONDS = 2 ** 40 - 1;
const MOST_SEGMENTS = 2n ** 64n - 1n;
export const WEBHOOK_LENGTH = 512;
/** Said to a person, so nothing that hides or turns round what is written: no control characters, no bidirectional ones. */
const SAID = /^[^\p{Cc}\p{Cs}\p{Bidi_Control}]{1,500}$/u;

/** A request as `signTypedData(domain, types, message)` takes it. */
export function requestTypedData(
  domain: RequestDomain,
  asked: Asking,
): {
  domain: { name: string; version: string; chainId: number; verifyingContract: Hex };
  types: Record<"Request", { name: string; type: string }[]>;
  message: Record<string, unknown>;
} {
  const { twin, manifest, purposes, webhook, ...same } = asked;
  return {
    domain: { ...DOMAIN, chainId: domain.chainId, verifyingContract: domain.contract },
    types: { Request: MEMBERS },
    message: {
      ...same,
      twin: twin ?? ZERO_32,
      manifest: manifest ?? ZERO_32,
      purposes: purposesMask(purposes),
      webhook: webhook ?? "",
    },
  };
}

/** The EIP-712 digest: the request's id, and the nonce of the grant that answers it. */
export function requestId({ chainId, contract }: RequestDomain, asked: Asking): Hex {
  const domain = keccak256(
    keccak256(utf8(DOMAIN_TYPE)),
    keccak256(utf8(DOMAIN.name)),
    keccak256(utf8(DOMAIN.version)),
    u256be(chainId),
    address(contract),
  );
  const message = keccak256(
    keccak256(utf8(REQUEST_TYPE)),
    fromHex(asked.twin ?? ZERO_32, 32),
    fromHex(asked.manifest ?? ZERO_32, 32),
    address(asked.reader),
    u256be(BigInt(asked.segments)),
    u256be(purposesMask(asked.purposes)),
    u256be(asked.until),
    keccak256(utf8(asked.why)),
    keccak256(utf8(asked.webhook ?? "")),
    fromHex(asked.nonce, 32),
    u256be(asked.deadline),
  );
  return toHex(keccak256(new Uint8Array([0x19, 0x01]), domain, message));
}

/** Reads a request@1 as somebody sent it, strictly; nothing is verified yet. Throws UNUSABLE_REQUEST with the place. */
export function readRequest(value: unknown): SignedRequest {
  const found = new Shape("UNUSABLE_REQUEST", value).members(["format", "asked", "signature"]);
  return {
    format: found.format.literal("request@1"),
    asked: readAsking(found.asked),
    signature: readSignature(found.signature),
  };
}

/** A signature of a key is 65 bytes; a contract's own are of any length, within reason. */
export const readSignature = (shape: Shape): Hex =>
  shape.matching(/^0x(?:[0-9a-f]{2}){1,4096}$/, "1 to 4096 bytes of lower-case hex") as Hex;

/** What was asked, strictly, wherever it stands. */
export function readAsking(shape: Shape): Asking {
  const found = shape.members([
    "twin", "manifest", "reader", "segments", "purposes", "until", "why", "webhook", "nonce", "deadline",
  ]); // prettier-ignore
  const twin = found.twin.orNull((one) => one.hex(32));
  const manifest = found.manifest.orNull((one) => one.hex(32));
  if ((twin === null) === (manifest === null)) throw shape.fault("neither a twin nor a manifest, or both");
  if (twin === ZERO_32 || manifest === ZERO_32) throw shape.fault("zeros stand for none");
  return {
    twin,
    manifest,
    reader: found.reader.hex(20),
    segments: readSegments(found.segments),
    purposes: readPurposes(found.purposes),
    until: found.until.integer(1, MOST_SECONDS),
    why: readSaid(found.why),
    webhook: found.webhook.orNull(readWebhook),
    nonce: found.nonce.hex(32),
    deadline: found.deadline.integer(1, MOST_SECONDS),
  };
}

/** A bitmap in decimal that has at least one bit. */
export function readSegments(shape: Shape): string {
  const text = shape.matching(/^[1-9][0-9]{0,19}$/, "a decimal bitmap above 0");
  if (BigInt(text) > MOST_SEGMENTS) throw shape.fault("above 64 bits");
  return text;
}

/** Purposes that a grant can have, in their order, each once, at least one. */
export function readPurposes(shape: Shape): Purpose[] {
  const names = shape.list((item) => item.literal(...PURPOSES), PURPOSES.length);
  const inOrder = PURPOSES.filter((name) => names.includes(name) && name !== "security");
  if (names.length === 0 || names.join() !== inOrder.join())
    throw shape.fault("not purposes in their order, each once and security never");
  return names;
}

/** What one person tells another in a sentence or two. */
export const readSaid = (shape: Shape): string => shape.matching(SAID, "1 to 500 characters that can be seen");

/** A URL that a webhook may be posted to as far as its text tells: https, or http on loopback; no user, no fragment. */
function readWebhook(shape: Shape): string {
  const text = shape.text();
  const url = text.length <= WEBHOOK_LENGTH && URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || url.href !== text)
    throw shape.fault(`not a URL in its one form, of at most ${WEBHOOK_LENGTH}`);
  if (url.username !== "" || url.password !== "" || url.hash !== "") throw shape.fault("a URL with a user or fragment");
  const loopback = ["localhost", "127.0.0.1", "[::1]"].includes(url.hostname);
  if (url.protocol !== "https:" && !(url.protocol === "http:" && loopback))
    throw shape.fault("neither https, nor http on loopback");
  return text;
}

/** Whether a request bears the signature of its reader's key; what a contract takes for its own only the chain can say. */
export function isRequestSigned(domain: RequestDomain, asked: Asking, signature: Hex): boolean {
  return recoverAddress(fromHex(requestId(domain, asked), 32), signature) === asked.reader;
}

function address(hex: Hex): Uint8Array {
  return concat(new Uint8Array(12), fromHex(hex, 20));
}
