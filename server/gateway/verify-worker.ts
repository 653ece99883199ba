import { getPriority, setPriority } from "node:os";
import { parentPort } from "node:worker_threads";
import type { DeviceModel } from "../../protocol/device-model.ts";
import type { PublicKey } from "../../protocol/es256.ts";
import { inspectReading, toFailure, type Failure, type Inspected, type Inspection } from "./inspect-reading.ts";
import { verifyReading, type Claim, type VerifiedReading } from "./verify-reading.ts";

/** One reading to verify; `model` is an index into the chunk's models. */
export interface VerifyJob {
  readonly text: string;
  readonly receivedAt: number;
  readonly expected?: { readonly claim: Claim; readonly key: PublicKey; readonly model: number };
}

/** One reading to inspect, for whoever asks what is wrong with it. */
export interface InspectJob {
  readonly inspect: Inspected;
}

export type Job = VerifyJob | InspectJob;

/** Jobs travel in chunks: one message costs about as much as verifying one reading. */
export interface Chunk {
  readonly models: readonly DeviceModel[];
  readonly jobs: readonly Job[];
}

export type Outcome =
  { readonly reading: VerifiedReading } | { readonly inspection: Inspection } | { readonly error: Failure };

function verifyChunk({ models, jobs }: Chunk): Outcome[] {
  return jobs.map((job) => {
    try {
      if ("inspect" in job) return { inspection: inspectReading(job.inspect) };
      const { text, receivedAt, expected } = job;
      const model = expected && models[expected.model];
      const known = expected && model ? { claim: expected.claim, key: expected.key, model } : undefined;
      return { reading: verifyReading(text, receivedAt, known) };
    } catch (error) {
      return { error: toFailure(error) };
    }
  });
}

// Every request passes through the one thread that answers: where cores are short it goes first, and acks come sooner. On Linux
// this is the thread's own; elsewhere it would be the whole process's.
const BEHIND = 10;
if (process.platform === "linux" && getPriority() < BEHIND) standBehind();

function standBehind(): void {
  try {
    setPriority(BEHIND);
  } catch {
    // A sandbox may forbid it. Nothing depends on it.
  }
}

parentPort?.on("message", (chunk: Chunk) => parentPort?.postMessage(verifyChunk(chunk)));
