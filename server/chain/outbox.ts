import { Transaction, type JsonRpcApiProvider } from "ethers";
import type { Hex } from "../../protocol/bytes.ts";
import { TwinwardError } from "../../protocol/errors.ts";
import type { Database } from "../store/database.ts";
import { systemClock, type Clock } from "./clock.ts";
import { fateOf, type Receipt } from "./fate.ts";
import { describeRevert } from "./interfaces.ts";
import { deleteLetter, insertLetter, nextNonce, readLetters, replaceLetter, type SignedLetter } from "./letters.ts";
import type { TransactionSigner } from "./signer.ts";
import { isKnownAlready, isTemporary, isTooCheap, refusalOf, revertBytes } from "./node-answer.ts";

const POLL_MS = 50;
const REBROADCAST_MS = 2_000;
const SETTLE_MS = 120_000;
/** How long the next transaction may wait before its price is held against what the chain asks for by now. */
const STUCK_MS = 4_000;
/** For a fill of a nonce that nobody uses any more. */
const EMPTY_GAS = 21_000;
/** What the first write of a storage slot costs (EIP-2929): the first anchor of a period makes one slot more than the one before. */
const NEW_SLOT_GAS = 22_100n;

export interface OutboxParts {
  readonly database: Database;
  readonly provider: JsonRpcApiProvider;
  readonly signer: TransactionSigner;
  /** Blocks, its own included, after which a transaction is final: 1 where blocks are final at once (embedded, QBFT). */
  readonly confirmations?: number;
  /** Wei that are paid for a unit of gas at most, whatever the node asks for; without it, what it asks for. */
  readonly priceCeiling?: bigint;
  readonly clock?: Clock;
  /** Told when the node begins to ask for more than the ceiling: PRICE_TOO_HIGH. */
  readonly onTrouble?: (error: TwinwardError) => void;
}

export interface Letter {
  /** For people and for recovery, e.g. `anchor 17`. */
  readonly purpose: string;
  readonly to: Hex;
  readonly data: Hex;
  /** Estimated when absent. */
  readonly gasLimit?: bigint;
}

/**
 * All transactions of one sender, on their way. The signed bytes are stored before the node sees them, so a transaction that
 * was sent is never forgotten, and only ever signed again under its own nonce, dearer, when the chain's price left it behind.
 * They are sent again until the chain has them for good.
 * A sender's transactions must all go through one database's outbox.
 */
export class Outbox {
  readonly #database: Database;
  readonly #provider: JsonRpcApiProvider;
  readonly #signer: TransactionSigner;
  readonly #confirmations: number;
  readonly #ceiling: bigint | undefined;
  readonly #clock: Clock;
  readonly #onTrouble: (error: TwinwardError) => void;
  readonly #sender: Hex;
  #writing: Promise<unknown> = Promise.resolve();
  #cancelRepeat: () => void = () => undefined;
  /** The transaction that is next to be mined, and since when it is. */
  #next: { readonly nonce: number; readonly since: number } | undefined;
  /** What the node would not take for its price. */
  readonly #tooCheap = new Set<Hex>();
  #repeating: Promise<void> | undefined;
  #closed = false;
  /** The node asks for more than the ceiling, and that was told. */
  #isTooHigh = false;

  constructor(parts: OutboxParts) {
    const { database, provider, signer, confirmations = 1, priceCeiling, clock = systemClock, onTrouble } = parts;
    this.#database = database;
    this.#ceiling = priceCeiling;
    this.#onTrouble = onTrouble ?? (() => undefined);
    this.#provider = provider;
    this.#signer = signer;
    this.#confirmations = confirmations;
    this.#clock = clock;
    this.#sender = signer.address.toLowerCase() as Hex;
  }

  get sender(): Hex {
    return this.#sender;
  }

  /**
   * Signs, stores and sends; resolves with the hash when the bytes are stored and were offered to the node. A node that is
   * away is no error: they are offered again. Throws TRANSACTION_REVERTED when it would revert now (nothing is stored),
   * TRANSACTION_REFUSED when the node will never take it, CHAIN_UNAVAILABLE when it cannot be asked for nonce and gas.
   */
  async send(letter: Letter): Promise<Hex> {
    const work = this.#writing.then(() => this.#sendNext(letter));
    this.#writing = work.catch(() => undefined);
    return work;
  }

  /**
   * Waits until the transaction is final and takes it out of the outbox. Throws TRANSACTION_REVERTED when it was mined and
   * reverted, TRANSACTION_REFUSED when another one took its nonce, CHAIN_WAIT_EXPIRED after `timeoutMs`; then it stays stored.
   */
  async settle(hash: Hex, timeoutMs = SETTLE_MS): Promise<Receipt> {
    const deadline = this.#clock.now() + timeoutMs;
    let offered = this.#clock.now();
    const nonce = (await this.#rows()).find((row) => row.hash === hash)?.nonce;
    // Signed again meanwhile, dearer: whichever of them was mined, it is the one.
    const hashes = new Set<Hex>([hash]);
    for (;;) {
      const row = nonce === undefined ? undefined : (await this.#rows()).find((one) => one.nonce === nonce);
      if (row !== undefined) hashes.add(row.hash);
      const found = await this.#look([...hashes], row).catch(asUnavailable);
      if (found instanceof TwinwardError && found.code !== "CHAIN_UNAVAILABLE") throw found;
      if (found !== undefined && !(found instanceof TwinwardError)) return found;
      if (this.#clock.now() > deadline) throw new TwinwardError("CHAIN_WAIT_EXPIRED", { transaction: hash });
      await this.#clock.pause(POLL_MS);
      if (this.#clock.now() - offered < REBROADCAST_MS) continue;
      offered = this.#clock.now();
      if (row !== undefined) await this.#offer(row).catch(onlyIfRefused);
    }
  }

  /** Transactions that are on their way, by nonce. */
  async waiting(): Promise<{ hash: Hex; nonce: number; purpose: string }[]> {
    return (await this.#rows()).map(({ hash, nonce, purpose }) => ({ hash, nonce, purpose }));
  }

  /**
   * Call at the start: offers everything that is stored again, and goes on doing so until `close`. What is final leaves the
   * outbox; a nonce that nothing uses any more (its transaction was refused for good) is filled, or nothing after it is mined.
   */
  async recover(): Promise<void> {
    await this.#repeat();
    const plan = (): void => {
      if (this.#closed) return;
      this.#cancelRepeat = this.#clock.after(REBROADCAST_MS, () => {
        this.#repeating = this.#repeat().then(plan);
      });
    };
    plan();
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#cancelRepeat();
    await this.#repeating;
    await this.#writing;
  }

  async #sendNext(letter: Letter): Promise<Hex> {
    const { gasLimit, gasPrice, pending } = await this.#ask(letter);
    const { chainId } = await this.#provider.getNetwork();
    const row = await this.#database.transaction(async (tx) => {
      const nonce = await nextNonce(tx, this.#sender, pending);
      const raw = (await this.#signer.signTransaction({
        chainId: Number(chainId),
        nonce,
        to: letter.to,
        data: letter.data,
        gasLimit,
        gasPrice,
        type: 0,
      })) as Hex;
      return insertLetter(tx, this.#sender, { nonce, raw, purpose: letter.purpose });
    });
    // The bytes are stored. Die here and `recover` sends them; nobody signs another transaction with this nonce.
    await this.#offer(row).catch(onlyIfRefused);
    return row.hash;
  }

  async #ask(letter: Letter): Promise<{ gasLimit: bigint; gasPrice: bigint; pending: number }> {
    const call = { from: this.#sender, to: letter.to, data: letter.data };
    try {
      const [estimate, price, pending] = await Promise.all([
        letter.gasLimit ?? (this.#provider.send("eth_estimateGas", [call]) as Promise<string>),
        this.#price(),
        this.#count("pending"),
      ]);
      // A quarter and a slot more: time that passes and state that changes until it is mined may make it dearer.
      const gasLimit = letter.gasLimit ?? (BigInt(estimate) * 5n) / 4n + NEW_SLOT_GAS;
      return { gasLimit, gasPrice: price, pending };
    } catch (error) {
      const data = revertBytes(error);
      if (data === undefined) throw new TwinwardError("CHAIN_UNAVAILABLE", {}, error);
      throw new TwinwardError("TRANSACTION_REVERTED", { purpose: letter.purpose, detail: describeRevert(data) }, error);
    }
  }

  /** Hands the bytes to the node. A node that has them already is content; one that never will take them has them forgotten. */
  async #offer(row: SignedLetter): Promise<void> {
    try {
      await this.#provider.send("eth_sendRawTransaction", [row.raw]);
    } catch (error) {
      const said = refusalOf(error);
      if (said === undefined || isKnownAlready(said) || isTemporary(said)) return;
      if (isTooCheap(said)) {
        this.#tooCheap.add(row.hash);
        return;
      }
      // The nonce is used: by this very transaction, as `settle` will see, or by another, as it will see too.
      if (/nonce/i.test(said)) return;
      await deleteLetter(this.#database, row.hash);
      throw new TwinwardError("TRANSACTION_REFUSED", { purpose: row.purpose, detail: said });
    }
  }

  /** What became of a transaction; whatever did, it leaves the outbox with it. */
  async #look(hashes: readonly Hex[], row: SignedLetter | undefined): Promise<Receipt | TwinwardError | undefined> {
    const asked = { hashes, nonce: row?.nonce, sender: this.#sender, confirmations: this.#confirmations };
    const fate = await fateOf(this.#provider, asked);
    if (fate !== undefined && row !== undefined) await deleteLetter(this.#database, row.hash);
    return fate;
  }

  async #repeat(): Promise<void> {
    try {
      const rows = await this.#rows();
      if (rows.length === 0) return;
      const [latest, pending] = [await this.#count("latest"), await this.#count("pending")];
      const lowest = rows[0]?.nonce ?? 0;
      // A transaction that we know nothing of may be on its way there, and for a while it may; but not forever.
      const isStuck = this.#isStuckAt(latest);
      if (lowest > latest && (latest === pending || isStuck)) await this.#fill(latest, lowest);
      for (const row of await this.#rows()) {
        if (row.nonce >= latest) await this.#offer(await this.#pricedAnew(row, latest));
        else await this.#look([row.hash], row);
      }
    } catch {
      // The node is away or refused one for good: the next round sees what is left.
    }
  }

  /**
   * The transaction itself, or, where it is the next one, has waited for long and pays less than the chain's price by now or
   * than another one in its place, the same again under the same nonce, dearer: only one of them can ever be mined. Never
   * dearer than the ceiling: then it waits until the chain asks for less.
   */
  async #pricedAnew(row: SignedLetter, latest: number): Promise<SignedLetter> {
    if (row.nonce !== latest || !this.#isStuckAt(latest)) return row;
    const { to, data, gasLimit, gasPrice, chainId } = Transaction.from(row.raw);
    const [paid, asked] = [gasPrice ?? 0n, await this.#price()];
    if (to === null || (asked <= paid && !this.#tooCheap.has(row.hash))) return row;
    // Nodes take a replacement only when it pays an eighth more.
    const least = paid + paid / 8n + 1n;
    if (this.#exceeds(least)) return row;
    const dearer = { chainId: Number(chainId), nonce: row.nonce, to, data, gasLimit, type: 0 as const };
    const price = asked > least ? asked : least;
    const raw = (await this.#signer.signTransaction({ ...dearer, gasPrice: price })) as Hex;
    // Stored before it is offered. Die before this and the cheap one is tried on; die after it, and `recover` offers this one.
    const replaced = await replaceLetter(this.#database, row, raw);
    this.#tooCheap.delete(row.hash);
    this.#next = undefined;
    return replaced;
  }

  /** True when this nonce has been the next to be mined for too long. */
  #isStuckAt(latest: number): boolean {
    if (this.#next?.nonce !== latest) this.#next = { nonce: latest, since: this.#clock.now() };
    return this.#clock.now() - this.#next.since >= STUCK_MS;
  }

  /** Puts an empty transaction to ourselves on each nonce in [from, to). */
  async #fill(from: number, to: number): Promise<void> {
    const { chainId } = await this.#provider.getNetwork();
    const gasPrice = await this.#price();
    for (let nonce = from; nonce < to; nonce++) {
      const empty = { chainId: Number(chainId), nonce, to: this.#sender, data: "0x", gasPrice, type: 0 as const };
      const raw = (await this.#signer.signTransaction({ ...empty, gasLimit: BigInt(EMPTY_GAS) })) as Hex;
      await this.#database.transaction((tx) => insertLetter(tx, this.#sender, { nonce, raw, purpose: "fill" }));
    }
  }

  #rows(): Promise<SignedLetter[]> {
    return readLetters(this.#database, this.#sender);
  }

  /** What the node asks for a unit of gas, but no more than the ceiling: whoever lies about prices cannot have all that we have. */
  async #price(): Promise<bigint> {
    const asked = BigInt((await this.#provider.send("eth_gasPrice", [])) as string);
    return this.#exceeds(asked) ? (this.#ceiling ?? asked) : asked;
  }

  #exceeds(price: bigint): boolean {
    const isTooHigh = this.#ceiling !== undefined && price > this.#ceiling;
    const isNews = isTooHigh && !this.#isTooHigh;
    this.#isTooHigh = isTooHigh;
    if (isNews) this.#onTrouble(new TwinwardError("PRICE_TOO_HIGH", { asked: price, ceiling: this.#ceiling }));
    return isTooHigh;
  }

  async #count(tag: "latest" | "pending"): Promise<number> {
    return Number(await this.#provider.send("eth_getTransactionCount", [this.#sender, tag]));
  }
}

const asUnavailable = (error: unknown): TwinwardError =>
  error instanceof TwinwardError ? error : new TwinwardError("CHAIN_UNAVAILABLE", {}, error);

function onlyIfRefused(error: unknown): void {
  if (error instanceof TwinwardError) throw error;
}
