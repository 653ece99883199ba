import { p256 } from "@noble/curves/nist.js";
import { Signature, Wallet, type JsonRpcProvider } from "ethers";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fromHex, toHex, type Hex } from "../../../protocol/bytes.ts";
import type { Consortium } from "../../../protocol/consortium.ts";
import { publicKeyOf } from "../../../protocol/es256.ts";
import { deployConsortium, type DeployPlan } from "../../../server/chain/deploy.ts";
import { startEmbeddedChain, type EmbeddedChain } from "../../../server/chain/embedded.ts";
import { interfaces } from "../../../server/chain/interfaces.ts";
import { connectChain } from "../../../server/chain/rpc.ts";
import type { Database } from "../../../server/store/database.ts";
import type { ContractName } from "../../../protocol/words.ts";
import { eventually, rpc } from "./ask.ts";
import { lendDatabase } from "../../helpers/lent-database.ts";

/** The n-th wallet of the tests; 1 deploys, 2 signs for the member, 11–14 are oracles, 20 is a steward, from 100 on gateways. */
export const wallet = (n: number): Wallet => new Wallet(`0x${n.toString(16).padStart(64, "0")}`);
export const addressOf = (who: Wallet): Hex => who.address.toLowerCase() as Hex;
export const gatewayOf = (n: number): Wallet => wallet(100 + n);

const GROUPS = 32;

/** A plan with many gateway groups, so that each test can have a stream of its own; group n and its sender are gatewayOf(n). */
export function planFor(provider: JsonRpcProvider): DeployPlan {
  const key = publicKeyOf(GATEWAY_KEY);
  return {
    provider,
    deployer: wallet(1),
    name: "test",
    members: [{ name: "A", endpoint: "http://a.example", signer: addressOf(wallet(2)), commandKey: key }],
    groups: Array.from({ length: GROUPS }, (_, n) => {
      const group = addressOf(gatewayOf(n));
      return { group, member: 0, ...key, senders: [group] };
    }),
    oracles: [11, 12, 13, 14].map((n) => ({ member: 0, key: addressOf(wallet(n)) })),
  };
}

export interface World {
  readonly directory: string;
  readonly node: EmbeddedChain;
  readonly provider: JsonRpcProvider;
  readonly consortium: Consortium;
  readonly database: Database;
  /** Empties the tables, for the next test. */
  clear(): Promise<void>;
  close(): Promise<void>;
}

/** An embedded chain with our contracts on it, and a database. */
export async function openWorld(): Promise<World> {
  const directory = mkdtempSync(join(tmpdir(), "twinward-world-"));
  const node = await startEmbeddedChain({
    directory: join(directory, "chain"),
    port: 0,
    blockSeconds: 0.05,
    heartbeatSeconds: 60,
  });
  const provider = await connectChain(node.url);
  const [consortium, database] = await Promise.all([deployConsortium(planFor(provider)), lendDatabase()]);
  return {
    directory,
    node,
    provider,
    consortium,
    database,
    clear: () => database.script("truncate outbox, chain_block, chain_event, batch, leaf cascade"),
    close: async () => {
      provider.destroy();
      await node.close();
      await database.close();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** Sends one transaction to a contract and waits until it has succeeded; its hash. */
export async function transact(
  provider: JsonRpcProvider,
  consortium: Consortium,
  from: Wallet,
  contract: ContractName,
  call: string,
  values: readonly unknown[],
): Promise<Hex> {
  const url = provider._getConnection().url;
  const raw = await from.signTransaction({
    chainId: consortium.chainId,
    nonce: Number(await rpc<string>(url, "eth_getTransactionCount", from.address, "pending")),
    to: consortium.contracts[contract] ?? null,
    data: interfaces[contract].encodeFunctionData(call, values),
    gasLimit: 5_000_000,
    gasPrice: 0,
    type: 0,
  });
  const hash = await rpc<Hex>(url, "eth_sendRawTransaction", raw);
  const receipt = await eventually(
    async () => (await rpc<{ status: string } | null>(url, "eth_getTransactionReceipt", hash)) ?? undefined,
  );
  if (receipt.status !== "0x1") throw new Error(`${call} reverted`);
  return hash;
}

const CHANGE = {
  Change: [
    { name: "number", type: "uint64" },
    { name: "calls", type: "bytes[]" },
    { name: "deadline", type: "uint40" },
  ],
};

/** What `MemberRegistry.carryOut` takes: calls of that contract, signed by these members, in the order of their bits. */
export async function decided(
  { chainId, contracts }: Consortium,
  number: number,
  calls: readonly (readonly [method: string, values: readonly unknown[]])[],
  signers: readonly Wallet[] = [wallet(2)],
): Promise<readonly unknown[]> {
  const encoded = calls.map(([method, values]) => interfaces.MemberRegistry.encodeFunctionData(method, values));
  const verifyingContract = contracts.MemberRegistry;
  const domain = { name: "Twinward MemberRegistry", version: "1", chainId, verifyingContract };
  const change = { number, calls: encoded, deadline: 4_000_000_000 };
  const signatures = await Promise.all(
    signers.map(async (signer) => {
      const { r, yParityAndS } = Signature.from(await signer.signTypedData(domain, CHANGE, change));
      return [r, yParityAndS];
    }),
  );
  return [number, change.deadline, encoded, 2 ** signers.length - 1, signatures];
}

const GATEWAY_KEY = new Uint8Array(32).fill(7);

/** An ack as `AnchorLog` takes it, signed by the gateways' key: of `count` leaves from position 0 on, due at `anchorBy` s. */
export async function signedAck(
  { provider, consortium }: World,
  stream: Hex,
  count: number,
  anchorBy: number,
): Promise<readonly unknown[]> {
  const abi = interfaces.AnchorLog;
  const root = `0x${"11".repeat(32)}`;
  const ack = [0, count, root, 1_000 * anchorBy, anchorBy];
  const data = abi.encodeFunctionData("ackDigest", [stream, [...ack, root, root]]);
  const digest = await provider.call({ to: consortium.contracts.AnchorLog, data });
  const signature = p256.sign(fromHex(digest), GATEWAY_KEY, { prehash: false });
  return [...ack, toHex(signature.slice(0, 32)), toHex(signature.slice(32))];
}

/** The one member's decision on a stream: the arguments after its reason. */
export async function memberDecision(
  { provider, consortium }: World,
  name: "resumeDigest" | "fenceDigest",
  values: readonly unknown[],
): Promise<readonly unknown[]> {
  const data = interfaces.AnchorLog.encodeFunctionData(name, values);
  const digest = await provider.call({ to: consortium.contracts.AnchorLog, data });
  const { r, yParityAndS } = wallet(2).signingKey.sign(digest);
  return [1, [[r, yParityAndS]]];
}

/** The same provider, except that calls are given to `before` first; what that throws is thrown. */
export function intercepted(provider: JsonRpcProvider, before: (method: string) => void): JsonRpcProvider {
  return sendingBy(provider, async (method, parameters) => {
    before(method);
    return provider.send(method, parameters) as Promise<unknown>;
  });
}

/** The same provider, except that `change` says what was answered. */
export function answering(
  provider: JsonRpcProvider,
  change: (method: string, answer: unknown) => unknown,
): JsonRpcProvider {
  return sendingBy(provider, async (method, parameters) => change(method, await provider.send(method, parameters)));
}

function sendingBy(
  provider: JsonRpcProvider,
  send: (method: string, parameters: unknown[]) => Promise<unknown>,
): JsonRpcProvider {
  return new Proxy(provider, {
    get: (target, name): unknown => {
      if (name === "send") return send;
      const value = Reflect.get(target, name, target) as unknown;
      return typeof value === "function" ? (value.bind(target) as unknown) : value;
    },
  });
}
