import { randomBytes } from "node:crypto";
import { Contract, FetchRequest, JsonRpcProvider, Wallet, ZeroAddress, type InterfaceAbi } from "ethers";
import { anchorLogAbi } from "../../protocol/abi/AnchorLog.ts";
import { deviceRegistryAbi } from "../../protocol/abi/DeviceRegistry.ts";
import { grantRegistryAbi } from "../../protocol/abi/GrantRegistry.ts";
import { twinRegistryAbi } from "../../protocol/abi/TwinRegistry.ts";
import { toHex, ZERO_32, type Hex } from "../../protocol/bytes.ts";
import type { Consortium } from "../../protocol/consortium.ts";
import { modelHash, segmentsMask, type DeviceModel } from "../../protocol/device-model.ts";
import { TwinwardError } from "../../protocol/errors.ts";
import { publicKeyOf, signEs256 } from "../../protocol/es256.ts";
import { assignmentId, deviceId, grantId, keyProofMessage, streamId, twinId } from "../../protocol/ids.ts";
import { manifestHash, type Manifest } from "../../protocol/manifest.ts";
import { sendActs } from "./send-acts.ts";

/** What a device got on chain: its id, the assignment that is open, and the twin that oracles read. */
export interface Registered {
  readonly device: Hex;
  readonly assignment: Hex;
  readonly securityTwin: Hex;
}

/** One of a device's assignments: sequences [from, end), `end` null while it is open. */
export interface Assignment {
  readonly assignment: Hex;
  readonly from: number;
  readonly end: number | null;
}

/** A device to be registered: its P-256 key, its model, and the cut that oracles will read. */
export interface Registration {
  readonly key: Uint8Array;
  readonly model: DeviceModel;
  readonly security: Manifest;
}

export interface GrantTerms {
  readonly twin: Hex;
  readonly reader: Hex;
  /** Seconds, [from, until). */
  readonly from: number;
  readonly until: number;
  readonly segments: bigint;
  readonly purposes: number;
  /** How often it may be passed on; not at all without. */
  readonly depth?: number;
  /** One that this steward has not used; drawn where it names nothing. */
  readonly nonce?: bigint;
}

/** What the chain needs to find a grant again: together it makes the id. */
export interface GrantKey {
  readonly twin: Hex;
  readonly reader: Hex;
  readonly grantor: Hex;
  readonly parent: Hex | null;
  readonly nonce: bigint;
}

const SUBJECT = {
  Subject: [
    { name: "assignment", type: "bytes32" },
    { name: "subject", type: "address" },
    { name: "guardian", type: "address" },
    { name: "deadline", type: "uint40" },
  ],
};

/** Connects to a chain's JSON-RPC. Nothing is asked until the first call. */
export function connectProvider(url: string, chainId: number): JsonRpcProvider {
  const request = new FetchRequest(url);
  request.timeout = 15_000;
  const provider = new JsonRpcProvider(request, chainId, { staticNetwork: true, batchMaxCount: 1 });
  provider.pollingInterval = 200;
  return provider;
}

/** A steward's acts on the chain, signed here and sent as raw transactions. Each returns when it is mined. */
export class Steward {
  readonly address: Hex;
  readonly #consortium: Consortium;
  readonly #wallet: Wallet;

  constructor(consortium: Consortium, provider: JsonRpcProvider, privateKey: Uint8Array) {
    this.#consortium = consortium;
    this.#wallet = new Wallet(toHex(privateKey), provider);
    this.address = this.#wallet.address.toLowerCase() as Hex;
  }

  /**
   * Registers devices by their own keys' proofs, begins their first assignments and makes their security twins: three
   * transactions each, all sent together since every id is known beforehand. Throws what the contracts refuse.
   */
  async register(devices: readonly Registration[]): Promise<Registered[]> {
    const { chainId, contracts, members } = this.#consortium;
    const group = members[0]?.gateways[0]?.group;
    if (group === undefined) throw new TwinwardError("UNUSABLE_CONSORTIUM", { detail: "No member has a gateway." });
    const stream = await this.#newestStream(streamId(chainId, contracts.AnchorLog, group, 0));
    const registry = this.#contract("DeviceRegistry");
    const twins = this.#contract("TwinRegistry");
    const planned = devices.map(({ key, model, security }) => {
      const { x, y } = publicKeyOf(key);
      const device = deviceId(chainId, contracts.DeviceRegistry, { x, y });
      const proof = signEs256(key, keyProofMessage(chainId, contracts.DeviceRegistry, device, 1, this.address));
      const hash = manifestHash(security);
      const acts = [
        {
          contract: registry,
          method: "register",
          args: [modelHash(model), stream, x, y, toHex(proof.slice(0, 32)), toHex(proof.slice(32))],
        },
        { contract: twins, method: "beginAssignment", args: [device, 1] },
        { contract: twins, method: "createSecurityTwin", args: [device, hash, segmentsMask(model, security.segments)] },
      ];
      const assignment = assignmentId(chainId, contracts.TwinRegistry, device, 0);
      return {
        acts,
        registered: { device, assignment, securityTwin: twinId(chainId, contracts.TwinRegistry, device, hash, 0) },
      };
    });
    await sendActs(
      this.#wallet,
      planned.flatMap(({ acts }) => acts),
    );
    return planned.map(({ registered }) => registered);
  }

  /** In the order in which they began. */
  async assignments(device: Hex): Promise<Assignment[]> {
    const { chainId, contracts } = this.#consortium;
    const asked = this.#contract("TwinRegistry").getFunction("assignment");
    const found: Assignment[] = [];
    for (let n = 0; ; n++) {
      const assignment = assignmentId(chainId, contracts.TwinRegistry, device, n);
      const [of, from, end] = (await asked.staticCall(assignment)) as readonly [string, bigint, bigint];
      if (of === ZERO_32) return found;
      found.push({ assignment, from: Number(from), end: end === NO_END ? null : Number(end) });
    }
  }

  /** Begins the device's next assignment; its id, and which one it is, from 0. Throws what the contract refuses. */
  async beginAssignment(device: Hex, from: number): Promise<{ readonly assignment: Hex; readonly n: number }> {
    const twins = this.#contract("TwinRegistry");
    const [receipt] = await sendActs(this.#wallet, [
      { contract: twins, method: "beginAssignment", args: [device, from] },
    ]);
    const began = receipt?.logs
      .map((log) => twins.interface.parseLog(log))
      .find((event) => event?.name === "AssignmentBegan");
    return { assignment: String(began?.args[0]) as Hex, n: Number(began?.args[2]) };
  }

  /** Ends an assignment before a sequence, and with it its twins and their grants. Throws what the contract refuses. */
  async endAssignment(assignment: Hex, end: number): Promise<void> {
    await sendActs(this.#wallet, [
      { contract: this.#contract("TwinRegistry"), method: "endAssignment", args: [assignment, end] },
    ]);
  }

  /** A new twin on the device's open assignment. Throws ASSIGNMENT… refusals of the contract as TRANSACTION_REVERTED. */
  async createTwin(device: Hex, manifest: Manifest, segments: bigint): Promise<Hex> {
    const twins = this.#contract("TwinRegistry");
    const assignment = await this.#openAssignment(device);
    const [receipt] = await sendActs(this.#wallet, [
      { contract: twins, method: "createTwin", args: [assignment, manifestHash(manifest), segments, 0n] },
    ]);
    const created = receipt?.logs
      .map((log) => twins.interface.parseLog(log))
      .find((event) => event?.name === "TwinCreated");
    return String(created?.args.getValue("twin")) as Hex;
  }

  /** Gives a grant; its id. */
  async grant(device: Hex, { depth = 0, nonce = drawNonce(), ...terms }: GrantTerms): Promise<Hex> {
    await sendActs(this.#wallet, [
      { contract: this.#contract("GrantRegistry"), method: "grant", args: [device, { ...terms, depth }, nonce] },
    ]);
    return grantId({ twin: terms.twin, reader: terms.reader, grantor: this.address, parent: ZERO_32, nonce });
  }

  /** Passes a grant of this account's on; the child's id. `source` is where the parent comes from. */
  async delegate(
    device: Hex,
    { depth = 0, ...terms }: Omit<GrantTerms, "nonce">,
    source: Pick<GrantKey, "grantor" | "parent" | "nonce">,
    parent: Hex,
  ): Promise<Hex> {
    const nonce = BigInt(toHex(randomBytes(32)));
    const args = [device, { ...terms, depth }, nonce, { ...source, parent: source.parent ?? ZERO_32 }];
    await sendActs(this.#wallet, [{ contract: this.#contract("GrantRegistry"), method: "delegate", args }]);
    return grantId({ twin: terms.twin, reader: terms.reader, grantor: this.address, parent, nonce });
  }

  async setContinuity({ twin, reader, parent, ...source }: GrantKey, on: boolean): Promise<void> {
    const args = [twin, reader, on, { ...source, parent: parent ?? ZERO_32 }];
    await sendActs(this.#wallet, [{ contract: this.#contract("GrantRegistry"), method: "setContinuity", args }]);
  }

  async revoke({ twin, reader, parent, ...source }: GrantKey): Promise<void> {
    const args = [twin, reader, { ...source, parent: parent ?? ZERO_32 }];
    await sendActs(this.#wallet, [{ contract: this.#contract("GrantRegistry"), method: "revoke", args }]);
  }

  /** The stream that takes what `stream` took before members fenced it; a stream that nobody has opened yet is its own. */
  async #newestStream(stream: Hex): Promise<Hex> {
    const standing = this.#contract("AnchorLog").getFunction("standing");
    for (let last = stream; ;) {
      const [, , , successor] = (await standing.staticCall(last)) as readonly [unknown, unknown, unknown, string];
      if (successor === ZERO_32) return last;
      last = successor as Hex;
    }
  }

  /**
   * Says whose data the device's open assignment is, by the subject's own signature, which counts for ten minutes of the
   * chain's time. Throws TRANSACTION_REFUSED where no assignment is open, and what the contract refuses.
   */
  async bindSubject(
    device: Hex,
    subjectKey: Uint8Array,
    guardian?: Hex,
  ): Promise<{ readonly assignment: Hex; readonly subject: Hex }> {
    const twins = this.#contract("TwinRegistry");
    const assignment = await this.#openAssignment(device);
    const wallet = new Wallet(toHex(subjectKey));
    const subject = wallet.address.toLowerCase() as Hex;
    const block = await this.#wallet.provider?.getBlock("latest");
    const said = {
      assignment,
      subject,
      guardian: guardian ?? ZeroAddress,
      deadline: (block?.timestamp ?? Math.floor(Date.now() / 1000)) + 600,
    };
    const { chainId, contracts } = this.#consortium;
    const domain = { name: "Twinward TwinRegistry", version: "1", chainId, verifyingContract: contracts.TwinRegistry };
    const signature = await wallet.signTypedData(domain, SUBJECT, said);
    const args = [assignment, subject, said.guardian, said.deadline, signature];
    await sendActs(this.#wallet, [{ contract: twins, method: "bindSubject", args }]);
    return { assignment, subject };
  }

  /** Sets to what the subject agrees for a reader of a twin; by the subject or its guardian, with this wallet. */
  async setConsent(twin: Hex, reader: Hex, purposes: number): Promise<void> {
    const args = [twin, reader, purposes];
    await sendActs(this.#wallet, [{ contract: this.#contract("GrantRegistry"), method: "setConsent", args }]);
  }

  async #openAssignment(device: Hex): Promise<Hex> {
    const twins = this.#contract("TwinRegistry");
    const assignment = (await twins.getFunction("openAssignment").staticCall(device)) as Hex;
    if (assignment === ZERO_32)
      throw new TwinwardError("TRANSACTION_REFUSED", { detail: "The device has no open assignment." });
    return assignment;
  }

  #contract(name: keyof typeof ABIS): Contract {
    return new Contract(this.#consortium.contracts[name], ABIS[name], this.#wallet);
  }
}

/** What the contract says of an assignment that is open. */
const NO_END = (1n << 64n) - 1n;

const drawNonce = (): bigint => BigInt(toHex(randomBytes(32)));

const ABIS = {
  AnchorLog: anchorLogAbi as unknown as InterfaceAbi,
  DeviceRegistry: deviceRegistryAbi as unknown as InterfaceAbi,
  TwinRegistry: twinRegistryAbi as unknown as InterfaceAbi,
  GrantRegistry: grantRegistryAbi as unknown as InterfaceAbi,
} as const;
