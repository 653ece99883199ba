import { Transaction, type JsonRpcApiProvider, type TransactionReceipt } from "ethers";
import { setTimeout as pause } from "node:timers/promises";
import { fromHex, toHex, type Hex } from "../../protocol/bytes.ts";
import { TwinwardError } from "../../protocol/errors.ts";
import type { Database, Tx } from "../store/database.ts";
import { describeRevert } from "./interfaces.ts";
import { isKnownAlready, refusalOf, revertBytes } from "./node-answer.ts";

const POLL_MS = 50;
const REBROADCAST_MS = 2_000;
const SETTLE_MS = 120_000;
/** For a fill of a nonce that nobody uses any more. */
const EMPTY_GAS = 21_000;

/** Who signs: ethers' Wallet is one. The key stays with whoever made it. */
export interface TransactionSigner {
  readonly address: string;
  signTransaction(transaction: {
    chainId: number;
    nonce: number;
    to: string;
    data: string;
    gasLimit: bigint;
    gasPrice: bigint;
    type: 0;
  }): Promise<string>;
}

export interface OutboxParts {
  readonly database: Database;
  readonly provider: JsonRpcApiProvider;
  readonly signer: TransactionSigner;
  /** Blocks, its own included, after which a transaction is final: 1 where blocks are final at once (embedded, QBFT). */
  readonly confirmations?: number;
}

export interface Letter {
  /** For people and for recovery, e.g. `anchor 17`. */
  readonly purpose: string;
  readonly to: Hex;
  readonly data: Hex;
  /** Estimated when absent. */
  readonly gasLimit?: bigint;
}

/** A mined transaction that succeeded. */
export interface Receipt {
  readonly hash: Hex;
  readonly block: { readonly number: number; readonly hash: Hex };
  readonly gasUsed: bigint;
}

interface Row {
  readonly hash: Hex;
  readonly nonce: number;
  readonly raw: Hex;
  readonly purpose: string;
}

/**
 * All transactions of one sender, on their way. The signed bytes are stored before the node sees them, so a transaction that
 * was sent is never forgotten and never signed twice; they are sent again until the chain has them for good.
 * A sender's transactions must all go through one database's outbox.
 */
export class Outbox {
  readonly #database: Database;
  readonly #provider: JsonRpcApiProvider;
  readonly #signer: TransactionSigner;
  readonly #confirmations: number;
  readonly #sender: Hex;
  #writing: Promise<unknown> = Promise.resolve();
  #timer: NodeJS.Timeout | undefined;
  #repeating: Promise<void> | undefined;
  #closed = false;

  constructor({ database, provider, signer, confirmations = 1 }: OutboxParts) {
    this.#database = database;
    this.#provider = provider;
    this.#signer = signer;
    this.#confirmations = confirmations;
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
    const deadline = performance.now() + timeoutMs;
    let offered = performance.now();
    for (;;) {
      const found = await this.#look(hash).catch(asUnavailable);
      if (found instanceof TwinwardError && found.code !== "CHAIN_UNAVAILABLE") throw found;
      if (found !== undefined && !(found instanceof TwinwardError)) return found;
      if (performance.now() > deadline) throw new TwinwardError("CHAIN_WAIT_EXPIRED", { transaction: hash });
      await pause(POLL_MS);
      if (performance.now() - offered < REBROADCAST_MS) continue;
      offered = performance.now();
      const row = (await this.#rows()).find((one) => one.hash === hash);
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
      this.#timer = setTimeout(() => {
        this.#repeating = this.#repeat().then(plan);
      }, REBROADCAST_MS);
    };
    plan();
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    await this.#repeating;
    await this.#writing;
  }

  async #sendNext(letter: Letter): Promise<Hex> {
    const { gasLimit, gasPrice, pending } = await this.#ask(letter);
    const { chainId } = await this.#provider.getNetwork();
    const row = await this.#database.transaction(async (tx) => {
      const nonce = await this.#nextNonce(tx, pending);
      const raw = (await this.#signer.signTransaction({
        chainId: Number(chainId),
        nonce,
        to: letter.to,
        data: letter.data,
        gasLimit,
        gasPrice,
        type: 0,
      })) as Hex;
      return this.#keep(tx, { nonce, raw, purpose: letter.purpose });
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
        this.#provider.send("eth_gasPrice", []) as Promise<string>,
        this.#count("pending"),
      ]);
      // A quarter more: state that changes until it is mined may make it dearer.
      const gasLimit = letter.gasLimit ?? (BigInt(estimate) * 5n) / 4n;
      return { gasLimit, gasPrice: BigInt(price), pending };
    } catch (error) {
      const data = revertBytes(error);
      if (data === undefined) throw new TwinwardError("CHAIN_UNAVAILABLE", {}, error);
      throw new TwinwardError("TRANSACTION_REVERTED", { purpose: letter.purpose, detail: describeRevert(data) }, error);
    }
  }

  async #nextNonce(tx: Tx, pending: number): Promise<number> {
    // Two outboxes on one database take their nonces one after the other.
    await tx.query("lock table outbox in share row exclusive mode");
    const [row] = await tx.query<{ next: number | null }>(
      "select max(nonce) + 1 as next from outbox where sender = $1",
      [fromHex(this.#sender, 20)],
    );
    return Math.max(pending, row?.next ?? 0);
  }

  async #keep(tx: Tx, { nonce, raw, purpose }: Omit<Row, "hash">): Promise<Row> {
    const hash = Transaction.from(raw).hash as Hex;
    await tx.query("insert into outbox (hash, sender, nonce, raw, purpose) values ($1, $2, $3, $4, $5)", [
      fromHex(hash, 32),
      fromHex(this.#sender, 20),
      nonce,
      fromHex(raw),
      purpose,
    ]);
    return { hash, nonce, raw, purpose };
  }

  /** Hands the bytes to the node. A node that has them already is content; one that never will take them has them forgotten. */
  async #offer(row: Row): Promise<void> {
    try {
      await this.#provider.send("eth_sendRawTransaction", [row.raw]);
    } catch (error) {
      const said = refusalOf(error);
      if (said === undefined || isKnownAlready(said)) return;
      // The nonce is used: by this very transaction, as `settle` will see, or by another, as it will see too.
      if (/nonce|underpriced/i.test(said)) return;
      await this.#forget(row.hash);
      throw new TwinwardError("TRANSACTION_REFUSED", { purpose: row.purpose, detail: said });
    }
  }

  async #look(hash: Hex): Promise<Receipt | TwinwardError | undefined> {
    const receipt = await this.#provider.getTransactionReceipt(hash);
    if (receipt === null) {
      const row = (await this.#rows()).find((one) => one.hash === hash);
      const count = await this.#count("latest");
      if (row !== undefined && count <= row.nonce) return undefined;
      // Mined between the two questions?
      if ((await this.#provider.getTransactionReceipt(hash)) !== null) return undefined;
      await this.#forget(hash);
      return new TwinwardError("TRANSACTION_REFUSED", { transaction: hash, detail: "Another one took its nonce." });
    }
    const head = Number(await this.#provider.send("eth_blockNumber", []));
    if (head - receipt.blockNumber + 1 < this.#confirmations) return undefined;
    await this.#forget(hash);
    return receipt.status === 1 ? toReceipt(receipt) : this.#reverted(receipt);
  }

  async #reverted(receipt: TransactionReceipt): Promise<TwinwardError> {
    const facts = { transaction: receipt.hash, block: receipt.blockNumber };
    const sent = await this.#provider.getTransaction(receipt.hash).catch(() => null);
    if (sent === null) return new TwinwardError("TRANSACTION_REVERTED", facts);
    // The reason is not in the receipt: asked by calling the same again, on the present state.
    const detail = await this.#provider
      .call({ from: sent.from, to: sent.to, data: sent.data })
      .then(() => undefined)
      .catch((error: unknown) => describeRevert(revertBytes(error)));
    return new TwinwardError("TRANSACTION_REVERTED", { ...facts, ...(detail === undefined ? {} : { detail }) });
  }

  async #repeat(): Promise<void> {
    try {
      const rows = await this.#rows();
      if (rows.length === 0) return;
      const [latest, pending] = [await this.#count("latest"), await this.#count("pending")];
      const lowest = rows[0]?.nonce ?? 0;
      if (latest === pending && lowest > latest) await this.#fill(latest, lowest);
      for (const row of await this.#rows()) {
        if (row.nonce >= latest) await this.#offer(row);
        else await this.#look(row.hash);
      }
    } catch {
      // The node is away or refused one for good: the next round sees what is left.
    }
  }

  /** Puts an empty transaction to ourselves on each nonce in [from, to). */
  async #fill(from: number, to: number): Promise<void> {
    const { chainId } = await this.#provider.getNetwork();
    const gasPrice = BigInt((await this.#provider.send("eth_gasPrice", [])) as string);
    for (let nonce = from; nonce < to; nonce++) {
      const empty = { chainId: Number(chainId), nonce, to: this.#sender, data: "0x", gasPrice, type: 0 as const };
      const raw = (await this.#signer.signTransaction({ ...empty, gasLimit: BigInt(EMPTY_GAS) })) as Hex;
      await this.#database.transaction((tx) => this.#keep(tx, { nonce, raw, purpose: "fill" }));
    }
  }

  async #rows(): Promise<Row[]> {
    const rows = await this.#database.query<{ hash: Uint8Array; nonce: number; raw: Uint8Array; purpose: string }>(
      "select hash, nonce, raw, purpose from outbox where sender = $1 order by nonce",
      [fromHex(this.#sender, 20)],
    );
    return rows.map(({ hash, nonce, raw, purpose }) => ({ hash: toHex(hash), nonce, raw: toHex(raw), purpose }));
  }

  async #count(tag: "latest" | "pending"): Promise<number> {
    return Number(await this.#provider.send("eth_getTransactionCount", [this.#sender, tag]));
  }

  async #forget(hash: Hex): Promise<void> {
    await this.#database.query("delete from outbox where hash = $1", [fromHex(hash, 32)]);
  }
}

function toReceipt(receipt: TransactionReceipt): Receipt {
  const block = { number: receipt.blockNumber, hash: receipt.blockHash.toLowerCase() as Hex };
  return { hash: receipt.hash.toLowerCase() as Hex, block, gasUsed: receipt.gasUsed };
}

const asUnavailable = (error: unknown): TwinwardError =>
  error instanceof TwinwardError ? error : new TwinwardError("CHAIN_UNAVAILABLE", {}, error);

function onlyIfRefused(error: unknown): void {
  if (error instanceof TwinwardError) throw error;
}
