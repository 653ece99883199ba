// What the contracts cost: whole transactions as mined, from the committed production bytecode. The figures are kept
// in gas/snapshot.json; `UPDATE_GAS=1 mocha test/contracts/gas.test.ts` writes them anew.
import { p256 } from "@noble/curves/nist.js";
import { expect } from "chai";
import { Contract, ContractFactory, getBytes, hexlify, sha256, Signature, Wallet, ZeroAddress } from "ethers";
import type { BaseWallet, InterfaceAbi, Provider, TransactionReceipt, TypedDataDomain } from "ethers";
import { network } from "hardhat";
import { readFileSync, writeFileSync } from "node:fs";
import { anchorLeaf } from "../../protocol/anchor.ts";
import { PERIOD_SECONDS } from "../../protocol/breach.ts";
import { roleNumber } from "../../protocol/roles.ts";
import { ZERO_32, type Hex } from "../../protocol/bytes.ts";
import { Tree } from "../../protocol/tree.ts";
import { anchorLogAbi } from "../../protocol/abi/AnchorLog.ts";
import { breakGlassAbi } from "../../protocol/abi/BreakGlass.ts";
import { deviceRegistryAbi } from "../../protocol/abi/DeviceRegistry.ts";
import { grantRegistryAbi } from "../../protocol/abi/GrantRegistry.ts";
import { memberRegistryAbi } from "../../protocol/abi/MemberRegistry.ts";
import { operatorsAbi } from "../../protocol/abi/Operators.ts";
import { twinRegistryAbi } from "../../protocol/abi/TwinRegistry.ts";
import { verdictOracleAbi } from "../../protocol/abi/VerdictOracle.ts";
import { anchorLogBytecode } from "../../server/chain/generated/bytecode/AnchorLog.ts";
import { breakGlassBytecode } from "../../server/chain/generated/bytecode/BreakGlass.ts";
import { deviceRegistryBytecode } from "../../server/chain/generated/bytecode/DeviceRegistry.ts";
import { grantRegistryBytecode } from "../../server/chain/generated/bytecode/GrantRegistry.ts";
import { memberRegistryBytecode } from "../../server/chain/generated/bytecode/MemberRegistry.ts";
import { operatorsBytecode } from "../../server/chain/generated/bytecode/Operators.ts";
import { twinRegistryBytecode } from "../../server/chain/generated/bytecode/TwinRegistry.ts";
import { verdictOracleBytecode } from "../../server/chain/generated/bytecode/VerdictOracle.ts";

/** A figure may drift by this share before it counts: calldata has a zero byte more or less. */
const TOLERANCE = 0.005;
const ANCHORS = 1024;
const BATCH = 50;
const SNAPSHOT = new URL("gas/snapshot.json", import.meta.url);

/** DESIGN.md section 11, where it names a figure of this form. */
const CEILINGS: Record<string, number> = {
  "anchor mean of 1024": 45_000,
  "anchor worst of 1024": 110_000,
  grant: 66_000,
  revoke: 30_000,
  "canRead, execution": 20_000,
  "canRead with consent, execution": 20_000,
  "canRead by break-glass, execution": 20_000,
  relayGrant: 78_000,
  "relayGrants, each of 50": 34_000,
  "canRead through 3 links, execution": 32_000,
  "quarantine by 3 of 7, with its effect": 90_000,
};

const SUBJECT_TYPE = {
  Subject: fields("bytes32 assignment,address subject,address guardian,uint40 deadline"),
};
const GRANT_TYPE = {
  Grant: fields(
    "bytes32 twin,address reader,uint40 from,uint40 until,uint64 segments,uint8 purposes,uint8 depth," +
      "bytes32 parent,uint32 epoch,uint256 nonce,uint40 deadline",
  ),
};

function fields(line: string): { type: string; name: string }[] {
  return line.split(",").map((field) => {
    const [type = "", name = ""] = field.split(" ");
    return { type, name };
  });
}

const digestOf = (word: string): string => sha256(new TextEncoder().encode(word));

/** A member of the cast: the same key in every run, so that the calldata is the same. */
function walletOf(name: string, provider: Provider): BaseWallet {
  return new Wallet(digestOf(`gas/${name}`), provider);
}

function p256Key(name: string): { secret: Uint8Array; x: string; y: string } {
  const secret = getBytes(digestOf(`gas/p256/${name}`));
  const point = p256.getPublicKey(secret, false);
  return { secret, x: hexlify(point.slice(1, 33)), y: hexlify(point.slice(33)) };
}

class World {
  readonly provider: Provider;
  readonly figures: Record<string, number> = {};
  readonly #contracts = new Map<string, Contract>();

  readonly request: (method: string, ...params: unknown[]) => Promise<unknown>;

  constructor(provider: Provider, request: World["request"]) {
    this.provider = provider;
    this.request = request;
  }

  wallet(name: string): BaseWallet {
    return walletOf(name, this.provider);
  }

  at(name: string): Contract {
    const contract = this.#contracts.get(name);
    if (contract === undefined) throw new Error(`${name} is not deployed`);
    return contract;
  }

  async addressOf(name: string): Promise<string> {
    return this.at(name).getAddress();
  }

  async deploy(name: string, abi: InterfaceAbi, bytecode: string, ...args: unknown[]): Promise<void> {
    const contract = await new ContractFactory(abi, bytecode, this.wallet("deployer")).deploy(...args);
    await contract.waitForDeployment();
    const address = await contract.getAddress();
    this.#contracts.set(name, new Contract(address, abi, this.provider));
    const code = await this.provider.getCode(address);
    this.figures[`size of ${name}`] = (code.length - 2) / 2;
  }

  /** Sends a call, also to a view, as a transaction and gives its receipt. */
  async send(who: string, name: string, method: string, ...args: unknown[]): Promise<TransactionReceipt> {
    const to = await this.addressOf(name);
    const data = this.at(name).interface.encodeFunctionData(method, args);
    const sent = await this.wallet(who).sendTransaction({ to, data });
    const receipt = await sent.wait();
    if (receipt === null) throw new Error(`${method} was not mined`);
    return receipt;
  }

  async measure(
    label: string,
    who: string,
    name: string,
    method: string,
    ...args: unknown[]
  ): Promise<TransactionReceipt> {
    const receipt = await this.send(who, name, method, ...args);
    this.figures[label] = Number(receipt.gasUsed);
    return receipt;
  }
}

/** What a transaction pays before the first instruction: 21 000 and its calldata (EIP-2028). */
function intrinsicGas(data: string): number {
  return getBytes(data).reduce((sum, byte) => sum + (byte === 0 ? 4 : 16), 21_000);
}

/** The signing key of a member; the first one has the gateway and the oracles. */
const signerName = (member: number): string => (member === 0 ? "signer" : `signer${member}`);

async function buildConsortium(oracles: number, members = 1): Promise<World> {
  const { provider, ethers } = await network.create();
  const world = new World(ethers.provider, (method, ...params) => provider.request({ method, params }));
  for (const name of [
    "deployer",
    "steward",
    "sender",
    "nurse",
    "locum",
    "subject",
    "holder",
    "reviewer",
    ...Array.from({ length: oracles }, (_, bit) => `oracle${bit}`),
  ]) {
    await provider.request({
      method: "hardhat_setBalance",
      params: [world.wallet(name).address, "0x3635c9adc5dea00000"],
    });
  }
  const key = p256Key("member");
  const group = world.wallet("group").address;
  const names = ["North", "East", "South", "West"].slice(0, members);
  await world.deploy(
    "MemberRegistry",
    memberRegistryAbi,
    memberRegistryBytecode,
    names.map((name, i) => {
      const signer = world.wallet(signerName(i)).address;
      return [name, `https://${name.toLowerCase()}.example`, signer, key.x, key.y];
    }),
    [[group, 0, key.x, key.y, [world.wallet("sender").address]]],
    Array.from({ length: oracles }, (_, bit) => [0, world.wallet(`oracle${bit}`).address]),
  );
  const registry = await world.addressOf("MemberRegistry");
  await world.deploy("DeviceRegistry", deviceRegistryAbi, deviceRegistryBytecode);
  const devices = await world.addressOf("DeviceRegistry");
  await world.deploy("AnchorLog", anchorLogAbi, anchorLogBytecode, registry);
  await world.deploy("TwinRegistry", twinRegistryAbi, twinRegistryBytecode, registry, devices);
  const twins = await world.addressOf("TwinRegistry");
  const appointed = ["holder", "reviewer"] as const;
  const first = appointed.map((role) => [roleNumber(role, 0), world.wallet(role).address, 0]);
  await world.deploy("Operators", operatorsAbi, operatorsBytecode, world.wallet("signer").address, first);
  const operators = await world.addressOf("Operators");
  await world.deploy("BreakGlass", breakGlassAbi, breakGlassBytecode, registry, devices, twins, operators);
  const rooms = [registry, devices, twins, await world.addressOf("BreakGlass"), operators];
  await world.deploy("GrantRegistry", grantRegistryAbi, grantRegistryBytecode, ...rooms);
  const anchors = await world.addressOf("AnchorLog");
  await world.deploy("VerdictOracle", verdictOracleAbi, verdictOracleBytecode, registry, devices, anchors);
  await world.send("deployer", "DeviceRegistry", "wire", twins, await world.addressOf("VerdictOracle"));
  await world.measure("openStream", "sender", "AnchorLog", "openStream", group);
  return world;
}

/** The group's first stream, or its n-th. */
async function homeOf(world: World, n = 0): Promise<string> {
  return (await world.at("AnchorLog").getFunction("streamId")(world.wallet("group").address, n)) as string;
}

async function registerDevice(world: World): Promise<string> {
  const { x, y } = p256Key("device");
  const device = (await world.at("DeviceRegistry").getFunction("deviceId")(x, y)) as string;
  const args = [digestOf("model"), await homeOf(world), ...(await proveKey(world, device, 1, "device"))];
  await world.measure("register", "steward", "DeviceRegistry", "register", ...args);
  return device;
}

/** A device's key, and its own signature that somebody holds it: x, y, r, s. */
async function proveKey(world: World, device: string, number: number, name: string): Promise<string[]> {
  const { x, y, secret } = p256Key(name);
  const steward = world.wallet("steward").address;
  const proof = (await world.at("DeviceRegistry").getFunction("keyProof")(device, number, steward)) as string;
  const signature = p256.sign(getBytes(proof), secret);
  return [x, y, hexlify(signature.slice(0, 32)), hexlify(signature.slice(32))];
}

/** The device's second key, and a mark of the steward's on it: the first of that key. */
async function rotateAndMark(world: World, device: string): Promise<void> {
  const next = await proveKey(world, device, 2, "next device");
  await world.measure("rotateKey", "steward", "DeviceRegistry", "rotateKey", device, 100, ...next);
  const mark = [device, 2, 150, 1_790_000_000, digestOf("reason")];
  await world.measure("markKey", "steward", "DeviceRegistry", "markKey", ...mark);
}

async function anchorMany(world: World, count: number): Promise<void> {
  const home = await homeOf(world);
  // From the beginning of a period on, a second a block: else the clock would say which anchors pay for a record.
  const now = (await world.provider.getBlock("latest"))?.timestamp ?? 0;
  await world.request("evm_setNextBlockTimestamp", (Math.floor(now / PERIOD_SECONDS) + 1) * PERIOD_SECONDS);
  let sum = 0;
  let worst = 0;
  for (let number = 0; number < count; number++) {
    const args = [home, number, digestOf(`batch ${number}`), 1_000];
    const gas = Number((await world.send("sender", "AnchorLog", "anchor", ...args)).gasUsed);
    sum += gas;
    worst = Math.max(worst, gas);
  }
  world.figures[`anchor mean of ${count}`] = Math.round(sum / count);
  world.figures[`anchor worst of ${count}`] = worst;
}

/** What the first anchor of a period pays more than the same one without a record. */
async function measureRecord(world: World): Promise<void> {
  const [home, now] = [await homeOf(world), (await world.provider.getBlock("latest"))?.timestamp ?? 0];
  const period = Math.floor(now / PERIOD_SECONDS);
  const gas: number[] = [];
  for (const at of [now + 1, (period + 1) * PERIOD_SECONDS]) {
    const before = await world.request("evm_snapshot");
    await world.request("evm_setNextBlockTimestamp", at);
    const receipt = await world.send("sender", "AnchorLog", "anchor", home, ANCHORS, digestOf("next"), 1_000);
    gas.push(Number(receipt.gasUsed));
    await world.request("evm_revert", before);
  }
  const [without = 0, first = 0] = gas;
  world.figures["record of a period"] = first - without;
}

async function useTwins(world: World, device: string): Promise<void> {
  const twins = world.at("TwinRegistry");
  const manifest = digestOf("manifest");
  await world.measure("createSecurityTwin", "steward", "TwinRegistry", "createSecurityTwin", device, manifest, 0xff);
  await world.measure("beginAssignment", "steward", "TwinRegistry", "beginAssignment", device, 1);
  const assignment = (await twins.getFunction("openAssignment")(device)) as string;
  const created = await world.measure(
    "createTwin",
    "steward",
    "TwinRegistry",
    "createTwin",
    assignment,
    manifest,
    0x0f,
    3,
  );
  const twin = created.logs[0]?.topics[1] ?? "";
  const [steward, reader] = [world.wallet("steward").address, world.wallet("reader").address];
  const terms = [twin, reader, 1_700_000_000, 4_000_000_000, 0x0f, 0x03, 0];
  await world.measure(
    "grant, first of the grantor's 256 nonces",
    "steward",
    "GrantRegistry",
    "grant",
    device,
    terms,
    0,
  );
  const given = await world.measure("grant", "steward", "GrantRegistry", "grant", device, terms, 1);
  const source = [steward, ZERO_32, 1];
  await measureRead(world, "canRead, execution", [0, device, twin, idOf(given), reader, 0, 0x01], [source]);
  await world.measure("revoke", "steward", "GrantRegistry", "revoke", twin, reader, source);
  await passOn(world, device, twin);
  await relay(world, device, twin);
  await consent(world, device, assignment, twin);
  await breakGlass(world, device, assignment, twin);
}

async function breakGlass(world: World, device: string, assignment: string, twin: string): Promise<void> {
  await world.measure("nameEmergencyTwin", "steward", "BreakGlass", "nameEmergencyTwin", assignment, twin, 0);
  const now = (await world.provider.getBlock("latest"))?.timestamp ?? 0;
  const nobody = [ZeroAddress, 0, "0x"];
  const claim = [twin, now + 3_600, digestOf("reason")];
  const opened = await world.measure("break-glass open", "holder", "BreakGlass", "open", claim, nobody);
  const holder = world.wallet("holder").address;
  await measureRead(world, "canRead by break-glass, execution", [0, device, twin, idOf(opened), holder, 1, 0x01], []);
  await world.send("holder", "BreakGlass", "end", idOf(opened));
  const review = [idOf(opened), true, digestOf("note")];
  await world.measure("break-glass review", "reviewer", "BreakGlass", "review", ...review);
}

const idOf = (given: TransactionReceipt): string => given.logs[0]?.topics[1] ?? "";

/** What a permitted canRead costs beside what any transaction with its calldata does. */
async function measureRead(world: World, label: string, ask: unknown[], chain: unknown[]): Promise<void> {
  const grants = world.at("GrantRegistry");
  expect(await grants.getFunction("canRead")(ask, chain)).to.equal(true);
  const read = await world.send("steward", "GrantRegistry", "canRead", ask, chain);
  const calldata = grants.interface.encodeFunctionData("canRead", [ask, chain]);
  world.figures[label] = Number(read.gasUsed) - intrinsicGas(calldata);
}

/** A steward's grant, passed on twice. */
async function passOn(world: World, device: string, twin: string): Promise<void> {
  const people = ["steward", "nurse", "locum", "student"];
  const chain: unknown[][] = [];
  let id = ZERO_32;
  for (const [depth, name] of people.slice(1).entries()) {
    const grantor = people[depth] ?? "";
    const terms = [twin, world.wallet(name).address, 1_700_000_000, 4_000_000_000, 0x0f, 0x03, 2 - depth];
    const rest = chain[0] === undefined ? ["grant", device, terms, 2] : ["delegate", device, terms, 2, chain[0]];
    const [method, ...args] = rest as [string, ...unknown[]];
    chain.unshift([world.wallet(grantor).address, id, 2]);
    id = idOf(await world.measure(`${method}, link ${depth + 1}`, grantor, "GrantRegistry", method, ...args)) as Hex;
  }
  await measureRead(
    world,
    "canRead through 3 links, execution",
    [0, device, twin, id, world.wallet("student").address, 0, 0x01],
    chain,
  );
}

/** Grants that the steward signed and somebody else sends: one, and fifty at once. */
async function relay(world: World, device: string, twin: string): Promise<void> {
  const deadline = 4_000_000_000;
  const given = Array.from({ length: BATCH }, (_, i) => ({
    ...{ twin, reader: world.wallet(`reader ${i}`).address, from: 1_700_000_000, until: 4_000_000_000 },
    ...{ segments: 0x0f, purposes: 0x03, depth: 0 },
  }));
  const sign = async (type: "Grant" | "GrantBatch", message: object): Promise<string> => {
    const grants = GRANT_TYPE.Grant;
    const types =
      type === "Grant" ? { Grant: grants } : { GrantBatch: [{ name: "grants", type: "Grant[]" }], Grant: grants };
    return world.wallet("steward").signTypedData(await domainOf(world, "GrantRegistry"), types, message);
  };
  const signed = (i: number, nonce: number): object => ({ ...given[i], parent: ZERO_32, epoch: 0, nonce, deadline });
  const one = await sign("Grant", signed(0, 3));
  await world.measure("relayGrant", "nurse", "GrantRegistry", "relayGrant", device, given[0], 3, deadline, one);
  const nonces = given.map((_, i) => 4 + i);
  const all = await sign("GrantBatch", { grants: nonces.map((nonce, i) => signed(i, nonce)) });
  const label = `relayGrants, each of ${BATCH}`;
  await world.measure(label, "nurse", "GrantRegistry", "relayGrants", device, given, nonces, deadline, all);
  world.figures[label] = Math.round((world.figures[label] ?? 0) / BATCH);
}

async function domainOf(world: World, name: string): Promise<TypedDataDomain> {
  const { chainId } = await world.provider.getNetwork();
  return { name: `Twinward ${name}`, version: "1", chainId, verifyingContract: await world.addressOf(name) };
}

/** A subject who is bound, agrees to research by one reader, and that reader's read. */
async function consent(world: World, device: string, assignment: string, twin: string): Promise<void> {
  const [subject, deadline] = [world.wallet("subject"), 4_000_000_000];
  const said = { assignment, subject: subject.address, guardian: ZeroAddress, deadline };
  const signature = await subject.signTypedData(await domainOf(world, "TwinRegistry"), SUBJECT_TYPE, said);
  const args = [assignment, subject.address, ZeroAddress, deadline, signature];
  await world.measure("bindSubject", "steward", "TwinRegistry", "bindSubject", ...args);
  const reader = world.wallet("researcher").address;
  await world.measure("setConsent", "subject", "GrantRegistry", "setConsent", twin, reader, 0x04);
  const terms = [twin, reader, 1_700_000_000, 4_000_000_000, 0x0f, 0x04, 0];
  const id = idOf(await world.send("steward", "GrantRegistry", "grant", device, terms, 100));
  const source = [world.wallet("steward").address, ZERO_32, 100];
  await measureRead(world, "canRead with consent, execution", [0, device, twin, id, reader, 2, 0x01], [source]);
}

/** Two readings of one sequence, each as long as a reading of eight segments. */
async function equivocate(world: World, device: string): Promise<void> {
  const base64url = (text: string): string => Buffer.from(text).toString("base64url");
  const header = base64url('{"alg":"ES256","typ":"reading+sd-jwt","kid":"1"}');
  const [first, second] = [1, 2].map((iat) => {
    const _sd = Array.from({ length: 8 }, (_, i) => Buffer.from(getBytes(digestOf(`${i}`))).toString("base64url"));
    const prev = Buffer.alloc(32).toString("base64url");
    const head = `{"iss":"urn:twinward:device:${device}","seq":41,"iat":179000000${iat},`;
    const rest = `"per":[1790000005000,1790000010000],"model":"monitor@1","prev":"${prev}","_sd_alg":"sha-256","_sd":`;
    const input = Buffer.from(`${header}.${base64url(`${head}${rest}${JSON.stringify(_sd)}}`)}`);
    const signature = p256.sign(input, p256Key("device").secret);
    return [hexlify(input), hexlify(signature.slice(0, 32)), hexlify(signature.slice(32))];
  });
  await world.measure("proveEquivocation", "steward", "DeviceRegistry", "proveEquivocation", device, first, second);
}

interface Judged {
  readonly round: number;
  /** 2 quarantine, 3 readmission. */
  readonly kind: 2 | 3;
  readonly severity: number;
  /** Oracles that sign. */
  readonly signers: number;
}

/** A verdict by exactly its quorum. */
async function judge(world: World, label: string, device: string, judged: Judged): Promise<void> {
  const { round, kind, severity, signers } = judged;
  const verdicts = world.at("VerdictOracle");
  const oracleSet = (await world.at("MemberRegistry").getFunction("oracleSetDigest")()) as string;
  const home = await homeOf(world);
  const verdict = [
    ...[oracleSet, home, round, 10 * round, 10 * round + 3, device, 1, 40, kind, severity],
    ...[digestOf("model"), digestOf("leaves")],
  ];
  const digest = (await verdicts.getFunction("verdictDigest")(verdict)) as string;
  const bits = Array.from({ length: signers }, (_, bit) => bit);
  const signatures = bits.map((bit) => {
    const { r, yParityAndS } = Signature.from(world.wallet(`oracle${bit}`).signingKey.sign(digest));
    return [r, yParityAndS];
  });
  await world.measure(label, "oracle0", "VerdictOracle", "transmit", verdict, 2 ** signers - 1, signatures);
}

type AckTerms = readonly [first: number, count: number, root: string, anchorBy: number];

/** An ack of the gateway's, as the challenges take it. */
async function signAck(world: World, stream: string, ...[first, count, root, anchorBy]: AckTerms): Promise<unknown[]> {
  const ack = [first, count, root, 1_790_000_000_000, anchorBy];
  const digest = (await world.at("AnchorLog").getFunction("ackDigest")(stream, [...ack, root, root])) as string;
  const signature = p256.sign(getBytes(digest), p256Key("member").secret, { prehash: false });
  return [...ack, hexlify(signature.slice(0, 32)), hexlify(signature.slice(32))];
}

/** These members' bits and signatures, the first ones of all. */
function decide(world: World, signers: number, digest: string): unknown[] {
  const signatures = Array.from({ length: signers }, (_, member) => {
    const { r, yParityAndS } = Signature.from(world.wallet(signerName(member)).signingKey.sign(digest));
    return [r, yParityAndS];
  });
  return [2 ** signers - 1, signatures];
}

/** Every way in which a stream is stopped and goes on, by one member; the last of them ends it. */
async function stopStream(world: World): Promise<void> {
  const [home, log] = [await homeOf(world), world.at("AnchorLog")];
  const reason = digestOf("reason");
  const overdue = await signAck(world, home, 0, 2_000_000, reason, 1_790_000_000);
  await world.measure("challengeOverdue", "steward", "AnchorLog", "challengeOverdue", home, overdue);
  const lifted = decide(world, 1, (await log.getFunction("resumeDigest")(home, 1, reason)) as string);
  await world.measure("resume by 1 of 1", "steward", "AnchorLog", "resume", home, 1, reason, ...lifted);

  // One leaf in a batch of its own, where another was promised.
  const [promised, leaf] = [digestOf("promised"), digestOf("anchored")];
  await world.send("sender", "AnchorLog", "anchor", home, ANCHORS, leaf, 1);
  const batches = Array.from({ length: ANCHORS + 1 }, (_, number) => ({
    stream: home as Hex,
    number,
    root: (number < ANCHORS ? digestOf(`batch ${number}`) : leaf) as Hex,
    count: number < ANCHORS ? 1_000 : 1,
    firstLeaf: 1_000 * number,
  }));
  const path = new Tree(batches.map(anchorLeaf)).path(ANCHORS).map((node) => hexlify(node));
  const batch = [ANCHORS, leaf, 1, 1_000 * ANCHORS, path];
  const ack = await signAck(world, home, 1_000 * ANCHORS, 1, promised, 4_000_000_000);
  const places = [[promised, 0, []], batch, [leaf, 0, []]];
  await world.measure("challengeMisplaced", "steward", "AnchorLog", "challengeMisplaced", home, ack, ...places);

  const fenced = decide(world, 1, (await log.getFunction("fenceDigest")(home, reason)) as string);
  await world.measure("fence by 1 of 1", "steward", "AnchorLog", "fence", home, reason, ...fenced);
  await world.measure("openSuccessor", "sender", "AnchorLog", "openSuccessor", home);
}

/** The other two challenges, each the first of its stream, and what four members decide by three. */
async function stopStreams(): Promise<Record<string, number>> {
  const world = await buildConsortium(4, 4);
  const [late, log, reason] = [await homeOf(world), world.at("AnchorLog"), digestOf("reason")];
  await anchorMany(world, 1);
  const now = (await world.provider.getBlock("latest"))?.timestamp ?? 0;
  const ack = await signAck(world, late, 1_000, 1, reason, now);
  const period = Math.floor(now / PERIOD_SECONDS) + 1;
  await world.request("evm_setNextBlockTimestamp", period * PERIOD_SECONDS);
  await world.send("sender", "AnchorLog", "anchor", late, 1, digestOf("batch 1"), 1_000);
  await world.measure("challengeLate", "steward", "AnchorLog", "challengeLate", late, ack, period);
  const lifted = decide(world, 3, (await log.getFunction("resumeDigest")(late, 1, reason)) as string);
  await world.measure("resume by 3 of 4", "steward", "AnchorLog", "resume", late, 1, reason, ...lifted);

  // Two acks over fifty leaves each, which give their last position to two leaves.
  await world.send("sender", "AnchorLog", "openStream", world.wallet("group").address);
  const other = await homeOf(world, 1);
  const shown: unknown[] = [];
  for (const last of ["promised", "promised again"]) {
    const leaves = Array.from({ length: BATCH }, (_, i) => digestOf(i < BATCH - 1 ? `leaf ${i}` : last));
    const tree = new Tree(leaves.map((leaf) => getBytes(leaf)));
    const path = tree.path(BATCH - 1).map((node) => hexlify(node));
    const signed = await signAck(world, other, 0, BATCH, hexlify(tree.root()), 4_000_000_000);
    shown.push(signed, [leaves.at(-1), BATCH - 1, path]);
  }
  await world.measure("challengeContradicted", "steward", "AnchorLog", "challengeContradicted", other, ...shown);
  // A log of two peaks, as the one that a single member fences.
  await world.send("sender", "AnchorLog", "anchor", late, 2, digestOf("batch 2"), 1_000);
  const fenced = decide(world, 3, (await log.getFunction("fenceDigest")(late, reason)) as string);
  await world.measure("fence by 3 of 4", "steward", "AnchorLog", "fence", late, reason, ...fenced);
  return Object.fromEntries(Object.entries(world.figures).filter(([name]) => /^(challenge|resume|fence)/.test(name)));
}

/** Members who change what the registry says, one member deciding. */
async function changeMembers(world: World): Promise<void> {
  const registry = world.at("MemberRegistry");
  const { x, y } = p256Key("member");
  const domain = await domainOf(world, "MemberRegistry");
  const types = { Change: fields("uint64 number,bytes[] calls,uint40 deadline") };
  const joining = ["South", "https://south.example", world.wallet("nurse").address, x, y];
  const oracles = Array.from({ length: 7 }, (_, bit) => [0, world.wallet(`next oracle ${bit}`).address]);
  const changes: readonly (readonly [method: string, args: readonly unknown[]])[] = [
    ["changeGatewayKey", [world.wallet("group").address, x, y, 4_000_000_000]],
    ["replaceOracles", [oracles, 2]],
    // Last: from then on two decide.
    ["addMember", [joining]],
  ];
  for (const [number, [method, args]] of changes.entries()) {
    const calls = [registry.interface.encodeFunctionData(method, args)];
    const said = { number, calls, deadline: 4_000_000_000 };
    const { r, yParityAndS } = Signature.from(await world.wallet("signer").signTypedData(domain, types, said));
    const all = [number, said.deadline, calls, 1, [[r, yParityAndS]]];
    await world.measure(`carryOut ${method}`, "steward", "MemberRegistry", "carryOut", ...all);
  }
}

/** Quarantines of one device: its first verdict, a later one that changes no state, and one that takes an active device. */
async function measureVerdicts(oracles: number, quorum: number): Promise<Record<string, number>> {
  const world = await buildConsortium(oracles);
  const device = await registerDevice(world);
  await world.send("steward", "TwinRegistry", "createSecurityTwin", device, digestOf("manifest"), 0xff);
  await anchorMany(world, 24);
  const label = `quarantine by ${quorum} of ${oracles}`;
  const quarantine = { kind: 2, severity: 3, signers: quorum } as const;
  await judge(world, `${label}, the device's first`, device, { ...quarantine, round: 0 });
  await judge(world, `${label}, a later one`, device, { ...quarantine, round: 1 });
  const readmission = { round: 1, kind: 3, severity: 5, signers: 2 * quorum - 1 } as const;
  await judge(world, `readmission by ${2 * quorum - 1} of ${oracles}`, device, readmission);
  await judge(world, `${label}, with its effect`, device, { ...quarantine, round: 2 });
  return Object.fromEntries(Object.entries(world.figures).filter(([name]) => /^(quarantine|readmission)/.test(name)));
}

async function measureAll(): Promise<Record<string, number>> {
  const world = await buildConsortium(4);
  const device = await registerDevice(world);
  await useTwins(world, device);
  await equivocate(world, device);
  await rotateAndMark(world, device);
  await anchorMany(world, ANCHORS);
  await measureRecord(world);
  await stopStream(world);
  await changeMembers(world);
  return {
    ...world.figures,
    ...(await stopStreams()),
    ...(await measureVerdicts(4, 2)),
    ...(await measureVerdicts(7, 3)),
  };
}

describe("gas and size of the contracts", () => {
  let figures: Record<string, number>;

  before(async () => {
    figures = await measureAll();
    if (process.env["UPDATE_GAS"] === "1") writeFileSync(SNAPSHOT, `${JSON.stringify(figures, null, 2)}\n`);
  });

  it("are what the snapshot says", () => {
    const kept = JSON.parse(readFileSync(SNAPSHOT, "utf8")) as Record<string, number>;
    expect(Object.keys(figures)).to.deep.equal(Object.keys(kept));
    for (const [name, figure] of Object.entries(figures)) {
      expect(figure, name).to.be.closeTo(kept[name] ?? 0, figure * TOLERANCE);
    }
  });

  it("stay below the ceilings", () => {
    for (const [name, ceiling] of Object.entries(CEILINGS)) expect(figures[name], name).to.be.at.most(ceiling);
  });

  it("fit into a block's code limit (EIP-170)", () => {
    for (const [name, size] of Object.entries(figures)) {
      if (name.startsWith("size of ")) expect(size, name).to.be.at.most(24_576);
    }
  });
});
