import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Transaction } from "ethers";
import { fromHex, toHex, type Hex } from "../../../protocol/bytes.ts";
import { TwinwardError } from "../../../protocol/errors.ts";
import { keccak256 } from "../../../protocol/hash.ts";
import { BLOCK_GAS_LIMIT, NodeRefusal, startAnvil, type Anvil } from "./anvil.ts";
import { Journal, type Entry } from "./journal.ts";
import { readSnapshot, writeSnapshot, type SnapshotPlace } from "./snapshot.ts";

/** Transactions taken and not mined yet; beyond it more are refused, so that a flood fills neither memory nor the journal. */
const PENDING_LIMIT = 4_096;

interface Head {
  readonly number: number;
  readonly hash: Hex;
  readonly timestamp: number;
}

interface MinedBlock {
  readonly number: Hex;
  readonly hash: Hex;
  readonly parentHash: Hex;
  readonly timestamp: Hex;
  readonly gasUsed: Hex;
  readonly transactions: readonly Hex[];
}

/** A transaction that is in no block yet; `durable` resolves when it is written down. */
interface Taken {
  readonly raw: Hex;
  readonly durable: Promise<void>;
}

interface LedgerPlan {
  readonly directory: string;
  readonly chainId: number;
  readonly genesisSeconds: number;
}

/**
 * A node whose memory is our journal. With the same transactions and timestamps anvil makes the same blocks, to the hash; so
 * what was answered is never lost: the journal has each transaction before the node has it, and each block before a reader
 * can have seen it. `open` plays the journal again (from the last snapshot on) and holds every hash against it.
 */
export class Ledger {
  readonly #directory: string;
  readonly #chainId: number;
  readonly #anvil: Anvil;
  #journal!: Journal;
  #head: Head;
  /** Base fee would rise after a block that is more than half full, and free transactions would be stuck. */
  #heavy = false;
  #snapshotAt: number;
  readonly #pending = new Map<Hex, Taken>();
  #mining: Promise<void> | undefined;

  private constructor(plan: LedgerPlan, anvil: Anvil, head: Head) {
    this.#directory = plan.directory;
    this.#chainId = plan.chainId;
    this.#anvil = anvil;
    this.#head = head;
    this.#snapshotAt = head.number;
  }

  static async open(plan: LedgerPlan): Promise<Ledger> {
    const snapshot = await readSnapshot(join(plan.directory, "snapshot"));
    if (snapshot !== undefined) {
      const ledger = await Ledger.#from(plan, snapshot);
      if (ledger !== undefined) return ledger;
    }
    const whole = await Ledger.#from(plan, undefined);
    if (whole === undefined) throw new TwinwardError("CHAIN_LOG_DAMAGED");
    return whole;
  }

  /** Undefined when the snapshot does not fit the journal or the node does not understand it. */
  static async #from(
    plan: LedgerPlan,
    snapshot: { place: SnapshotPlace; state: Uint8Array } | undefined,
  ): Promise<Ledger | undefined> {
    const path = join(plan.directory, "load.json");
    const opened = await Journal.open(join(plan.directory, "journal"), snapshot?.place.offset ?? 0);
    if (opened === undefined) return undefined;
    let anvil: Anvil | undefined;
    try {
      if (snapshot !== undefined) await writeFile(path, snapshot.state, { mode: 0o600 });
      anvil = await startAnvil({ ...plan, ...(snapshot === undefined ? {} : { state: "load.json" }) });
      const head = toHead(await latest(anvil));
      if (snapshot !== undefined && head.hash !== snapshot.place.hash) {
        await anvil.kill();
        await opened.journal.close();
        return undefined;
      }
      const ledger = new Ledger(plan, anvil, head);
      ledger.#journal = opened.journal;
      await ledger.#replay(snapshot?.place.pending ?? [], opened.entries);
      // A failure here ends the node like any other: one that was left running would keep this process from ending.
      await rm(path, { force: true });
      return ledger;
    } catch (error) {
      await anvil?.kill();
      await opened.journal.close();
      // Where this fails too, the next start does it.
      await rm(path, { force: true }).catch(() => undefined);
      if (snapshot !== undefined && error instanceof TwinwardError && error.code === "CHAIN_ENDED") return undefined;
      throw error;
    }
  }

  get head(): Head {
    return this.#head;
  }

  /** Resolves when the node's process has ended, with the last that it said. */
  get ended(): Promise<string> {
    return this.#anvil.ended;
  }

  /**
   * Takes a signed transaction: checks its form, writes it down, hands it on. When this resolves it will be mined as soon as
   * its nonce's turn comes, whatever dies. Throws NodeRefusal as a node would.
   */
  async submit(raw: string): Promise<Hex> {
    const hash = this.#check(raw);
    let taken = this.#pending.get(hash);
    if (taken === undefined) {
      if (this.#pending.size >= PENDING_LIMIT) throw new NodeRefusal({ code: -32005, message: "too many pending" });
      taken = { raw: raw as Hex, durable: this.#journal.append({ raw: raw as Hex }) };
      this.#pending.set(hash, taken);
    }
    // Die before this has resolved and nobody was answered; die after it and the next start hands it on.
    await taken.durable;
    return this.#handOn(hash, raw as Hex);
  }

  /** Any other call. What it answers may show a new block, so it waits until that block is written down. */
  async call(method: string, parameters: readonly unknown[]): Promise<unknown> {
    try {
      return await this.#anvil.call(method, parameters);
    } finally {
      while (this.#mining !== undefined) await this.#mining;
    }
  }

  /** Whether a block would hold anything. Transactions that wait for a lower nonce do not count. */
  async hasReady(): Promise<boolean> {
    const status = (await this.#anvil.call("txpool_status", [])) as { pending: Hex };
    return Number(status.pending) > 0;
  }

  /** Mines one block with the given timestamp (seconds, above the head's) and writes it down. Never two at a time. */
  async mine(timestamp: number): Promise<void> {
    const work = this.#mineBlock(timestamp).then(async (block) => {
      // Until this has resolved no answer leaves (see `call`): a block that was seen is a block that will be again.
      await this.#journal.append({
        block: this.#head.number,
        timestamp,
        hash: block.hash,
        transactions: block.transactions,
      });
    });
    this.#mining = work.then(
      () => undefined,
      () => undefined,
    );
    try {
      await work;
    } finally {
      this.#mining = undefined;
    }
  }

  /** Blocks after which a snapshot pays: replaying is 1–2 ms a block, a dump grows with the chain. */
  get snapshotDue(): boolean {
    return this.#head.number - this.#snapshotAt >= Math.max(500, this.#head.number / 20);
  }

  /** Call only while nothing mines. */
  async snapshot(): Promise<void> {
    const dump = (await this.#anvil.call("anvil_dumpState", [false])) as Hex;
    const place = {
      ...this.#head,
      offset: this.#journal.size,
      pending: [...this.#pending.values()].map((taken) => taken.raw),
    };
    await this.#journal.flush();
    await writeSnapshot(join(this.#directory, "snapshot"), place, dump);
    this.#snapshotAt = place.number;
  }

  async close(): Promise<void> {
    await this.#anvil.kill();
    await this.#journal.close();
  }

  #check(raw: string): Hex {
    let transaction: Transaction;
    try {
      transaction = Transaction.from(raw);
    } catch {
      throw new NodeRefusal({ code: -32602, message: "Failed to decode transaction" });
    }
    if (transaction.serialized !== raw)
      throw new NodeRefusal({ code: -32602, message: "not canonical lower-case hex" });
    if (transaction.type === 3) throw new NodeRefusal({ code: -32602, message: "blob transactions are not taken" });
    if (transaction.hash === null || transaction.from === null) {
      throw new NodeRefusal({ code: -32602, message: "the transaction is not signed" });
    }
    if (transaction.chainId !== BigInt(this.#chainId)) {
      throw new NodeRefusal({ code: -32602, message: `invalid chain id: this is chain ${this.#chainId}` });
    }
    return transaction.hash as Hex;
  }

  async #handOn(hash: Hex, raw: Hex): Promise<Hex> {
    try {
      await this.call("eth_sendRawTransaction", [raw]);
      return hash;
    } catch (error) {
      const known = error instanceof NodeRefusal && /already (imported|known)/i.test(error.message);
      if (error instanceof NodeRefusal && !known && this.#pending.delete(hash)) {
        await this.#journal.append({ refused: hash });
      }
      throw error;
    }
  }

  async #mineBlock(timestamp: number): Promise<MinedBlock> {
    if (this.#heavy) await this.#anvil.call("anvil_setNextBlockBaseFeePerGas", ["0x0"]);
    await this.#anvil.call("evm_mine", [{ timestamp }]);
    const block = await latest(this.#anvil);
    if (block.parentHash !== this.#head.hash || Number(block.timestamp) !== timestamp) {
      throw new TwinwardError("CHAIN_REPLAY_DIFFERS", { block: this.#head.number + 1, detail: "Somebody else mined." });
    }
    this.#heavy = Number(block.gasUsed) * 2 > BLOCK_GAS_LIMIT;
    this.#head = toHead(block);
    for (const hash of block.transactions) this.#pending.delete(hash);
    return block;
  }

  async #replay(pending: readonly Hex[], entries: readonly Entry[]): Promise<void> {
    const durable = Promise.resolve();
    // Checked when it was taken; here only its name is needed, and recovering a signer takes as long as mining.
    const take = (raw: Hex): void => void this.#pending.set(toHex(keccak256(fromHex(raw))), { raw, durable });
    pending.forEach(take);
    for (const entry of entries) {
      if ("raw" in entry) take(entry.raw);
      else if ("refused" in entry) this.#pending.delete(entry.refused);
      else await this.#replayBlock(entry);
    }
    // What was taken and is in no block: the node may refuse it now, as it might have then.
    for (const [hash, taken] of this.#pending) {
      await this.#handOn(hash, taken.raw).catch((error: unknown) => {
        if (!(error instanceof NodeRefusal)) throw error;
      });
    }
  }

  async #replayBlock(entry: Extract<Entry, { block: number }>): Promise<void> {
    for (const hash of entry.transactions) {
      const taken = this.#pending.get(hash);
      if (taken === undefined) throw new TwinwardError("CHAIN_LOG_DAMAGED", { block: entry.block, transaction: hash });
      await this.#anvil.call("eth_sendRawTransaction", [taken.raw]);
    }
    const block = await this.#mineBlock(entry.timestamp);
    if (block.hash !== entry.hash) {
      throw new TwinwardError("CHAIN_REPLAY_DIFFERS", {
        block: entry.block,
        recorded: entry.hash,
        replayed: block.hash,
      });
    }
  }
}

async function latest(anvil: Anvil): Promise<MinedBlock> {
  return (await anvil.call("eth_getBlockByNumber", ["latest", false])) as MinedBlock;
}

const toHead = (block: MinedBlock): Head => ({
  number: Number(block.number),
  hash: block.hash,
  timestamp: Number(block.timestamp),
});
