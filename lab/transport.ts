import type { Ack } from "../protocol/ack.ts";
import type { ReadingAnswer } from "../protocol/refusal.ts";

/** What a gateway answers to one reading. */
export type Answer = ReadingAnswer<Ack>;

/** The way from a monitor to a gateway. One reading at a time per device: its order is its meaning. */
export interface Transport {
  /** Sends a reading and waits for what became of it; rejects where nobody answered: the same bytes are sent again later. */
  send(reading: string): Promise<Answer>;
  close(): Promise<void>;
}

/** Nobody answered. Not an answer of the gateway, so not one of its codes. */
export class NoAnswer extends Error {
  override name = "NoAnswer";
}
