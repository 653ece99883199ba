import { parentPort } from "node:worker_threads";
import type { DeviceModel } from "../../protocol/device-model.ts";
import { TwinwardError, type ErrorCode } from "../../protocol/errors.ts";
import type { PublicKey } from "../../protocol/es256.ts";
import { verifyReading, type Claim, type VerifiedReading } from "./verify-reading.ts";

/** One reading to verify; `model` is an index into the chunk's models. */
export interface Job {
  readonly text: string;
  readonly receivedAt: number;
  readonly expected?: { readonly claim: Claim; readonly key: PublicKey; readonly model: number };
}

/** Jobs travel in chunks: one message costs about as much as verifying one reading. */
export interface Chunk {
  readonly models: readonly DeviceModel[];
  readonly jobs: readonly Job[];
}

export type Outcome =
  | { readonly reading: VerifiedReading }
  | { readonly error: { readonly code: ErrorCode; readonly facts: Readonly<Record<string, unknown>> } };

function verifyChunk({ models, jobs }: Chunk): Outcome[] {
  return jobs.map(({ text, receivedAt, expected }) => {
    try {
      const model = expected && models[expected.model];
      const known = expected && model ? { claim: expected.claim, key: expected.key, model } : undefined;
      return { reading: verifyReading(text, receivedAt, known) };
    } catch (error) {
      const known = error instanceof TwinwardError ? error : new TwinwardError("INTERNAL");
      return { error: { code: known.code, facts: known.facts } };
    }
  });
}

parentPort?.on("message", (chunk: Chunk) => parentPort?.postMessage(verifyChunk(chunk)));
