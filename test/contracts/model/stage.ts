// The contracts as they are deployed, in an EVM inside this process, and accounts that play scenes on them.
import { p256 } from "@noble/curves/nist.js";
import { ContractFactory, hexlify, Interface, Wallet } from "ethers";
import { network } from "hardhat";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { Hex } from "../../../protocol/bytes.ts";
import { toHex, utf8 } from "../../../protocol/bytes.ts";
import { sha256 } from "../../../protocol/hash.ts";
import { deviceId, keyProofMessage } from "../../../protocol/ids.ts";
import { breakGlassBytecode } from "../../../server/chain/generated/bytecode/BreakGlass.ts";
import { deviceRegistryBytecode } from "../../../server/chain/generated/bytecode/DeviceRegistry.ts";
import { grantRegistryBytecode } from "../../../server/chain/generated/bytecode/GrantRegistry.ts";
import { memberRegistryBytecode } from "../../../server/chain/generated/bytecode/MemberRegistry.ts";
import { operatorsBytecode } from "../../../server/chain/generated/bytecode/Operators.ts";
import { twinRegistryBytecode } from "../../../server/chain/generated/bytecode/TwinRegistry.ts";
import { interfaces } from "../../../server/chain/interfaces.ts";
import { REASONS, type Reason } from "../../../server/access/decide.ts";
import { RESUMED_AFTER, roleNumber } from "../../../protocol/roles.ts";

export const CHAIN_ID = 31337;
/** Who plays: by place. The last five have offices, the others what they get. */
export const PLAYERS = [
  "steward",
  "heir",
  "ann",
  "ben",
  "cat",
  "subject",
  "guardian",
  "member",
  "judge",
  "pauser",
  "resumer",
  "appointer",
] as const;
export type PlayerName = (typeof PLAYERS)[number];
export type Target = "DeviceRegistry" | "TwinRegistry" | "GrantRegistry" | "BreakGlass" | "Operators";

/** Who is given grants; of the one member, who may break the glass and who reviews it from the beginning. One has both roles. */
export const READERS = ["ann", "ben", "cat"] as const;
export const HOLDERS = ["ann", "ben"] as const;
export const REVIEWERS = ["ben", "cat"] as const;

/** One act: who calls what. */
export interface Act {
  readonly by: PlayerName;
  readonly target: Target;
  readonly method: string;
  readonly args: readonly unknown[];
}

export interface Stage {
  readonly contracts: Readonly<Record<Target, Hex>>;
  readonly players: Readonly<Record<PlayerName, Hex>>;
  readonly devices: readonly Hex[];
  /** Plays acts in one block at `time` (seconds); of each the name of the error that refused it, or `done`. */
  play(acts: readonly Act[], time: number): Promise<string[]>;
  /** What `GrantRegistry.explain` answers at the time of the last block. */
  explain(asks: readonly (readonly [ask: unknown, chain: unknown])[]): Promise<Reason[]>;
  /** The first word that a view answers, for each of these arguments. */
  view(target: Target, method: string, each: readonly (readonly unknown[])[]): Promise<bigint[]>;
  /** Everything as it was when the stage was set. */
  reset(): Promise<void>;
}

const SENDER = new Wallet(toHex(sha256(utf8("model/sender"))));
const keyOf = (name: string): Uint8Array => sha256(utf8(`model/${name}`));

/** The accounts of Stage.sol: compiled here, since nothing else needs them. */
function compileStage(): { readonly abi: Interface; readonly bytecode: string } {
  const solc = createRequire(import.meta.url)("solc") as { compile(input: string): string };
  const content = readFileSync(new URL("Stage.sol", import.meta.url), "utf8");
  const settings = {
    optimizer: { enabled: true },
    outputSelection: { "*": { Stage: ["abi", "evm.bytecode.object"] } },
  };
  const input = { language: "Solidity", sources: { "Stage.sol": { content } }, settings };
  const output = JSON.parse(solc.compile(JSON.stringify(input))) as {
    contracts: { "Stage.sol": { Stage: { abi: []; evm: { bytecode: { object: string } } } } };
  };
  const { abi, evm } = output.contracts["Stage.sol"].Stage;
  return { abi: new Interface(abi), bytecode: `0x${evm.bytecode.object}` };
}

const ERRORS = new Map(
  Object.values(interfaces).flatMap((one) => {
    const found: [string, string][] = [];
    one.forEachError((error) => void found.push([error.selector, error.name]));
    return found;
  }),
);

/** Two active devices of one steward; nothing is assigned, nothing given. */
export async function setStage(now: number): Promise<Stage> {
  const { provider, ethers } = await network.create();
  const request = (method: string, ...params: unknown[]): Promise<unknown> => provider.request({ method, params });
  await request("hardhat_setBalance", SENDER.address, "0x3635c9adc5dea00000");
  await request("evm_setNextBlockTimestamp", now - 100);
  await request("hardhat_impersonateAccount", SENDER.address);
  const wallet = SENDER.connect(ethers.provider);
  const deploy = async (abi: Interface, bytecode: string, ...args: unknown[]): Promise<Hex> => {
    const contract = await new ContractFactory(abi, bytecode, wallet).deploy(...args);
    await contract.waitForDeployment();
    return (await contract.getAddress()).toLowerCase() as Hex;
  };
  const { abi, bytecode } = compileStage();
  const stage = await deploy(abi, bytecode, PLAYERS.length);
  const call = async (to: Hex, data: string): Promise<Hex> =>
    (await request("eth_call", { to, data }, "latest")) as Hex;
  const addresses = await Promise.all(
    PLAYERS.map(async (_, i) => {
      const answer = await call(stage, abi.encodeFunctionData("players", [i]));
      return [PLAYERS[i] ?? "", `0x${answer.slice(-40)}`] as const;
    }),
  );
  const players = Object.fromEntries(addresses) as Record<PlayerName, Hex>;

  const point = p256.getPublicKey(keyOf("member"), false);
  const key = [hexlify(point.slice(1, 33)), hexlify(point.slice(33))];
  const member = ["North", "https://north.example", players.member, ...key];
  const members = await deploy(interfaces.MemberRegistry, memberRegistryBytecode, [member], [], [[0, players.judge]]);
  const devices = await deploy(interfaces.DeviceRegistry, deviceRegistryBytecode);
  const twins = await deploy(interfaces.TwinRegistry, twinRegistryBytecode, members, devices);
  const appointed = (["pauser", "resumer", "appointer"] as const).map((role) => {
    return [roleNumber(role, 0), players[role], role === "resumer" ? RESUMED_AFTER : 0];
  });
  for (const name of HOLDERS) appointed.push([roleNumber("holder", 0), players[name], 0]);
  for (const name of REVIEWERS) appointed.push([roleNumber("reviewer", 0), players[name], 0]);
  const operators = await deploy(interfaces.Operators, operatorsBytecode, SENDER.address, appointed);
  const glass = await deploy(interfaces.BreakGlass, breakGlassBytecode, members, devices, twins, operators);
  const asked = [members, devices, twins, glass, operators];
  const grants = await deploy(interfaces.GrantRegistry, grantRegistryBytecode, ...asked);
  const contracts = {
    DeviceRegistry: devices,
    TwinRegistry: twins,
    GrantRegistry: grants,
    BreakGlass: glass,
    Operators: operators,
  };
  // Whoever plays the judge says what a verdict would.
  const wired = interfaces.DeviceRegistry.encodeFunctionData("wire", [twins, players.judge]);
  await (await wallet.sendTransaction({ to: devices, data: wired })).wait();

  const play = async (acts: readonly Act[], time: number): Promise<string[]> => {
    const encoded = acts.map(({ by, target, method, args }) => [
      PLAYERS.indexOf(by),
      contracts[target],
      interfaces[target].encodeFunctionData(method, args as unknown[]),
    ]);
    await request("evm_setNextBlockTimestamp", time);
    const data = abi.encodeFunctionData("play", [encoded]);
    const hash = await request("eth_sendTransaction", { from: SENDER.address, to: stage, data, gas: "0xffffff" });
    const { logs } = (await request("eth_getTransactionReceipt", hash)) as {
      logs: { data: string; address: string }[];
    };
    const said = logs.findLast(({ address }) => address === stage);
    if (said === undefined) throw new Error("the scene was not played to its end");
    const [words] = abi.decodeEventLog("Played", said.data) as unknown as [readonly string[]];
    return [...words].map((word) => (word === "0x00000000" ? "done" : (ERRORS.get(word) ?? word)));
  };

  const ids: Hex[] = [];
  for (const name of ["device 0", "device 1"]) {
    const pair = p256.getPublicKey(keyOf(name), false);
    const [x, y] = [hexlify(pair.slice(1, 33)) as Hex, hexlify(pair.slice(33)) as Hex];
    const id = deviceId(CHAIN_ID, devices, { x, y });
    const proof = p256.sign(keyProofMessage(CHAIN_ID, devices, id, 1, players.steward), keyOf(name));
    const signature = [hexlify(proof.slice(0, 32)), hexlify(proof.slice(32))];
    const model = hexlify(keyOf("model"));
    const args = [model, model, x, y, ...signature];
    const [registered] = await play(
      [{ by: "steward", target: "DeviceRegistry", method: "register", args }],
      now - 50 + ids.length,
    );
    if (registered !== "done") throw new Error(`register: ${registered ?? ""}`);
    ids.push(id);
  }

  const view = async (target: Target, method: string, each: readonly (readonly unknown[])[]): Promise<bigint[]> => {
    const calls = each.map((args) => interfaces[target].encodeFunctionData(method, args));
    const answer = await call(stage, abi.encodeFunctionData("ask", [contracts[target], calls]));
    const [words] = abi.decodeFunctionResult("ask", answer) as unknown as [readonly string[]];
    return [...words].map((word) => BigInt(word.slice(0, 66)));
  };
  let snapshot = await request("evm_snapshot");
  return {
    contracts,
    players,
    devices: ids,
    play,
    view,
    explain: async (asks) => {
      const reasons = await view("GrantRegistry", "explain", asks);
      return reasons.map((word) => REASONS[Number(word)] ?? ("no reason" as Reason));
    },
    reset: async () => {
      await request("evm_revert", snapshot);
      snapshot = await request("evm_snapshot");
    },
  };
}
