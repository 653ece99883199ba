import { Contract, SigningKey, Wallet } from "ethers";
import { toHex, type Hex } from "../../protocol/bytes.ts";
import { parseConsortium, type Consortium } from "../../protocol/consortium.ts";
import { TwinwardError } from "../../protocol/errors.ts";
import { addressOf, readAccountKey } from "./key-file.ts";
import {
  changeDigest,
  encodeCall,
  inBits,
  MEMBER_REGISTRY,
  requireOurs,
  type MemberCall,
  type MemberChange,
} from "./member-change.ts";
import { readText } from "./options.ts";
import { sendActs } from "./send-acts.ts";
import { connectProvider } from "./steward.ts";

/** The consortium@1 file whose contracts are meant, and a node. */
export interface RegistryPlace {
  readonly rpc: string;
  readonly trust: string;
}

/** A change of up to 31 oracles writes more than a usual act. */
const CHANGE_GAS = 8_000_000n;

export interface ListedMember {
  readonly index: number;
  readonly name: string;
  readonly endpoint: string;
  readonly signer: Hex;
  /** Seconds; `until` null while it belongs. */
  readonly since: number;
  readonly until: number | null;
}

/** What the registry says now. */
export interface ListedMembers {
  readonly quorum: number;
  /** Of the next change. */
  readonly number: number;
  readonly oracles: readonly string[];
  readonly faultBound: number;
  readonly members: readonly ListedMember[];
}

async function readRegistry(registry: Contract): Promise<ListedMembers> {
  const ask = async (method: string, ...values: readonly unknown[]): Promise<unknown> =>
    registry.getFunction(method).staticCall(...values);
  const members = (await ask("members")) as readonly (readonly string[])[];
  const terms = await Promise.all(members.map(async (_, i) => (await ask("termOf", i)) as readonly bigint[]));
  return {
    quorum: Number(await ask("memberQuorum")),
    number: Number(await ask("changeCount")),
    oracles: ((await ask("oracles")) as readonly string[]).map((key) => key.toLowerCase()),
    faultBound: Number(await ask("faultBound")),
    members: members.map(([name = "", endpoint = "", signer = ""], index) => {
      const [since = 0n, until = 0n] = terms[index] ?? [];
      const term = { since: Number(since), until: until === 0n ? null : Number(until) };
      return { index, name, endpoint, signer: signer.toLowerCase() as Hex, ...term };
    }),
  };
}

async function withRegistry<T>(
  { rpc, trust }: RegistryPlace,
  act: (found: ListedMembers, consortium: Consortium, registry: Contract) => Promise<T>,
): Promise<T> {
  const consortium = parseConsortium(readText(trust));
  const provider = connectProvider(rpc, consortium.chainId);
  const registry = new Contract(consortium.contracts.MemberRegistry, MEMBER_REGISTRY, provider);
  try {
    const found = await readRegistry(registry).catch((cause: unknown) => {
      throw new TwinwardError("CHAIN_UNAVAILABLE", { detail: "The node does not tell who belongs." }, cause);
    });
    return await act(found, consortium, registry);
  } finally {
    provider.destroy();
  }
}

export const listMembers = (place: RegistryPlace): Promise<ListedMembers> =>
  withRegistry(place, async (found) => found);

/** The next change, of these calls, signed by these members' keys. `until` in ms. Throws UNUSABLE_INPUT. */
export async function proposeChange(
  place: RegistryPlace,
  calls: readonly MemberCall[],
  until: number,
  keyFiles: readonly string[],
): Promise<MemberChange> {
  if (calls.length === 0) throw new TwinwardError("UNUSABLE_INPUT", { detail: "A change is at least one call." });
  return withRegistry(place, async ({ number, members }, { chainId, contracts }) => {
    const deadline = Math.floor(until / 1000);
    const said = { chainId, registry: contracts.MemberRegistry, number, deadline, calls, signatures: [] };
    return sign({ format: "member-change@1", ...said }, keyFiles, members);
  });
}

/** The change with these members' signatures too. Throws UNUSABLE_INPUT, CHANGE_NUMBER_UNEXPECTED. */
export async function approveChange(
  place: RegistryPlace,
  change: MemberChange,
  keyFiles: readonly string[],
): Promise<MemberChange> {
  return withRegistry(place, async ({ number, members }, consortium) => {
    requireOurs(change, consortium);
    requireNumber(change, number);
    return sign(change, keyFiles, members);
  });
}

function sign(change: MemberChange, keyFiles: readonly string[], members: readonly ListedMember[]): MemberChange {
  const digest = changeDigest(change);
  const own = keyFiles.map((file) => {
    const key = readAccountKey(file);
    const signer = addressOf(key);
    if (!members.some((one) => one.signer === signer && one.until === null))
      throw new TwinwardError("UNUSABLE_INPUT", { detail: `${signer} is no present member's signing address.` });
    return { signer, signature: new SigningKey(toHex(key)).sign(digest).serialized as Hex };
  });
  const others = change.signatures.filter(({ signer }) => !own.some((one) => one.signer === signer));
  return { ...change, signatures: [...others, ...own] };
}

/** Puts a change on the chain, sent by this account; its transaction. Throws what the contract refuses. */
export async function carryOutChange(place: RegistryPlace, change: MemberChange, keyFile: string): Promise<string> {
  const key = readAccountKey(keyFile);
  return withRegistry(place, async ({ number, quorum, members }, consortium, registry) => {
    requireOurs(change, consortium);
    requireNumber(change, number);
    const present = members.map(({ signer, until }) => (until === null ? signer : undefined));
    const { bits, signatures } = inBits(present, quorum, change.signatures);
    const wallet = new Wallet(toHex(key), registry.runner?.provider);
    const contract = registry.connect(wallet);
    const args = [change.number, change.deadline, change.calls.map(encodeCall), bits, signatures];
    const [receipt] = await sendActs(wallet, [{ contract, method: "carryOut", args, gasLimit: CHANGE_GAS }]);
    return receipt?.hash ?? "";
  });
}

/** A signature under a number that is over is worth nothing, and one under a later number is for nobody knows what. */
function requireNumber(change: MemberChange, number: number): void {
  if (change.number === number) return;
  const detail = `The change is number ${change.number}, the next is ${number}.`;
  throw new TwinwardError("CHANGE_NUMBER_UNEXPECTED", { expected: number, got: change.number, detail });
}
