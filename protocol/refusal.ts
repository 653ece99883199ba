import type { Hex } from "./bytes.ts";
import { toProblem, type Problem } from "./errors.ts";

/** refusal@1: an RFC 9457 problem with our code, on HTTP and on the acks topic alike. docs/formats/refusal.md. */
export interface Refusal extends Problem {
  readonly format: "refusal@1";
  /** The device's next sequence and the content that its `prev` must be, where the device is known. */
  readonly expected?: number;
  readonly prev?: Hex;
}

/** The answer to a reading that waits for those before it; sent again it gets its ack. */
export interface Held {
  readonly held: true;
  readonly expected: number;
}

/** What became of one reading is told by one of three shapes. */
export type ReadingAnswer<Ack> = Ack | Refusal | Held;

/** The refusal that an error makes; `next` is what a known device should send instead. */
export function toRefusal(error: unknown, next?: { readonly expected: number; readonly prev: Hex }): Refusal {
  return { ...toProblem(error), format: "refusal@1", ...next };
}

export function isRefusal(value: unknown): value is Refusal {
  return typeof value === "object" && value !== null && (value as { format?: unknown }).format === "refusal@1";
}

export function isHeld(value: unknown): value is Held {
  return typeof value === "object" && value !== null && (value as { held?: unknown }).held === true;
}
