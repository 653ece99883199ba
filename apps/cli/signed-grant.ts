import { Contract, Wallet } from "ethers";
import { grantRegistryAbi } from "../../protocol/abi/GrantRegistry.ts";
import { twinRegistryAbi } from "../../protocol/abi/TwinRegistry.ts";
import { toHex, ZERO_32, type Hex } from "../../protocol/bytes.ts";
import { parseConsortium, type Consortium } from "../../protocol/consortium.ts";
import { TwinwardError } from "../../protocol/errors.ts";
import { parseStrict } from "../../protocol/json.ts";
import { idOfSigned, readSignedAct, type SaidGrant, type SignedAct } from "../../protocol/signed-acts.ts";
import { PURPOSES, purposesMask, type Purpose } from "../../protocol/words.ts";
import { signAct } from "../sdk/signing-acts.ts";
import { maskOf } from "./answer-request.ts";
import { fresh, readAccountKey } from "./key-file.ts";
import { readText } from "./options.ts";
import { consortiumWithRpc, openClient } from "./server.ts";
import { sendActs } from "./send-acts.ts";
import { connectProvider } from "./steward.ts";

const walletOf = (keyFile: string): Wallet => new Wallet(toHex(readAccountKey(keyFile)));
const inOrder = (purposes: readonly Purpose[]): Purpose[] => PURPOSES.filter((name) => purposes.includes(name));

export interface GrantSigning {
  readonly twin: Hex;
  readonly reader: Hex;
  readonly purposes: readonly Purpose[];
  /** ms. */
  readonly from?: number;
  readonly until: number;
  readonly segments?: readonly string[];
  readonly depth?: number;
  /** ms: until then it may be sent. */
  readonly deadline: number;
  readonly stewardKey: string;
  readonly url: string;
  /** Without a server: the consortium@1 and the twin's epoch and segments, as they were told elsewhere. */
  readonly trust?: string;
  readonly epoch?: number;
  readonly bits?: string;
}

/** A steward's grant@1, signed here and sent by nobody yet. With `trust`, `epoch` and `bits` nobody is asked for anything. */
export async function signGrant(plan: GrantSigning): Promise<SignedAct & { readonly format: "grant@1" }> {
  const { consortium, epoch, segments } = await cutOf(plan);
  const said: SaidGrant = {
    twin: plan.twin,
    reader: plan.reader,
    from: Math.floor((plan.from ?? Date.now()) / 1000),
    until: Math.ceil(plan.until / 1000),
    segments: segments.toString(),
    purposes: inOrder(plan.purposes),
    depth: plan.depth ?? 0,
    parent: null,
    epoch,
    nonce: toHex(fresh(32)),
    deadline: Math.floor(plan.deadline / 1000),
  };
  const signed = await signAct({ format: "grant@1", said }, walletOf(plan.stewardKey), consortium);
  return { ...signed, format: "grant@1", said };
}

async function cutOf(
  plan: GrantSigning,
): Promise<{ readonly consortium: Consortium; readonly epoch: number; readonly segments: bigint }> {
  if (plan.trust !== undefined) {
    if (plan.epoch === undefined || plan.bits === undefined || !/^\d{1,20}$/.test(plan.bits))
      throw new TwinwardError("UNUSABLE_INPUT", {
        detail: "Without a server, --epoch and --bits say what the twin is.",
      });
    return { consortium: parseConsortium(readText(plan.trust)), epoch: plan.epoch, segments: BigInt(plan.bits) };
  }
  const client = openClient(plan.url, plan.stewardKey);
  const twin = (await client.twins()).find((one) => one.twin === plan.twin);
  if (twin === undefined)
    throw new TwinwardError("TWIN_UNKNOWN", { detail: `${plan.twin} is no twin of a device of this steward.` });
  const all = BigInt(twin.segments);
  const segments = plan.segments === undefined ? all : await maskOf(client, twin.manifestHash, plan.segments);
  return { consortium: await client.consortium(), epoch: twin.epoch, segments };
}

export interface ConsentSigning {
  readonly twin: Hex;
  readonly reader: Hex;
  /** All that is agreed to; none withdraws. */
  readonly purposes: readonly Purpose[];
  /** ms. */
  readonly deadline: number;
  /** The subject's, or its guardian's. */
  readonly key: string;
  readonly url: string;
  /** Without a server: the consortium@1, and how often this consent was set before. */
  readonly trust?: string;
  readonly nonce?: number;
}

/** A subject's consent@1, signed here and sent by nobody yet. */
export async function signConsent(plan: ConsentSigning): Promise<SignedAct> {
  const { twin, reader } = plan;
  const { consortium, nonce } = await nonceOf(plan);
  const deadline = Math.floor(plan.deadline / 1000);
  const said = { twin, reader, purposes: inOrder(plan.purposes), nonce, deadline };
  return signAct({ format: "consent@1", said }, walletOf(plan.key), consortium);
}

async function nonceOf({ trust, nonce, url, key, twin, reader }: ConsentSigning) {
  if (trust !== undefined) {
    if (nonce === undefined)
      throw new TwinwardError("UNUSABLE_INPUT", {
        detail: "Without a server, --nonce says how often it was set before.",
      });
    return { consortium: parseConsortium(readText(trust)), nonce };
  }
  const consortium = await consortiumWithRpc(openClient(url, key));
  const provider = connectProvider(consortium.rpc, consortium.chainId);
  try {
    const registry = new Contract(consortium.contracts.GrantRegistry, grantRegistryAbi, provider);
    const [, changes] = (await registry.getFunction("consentOf").staticCall(twin, reader)) as readonly [bigint, bigint];
    return { consortium, nonce: nonce ?? Number(changes) };
  } finally {
    provider.destroy();
  }
}

/** Reads a signed act from a file. Throws UNUSABLE_ACT. */
export function readActFile(file: string): SignedAct {
  try {
    return readSignedAct(parseStrict(readText(file)));
  } catch (cause) {
    if (cause instanceof TwinwardError && cause.code.startsWith("UNUSABLE")) throw cause;
    throw new TwinwardError("UNUSABLE_ACT", { detail: `${file} is not JSON, strictly read.` }, cause);
  }
}

/**
 * Sends what somebody else signed, by this account, which pays: straight to a node, without any server. What is passed on or revoked
 * needs the sources of its grant, which a server has: that goes by `client.relay`. Throws what the contract refuses.
 */
export async function relayByNode(
  act: SignedAct,
  place: { rpc: string; trust: string },
  keyFile: string,
): Promise<string> {
  const consortium = parseConsortium(readText(place.trust));
  const { chainId, contracts } = consortium;
  const provider = connectProvider(place.rpc, chainId);
  const wallet = walletOf(keyFile).connect(provider);
  const registry = new Contract(contracts.GrantRegistry, grantRegistryAbi, wallet);
  const twins = new Contract(contracts.TwinRegistry, twinRegistryAbi, provider);
  try {
    const call = await callOf(act, async (twin) => (await twins.getFunction("deviceOf").staticCall(twin)) as Hex);
    const [receipt] = await sendActs(wallet, [{ contract: registry, ...call }]);
    return receipt?.hash ?? "";
  } finally {
    provider.destroy();
  }
}

async function callOf(
  act: SignedAct,
  deviceOf: (twin: Hex) => Promise<Hex>,
): Promise<{ readonly method: string; readonly args: readonly unknown[] }> {
  if (act.format === "consent@1") {
    const { twin, reader, purposes, deadline } = act.said;
    return {
      method: "relayConsent",
      args: [twin, reader, purposesMask(purposes), act.signer, deadline, act.signature],
    };
  }
  if (act.format === "revocation@1" || act.said.parent !== null)
    throw new TwinwardError("UNUSABLE_INPUT", {
      detail: "What is revoked or passed on goes by a server: leave out --rpc.",
    });
  const { twin, reader, from, until, segments, purposes, depth, nonce, deadline } = act.said;
  const device = await deviceOf(twin);
  if (device === ZERO_32) throw new TwinwardError("TWIN_UNKNOWN");
  const terms = [twin, reader, from, until, segments, purposesMask(purposes), depth];
  return { method: "relayGrant", args: [device, terms, nonce, deadline, act.signature] };
}

/** The id that the chain gives it; null for a consent. */
export const grantOf = (act: SignedAct): Hex | null =>
  act.format === "grant@1" ? idOfSigned(act) : act.format === "revocation@1" ? act.said.grant : null;
