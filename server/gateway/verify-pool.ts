import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import type { DeviceModel } from "../../protocol/device-model.ts";
import { TwinwardError } from "../../protocol/errors.ts";
import type { PublicKey } from "../../protocol/es256.ts";
import type { Inspected, Inspection } from "./inspect-reading.ts";
import type { Claim, VerifiedReading } from "./verify-reading.ts";
import type { Chunk, InspectJob, Job, Outcome } from "./verify-worker.ts";

export interface PoolOptions {
  /** Threads, default one per core. */
  readonly threads?: number;
}

/** A reading with the key and model found by its claim; without them only the parser speaks. */
export interface Unverified {
  readonly text: string;
  readonly receivedAt: number;
  readonly expected?: { readonly claim: Claim; readonly key: PublicKey; readonly model: DeviceModel };
}

/** Tells authentic readings from others, and what is wrong with these. */
export type Verifier = Pick<VerifyPool, "verify" | "inspect" | "close">;

interface Waiting {
  readonly job: Unverified | InspectJob;
  readonly settle: (outcome: Outcome) => void;
}

interface Thread {
  readonly worker: Worker;
  /** Chunks sent and not answered, oldest first. */
  readonly sent: Waiting[][];
}

const CHUNK = 32;
/** One chunk at work and one behind it, so that a thread never waits for us. */
const DEPTH = 2;

/** Verifies readings on threads of their own: parsing and ES256 would hold up everybody else's answer. */
export class VerifyPool {
  readonly #threads: Thread[] = [];
  readonly #queue: Waiting[] = [];
  #closed = false;

  constructor(options: PoolOptions = {}) {
    const threads = options.threads ?? availableParallelism();
    for (let i = 0; i < threads; i++) this.#threads.push(this.#start());
  }

  /** Each reading verified, or the error that refuses it, in order. Throws OVERLOADED once closed. */
  async verify(readings: readonly Unverified[]): Promise<(VerifiedReading | TwinwardError)[]> {
    return (await this.#ask(readings)).map((outcome) => ("reading" in outcome ? outcome.reading : toError(outcome)));
  }

  /** What each check of a reading says. Throws OVERLOADED once closed. */
  async inspect(inspect: Inspected): Promise<Inspection> {
    const [outcome] = await this.#ask([{ inspect }]);
    if (outcome && "inspection" in outcome) return outcome.inspection;
    throw toError(outcome);
  }

  /** Ends the threads; what still waits is answered OVERLOADED. */
  async close(): Promise<void> {
    this.#closed = true;
    const left = [...this.#queue.splice(0), ...this.#threads.flatMap(({ sent }) => sent.splice(0).flat())];
    for (const { settle } of left) settle({ error: { code: "OVERLOADED", facts: {} } });
    await Promise.all(this.#threads.map(({ worker }) => worker.terminate()));
  }

  async #ask(jobs: readonly Waiting["job"][]): Promise<Outcome[]> {
    if (this.#closed) throw new TwinwardError("OVERLOADED");
    const outcomes = jobs.map((job) => new Promise<Outcome>((settle) => this.#queue.push({ job, settle })));
    this.#dispatch();
    return Promise.all(outcomes);
  }

  #start(): Thread {
    const worker = new Worker(new URL("./verify-worker.ts", import.meta.url));
    const thread: Thread = { worker, sent: [] };
    let answered = false;
    worker.on("message", (outcomes: Outcome[]) => {
      answered = true;
      const chunk = thread.sent.shift() ?? [];
      chunk.forEach(({ settle }, i) => settle(outcomes[i] ?? { error: { code: "INTERNAL", facts: {} } }));
      this.#dispatch();
    });
    // A thread that dies (out of memory) takes its chunks with it: they are refused, and another thread takes its place.
    worker.on("error", () => undefined);
    worker.on("exit", () => {
      if (this.#closed) return;
      this.#threads.splice(this.#threads.indexOf(thread), 1);
      for (const { settle } of thread.sent.splice(0).flat()) settle({ error: { code: "INTERNAL", facts: {} } });
      // One that never answered would die again at once.
      setTimeout(() => this.#replace(), answered ? 0 : 1_000).unref();
    });
    return thread;
  }

  #replace(): void {
    if (this.#closed) return;
    this.#threads.push(this.#start());
    this.#dispatch();
  }

  #dispatch(): void {
    while (this.#queue.length > 0) {
      const [free] = this.#threads
        .filter(({ sent }) => sent.length < DEPTH)
        .sort((a, b) => a.sent.length - b.sent.length);
      if (!free) return;
      const chunk = this.#queue.splice(0, CHUNK);
      free.sent.push(chunk);
      free.worker.postMessage(toChunk(chunk));
    }
  }
}

/** Each model travels once per chunk. */
function toChunk(chunk: readonly Waiting[]): Chunk {
  const models: DeviceModel[] = [];
  const jobs = chunk.map(({ job }): Job => {
    if ("inspect" in job) return job;
    const { text, receivedAt, expected } = job;
    if (!expected) return { text, receivedAt };
    let model = models.indexOf(expected.model);
    if (model < 0) model = models.push(expected.model) - 1;
    return { text, receivedAt, expected: { claim: expected.claim, key: expected.key, model } };
  });
  return { models, jobs };
}

function toError(outcome: Outcome | undefined): TwinwardError {
  if (!outcome || !("error" in outcome)) return new TwinwardError("INTERNAL");
  return new TwinwardError(outcome.error.code, outcome.error.facts);
}
