import { Signature, Transaction } from "ethers";
import { ZERO_32, type Hex } from "../../../protocol/bytes.ts";
import type { Consortium } from "../../../protocol/consortium.ts";
import { modelHash, type DeviceModel } from "../../../protocol/device-model.ts";
import type { PublicKey } from "../../../protocol/es256.ts";
import { sha256Hex } from "../../../protocol/hash.ts";
import { streamId } from "../../../protocol/ids.ts";
import { interfaces } from "../../../server/chain/interfaces.ts";
import type { TransactionSigner } from "../../../server/chain/signer.ts";

const address = (byte: number): Hex => `0x${byte.toString(16).padStart(2, "0").repeat(20)}`;
export const CHAIN_ID = 31337;
export const GROUP = address(0x99);
export const ANCHOR_LOG = address(0xa1);
export const DEVICE_REGISTRY = address(0xd1);
export const STREAM = streamId(CHAIN_ID, ANCHOR_LOG, GROUP, 0);

/** What every device of the ward is. */
export const MODEL: DeviceModel = {
  format: "device-model@1",
  name: "monitor@1",
  segments: [{ name: "heart-rate", bit: 0, unit: "/min", type: "number", min: 0, max: 300 }],
  commands: [],
  security: ["heart-rate"],
};
export const MODEL_HASH = modelHash(MODEL);

/** Signs with a number: the simulated chain knows one sender and asks for no more. */
export const signer: TransactionSigner = {
  address: GROUP,
  signTransaction: async (parts) => {
    const transaction = Transaction.from(parts);
    transaction.signature = Signature.from({ r: `0x${"11".repeat(32)}`, s: `0x${"22".repeat(32)}`, v: 27 });
    return transaction.serialized;
  },
};

export interface Pending {
  readonly hash: Hex;
  readonly raw: Hex;
  readonly nonce: number;
  readonly price: bigint;
  readonly to: string;
  readonly data: string;
}

export interface Log {
  readonly address: Hex;
  readonly topics: readonly string[];
  readonly data: string;
  readonly transactionHash: Hex;
}

/** The contract and the sender's account after a block. */
interface State {
  readonly nonce: number;
  readonly opened: boolean;
  readonly size: number;
  readonly leaves: number;
}

export interface SimulatedBlock {
  readonly number: number;
  readonly hash: Hex;
  readonly parent: Hex;
  readonly timestamp: number;
  readonly transactions: readonly (Pending & { readonly status: 0 | 1 })[];
  readonly logs: readonly Log[];
  readonly after: State;
}

export function parseRaw(raw: Hex): Pending {
  const { hash, nonce, gasPrice, to, data } = Transaction.from(raw);
  return { hash: hash as Hex, raw, nonce, price: gasPrice ?? 0n, to: (to ?? "").toLowerCase(), data };
}

/** A chain with one sender and what `AnchorLog` does for it, whose history can be taken back. */
export class SimulatedChain {
  readonly blocks: SimulatedBlock[] = [];
  /** Every block that ever was, by hash. */
  readonly ever = new Map<Hex, SimulatedBlock>();
  /** The roots that were ever anchored under a number, on whichever fork. */
  readonly roots = new Map<number, Set<string>>();
  pool: Pending[] = [];
  price = 0n;
  #made = 0;

  /** Its devices are registered from block 0 on. */
  constructor(timestamp: number, devices: readonly { readonly id: Hex; readonly key: PublicKey }[]) {
    this.#add({ number: 0, timestamp }, ZERO_32, [], devices.flatMap(registration));
  }

  get head(): SimulatedBlock {
    return this.blocks.at(-1) as SimulatedBlock;
  }

  /** What would become of a call on this state. */
  static run(state: State, { to, data }: Pick<Pending, "to" | "data">): State & { readonly log?: unknown[] } {
    if (to !== ANCHOR_LOG) return state;
    const call = interfaces.AnchorLog.parseTransaction({ data });
    if (call?.name === "openStream") {
      if (state.opened) throw new Error("opened twice");
      return { ...state, opened: true, log: ["StreamOpened", [STREAM, GROUP, 0]] };
    }
    const [, number, root, count] = (call?.args ?? []) as unknown as [string, bigint, string, bigint];
    if (!state.opened || Number(number) !== state.size) throw new Error("AnchorNumberUnexpected");
    const log = ["Anchored", [STREAM, number, root, count, state.leaves]];
    return { ...state, size: state.size + 1, leaves: state.leaves + Number(count), log };
  }

  take(transaction: Pending): void {
    const other = this.pool.find(({ nonce }) => nonce === transaction.nonce);
    if (other?.hash === transaction.hash) throw new Error("already known");
    if (transaction.nonce < this.head.after.nonce) throw new Error("nonce too low");
    if (other !== undefined && transaction.price * 8n < other.price * 9n && other.price > 0n)
      throw new Error("replacement transaction underpriced");
    this.pool = [...this.pool.filter((one) => one !== other), transaction];
  }

  /** The next block, with what of the pool can be in it. */
  mine(timestamp: number): void {
    const wanted: Pending[] = [];
    for (let nonce = this.head.after.nonce; ; nonce++) {
      const next = this.pool.find((one) => one.nonce === nonce && one.price >= this.price);
      if (next === undefined) break;
      wanted.push(next);
    }
    this.pool = this.pool.filter((one) => !wanted.includes(one));
    const { number, hash } = this.head;
    this.#add({ number: number + 1, timestamp: Math.max(timestamp, this.head.timestamp + 1) }, hash, wanted);
  }

  /** Forgets the newest blocks; what they held, to be put back or not. Block 0 stays. */
  forget(depth: number): Pending[] {
    const gone = this.blocks.splice(Math.max(1, this.blocks.length - depth));
    this.pool = this.pool.filter(({ nonce }) => nonce >= this.head.after.nonce);
    return gone.flatMap(({ transactions }) => transactions);
  }

  get pendingNonce(): number {
    let { nonce } = this.head.after;
    while (this.pool.some((one) => one.nonce === nonce)) nonce += 1;
    return nonce;
  }

  #add(place: { number: number; timestamp: number }, parent: Hex, wanted: readonly Pending[], logs: Log[] = []): void {
    let after: State = this.blocks.at(-1)?.after ?? { nonce: 0, opened: false, size: 0, leaves: 0 };
    const transactions = wanted.map((one) => {
      after = { ...after, nonce: one.nonce + 1 };
      try {
        const { log, ...state } = SimulatedChain.run(after, one);
        after = state;
        if (log !== undefined)
          logs.push({ ...encode("AnchorLog", log as [string, unknown[]]), transactionHash: one.hash });
        if (log?.[0] === "Anchored") this.#remember((log[1] as unknown[]).map(String));
        return { ...one, status: 1 as const };
      } catch {
        return { ...one, status: 0 as const };
      }
    });
    const hash = sha256Hex(`${parent} ${this.#made++}`);
    const block = { ...place, hash, parent, transactions, logs, after };
    this.blocks.push(block);
    this.ever.set(hash, block);
  }

  #remember([, number = "", root = ""]: string[]): void {
    const roots = this.roots.get(Number(number)) ?? new Set();
    this.roots.set(Number(number), roots.add(root));
  }
}

function encode(contract: keyof typeof EMITTERS, [name, values]: [string, unknown[]]): Omit<Log, "transactionHash"> {
  const event = interfaces[contract].getEvent(name);
  if (event === null) throw new Error(`no event ${name}`);
  return { address: EMITTERS[contract], ...interfaces[contract].encodeEventLog(event, values) };
}

const EMITTERS = { AnchorLog: ANCHOR_LOG, DeviceRegistry: DEVICE_REGISTRY };

/** What DeviceRegistry says of a device with one key. */
function registration({ id, key }: { readonly id: Hex; readonly key: PublicKey }): Log[] {
  const said: [string, unknown[]][] = [
    ["DeviceRegistered", [id, GROUP, MODEL_HASH, STREAM]],
    ["KeyAdded", [id, 1, 1, key.x, key.y]],
    ["DeviceStateChanged", [id, 1, 2, ZERO_32]],
  ];
  return said.map((one) => ({ ...encode("DeviceRegistry", one), transactionHash: sha256Hex(`${one[0]} ${id}`) }));
}

export function consortiumOf(chain: SimulatedChain): Consortium {
  return {
    format: "consortium@1",
    name: "simulated",
    chainId: CHAIN_ID,
    genesis: chain.blocks[0]?.hash ?? "0x",
    contracts: {
      MemberRegistry: address(0x11),
      DeviceRegistry: DEVICE_REGISTRY,
      AnchorLog: ANCHOR_LOG,
      TwinRegistry: address(0x12),
      GrantRegistry: address(0x13),
      VerdictOracle: address(0x14),
    },
    members: [],
  };
}
