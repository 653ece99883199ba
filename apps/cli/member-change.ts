import { Interface, Signature, TypedDataEncoder, ZeroAddress, type ParamType } from "ethers";
import { memberRegistryAbi } from "../../protocol/abi/MemberRegistry.ts";
import { fromHex, isHex, type Hex } from "../../protocol/bytes.ts";
import { recoverAddress } from "../../protocol/checkpoint.ts";
import type { Consortium } from "../../protocol/consortium.ts";
import { TwinwardError } from "../../protocol/errors.ts";
import { parseStrict } from "../../protocol/json.ts";
import { Shape } from "../../protocol/shape.ts";

export const MEMBER_REGISTRY = new Interface(memberRegistryAbi);

/** One call of `MemberRegistry`: its name, and its parameters by theirs. */
export interface MemberCall {
  readonly call: CallName;
  readonly with: Readonly<Record<string, unknown>>;
}

export interface MemberSignature {
  readonly signer: Hex;
  /** r ‖ s ‖ v over the EIP-712 digest. */
  readonly signature: Hex;
}

/** member-change@1: what members sign, and their signatures. docs/formats/member-change.md. */
export interface MemberChange {
  readonly format: "member-change@1";
  readonly chainId: number;
  /** Address of the MemberRegistry. */
  readonly registry: Hex;
  readonly number: number;
  /** Seconds. */
  readonly deadline: number;
  readonly calls: readonly MemberCall[];
  readonly signatures: readonly MemberSignature[];
}

const CALLS = [
  "addMember",
  "changeMember",
  "removeMember",
  "addGroup",
  "changeGatewayKey",
  "changeSenders",
  "closeGroup",
  "replaceOracles",
] as const;
export type CallName = (typeof CALLS)[number];

/** In words, for who is about to sign. What is said is taken from the very values that are signed. */
const WORDS: Readonly<Record<CallName, (values: Record<string, unknown>) => string>> = {
  addMember: ({ added }) => `a member joins: ${JSON.stringify(added)}`,
  changeMember: ({ index, next }) => `member ${String(index)} is from now on: ${JSON.stringify(next)}`,
  removeMember: ({ index }) => `member ${String(index)} leaves`,
  addGroup: ({ added }) => `a gateway group is added: ${JSON.stringify(added)}`,
  changeGatewayKey: ({ group, x, y, since }) => {
    const when = new Date(Number(since) * 1000).toISOString();
    return `gateway group ${String(group)} signs with the key ${String(x)} ${String(y)} from ${when} on`;
  },
  changeSenders: ({ group, senders }) =>
    `anchors of gateway group ${String(group)} come from ${JSON.stringify(senders)}`,
  closeGroup: ({ group }) => `gateway group ${String(group)} is closed for good`,
  replaceOracles: ({ oracleKeys, faultBound_ }) =>
    `the oracles are ${JSON.stringify(oracleKeys)}, of whom ${String(faultBound_)} may be faulty`,
};

/** The calls of a change, one a line. */
export const describeCalls = (calls: readonly MemberCall[]): string[] =>
  calls.map(({ call, with: values }) => WORDS[call](values));

/** Reads the list of calls that somebody wishes, a JSON text. Throws UNUSABLE_INPUT. */
export function parseCalls(text: string): MemberCall[] {
  return new Shape("UNUSABLE_INPUT", parseText(text)).list(readCall, 64);
}

/** Reads a member-change@1, a JSON text. Throws UNUSABLE_INPUT, also where a signature is none of the change. */
export function parseChange(text: string): MemberChange {
  const names = ["format", "chainId", "registry", "number", "deadline", "calls", "signatures"] as const;
  const found = new Shape("UNUSABLE_INPUT", parseText(text)).members(names);
  const change: MemberChange = {
    format: found.format.literal("member-change@1"),
    chainId: found.chainId.integer(1),
    registry: found.registry.hex(20),
    number: found.number.integer(),
    deadline: found.deadline.integer(1),
    calls: found.calls.list(readCall, 64),
    signatures: found.signatures.list((item) => {
      const one = item.members(["signer", "signature"]);
      return { signer: one.signer.hex(20), signature: one.signature.hex(65) };
    }, 256),
  };
  const digest = fromHex(changeDigest(change), 32);
  for (const { signer, signature } of change.signatures) {
    if (recoverAddress(digest, signature) !== signer)
      throw found.signatures.fault(`what ${signer} signed is not this change`);
  }
  return change;
}

function readCall(item: Shape): MemberCall {
  const found = item.members(["call", "with"]);
  const call = found.call.literal(...CALLS);
  const one = { call, with: found.with.value as MemberCall["with"] };
  try {
    encodeCall(one);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message.split(" (")[0] : "";
    throw found.with.fault(
      `${call} takes ${inputsOf(call)
        .map(({ name }) => name)
        .join(", ")}: ${why ?? ""}`,
    );
  }
  return one;
}

const inputsOf = (call: CallName): readonly ParamType[] => MEMBER_REGISTRY.getFunction(call)?.inputs ?? [];

/** ABI-encoded, as it is signed and carried out. Throws where a parameter is missing, too many, or of no use. */
export function encodeCall({ call, with: values }: MemberCall): Hex {
  return MEMBER_REGISTRY.encodeFunctionData(call, fill(inputsOf(call), values)) as Hex;
}

function fill(inputs: readonly ParamType[], values: unknown): unknown[] {
  const given = values as Record<string, unknown>;
  if (typeof values !== "object" || values === null) throw new TypeError("it is an object");
  const extra = Object.keys(given).find((name) => !inputs.some((input) => input.name === name));
  if (extra !== undefined) throw new TypeError(`it has no ${extra}`);
  return inputs.map((input) => fillOne(input, given[input.name]));
}

function fillOne(input: ParamType, value: unknown): unknown {
  if (value === undefined) throw new TypeError(`${input.name} is missing`);
  if (input.arrayChildren) {
    if (!Array.isArray(value)) throw new TypeError(`${input.name} is a list`);
    const child = input.arrayChildren;
    return value.map((item: unknown) => fillOne(child, item));
  }
  if (input.components) return fill(input.components, value);
  // Names of the Ethereum Name Service and numbers as text would be looked up, or read in a way of their own.
  const fits =
    input.type === "address"
      ? isHex(value, 20) && value !== ZeroAddress
      : !/^u?int/.test(input.type) || Number.isSafeInteger(value);
  if (!fits) throw new TypeError(`${input.name} is no ${input.type}`);
  return value;
}

const TYPES = {
  Change: [
    { name: "number", type: "uint64" },
    { name: "calls", type: "bytes[]" },
    { name: "deadline", type: "uint40" },
  ],
};

/** The EIP-712 digest, made here: nobody signs what a node says. */
export function changeDigest({
  chainId,
  registry,
  number,
  deadline,
  calls,
}: Omit<MemberChange, "signatures" | "format">): Hex {
  const domain = { name: "Twinward MemberRegistry", version: "1", chainId, verifyingContract: registry };
  return TypedDataEncoder.hash(domain, TYPES, { number, calls: calls.map(encodeCall), deadline }) as Hex;
}

/** Whether the change is for this consortium's registry; else it is another's, or nobody's. Throws UNUSABLE_INPUT. */
export function requireOurs(change: MemberChange, { chainId, contracts }: Consortium): void {
  if (change.chainId === chainId && change.registry === contracts.MemberRegistry) return;
  throw new TwinwardError("UNUSABLE_INPUT", { detail: "The change is for another chain or another MemberRegistry." });
}

/** Signatures as the contract takes them: by the signers' bits, lowest first, and exactly as many as must. */
export function inBits(
  signers: readonly (Hex | undefined)[],
  quorum: number,
  signatures: readonly MemberSignature[],
): { bits: bigint; signatures: unknown[] } {
  const chosen = signers
    .flatMap((signer, bit) =>
      signatures
        .filter((one) => one.signer === signer)
        .slice(0, 1)
        .map((one) => ({ bit, ...one })),
    )
    .slice(0, quorum);
  if (chosen.length < quorum)
    throw new TwinwardError("SIGNATURE_COUNT_UNEXPECTED", {
      detail: `${chosen.length} present members have signed, ${quorum} must.`,
    });
  return {
    bits: chosen.reduce((mask, { bit }) => mask | (1n << BigInt(bit)), 0n),
    signatures: chosen.map(({ signature }) => {
      const { r, yParityAndS } = Signature.from(signature);
      return [r, yParityAndS];
    }),
  };
}

function parseText(text: string): unknown {
  try {
    return parseStrict(text);
  } catch (cause) {
    throw new TwinwardError("UNUSABLE_INPUT", { detail: "It is not JSON, strictly read." }, cause);
  }
}
