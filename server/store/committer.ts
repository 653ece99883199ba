import { ackMessage, type AckProof } from "../../protocol/ack.ts";
import { toBase64url, toHex } from "../../protocol/bytes.ts";
import { TwinwardError } from "../../protocol/errors.ts";
import { lineOf, newest } from "../../protocol/line.ts";
import { Tree, toHexPath } from "../../protocol/tree.ts";
import type { Database, Tx } from "./database.ts";
import type { Entry, Placed, Wanted, Work } from "./entry.ts";
import { insertLeaves, placeEntries } from "./insert-leaves.ts";
import { acceptedMonthOf, makeMonths } from "./months.ts";
import { sqlstateOf } from "./postgres-errors.ts";
import { promiseOver, type PromiseParts } from "./promise.ts";
import { lockStream } from "./stream-row.ts";

export type { Entry, Placed, ReadingEntry, RecordEntry, Wanted, Work } from "./entry.ts";

export interface CommitterParts extends PromiseParts {
  readonly database: Database;
  /** A group is full with this many leaves (default 4 096) or this many bytes (default 16 MiB). */
  readonly maxGroupLeaves?: number;
  readonly maxGroupBytes?: number;
  /** Works that may wait (default 4 096); beyond it `submit` throws OVERLOADED. */
  readonly maxWaiting?: number;
}

/** Every other gateway waits for the stream's row. */
const HOLDS_OTHERS_UP = { holdsOthersUp: true } as const;

interface Waiting {
  readonly work: Work<unknown>;
  readonly resolve: (value: unknown) => void;
  readonly reject: (reason: unknown) => void;
}

/**
 * The only way a leaf is made. Works that wait are committed together: one transaction, one lock on the stream's row, one
 * ack signature. A work that throws rejects alone. When `submit` resolves, everything of it is on disk.
 */
export class Committer {
  readonly #parts: CommitterParts;
  readonly #queue: Waiting[] = [];
  /** The month whose partition is there, committed: no rollback takes it away. */
  #month: number | undefined;
  #draining: Promise<void> | undefined;
  #closed = false;
  #halted: TwinwardError | undefined;

  constructor(parts: CommitterParts) {
    this.#parts = parts;
  }

  /** Throws OVERLOADED when too many works wait, why it was halted, whatever the work or the database throws otherwise. */
  async submit<T>(work: Work<T>): Promise<T> {
    if (this.#halted) throw this.#halted;
    if (this.#closed || this.#queue.length >= (this.#parts.maxWaiting ?? 4_096)) throw new TwinwardError("OVERLOADED");
    const done = new Promise<unknown>((resolve, reject) => this.#queue.push({ work, resolve, reject }));
    this.#draining ??= this.#drain();
    return done as Promise<T>;
  }

  /** Takes no more, for a reason that only a person can repair: what waits is refused with it, as is whatever comes. */
  halt(reason: TwinwardError): void {
    this.#halted ??= reason;
    for (const { reject } of this.#queue.splice(0)) reject(this.#halted);
  }

  /** Commits what waits, then takes no more. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#draining;
  }

  async #drain(): Promise<void> {
    // Whoever submits in this turn of the event loop comes along.
    await new Promise((resolve) => setImmediate(resolve));
    while (this.#queue.length > 0) await this.#commit(this.#queue);
    this.#draining = undefined;
  }

  /** Commits works from the front of `queue`: as many as fit into one group. */
  async #commit(queue: Waiting[]): Promise<void> {
    const taken: Waiting[] = [];
    // What each settled work is told, once the fate of the group is known.
    let answers: (() => void)[] = [];
    let committing = false;
    try {
      const month = await this.#parts.database.transaction(async (tx) => {
        const size = await lockStream(tx, this.#parts.stream);
        const accepted: { waiting: Waiting; wanted: Wanted<unknown> }[] = [];
        let leaves = 0;
        let bytes = 0;
        while (queue.length > 0 && leaves < this.#maxLeaves && bytes < this.#maxBytes) {
          const waiting = queue.shift();
          if (!waiting) break;
          taken.push(waiting);
          try {
            const wanted = await waiting.work(tx);
            accepted.push({ waiting, wanted });
            leaves += wanted.entries.length;
            bytes += wanted.entries.reduce((sum, entry) => sum + weightOf(entry), 0);
          } catch (error) {
            // A failed statement has ended the transaction for everybody in it; any other error concerns this work alone.
            if (endsTransaction(error)) throw error;
            answers.push(() => waiting.reject(error));
          }
        }
        const entries = accepted.flatMap(({ wanted }) => [...wanted.entries]);
        const group = await this.#place(tx, size, entries);
        let at = 0;
        for (const { waiting, wanted } of accepted) {
          const mine = group.placed.slice(at, (at += wanted.entries.length));
          await wanted.writes?.(tx, mine);
          const value = wanted.result(mine);
          answers.push(() => waiting.resolve(value));
        }
        committing = true;
        return group.month;
      }, HOLDS_OTHERS_UP);
      this.#month = month ?? this.#month;
      // The group is on disk. If we die here, nobody was told, and a device that sends again gets this very ack.
    } catch (error) {
      if (!committing && taken.length > 1 && !isUnavailable(error)) {
        // Rolled back: nothing of it happened. Alone, each work finds out whether it was the cause.
        for (const waiting of taken) {
          if (this.#halted) waiting.reject(this.#halted);
          else await this.#commit([waiting]);
        }
        return;
      }
      // Without a first work the failure was the database's or the stream's: it is everybody's who waits.
      if (taken.length === 0) taken.push(...queue.splice(0));
      answers = taken.map((waiting) => () => waiting.reject(error));
    }
    for (const answer of answers) answer();
  }

  /** Where the entries are, and the month in whose partition their readings lie. */
  async #place(tx: Tx, size: number, entries: readonly Entry[]): Promise<{ placed: Placed[]; month?: number }> {
    if (entries.length === 0) return { placed: [] };
    const { stream, line = lineOf(stream), signer } = this.#parts;
    const rows = await placeEntries(tx, size, entries);
    const tree = new Tree(rows.map(({ hash }) => hash));
    const root = tree.root();
    const promise = promiseOver(this.#parts, size, rows.length, toHex(root));
    const { acceptedAt, anchorBy } = promise;
    const signed = await signer(ackMessage(promise), promise);
    const month = acceptedMonthOf(acceptedAt);
    // A clock that was put back asks for an older one: its readings lie there, and are found by their leaves as all are.
    if (month !== this.#month) await makeMonths(tx, month);
    await insertLeaves(tx, rows, month);
    await tx.query(
      "insert into ack (first, count, root, accepted_at, anchor_by, signature) values ($1,$2,$3,$4,$5,$6)",
      [size, rows.length, root, acceptedAt, anchorBy, signed],
    );
    await tx.query("update stream set size = $1", [size + rows.length]);
    const signature = toBase64url(signed);
    const placed = rows.map(({ position, sequence, hash }, index) => {
      const path = toHexPath(tree.path(index));
      const ack: AckProof = { ...promise, signature, index, path };
      return { position: position - newest(line).firstLeaf, sequence, leaf: toHex(hash), ack, index, path };
    });
    return { placed, month };
  }

  get #maxLeaves(): number {
    return this.#parts.maxGroupLeaves ?? 4_096;
  }

  get #maxBytes(): number {
    return this.#parts.maxGroupBytes ?? 16 * 1024 * 1024;
  }
}

function weightOf(entry: Entry): number {
  return entry.kind === "reading" ? entry.sealed.length + entry.signingInput.length : entry.body.length;
}

const endsTransaction = (error: unknown): boolean => sqlstateOf(error) !== undefined || isUnavailable(error);

/** No work is the cause, and whoever waits shall not wait for as many attempts as there are works. */
const isUnavailable = (error: unknown): boolean =>
  error instanceof TwinwardError && ["DATABASE_UNAVAILABLE", "DATABASE_ENDED", "DISK_FULL"].includes(error.code);
