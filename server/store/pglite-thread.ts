import { readFile } from "node:fs/promises";
import { Worker } from "node:worker_threads";
import { TwinwardError } from "../../protocol/errors.ts";
import type { Asked, Begin } from "./pglite-worker.ts";

const WORKER = new URL("./pglite-worker.ts", import.meta.url);

/** Compiled once: a thread that compiled it again would take a second of a core, and as long once more until it is fast. */
let program: Promise<WebAssembly.Module> | undefined;

async function compile(): Promise<WebAssembly.Module> {
  const bytes = await readFile(new URL("./pglite.wasm", import.meta.resolve("@electric-sql/pglite")));
  return WebAssembly.compile(bytes);
}

interface Waiting {
  readonly resolve: (answer: Buffer) => void;
  readonly reject: (error: TwinwardError) => void;
}

/**
 * The embedded PostgreSQL in a thread of its own: a statement, and above all a checkpoint, keeps nobody waiting who asks for
 * something else. What is asked is answered in order. While nothing is under way it holds no process up that wants to end.
 */
export class PGliteThread {
  readonly #worker: Worker;
  readonly #gone: Promise<void>;
  readonly #waiting: Waiting[] = [];
  readonly #ended = Promise.withResolvers<TwinwardError>();
  #end: TwinwardError | undefined;
  #failure: Error | undefined;
  #isClosed = false;

  private constructor(worker: Worker) {
    this.#worker = worker;
    worker.on("message", (answer: ArrayBuffer) => this.#answered(Buffer.from(answer)));
    worker.on("error", (error) => (this.#failure = error as Error));
    this.#gone = new Promise((resolve) => worker.once("exit", () => resolve()));
    void this.#gone.then(() => this.#isClosed || this.end(this.#failure ?? new Error("its thread has ended")));
  }

  /** Opens the data directory, which must be there. `file` is the thread's. Throws what PGlite throws. */
  static async open(directory: string, file = WORKER): Promise<PGliteThread> {
    const begin: Begin = { directory, program: await (program ??= compile()) };
    const thread = new PGliteThread(new Worker(file, { workerData: begin }));
    try {
      await thread.#answer();
    } catch (error) {
      throw thread.#failure ?? error;
    }
    return thread;
  }

  /** What these messages are answered; with `sync` all is done then: outside a transaction it is there that it is committed. */
  async exchange(messages: readonly Uint8Array[], sync: boolean): Promise<Buffer> {
    if (this.#end) throw this.#end;
    if (this.#isClosed) throw new Error("The embedded database is closed.");
    // It is given away, not copied: so in memory of its own, never a piece of a pool.
    const bytes = new Uint8Array(messages.reduce((sum, { length }) => sum + length, 0));
    let at = 0;
    for (const message of messages) {
      bytes.set(message, at);
      at += message.length;
    }
    const answer = this.#answer();
    this.#worker.postMessage({ messages: bytes, sync } satisfies Asked, [bytes.buffer]);
    return answer;
  }

  /** From now on nobody gets in any more: every call, also those under way, throws DATABASE_ENDED. */
  end(reason: Error): TwinwardError {
    if (this.#end) return this.#end;
    this.#end = new TwinwardError("DATABASE_ENDED", { detail: `The embedded database: ${reason.message}.` }, reason);
    this.#ended.resolve(this.#end);
    for (const { reject } of this.#waiting.splice(0)) reject(this.#end);
    this.#worker.ref();
    void this.#worker.terminate();
    return this.#end;
  }

  /** Resolves with DATABASE_ENDED when it has given up for good. */
  get ended(): Promise<TwinwardError> {
    return this.#ended.promise;
  }

  get hasEnded(): boolean {
    return this.#end !== undefined;
  }

  /** Lets it write what is left, unless it has ended, and ends the thread. Throws what PGlite throws. */
  async close(): Promise<void> {
    if (!this.#end && !this.#isClosed) {
      this.#isClosed = true;
      this.#worker.ref();
      this.#worker.postMessage(undefined satisfies Asked);
    }
    await this.#gone;
    if (this.#isClosed && this.#failure) throw this.#failure;
  }

  /** The next answer that nobody waits for yet. */
  #answer(): Promise<Buffer> {
    this.#worker.ref();
    return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }));
  }

  #answered(answer: Buffer): void {
    this.#waiting.shift()?.resolve(answer);
    if (this.#waiting.length === 0) this.#worker.unref();
  }
}
