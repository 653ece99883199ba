// Who may call what: every function that changes anything × everybody, from the ABIs. Each call is tried, none is sent, on
// one consortium with one device in use, so that only the caller differs.
import { p256 } from "@noble/curves/nist.js";
import { expect } from "chai";
import {
  ContractFactory,
  getBytes,
  hexlify,
  isError,
  sha256,
  Signature,
  Wallet,
  ZeroAddress,
  type Provider,
} from "ethers";
import { network } from "hardhat";
import { ZERO_32, type Hex } from "../../protocol/bytes.ts";
import { assignmentId, breakGlassId, deviceId, keyProofMessage, streamId, twinId } from "../../protocol/ids.ts";
import type { Contracts } from "../../protocol/consortium.ts";
import { RESUMED_AFTER, roleNumber } from "../../protocol/roles.ts";
import { ALL_CONTRACTS, type ContractName } from "../../protocol/words.ts";
import { anchorLogBytecode } from "../../server/chain/generated/bytecode/AnchorLog.ts";
import { breakGlassBytecode } from "../../server/chain/generated/bytecode/BreakGlass.ts";
import { deviceRegistryBytecode } from "../../server/chain/generated/bytecode/DeviceRegistry.ts";
import { grantRegistryBytecode } from "../../server/chain/generated/bytecode/GrantRegistry.ts";
import { memberRegistryBytecode } from "../../server/chain/generated/bytecode/MemberRegistry.ts";
import { operatorsBytecode } from "../../server/chain/generated/bytecode/Operators.ts";
import { twinRegistryBytecode } from "../../server/chain/generated/bytecode/TwinRegistry.ts";
import { verdictOracleBytecode } from "../../server/chain/generated/bytecode/VerdictOracle.ts";
import { interfaces } from "../../server/chain/interfaces.ts";

const CHAIN_ID = 31337;
const CAST = [
  ...["deployer", "steward", "offered", "subject", "guardian", "reader", "sender", "oracle0"],
  ...["signer", "stranger", "TwinRegistry", "VerdictOracle", "MemberRegistry"],
  ...["Operators"],
  ...["admin", "pauser", "resumer", "appointer", "holder", "reviewer"],
] as const;
type Caller = (typeof CAST)[number];

/** What everybody gets but those named: the word of the refusal, or `done`. */
interface Row {
  readonly args: readonly unknown[];
  readonly others: string;
  readonly but?: Partial<Record<Caller, string>>;
}

const digestOf = (word: string): Hex => sha256(new TextEncoder().encode(word)) as Hex;
const walletOf = (name: string): Wallet => new Wallet(digestOf(`callers/${name}`));
const addressOf = (name: string): Hex => walletOf(name).address.toLowerCase() as Hex;

function keyOf(name: string): { secret: Uint8Array; x: Hex; y: Hex } {
  const secret = getBytes(digestOf(`callers/p256/${name}`));
  const point = p256.getPublicKey(secret, false);
  return { secret, x: hexlify(point.slice(1, 33)) as Hex, y: hexlify(point.slice(33)) as Hex };
}

class World {
  readonly contracts: Partial<Contracts> = {};
  readonly #provider: Provider;

  constructor(provider: Provider) {
    this.#provider = provider;
  }

  at(name: ContractName): Hex {
    return this.contracts[name] ?? ZERO_32;
  }

  async deploy(name: ContractName, bytecode: string, ...args: unknown[]): Promise<void> {
    const deployer = walletOf("deployer").connect(this.#provider);
    const contract = await new ContractFactory(interfaces[name], bytecode, deployer).deploy(...args);
    await contract.waitForDeployment();
    Object.assign(this.contracts, { [name]: (await contract.getAddress()).toLowerCase() });
  }

  async send(who: string, name: ContractName, method: string, ...args: unknown[]): Promise<void> {
    const data = interfaces[name].encodeFunctionData(method, args);
    const sent = await walletOf(who)
      .connect(this.#provider)
      .sendTransaction({ to: this.at(name), data });
    await sent.wait();
  }

  /** `done`, or the name of the error that the call is refused with; `no word` where it says none. */
  async outcome(caller: Caller, name: ContractName, method: string, args: readonly unknown[]): Promise<string> {
    const from = caller in this.contracts ? this.at(caller as ContractName) : addressOf(caller);
    const data = interfaces[name].encodeFunctionData(method, args as unknown[]);
    try {
      await this.#provider.call({ from, to: this.at(name), data });
      return "done";
    } catch (error) {
      const revert = isError(error, "CALL_EXCEPTION") ? error.data : (error as { data?: string }).data;
      // As of a contract that asks its caller something which only contracts of ours answer.
      if (revert === "0x") return "no word";
      for (const one of ALL_CONTRACTS) {
        const known = revert ? interfaces[one].parseError(revert) : null;
        if (known) return known.name;
      }
      throw error;
    }
  }
}

/** One member, one device in use with a twin, a subject, a grant that may be passed on, and a steward-to-be. */
async function build(): Promise<{ world: World; rows: Record<string, Row> }> {
  const { provider, ethers } = await network.create();
  const world = new World(ethers.provider);
  for (const name of CAST) {
    const params = [addressOf(name), "0x3635c9adc5dea00000"];
    await provider.request({ method: "hardhat_setBalance", params });
  }
  const key = keyOf("member");
  const group = addressOf("group");
  const [member, gateway] = [
    ["North", "https://north.example", addressOf("signer"), key.x, key.y],
    [group, 0, key.x, key.y, [addressOf("sender")]],
  ];
  const oracles = [0, 1, 2, 3].map((bit) => [0, addressOf(`oracle${bit}`)]);
  await world.deploy("MemberRegistry", memberRegistryBytecode, [member], [gateway], oracles);
  await world.deploy("DeviceRegistry", deviceRegistryBytecode);
  const [members, devices] = [world.at("MemberRegistry"), world.at("DeviceRegistry")];
  await world.deploy("AnchorLog", anchorLogBytecode, members);
  await world.deploy("TwinRegistry", twinRegistryBytecode, members, devices);
  const twins = world.at("TwinRegistry");
  const appointed = (["pauser", "resumer", "appointer", "holder", "reviewer"] as const).map((role) => {
    return [roleNumber(role, 0), addressOf(role), role === "resumer" ? RESUMED_AFTER : 0];
  });
  await world.deploy("Operators", operatorsBytecode, addressOf("admin"), appointed);
  const operators = world.at("Operators");
  await world.deploy("BreakGlass", breakGlassBytecode, members, devices, twins, operators);
  const asked = [world.at("BreakGlass"), operators];
  await world.deploy("GrantRegistry", grantRegistryBytecode, members, devices, twins, ...asked);
  await world.deploy("VerdictOracle", verdictOracleBytecode, members, devices, world.at("AnchorLog"));
  await world.send("deployer", "DeviceRegistry", "wire", twins, world.at("VerdictOracle"));
  await world.send("sender", "AnchorLog", "openStream", group);
  const home = streamId(CHAIN_ID, world.at("AnchorLog"), group, 0);

  const prove = (name: string, number: number, of?: Hex): [Hex, Hex, Hex, Hex] => {
    const { secret, x, y } = keyOf(name);
    const id = of ?? deviceId(CHAIN_ID, devices, { x, y });
    const proof = p256.sign(keyProofMessage(CHAIN_ID, devices, id, number, addressOf("steward")), secret);
    return [x, y, hexlify(proof.slice(0, 32)) as Hex, hexlify(proof.slice(32)) as Hex];
  };
  const device = deviceId(CHAIN_ID, devices, keyOf("device"));
  const [model, manifest] = [digestOf("model"), digestOf("manifest")];
  await world.send("steward", "DeviceRegistry", "register", model, home, ...prove("device", 1));
  await world.send("steward", "TwinRegistry", "createSecurityTwin", device, manifest, 0xff);
  await world.send("steward", "TwinRegistry", "beginAssignment", device, 1);
  const assignment = assignmentId(CHAIN_ID, twins, device, 0);
  await world.send("steward", "TwinRegistry", "createTwin", assignment, manifest, 0x0f, 3);
  const twin = twinId(CHAIN_ID, twins, assignment, manifest, 0);
  await world.send("steward", "DeviceRegistry", "offerSteward", device, addressOf("offered"));
  const other = deviceId(CHAIN_ID, devices, keyOf("other"));
  await world.send("steward", "DeviceRegistry", "register", model, home, ...prove("other", 1));

  const deadline = 4_000_000_000;
  const domain = (name: ContractName): object => {
    return { name: `Twinward ${name}`, version: "1", chainId: CHAIN_ID, verifyingContract: world.at(name) };
  };
  const fields = (line: string): { type: string; name: string }[] =>
    line.split(",").map((field) => {
      const [type = "", name = ""] = field.split(" ");
      return { type, name };
    });
  const bound = { assignment, subject: addressOf("subject"), guardian: addressOf("guardian"), deadline };
  const SUBJECT = { Subject: fields("bytes32 assignment,address subject,address guardian,uint40 deadline") };
  const agreed = await walletOf("subject").signTypedData(domain("TwinRegistry"), SUBJECT, bound);
  const binding = [assignment, bound.subject, bound.guardian, deadline, agreed];
  await world.send("steward", "TwinRegistry", "bindSubject", ...binding);
  const terms = [twin, addressOf("reader"), 1_700_000_000, 4_000_000_000, 0x0f, 0x03, 1];
  await world.send("steward", "GrantRegistry", "grant", device, terms, 1);
  const source = [addressOf("steward"), ZERO_32, 1];
  const child = [twin, addressOf("stranger"), 1_700_000_000, 4_000_000_000, 0x0f, 0x03, 0];

  const holder = addressOf("holder");
  await world.send("steward", "BreakGlass", "nameEmergencyTwin", assignment, twin, 0);
  const now = (await ethers.provider.getBlock("latest"))?.timestamp ?? 0;
  const claim = [twin, now + 3_600, model];
  const alone = [ZeroAddress, 0, "0x"];
  await world.send("holder", "BreakGlass", "open", claim, alone);
  const opening = breakGlassId(CHAIN_ID, world.at("BreakGlass"), 0, 1);
  const resume = interfaces.GrantRegistry.encodeFunctionData("resume");
  await world.send("resumer", "Operators", "schedule", world.at("GrantRegistry"), resume, 0);

  const steward = (args: readonly unknown[]): Row => ({ args, others: "NotSteward", but: { steward: "done" } });
  // The admin may all of it, and announces it first.
  const admin = (...args: unknown[]): Row => {
    const but = { admin: "AccessManagerNotScheduled", Operators: "AccessManagerUnauthorizedAccount" };
    return { args, others: "AccessManagerUnauthorizedAccount", but };
  };
  const appointing = (...args: unknown[]): Row => {
    return { args, others: "AccessManagerUnauthorizedAccount", but: { appointer: "done" } };
  };
  const anybody = (others: string, ...args: unknown[]): Row => ({ args, others });
  const nothing = [ZERO_32, ZERO_32];
  const ack = [0, 1, model, 1, 1, ...nothing];
  const verdict = [ZERO_32, home, 0, 0, 0, device, 1, 1, 2, 3, ...nothing];
  const [place, batch] = [
    [model, 0, []],
    [0, model, 1, 0, []],
  ];
  const input = ["0x", ...nothing];
  const quorum = (...args: readonly unknown[]): Row => ({ args, others: "NotQuorum", but: { MemberRegistry: "done" } });
  const joining = ["South", "https://south.example", addressOf("reader"), key.x, key.y];
  const calls = [interfaces.MemberRegistry.encodeFunctionData("addMember", [joining])];
  const CHANGE = { Change: fields("uint64 number,bytes[] calls,uint40 deadline") };
  const change = { number: 0, calls, deadline };
  const signed = Signature.from(await walletOf("signer").signTypedData(domain("MemberRegistry"), CHANGE, change));
  const decided = [1, [[signed.r, signed.yParityAndS]]];
  return { world, rows: rowsOf() };

  function rowsOf(): Record<string, Row> {
    return {
      // Whoever sends it, the signatures say who decided.
      "MemberRegistry.carryOut": anybody("done", 0, deadline, calls, ...decided),
      "MemberRegistry.addMember": quorum(joining),
      "MemberRegistry.changeMember": quorum(0, joining),
      "MemberRegistry.removeMember": { ...quorum(0), but: { MemberRegistry: "MemberHasGroups" } },
      "MemberRegistry.addGroup": quorum([addressOf("other group"), 0, key.x, key.y, [addressOf("reader")]]),
      "MemberRegistry.changeGatewayKey": quorum(group, key.x, key.y, deadline),
      "MemberRegistry.changeSenders": quorum(group, [addressOf("reader")]),
      "MemberRegistry.closeGroup": quorum(group),
      "MemberRegistry.replaceOracles": quorum(oracles.slice(1), 0),

      "DeviceRegistry.wire": { args: [twins, twins], others: "NotWirer", but: { deployer: "AlreadyWired" } },
      // A registration names its steward in the new key's proof, so nobody can take it over.
      "DeviceRegistry.register": {
        args: [model, home, ...prove("third", 1)],
        others: "KeyProofInvalid",
        but: { steward: "done" },
      },
      "DeviceRegistry.rotateKey": steward([device, 10, ...prove("device 2", 2, device)]),
      "DeviceRegistry.markKey": steward([device, 1, 5, 1, model]),
      "DeviceRegistry.proveEquivocation": anybody("InputMalformed", device, input, input),
      "DeviceRegistry.retire": steward([device]),
      "DeviceRegistry.offerSteward": steward([device, addressOf("reader")]),
      "DeviceRegistry.acceptSteward": { args: [device], others: "NotOfferedSteward", but: { offered: "done" } },
      "DeviceRegistry.activate": { args: [other], others: "NotTwinRegistry", but: { TwinRegistry: "done" } },
      "DeviceRegistry.setAssigned": { args: [other, true], others: "NotTwinRegistry", but: { TwinRegistry: "done" } },
      "DeviceRegistry.applyVerdict": {
        args: [device, 2, model],
        others: "NotVerdictOracle",
        but: { VerdictOracle: "done" },
      },

      "DeviceRegistry.setCut": { args: [other, twin, 1], others: "NotTwinRegistry", but: { TwinRegistry: "done" } },

      "TwinRegistry.beginAssignment": steward([other, 1]),
      "TwinRegistry.endAssignment": steward([assignment, 9]),
      "TwinRegistry.createTwin": steward([assignment, manifest, 1, 0]),
      "TwinRegistry.createSecurityTwin": steward([other, manifest, 1]),
      "TwinRegistry.raiseEpoch": steward([twin]),
      "TwinRegistry.bindSubject": { args: binding, others: "NotSteward", but: { steward: "SubjectAlreadyBound" } },
      "TwinRegistry.appointGuardian": {
        args: [assignment, addressOf("reader")],
        others: "NotSubject",
        but: { subject: "done" },
      },
      "TwinRegistry.appointGuardianFor": {
        args: [assignment, addressOf("reader"), 0, deadline, "0x"],
        others: "NotSteward",
        but: { steward: "SubjectAlreadyBound" },
      },
      "TwinRegistry.setConsentMask": {
        args: [twin, 0x05],
        others: "NotSteward",
        but: { steward: "done", subject: "done", guardian: "done" },
      },

      "GrantRegistry.grant": steward([device, terms, 2]),
      "GrantRegistry.delegate": { args: [device, child, 2, source], others: "GrantUnknown", but: { reader: "done" } },
      "GrantRegistry.revoke": steward([twin, addressOf("reader"), source]),
      "GrantRegistry.setContinuity": steward([twin, addressOf("reader"), true, source]),
      // Whose word it is, the signature says, not the sender.
      "GrantRegistry.relayGrant": anybody("SignatureInvalid", device, terms, 2, deadline, "0x"),
      "GrantRegistry.relayGrants": anybody("SignatureInvalid", device, [terms], [2], deadline, "0x"),
      "GrantRegistry.relayDelegation": anybody(
        ...(["SignatureInvalid", device, child, 2, addressOf("reader"), source, deadline, "0x"] as const),
      ),
      "GrantRegistry.relayConsent": anybody(
        ...(["SignatureInvalid", twin, addressOf("reader"), 4, addressOf("subject"), deadline, "0x"] as const),
      ),
      "GrantRegistry.relayRevocation": anybody(
        ...(["SignatureInvalid", twin, addressOf("reader"), addressOf("steward"), source, deadline, "0x"] as const),
      ),
      "GrantRegistry.setConsent": {
        args: [twin, addressOf("reader"), 4],
        others: "NotSubject",
        but: { subject: "done", guardian: "done" },
      },
      "GrantRegistry.cancelNonce": anybody("done", 77),
      "GrantRegistry.pause": { args: [], others: "AccessManagedUnauthorized", but: { pauser: "done" } },
      "GrantRegistry.resume": {
        args: [],
        others: "AccessManagedUnauthorized",
        but: { resumer: "AccessManagerNotReady" },
      },
      "GrantRegistry.setAuthority": {
        args: [members],
        others: "AccessManagedUnauthorized",
        but: { Operators: "done" },
      },

      "BreakGlass.nameEmergencyTwin": steward([assignment, ZERO_32, 0]),
      "BreakGlass.open": { args: [claim, alone], others: "NotHolder", but: { holder: "done" } },
      "BreakGlass.relayOpen": anybody("SignatureInvalid", claim, holder, deadline, "0x", alone),
      "BreakGlass.end": { args: [opening], others: "NotOpener", but: { holder: "done", steward: "done" } },
      "BreakGlass.review": {
        args: [opening, true, model],
        others: "NotReviewer",
        but: { reviewer: "OpeningRuns" },
      },

      // Nobody decides about data here: what OpenZeppelin's manager lets do is about operators alone.
      "Operators.grantRole": appointing(roleNumber("holder", 0), addressOf("stranger"), 0),
      "Operators.revokeRole": appointing(roleNumber("holder", 0), holder),
      "Operators.renounceRole": {
        args: [roleNumber("holder", 0), holder],
        others: "AccessManagerBadConfirmation",
        but: { holder: "done" },
      },
      "Operators.labelRole": admin(roleNumber("holder", 0), "holders"),
      "Operators.setRoleAdmin": admin(roleNumber("holder", 0), 0),
      "Operators.setRoleGuardian": admin(roleNumber("holder", 0), 0),
      "Operators.setGrantDelay": admin(roleNumber("holder", 0), 0),
      "Operators.setTargetFunctionRole": admin(world.at("GrantRegistry"), ["0x12345678"], 0),
      "Operators.setTargetAdminDelay": admin(world.at("GrantRegistry"), 0),
      "Operators.setTargetClosed": admin(world.at("GrantRegistry"), true),
      "Operators.updateAuthority": admin(world.at("GrantRegistry"), members),
      "Operators.schedule": {
        args: [world.at("GrantRegistry"), interfaces.GrantRegistry.encodeFunctionData("setAuthority", [members]), 0],
        others: "AccessManagerUnauthorizedCall",
        but: { admin: "done" },
      },
      "Operators.execute": {
        args: [world.at("GrantRegistry"), interfaces.GrantRegistry.encodeFunctionData("pause")],
        others: "AccessManagerUnauthorizedCall",
        but: { pauser: "done" },
      },
      "Operators.cancel": {
        args: [addressOf("resumer"), world.at("GrantRegistry"), resume],
        others: "AccessManagerUnauthorizedCancel",
        but: { resumer: "done", pauser: "done", admin: "done" },
      },
      "Operators.consumeScheduledOp": anybody("no word", addressOf("resumer"), resume),
      "Operators.multicall": anybody("done", []),

      "VerdictOracle.transmit": {
        args: [verdict, 3, []],
        others: "TransmitterNotOracle",
        but: { oracle0: "OracleSetUnexpected" },
      },
      "VerdictOracle.allClear": {
        args: [home, 0, model, 7, []],
        others: "TransmitterNotOracle",
        but: { oracle0: "EvidenceNotAnchored" },
      },

      "AnchorLog.openStream": { args: [group], others: "SenderNotOfGroup", but: { sender: "done" } },
      "AnchorLog.anchor": { args: [home, 0, model, 1], others: "SenderNotOfGroup", but: { sender: "done" } },
      "AnchorLog.openSuccessor": { args: [home], others: "SenderNotOfGroup", but: { sender: "StreamNotFenced" } },
      "AnchorLog.fence": anybody("SignatureCountUnexpected", home, model, 1, []),
      "AnchorLog.resume": anybody("StreamNotSuspended", home, 1, model, 1, []),
      "AnchorLog.challengeOverdue": anybody("AckNotSigned", home, ack),
      "AnchorLog.challengeLate": anybody("AckNotSigned", home, ack, 0),
      "AnchorLog.challengeMisplaced": anybody("AckNotSigned", home, ack, place, batch, place),
      "AnchorLog.challengeContradicted": anybody("AckNotSigned", home, ack, place, ack, place),
    };
  }
}

describe("who may call what", () => {
  let world: World;
  let rows: Record<string, Row>;
  before(async () => ({ world, rows } = await build()));

  it("has a row for every function that changes anything", () => {
    const functions = ALL_CONTRACTS.flatMap((name) => {
      const found: string[] = [];
      interfaces[name].forEachFunction((one) => {
        if (!one.constant) found.push(`${name}.${one.name}`);
      });
      return found;
    });
    expect(Object.keys(rows).sort()).to.deep.equal(functions.sort());
  });

  it("lets everybody do exactly what their row says", async () => {
    const wrong: string[] = [];
    for (const [name, { args, others, but = {} }] of Object.entries(rows)) {
      const [contract, method] = name.split(".") as [ContractName, string];
      for (const caller of CAST) {
        const expected = but[caller] ?? others;
        const got = await world.outcome(caller, contract, method, args);
        if (got !== expected) wrong.push(`${name} by ${caller}: ${expected} expected, ${got}`);
      }
    }
    expect(wrong).to.deep.equal([]);
  });
});
