import { concat, fromHex, toHex, u256be, utf8, type Hex } from "./bytes.ts";
import { recoverAddress } from "./checkpoint.ts";
import type { Contracts } from "./consortium.ts";
import { keccak256 } from "./hash.ts";
import type { RecordHead } from "./record.ts";
import type { Shape } from "./shape.ts";
import { readSaidConsent, type SaidConsent } from "./signed-acts.ts";
import { PURPOSES, purposesMask, type Purpose } from "./words.ts";

/**
 * What happened: somebody agreed to something or took all of it back; a person was bound to an assignment, a guardian named; purposes
 * were put under consent.
 */
export const CONSENT_STEPS = ["agreed", "withdrawn", "bound", "guarded", "masked"] as const;
export type ConsentStep = (typeof CONSENT_STEPS)[number];

/** What a person signed to be bound to an assignment (EIP-712 `Subject`). */
export interface SaidSubject {
  readonly assignment: Hex;
  readonly subject: Hex;
  /** Null for nobody. */
  readonly guardian: Hex | null;
  /** Seconds. */
  readonly deadline: number;
}

/** What was signed, and its digest. */
export type ConsentMessage = (
  { readonly type: "Consent"; readonly said: SaidConsent } | { readonly type: "Subject"; readonly said: SaidSubject }
) & {
  readonly digest: Hex;
  /** There where the contract at the signer's address took the signature (ERC-1271), by the chain as it was then. */
  readonly signer?: "contract";
};

/** What an event of the chain says of consents. */
export interface ConsentFacts {
  readonly step: ConsentStep;
  readonly device: Hex;
  /** The assignment. */
  readonly scope: Hex;
  /** Null where it is of the whole assignment. */
  readonly twin: Hex | null;
  /** To whom something was agreed, or not any more. */
  readonly reader: Hex | null;
  /** All that is agreed to, or that consent is needed for; none in the other steps. */
  readonly purposes: readonly Purpose[];
  /** Who said so. */
  readonly by: Hex;
  readonly guardian: Hex | null;
}

/** consent@1 as a record: what the chain said about consents, and what was signed for it, where it was said by signature. */
export interface ConsentRecord extends RecordHead, ConsentFacts {
  readonly format: "consent@1";
  readonly message: ConsentMessage | null;
  readonly transaction: Hex;
  readonly logIndex: number;
  readonly block: { readonly number: number; readonly hash: Hex; readonly timestamp: number };
}

const DOMAIN_TYPE = "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)";
const CONSENT_TYPE = "Consent(bytes32 twin,address reader,uint8 purposes,uint256 nonce,uint40 deadline)";
const SUBJECT_TYPE = "Subject(bytes32 assignment,address subject,address guardian,uint40 deadline)";
const NOBODY: Hex = `0x${"00".repeat(20)}`;

/** For which consortium something was signed. */
export interface ConsentDomain {
  readonly chainId: number;
  readonly contracts: Pick<Contracts, "GrantRegistry" | "TwinRegistry">;
}

/** The EIP-712 digest that was signed. */
export function consentDigest(
  { chainId, contracts }: ConsentDomain,
  {
    type,
    said,
  }:
    | Pick<Extract<ConsentMessage, { type: "Consent" }>, "type" | "said">
    | Pick<Extract<ConsentMessage, { type: "Subject" }>, "type" | "said">,
): Hex {
  if (type === "Consent") {
    const { twin, reader, purposes, nonce, deadline } = said;
    const words = [fromHex(twin, 32), word(reader), u256be(purposesMask(purposes)), u256be(nonce), u256be(deadline)];
    return digest("Twinward GrantRegistry", chainId, contracts.GrantRegistry, CONSENT_TYPE, words);
  }
  const { assignment, subject, guardian, deadline } = said;
  const words = [fromHex(assignment, 32), word(subject), word(guardian ?? NOBODY), u256be(deadline)];
  return digest("Twinward TwinRegistry", chainId, contracts.TwinRegistry, SUBJECT_TYPE, words);
}

/** Whether a key made the signature: that of who said so. A contract's is the chain's to take. */
export function isConsentSigned(message: Pick<ConsentMessage, "digest">, by: Hex, signature: Hex): boolean {
  return recoverAddress(fromHex(message.digest, 32), signature) === by;
}

function digest(name: string, chainId: number, contract: Hex, type: string, words: readonly Uint8Array[]): Hex {
  const domain = keccak256(
    keccak256(utf8(DOMAIN_TYPE)),
    keccak256(utf8(name)),
    keccak256(utf8("1")),
    u256be(chainId),
    word(contract),
  );
  return toHex(keccak256(new Uint8Array([0x19, 0x01]), domain, keccak256(keccak256(utf8(type)), ...words)));
}

const word = (address: Hex): Uint8Array => concat(new Uint8Array(12), fromHex(address, 20));

const MEMBERS = [
  ...(["format", "stream", "at", "salt", "step", "device", "scope", "twin", "reader", "purposes", "by"] as const),
  ...(["guardian", "message", "transaction", "logIndex", "block"] as const),
];

/** Holds a record against its format; the head's four are checked already. */
export function checkConsentRecord(shape: Shape): void {
  const found = shape.members(MEMBERS);
  const step = found.step.literal(...CONSENT_STEPS);
  found.device.hex(32);
  found.scope.hex(32);
  found.twin.orNull((one) => one.hex(32));
  found.reader.orNull((one) => one.hex(20));
  const purposes = readNames(found.purposes);
  found.by.hex(20);
  found.guardian.orNull((one) => one.hex(20));
  found.transaction.hex(32);
  found.logIndex.integer();
  const block = found.block.members(["number", "hash", "timestamp"]);
  block.number.integer();
  block.hash.hex(32);
  block.timestamp.integer();
  found.message.orNull(checkMessage);
  const isOfTwin = step === "agreed" || step === "withdrawn" || step === "masked";
  if ((found.twin.value === null) === isOfTwin) throw found.twin.fault("not what its step says");
  if (step !== "masked" && purposes.length > 0 !== (step === "agreed"))
    throw found.purposes.fault("not what its step says");
}

function checkMessage(shape: Shape): void {
  const found = shape.members(["type", "said", "digest"], ["signer"]);
  found.digest.hex(32);
  found.signer?.literal("contract");
  if (found.type.literal("Consent", "Subject") === "Consent") return void readSaidConsent(found.said);
  const said = found.said.members(["assignment", "subject", "guardian", "deadline"]);
  said.assignment.hex(32);
  said.subject.hex(20);
  said.guardian.orNull((one) => one.hex(20));
  said.deadline.integer();
}

function readNames(shape: Shape): Purpose[] {
  const names = shape.list((item) => item.literal(...PURPOSES), PURPOSES.length);
  if (names.join() !== PURPOSES.filter((name) => names.includes(name)).join())
    throw shape.fault("not purposes in their order, each once");
  return names;
}
