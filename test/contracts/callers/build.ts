// One consortium in which everything that can be done is one call away, for whoever may.
import { network } from "hardhat";
import { ackMessage } from "../../../protocol/ack.ts";
import { anchorLeaf } from "../../../protocol/anchor.ts";
import { toHex, ZERO_32, type Hex } from "../../../protocol/bytes.ts";
import { signEs256 } from "../../../protocol/es256.ts";
import { assignmentId, breakGlassId, deviceId, keyProofMessage, streamId, twinId } from "../../../protocol/ids.ts";
import { RESUMED_AFTER, roleNumber } from "../../../protocol/roles.ts";
import { inclusionPath } from "../../../protocol/tree.ts";
import { BATCHES_PER_ROUND } from "../../../protocol/verdict.ts";
import { PERIOD_SECONDS } from "../../../protocol/breach.ts";
import { anchorLogBytecode } from "../../../server/chain/generated/bytecode/AnchorLog.ts";
import { breakGlassBytecode } from "../../../server/chain/generated/bytecode/BreakGlass.ts";
import { deviceRegistryBytecode } from "../../../server/chain/generated/bytecode/DeviceRegistry.ts";
import { grantRegistryBytecode } from "../../../server/chain/generated/bytecode/GrantRegistry.ts";
import { memberRegistryBytecode } from "../../../server/chain/generated/bytecode/MemberRegistry.ts";
import { operatorsBytecode } from "../../../server/chain/generated/bytecode/Operators.ts";
import { twinRegistryBytecode } from "../../../server/chain/generated/bytecode/TwinRegistry.ts";
import { verdictOracleBytecode } from "../../../server/chain/generated/bytecode/VerdictOracle.ts";
import { interfaces } from "../../../server/chain/interfaces.ts";
import { addressOf, CAST, CHAIN_ID, digestOf, keyOf, secretOf, World } from "./world.ts";

const DAY = 86_400;
export const DEADLINE = 4_000_000_000;
export const MODEL = digestOf("model");
export const MANIFEST = digestOf("manifest");
export const NOBODY_ELSE = [`0x${"00".repeat(20)}`, 0, "0x"];
/** Places of the members that are left: the second of three has gone. */
export const PRESENT = { names: ["signer", "west"], bits: 0b101 };
export const PAST = { names: ["signer", "departed"], bits: 0b011 };

type Proof = readonly [x: Hex, y: Hex, r: Hex, s: Hex];

/** What there is to act on. */
export interface Ground {
  readonly world: World;
  readonly groups: Readonly<Record<"open" | "suspended" | "fenced" | "gone", Hex>>;
  /** A device registry that is not wired, and a grant registry that is paused and may go on. */
  readonly unwired: Hex;
  readonly paused: Hex;
  /** Arguments by function of `Operators`, as the admin announced them. */
  readonly announced: Readonly<Record<string, readonly unknown[]>>;
  readonly home: Hex;
  readonly suspended: Hex;
  readonly fenced: Hex;
  /** The first batch of the home stream, as a challenge takes it, and the period in which it was anchored. */
  readonly first: readonly unknown[];
  readonly period: number;
  /** An ack of one leaf, due long ago. */
  readonly sign: (stream: Hex, position: number, root: Hex) => object;
  readonly device: Hex;
  readonly other: Hex;
  readonly assignment: Hex;
  /** An assignment that is nobody's yet. */
  readonly free: Hex;
  readonly twin: Hex;
  /** Of the two grants, each with its grantor's nonce 1. */
  readonly terms: readonly unknown[];
  /** The subject's word that an assignment is theirs. */
  readonly bind: (assignment: Hex) => Promise<readonly unknown[]>;
  readonly prove: (name: string, number: number, steward: string, of?: Hex) => Proof;
  readonly opening: Hex;
  /** One that has ended and waits for its review. */
  readonly over: Hex;
  readonly claim: { readonly twin: Hex; readonly until: number; readonly reason: Hex };
}

export async function build(): Promise<Ground> {
  const { provider, ethers } = await network.create();
  const world = new World(ethers.provider, (method, ...params) => provider.request({ method, params }));
  for (const name of CAST) {
    const params = [addressOf(name), "0x3635c9adc5dea00000"];
    await provider.request({ method: "hardhat_setBalance", params });
  }
  const others = await deployAll(world);
  const announced = await announce(world, others.paused);
  const streams = await openStreams(world);
  const devices = await registerDevices(world, streams.home);
  const glass = await openGlass(world, devices.assignment, devices.twin);
  return { world, ...others, announced, ...streams, ...devices, ...glass };
}

type Part<K extends keyof Ground> = Promise<Pick<Ground, K>>;

/** Three members, of whom one leaves; a second device registry that is not wired, a second grant registry that is paused. */
async function deployAll(world: World): Part<"unwired" | "paused" | "groups"> {
  const { x, y } = keyOf("member");
  const groups = {
    open: addressOf("group"),
    suspended: addressOf("suspended"),
    fenced: addressOf("fenced"),
    gone: addressOf("gone"),
  };
  const members = ["signer", "departed", "west"].map((name) => [name, "https://a.example", addressOf(name), x, y]);
  const gateways = Object.entries(groups).map(([name, group]) => {
    return name === "gone" ? [group, 1, x, y, [addressOf("departed")]] : [group, 0, x, y, [addressOf("sender")]];
  });
  const oracles = [0, 1, 2, 3].map((bit) => [0, addressOf(`oracle${bit}`)]);
  const before = [...oracles.slice(0, 3), [1, addressOf("departed")]];
  await world.deploy("MemberRegistry", memberRegistryBytecode, members, gateways, before);
  await world.deploy("DeviceRegistry", deviceRegistryBytecode);
  const rooms = [world.at("MemberRegistry"), world.at("DeviceRegistry")];
  await world.deploy("AnchorLog", anchorLogBytecode, rooms[0]);
  await world.deploy("TwinRegistry", twinRegistryBytecode, ...rooms);
  const twins = world.at("TwinRegistry");
  const appointed = (["pauser", "resumer", "appointer", "holder", "reviewer"] as const).map((role) => {
    return [roleNumber(role, 0), addressOf(role), role === "resumer" ? RESUMED_AFTER : 0];
  });
  await world.deploy("Operators", operatorsBytecode, addressOf("admin"), appointed);
  const operators = world.at("Operators");
  await world.deploy("BreakGlass", breakGlassBytecode, ...rooms, twins, operators);
  const asked = [...rooms, twins, world.at("BreakGlass"), operators];
  await world.deploy("GrantRegistry", grantRegistryBytecode, ...asked);
  await world.deploy("VerdictOracle", verdictOracleBytecode, ...rooms, world.at("AnchorLog"));
  await world.send("deployer", "DeviceRegistry", "wire", twins, world.at("VerdictOracle"));

  const { MemberRegistry } = interfaces;
  const calls = [
    MemberRegistry.encodeFunctionData("replaceOracles", [oracles, 1]),
    MemberRegistry.encodeFunctionData("closeGroup", [groups.gone]),
    MemberRegistry.encodeFunctionData("removeMember", [1]),
  ];
  const change = { number: 0, calls, deadline: DEADLINE };
  const signed = await world.signEach(["signer", "departed", "west"], "MemberRegistry", "Change", change);
  await world.send("stranger", "MemberRegistry", "carryOut", 0, DEADLINE, calls, 0b111, signed);

  const unwired = await world.deployAnother("DeviceRegistry", deviceRegistryBytecode);
  const paused = await world.deployAnother("GrantRegistry", grantRegistryBytecode, ...asked);
  await world.sendTo(paused, "pauser", "GrantRegistry", "pause");
  return { unwired, paused, groups };
}

/** What operators must announce, announced and due; and a resumption that is announced and not due. */
async function announce(world: World, paused: Hex): Promise<Ground["announced"]> {
  const [grants, operators, holder] = [world.at("GrantRegistry"), world.at("Operators"), roleNumber("holder", 0)];
  const announced = {
    labelRole: [holder, "holders"],
    setRoleAdmin: [holder, 0],
    setRoleGuardian: [holder, 0],
    setGrantDelay: [holder, 0],
    setTargetFunctionRole: [grants, ["0x12345678"], 0],
    setTargetAdminDelay: [grants, 0],
    setTargetClosed: [grants, true],
    updateAuthority: [grants, world.at("MemberRegistry")],
  };
  for (const [method, args] of Object.entries(announced)) {
    const data = interfaces.Operators.encodeFunctionData(method, args);
    await world.send("admin", "Operators", "schedule", operators, data, 0);
  }
  const resume = interfaces.GrantRegistry.encodeFunctionData("resume");
  await world.send("resumer", "Operators", "schedule", paused, resume, 0);
  await world.wait(DAY);
  await world.send("resumer", "Operators", "schedule", grants, resume, 0);
  return announced;
}

/** A stream with a whole round of batches, a suspended one, and a fenced one. */
async function openStreams(world: World): Part<"home" | "suspended" | "fenced" | "first" | "period" | "sign"> {
  const anchors = world.at("AnchorLog");
  const sign = (stream: Hex, first: number, root: Hex): object => {
    const promise = { first, count: 1, root, acceptedAt: 1, anchorBy: 1 };
    const message = ackMessage({ chainId: CHAIN_ID, anchorLog: anchors, stream, ...promise });
    const signature = signEs256(secretOf("member"), message);
    return { ...promise, r: toHex(signature.subarray(0, 32)), s: toHex(signature.subarray(32)) };
  };
  const open = async (name: string): Promise<Hex> => {
    await world.send("sender", "AnchorLog", "openStream", addressOf(name));
    return streamId(CHAIN_ID, anchors, addressOf(name), 0);
  };
  const [home, suspended, fenced] = [await open("group"), await open("suspended"), await open("fenced")];
  const leaves: Uint8Array[] = [];
  let period = 0;
  for (let number = 0; number < BATCHES_PER_ROUND; number++) {
    const root = digestOf(`batch ${number}`);
    await world.send("sender", "AnchorLog", "anchor", home, number, root, 1);
    if (number === 0) period = Math.floor((await world.now()) / PERIOD_SECONDS);
    leaves.push(anchorLeaf({ stream: home, number, root, count: 1, firstLeaf: number }));
  }
  await world.send("stranger", "AnchorLog", "challengeOverdue", suspended, sign(suspended, 0, MODEL));
  const said = { stream: fenced, reason: MODEL };
  const signed = await world.signEach(PRESENT.names, "AnchorLog", "Fence", said);
  await world.send("stranger", "AnchorLog", "fence", fenced, MODEL, PRESENT.bits, signed);
  const first = [0, digestOf("batch 0"), 1, 0, inclusionPath(leaves, 0).map(toHex)];
  return { home, suspended, fenced, first, period, sign };
}

/** What a device's key signs to prove that somebody holds it: x, y, r, s. */
function prove(devices: Hex, name: string, number: number, steward: string, of?: Hex): Proof {
  const key = keyOf(name);
  const id = of ?? deviceId(CHAIN_ID, devices, key);
  const proof = signEs256(secretOf(name), keyProofMessage(CHAIN_ID, devices, id, number, addressOf(steward)));
  return [key.x, key.y, toHex(proof.subarray(0, 32)), toHex(proof.subarray(32))];
}

/**
 * One in use, with a twin, a subject and two grants: one by its first steward, one by its present one. One with nothing, one with
 * an assignment whose subject is nobody yet, and a neighbour's.
 */
async function registerDevices(
  world: World,
  home: Hex,
): Part<"device" | "other" | "assignment" | "free" | "twin" | "terms" | "bind" | "prove"> {
  const [devices, twins] = [world.at("DeviceRegistry"), world.at("TwinRegistry")];
  const register = async (name: string, steward: string): Promise<Hex> => {
    const proof = prove(devices, name, 1, steward);
    await world.send(steward, "DeviceRegistry", "register", MODEL, home, ...proof);
    return deviceId(CHAIN_ID, devices, keyOf(name));
  };
  const assign = async (device: Hex, steward: string): Promise<Hex> => {
    await world.send(steward, "TwinRegistry", "beginAssignment", device, 1);
    return assignmentId(CHAIN_ID, twins, device, 0);
  };
  const cut = async (assignment: Hex, steward: string): Promise<Hex> => {
    await world.send(steward, "TwinRegistry", "createTwin", assignment, MANIFEST, 0x0f, 3);
    return twinId(CHAIN_ID, twins, assignment, MANIFEST, 0);
  };
  const device = await register("device", "former");
  await world.send("former", "TwinRegistry", "createSecurityTwin", device, MANIFEST, 0xff);
  const assignment = await assign(device, "former");
  const twin = await cut(assignment, "former");
  const terms = [twin, addressOf("reader"), 1_700_000_000, DEADLINE, 0x0f, 0x03, 1];
  await world.send("former", "GrantRegistry", "grant", device, terms, 1);
  await world.send("former", "DeviceRegistry", "offerSteward", device, addressOf("steward"));
  await world.send("steward", "DeviceRegistry", "acceptSteward", device);
  await world.send("steward", "GrantRegistry", "grant", device, terms, 1);

  const bind = async (of: Hex): Promise<readonly unknown[]> => {
    const [subject, guardian] = [addressOf("subject"), addressOf("guardian")];
    const said = { assignment: of, subject, guardian, deadline: DEADLINE };
    return [of, subject, guardian, DEADLINE, await world.sign("subject", "TwinRegistry", "Subject", said)];
  };
  await world.send("steward", "TwinRegistry", "bindSubject", ...(await bind(assignment)));
  await world.send("steward", "DeviceRegistry", "offerSteward", device, addressOf("offered"));
  const other = await register("other", "steward");
  const free = await assign(await register("free", "steward"), "steward");
  await cut(await assign(await register("next door", "neighbour"), "neighbour"), "neighbour");
  return { device, other, assignment, free, twin, terms, bind, prove: prove.bind(null, devices) };
}

/** Two openings, of which one has ended. */
async function openGlass(world: World, assignment: Hex, twin: Hex): Part<"opening" | "over" | "claim"> {
  await world.send("steward", "BreakGlass", "nameEmergencyTwin", assignment, twin, 0);
  const claim = { twin, until: (await world.now()) + 3_600, reason: MODEL };
  for (let n = 0; n < 2; n++) await world.send("holder", "BreakGlass", "open", claim, NOBODY_ELSE);
  const [over, opening] = [1, 2].map((n) => breakGlassId(CHAIN_ID, world.at("BreakGlass"), 0, n));
  await world.send("holder", "BreakGlass", "end", over);
  return { opening: opening ?? ZERO_32, over: over ?? ZERO_32, claim };
}
