import { ZERO_32, type Hex } from "./bytes.ts";
import { grantId } from "./ids.ts";
import { readPurposes, readSegments, readSignature, type RequestDomain } from "./request.ts";
import { Shape } from "./shape.ts";
import { PURPOSES, purposesMask, type Purpose } from "./words.ts";

/**
 * What somebody says to the GrantRegistry by signature, for anybody to send: grant@1, revocation@1 and consent@1.
 * docs/formats/signed-acts.md. Times in seconds; addresses and ids in lower case.
 */

/** A grant as its grantor signs it (EIP-712 `Grant`). */
export interface SaidGrant {
  readonly twin: Hex;
  readonly reader: Hex;
  /** [from, until). */
  readonly from: number;
  readonly until: number;
  /** Bitmap of the device model's segments, decimal. */
  readonly segments: string;
  readonly purposes: readonly Purpose[];
  /** How often it may be passed on, 0 to 3. */
  readonly depth: number;
  /** The grant that is passed on; null for a steward's own. */
  readonly parent: Hex | null;
  /** The twin's at the time: raising it ends what was signed and not sent. */
  readonly epoch: number;
  /** One that the grantor has not used. */
  readonly nonce: Hex;
  /** The last second in which the signature counts. */
  readonly deadline: number;
}

export interface SaidRevocation {
  readonly grant: Hex;
  readonly deadline: number;
}

export interface SaidConsent {
  readonly twin: Hex;
  readonly reader: Hex;
  /** All that is agreed to; empty takes it back. */
  readonly purposes: readonly Purpose[];
  /** How often this consent was set before. */
  readonly nonce: number;
  readonly deadline: number;
}

interface Signed {
  /** Whose word it is. */
  readonly signer: Hex;
  /** EIP-712: r ‖ s ‖ v, or what the contract at the signer's address takes for its own (ERC-1271). */
  readonly signature: Hex;
}
export type SignedGrant = Signed & { readonly format: "grant@1"; readonly said: SaidGrant };
export type SignedRevocation = Signed & { readonly format: "revocation@1"; readonly said: SaidRevocation };
export type SignedConsent = Signed & { readonly format: "consent@1"; readonly said: SaidConsent };
export type SignedAct = SignedGrant | SignedRevocation | SignedConsent;
/** The same before it is signed. */
export type SaidAct =
  | Pick<SignedGrant, "format" | "said">
  | Pick<SignedRevocation, "format" | "said">
  | Pick<SignedConsent, "format" | "said">;

interface Member {
  readonly name: string;
  readonly type: string;
}

const members = (line: string): Member[] =>
  line.split(",").map((one) => {
    const [type = "", name = ""] = one.split(" ");
    return { name, type };
  });

const TYPES = {
  "grant@1": {
    name: "Grant",
    members: members(
      "bytes32 twin,address reader,uint40 from,uint40 until,uint64 segments,uint8 purposes,uint8 depth,bytes32 parent,uint32 epoch,uint256 nonce,uint40 deadline",
    ),
  },
  "revocation@1": { name: "Revocation", members: members("bytes32 grant,uint40 deadline") },
  "consent@1": {
    name: "Consent",
    members: members("bytes32 twin,address reader,uint8 purposes,uint256 nonce,uint40 deadline"),
  },
} as const;

export interface TypedData {
  readonly domain: { name: string; version: string; chainId: number; verifyingContract: Hex };
  readonly types: Record<string, Member[]>;
  readonly message: Record<string, unknown>;
}

/** An act as `signTypedData(domain, types, message)` takes it: exactly what the contract will hold the signature against. */
export function actTypedData({ chainId, contract }: RequestDomain, act: SaidAct): TypedData {
  const { name, members: fields } = TYPES[act.format];
  return {
    domain: { name: "Twinward GrantRegistry", version: "1", chainId, verifyingContract: contract },
    types: { [name]: fields },
    message: messageOf(act),
  };
}

function messageOf(act: SaidAct): Record<string, unknown> {
  if (act.format === "revocation@1") return { ...act.said };
  const said = { ...act.said, purposes: purposesMask(act.said.purposes) };
  return act.format === "grant@1" ? { ...said, parent: act.said.parent ?? ZERO_32 } : said;
}

/** The id that a signed grant gets on chain. */
export function idOfSigned({ said, signer }: Pick<SignedGrant, "said" | "signer">): Hex {
  const { twin, reader, parent, nonce } = said;
  return grantId({ twin, reader, grantor: signer, parent: parent ?? ZERO_32, nonce: BigInt(nonce) });
}

const MOST_SECONDS = 2 ** 40 - 1;

/** Reads a signed act as somebody sent it, strictly; whether the signature is good, only the chain says. Throws UNUSABLE_ACT. */
export function readSignedAct(value: unknown): SignedAct {
  const found = new Shape("UNUSABLE_ACT", value).members(["format", "said", "signer", "signature"]);
  const signed = { signer: found.signer.hex(20), signature: readSignature(found.signature) };
  const format = found.format.literal("grant@1", "revocation@1", "consent@1");
  if (format === "grant@1") return { format, said: readGrant(found.said), ...signed };
  if (format === "revocation@1") return { format, said: readRevocation(found.said), ...signed };
  return { format, said: readSaidConsent(found.said), ...signed };
}

function readGrant(shape: Shape): SaidGrant {
  const found = shape.members([
    "twin", "reader", "from", "until", "segments", "purposes", "depth", "parent", "epoch", "nonce", "deadline",
  ]); // prettier-ignore
  return {
    twin: found.twin.hex(32),
    reader: found.reader.hex(20),
    from: found.from.integer(0, MOST_SECONDS),
    until: found.until.integer(0, MOST_SECONDS),
    segments: readSegments(found.segments),
    purposes: readPurposes(found.purposes),
    depth: found.depth.integer(0, 3),
    parent: found.parent.orNull((one) => one.hex(32)),
    epoch: found.epoch.integer(0, 2 ** 32 - 1),
    nonce: found.nonce.hex(32),
    deadline: found.deadline.integer(0, MOST_SECONDS),
  };
}

function readRevocation(shape: Shape): SaidRevocation {
  const found = shape.members(["grant", "deadline"]);
  return { grant: found.grant.hex(32), deadline: found.deadline.integer(0, MOST_SECONDS) };
}

/** What is said of a consent, strictly. */
export function readSaidConsent(shape: Shape): SaidConsent {
  const found = shape.members(["twin", "reader", "purposes", "nonce", "deadline"]);
  const names = found.purposes.list((item) => item.literal(...PURPOSES), PURPOSES.length);
  if (names.join() !== PURPOSES.filter((name) => names.includes(name)).join())
    throw found.purposes.fault("not purposes in their order, each once");
  return {
    twin: found.twin.hex(32),
    reader: found.reader.hex(20),
    purposes: names,
    nonce: found.nonce.integer(),
    deadline: found.deadline.integer(0, MOST_SECONDS),
  };
}
