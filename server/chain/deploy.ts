import { getCreateAddress, keccak256, type JsonRpcApiProvider } from "ethers";
import { setTimeout as pause } from "node:timers/promises";
import type { Hex } from "../../protocol/bytes.ts";
import type { Consortium } from "../../protocol/consortium.ts";
import { TwinwardError } from "../../protocol/errors.ts";
import { RESUMED_AFTER, roleNumber, type Role } from "../../protocol/roles.ts";
import { ALL_CONTRACTS, type ContractName } from "../../protocol/words.ts";
import { readHeader } from "./blocks.ts";
import { anchorLogBytecode } from "./generated/bytecode/AnchorLog.ts";
import { breakGlassBytecode } from "./generated/bytecode/BreakGlass.ts";
import { deviceRegistryBytecode } from "./generated/bytecode/DeviceRegistry.ts";
import { grantRegistryBytecode } from "./generated/bytecode/GrantRegistry.ts";
import { memberRegistryBytecode } from "./generated/bytecode/MemberRegistry.ts";
import { operatorsBytecode } from "./generated/bytecode/Operators.ts";
import { twinRegistryBytecode } from "./generated/bytecode/TwinRegistry.ts";
import { verdictOracleBytecode } from "./generated/bytecode/VerdictOracle.ts";
import { interfaces } from "./interfaces.ts";
import { isKnownAlready, refusalOf } from "./node-answer.ts";
import type { TransactionSigner } from "./signer.ts";

/** Below the cap of EIP-7825; the member registry checks two curve points per member and stores all keys. */
const DEPLOY_GAS = 16_000_000n;
const WIRE_GAS = 200_000n;
const POLL_MS = 20;
const WAIT_MS = 60_000;
const ANSWER_WITHIN_MS = 20_000;
/** After this long without a receipt what was sent is sent once more. */
const OFFER_AGAIN_MS = 2_000;

export interface MemberPlan {
  readonly name: string;
  readonly endpoint: string;
  /** Address that signs checkpoints. */
  readonly signer: Hex;
  /** P-256 key that attests commands. */
  readonly commandKey: { readonly x: Hex; readonly y: Hex };
}

export interface GroupPlan {
  readonly group: Hex;
  /** Index into `members`. */
  readonly member: number;
  /** P-256 key that signs acks. */
  readonly x: Hex;
  readonly y: Hex;
  /** Addresses that may anchor for the group. */
  readonly senders: readonly Hex[];
}

export interface OraclePlan {
  readonly member: number;
  readonly key: Hex;
}

/** Somebody who has a role from the beginning. `member` where each member has such a role of its own. */
export interface AppointmentPlan {
  readonly role: Role;
  readonly member?: number;
  readonly account: Hex;
}

export interface DeployPlan {
  readonly provider: JsonRpcApiProvider;
  /** A key that was never used: the contracts' addresses follow from it and its first nonces. */
  readonly deployer: Omit<TransactionSigner, "signTransaction"> & {
    signTransaction(transaction: {
      chainId: number;
      nonce: number;
      to: string | null;
      data: string;
      gasLimit: bigint;
      gasPrice: bigint;
      type: 0;
    }): Promise<string>;
  };
  readonly name: string;
  readonly members: readonly MemberPlan[];
  readonly groups: readonly GroupPlan[];
  /** In bit order. */
  readonly oracles: readonly OraclePlan[];
  /** Who appoints the operators; the first member's signer where nobody is named. */
  readonly admin?: Hex;
  readonly appointments?: readonly AppointmentPlan[];
  /** Put into consortium@1 for readers. */
  readonly rpc?: string;
}

const BYTECODE: Readonly<Record<ContractName, string>> = {
  MemberRegistry: memberRegistryBytecode,
  DeviceRegistry: deviceRegistryBytecode,
  AnchorLog: anchorLogBytecode,
  TwinRegistry: twinRegistryBytecode,
  GrantRegistry: grantRegistryBytecode,
  VerdictOracle: verdictOracleBytecode,
  Operators: operatorsBytecode,
  BreakGlass: breakGlassBytecode,
};

type Addresses = Readonly<Record<ContractName, Hex>>;

/**
 * Puts the contracts on the chain and says where they are. Writes nothing of its own: addresses and signatures follow from
 * the deployer's key, so that running it again after a kill repeats the very transactions that are missing, and running it on
 * a finished deployment sends nothing. Throws CHAIN_DIFFERS when the key was used for something else or for other members,
 * TRANSACTION_REFUSED, TRANSACTION_REVERTED, CHAIN_WAIT_EXPIRED, CHAIN_UNAVAILABLE.
 */
export async function deployConsortium(plan: DeployPlan): Promise<Consortium> {
  const { provider, deployer } = plan;
  const chainId = Number((await provider.getNetwork()).chainId);
  const contracts = addressesOf(deployer.address);
  const gasPrice = BigInt((await provider.send("eth_gasPrice", [])) as string);
  const used = Number(await provider.send("eth_getTransactionCount", [deployer.address, "latest"]));

  const steps = [
    ...ALL_CONTRACTS.map((name) => ({ to: null, data: creation(name, contracts, plan), gasLimit: DEPLOY_GAS })),
    {
      to: contracts.DeviceRegistry,
      data: interfaces.DeviceRegistry.encodeFunctionData("wire", [contracts.TwinRegistry, contracts.VerdictOracle]),
      gasLimit: WIRE_GAS,
    },
  ];
  const sent: Sent[] = [];
  for (const [nonce, step] of steps.entries()) {
    if (nonce < used) continue;
    const raw = await deployer.signTransaction({ chainId, nonce, ...step, gasPrice, type: 0 });
    await offer(provider, raw);
    sent.push({ raw, hash: keccak256(raw) as Hex });
  }
  for (const first of sent.keys()) await mined(provider, sent.slice(first));

  await holdAgainst(plan, contracts);
  const genesis = await readHeader(provider, 0);
  if (genesis === undefined) throw new TwinwardError("CHAIN_UNAVAILABLE");
  return {
    format: "consortium@1",
    name: plan.name,
    chainId,
    genesis: genesis.hash,
    contracts,
    members: plan.members.map(({ name, endpoint, signer }, member) => ({
      name,
      endpoint,
      signer,
      gateways: plan.groups.filter((group) => group.member === member).map(({ group, x, y }) => ({ group, x, y })),
      oracles: plan.oracles.filter((oracle) => oracle.member === member).map(({ key }) => key),
    })),
    ...(plan.rpc === undefined ? {} : { rpc: plan.rpc }),
  };
}

/** Contracts are created by the deployer's first transactions, in the order of ALL_CONTRACTS. */
function addressesOf(deployer: string): Addresses {
  const entries = ALL_CONTRACTS.map((name, nonce) => [name, getCreateAddress({ from: deployer, nonce }).toLowerCase()]);
  return Object.fromEntries(entries) as Addresses;
}

function creation(name: ContractName, contracts: Addresses, plan: DeployPlan): string {
  const { MemberRegistry: members, DeviceRegistry: devices, TwinRegistry: twins, AnchorLog: anchors } = contracts;
  const { Operators: operators, BreakGlass: breakGlass } = contracts;
  const values: Readonly<Record<ContractName, readonly unknown[]>> = {
    MemberRegistry: [
      plan.members.map(({ name: title, endpoint, signer, commandKey: { x, y } }) => [title, endpoint, signer, x, y]),
      plan.groups.map(({ group, member, x, y, senders }) => [group, member, x, y, senders]),
      plan.oracles.map(({ member, key }) => [member, key]),
    ],
    DeviceRegistry: [],
    AnchorLog: [members],
    TwinRegistry: [members, devices],
    // Both have their address before they are there: it follows from the deployer's nonce.
    GrantRegistry: [members, devices, twins, breakGlass, operators],
    VerdictOracle: [members, devices, anchors],
    Operators: [adminOf(plan), appointmentsOf(plan)],
    BreakGlass: [members, devices, twins, operators],
  };
  return `${BYTECODE[name]}${interfaces[name].encodeDeploy(values[name]).slice(2)}`;
}

const adminOf = ({ admin, members }: DeployPlan): Hex | undefined => admin ?? members[0]?.signer;

function appointmentsOf({ appointments = [] }: DeployPlan): unknown[] {
  return appointments.map(({ role, member, account }) => [
    roleNumber(role, member),
    account,
    role === "resumer" ? RESUMED_AFTER : 0,
  ]);
}

async function offer(provider: JsonRpcApiProvider, raw: string): Promise<void> {
  try {
    await answered(() => provider.send("eth_sendRawTransaction", [raw]));
  } catch (error) {
    const said = refusalOf(error);
    if (said === undefined) throw error;
    // An earlier run sent it: it is on its way, or there by now.
    if (isKnownAlready(said) || /nonce/i.test(said)) return;
    // Without the cause: ethers puts the whole contract into its message.
    throw new TwinwardError("TRANSACTION_REFUSED", { purpose: "deploy", detail: said });
  }
}

/** Asks until there is an answer, be it a refusal: a node that is slow, or away for a moment, need not end a deployment. */
async function answered(ask: () => Promise<unknown>): Promise<unknown> {
  const deadline = performance.now() + ANSWER_WITHIN_MS;
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      if (refusalOf(error) !== undefined) throw error;
      if (performance.now() > deadline) throw new TwinwardError("CHAIN_UNAVAILABLE", {}, error);
    }
    await pause(POLL_MS);
  }
}

interface Sent {
  readonly raw: string;
  readonly hash: Hex;
}

/**
 * Waits for the first of them. A node may throw away what it took: one whose block has no room for all of them, or that forgets what
 * it has not mined. All are offered again then, since each waits for the one before it.
 */
async function mined(provider: JsonRpcApiProvider, sent: readonly Sent[]): Promise<void> {
  const hash = sent[0]?.hash;
  const deadline = performance.now() + WAIT_MS;
  let offerAgain = performance.now() + OFFER_AGAIN_MS;
  for (;;) {
    const asked = (): Promise<unknown> => provider.send("eth_getTransactionReceipt", [hash]);
    const receipt = (await answered(asked)) as { status: string } | null;
    if (receipt !== null) {
      if (Number(receipt.status) !== 1) throw new TwinwardError("TRANSACTION_REVERTED", { purpose: "deploy", hash });
      return;
    }
    if (performance.now() > deadline) throw new TwinwardError("CHAIN_WAIT_EXPIRED", { transaction: hash });
    if (performance.now() > offerAgain) {
      for (const { raw } of sent) await offer(provider, raw);
      offerAgain = performance.now() + OFFER_AGAIN_MS;
    }
    await pause(POLL_MS);
  }
}

/** Code is at every address, and the members, groups and oracles are those of the plan. */
async function holdAgainst(plan: DeployPlan, contracts: Addresses): Promise<void> {
  const { provider } = plan;
  const codes = await Promise.all(ALL_CONTRACTS.map((name) => provider.getCode(contracts[name])));
  const missing = ALL_CONTRACTS.filter((_, i) => codes[i] === "0x");
  if (missing.length > 0)
    throw new TwinwardError("CHAIN_DIFFERS", { detail: `The deployer's key made no ${missing.join()}.` });

  const registry = interfaces.MemberRegistry;
  const ask = async (name: string, values: readonly unknown[] = []): Promise<string> => {
    const data = registry.encodeFunctionData(name, values);
    const answer = await provider.call({ to: contracts.MemberRegistry, data });
    return flat(registry.decodeFunctionResult(name, answer).toArray(true));
  };
  const members = plan.members.map((m) => [m.name, m.endpoint, m.signer, m.commandKey.x, m.commandKey.y]);
  const differ = (what: string): TwinwardError =>
    new TwinwardError("CHAIN_DIFFERS", { detail: `The deployer's key has deployed a consortium with other ${what}.` });
  if ((await ask("members")) !== flat([members])) throw differ("members");
  if ((await ask("oracles")) !== flat([plan.oracles.map(({ key }) => key)])) throw differ("oracles");
  for (const { group, x, y, member, senders } of plan.groups) {
    if (!(await ask("gatewayKey", [group])).startsWith(flat([x, y, member]).slice(0, -1)))
      throw differ("gateway groups");
    for (const sender of senders) {
      if ((await ask("isSender", [group, sender])) !== flat([true])) throw differ("senders");
    }
  }
}

const flat = (values: readonly unknown[]): string =>
  JSON.stringify(values, (_, value: unknown) => (typeof value === "bigint" ? Number(value) : value)).toLowerCase();
