/**
 * A simulated bedside monitor: signs what its instrument shows, once a second. A signed reading is stored before it is
 * sent and the same bytes are sent again until an ack came; what is lost is said with `gap`, and no sequence is ever signed
 * twice (that would be equivocation, whatever the reason).
 */
import { verifyAck, type Ack } from "../protocol/ack.ts";
import type { Hex } from "../protocol/bytes.ts";
import { signEs256, type PublicKey } from "../protocol/es256.ts";
import { buildReading, parseReading, readingLeaf } from "../protocol/reading.ts";
import { isHeld, isRefusal, type Refusal } from "../protocol/refusal.ts";
import type { FalseDataAttack } from "./attacks/false-data.ts";
import { SAMPLE_SECONDS, type Bedside } from "./bedside.ts";
import { openJournal, type JournalState, type StoredReading } from "./journal.ts";
import { SEGMENTS, UNITS, type Sample } from "./sample.ts";
import type { Answer } from "./transport.ts";

export const ZERO: Hex = `0x${"0".repeat(64)}`;
const MODEL = "monitor@1";
/** Ms that one reading covers. */
export const READING_MS = 1000;
/** Unacked readings that fit into the monitor; when they no longer do, all of them are lost. */
const CAPACITY = 600;

export interface MonitorOptions {
  device: Hex;
  /** Number of the device key. */
  kid: number;
  /** P-256 private key, 32 bytes. */
  key: Uint8Array;
  bed: Bedside;
  /** Fresh salts, ≥ 16 bytes each. */
  salt: () => Uint8Array;
  /** Where the journal lives; without it a restarted monitor has lost its counter and asks for it. */
  directory?: string;
  /** With it, only acks that this key signed are believed. */
  gatewayKey?: PublicKey;
}

export class Monitor {
  readonly device: Hex;
  /** Changes what is measured before it is signed. */
  attack: FalseDataAttack | undefined;
  readonly #options: MonitorOptions;
  readonly #journal;
  #state: JournalState;
  #networkLost = false;

  constructor(options: MonitorOptions) {
    this.#options = options;
    this.device = options.device;
    this.#journal = openJournal(options.device, options.directory);
    this.#state = this.#journal.load() ?? { next: 1, gap: 0, prev: ZERO, acked: undefined, waiting: [] };
  }

  /** Sequence of the next reading that will be signed. */
  get nextSequence(): number {
    return this.#state.next;
  }

  /** Newest sequence that a gateway promised to keep; 0 for none. */
  get ackedSequence(): number {
    return this.#state.acked?.sequence ?? 0;
  }

  /** The readings to send, oldest first: signed, stored, not acked. None while the ward's network is lost. */
  get pending(): readonly StoredReading[] {
    return this.#networkLost ? [] : this.#state.waiting;
  }

  /** The second that ends at `now` (ms) passes: measures, signs and stores a reading. */
  async observe(now: number): Promise<StoredReading> {
    const from = now - READING_MS;
    const samples: Sample[] = [];
    const times: number[] = [];
    for (let t = 0; t < READING_MS; t += 1000 * SAMPLE_SECONDS) {
      const { sample, disturbed } = this.#options.bed.next();
      this.#networkLost = disturbed.acting.lostNetwork !== undefined;
      samples.push(this.attack?.falsify(sample, from + t) ?? sample);
      times.push(t);
    }
    if (this.#state.waiting.length >= CAPACITY) this.#loseWaiting();
    const { next, gap, prev } = this.#state;
    const text = await buildReading(
      {
        device: this.device,
        kid: this.#options.kid,
        sequence: next,
        ...(gap > 0 ? { gap } : {}),
        per: [from, now],
        iat: Math.floor(now / 1000),
        model: MODEL,
        prev,
        segments: SEGMENTS.map((name) => ({ name, unit: UNITS[name], t: times, v: samples.map((s) => s[name]) })),
        salt: () => this.#options.salt(),
      },
      (message) => signEs256(this.#options.key, message),
    );
    const reading: StoredReading = { sequence: next, content: parseReading(text).content, text };
    // Stored before anybody can see it: after a power cut the same bytes are sent, never another reading of this sequence.
    this.#store({
      ...this.#state,
      next: next + 1,
      gap: 0,
      prev: reading.content,
      waiting: [...this.#state.waiting, reading],
    });
    return reading;
  }

  /**
   * Follows what a gateway answered about a reading.
   *
   * @returns whether the next pending reading should be sent now
   */
  follow(reading: StoredReading, answer: Answer): boolean {
    if (isHeld(answer)) return this.#goBackTo(reading, answer.expected);
    if (isRefusal(answer)) return this.#repair(reading, answer);
    return this.#believe(reading, answer);
  }

  #believe(reading: StoredReading, ack: Ack): boolean {
    const { gatewayKey } = this.#options;
    if (ack.device !== this.device || ack.sequence !== reading.sequence) return false;
    if (gatewayKey && !verifyAck(ack, gatewayKey, readingLeaf(parseReading(reading.text)))) return false;
    const { sequence, content } = reading;
    this.#store({
      ...this.#state,
      acked: { sequence, content },
      waiting: this.#state.waiting.filter((other) => other.sequence > sequence),
    });
    return true;
  }

  /** The gateway holds this reading until `expected` comes: send that first, if it is still here. */
  #goBackTo(reading: StoredReading, expected: number): boolean {
    const oldest = this.#state.waiting[0];
    if (oldest && oldest.sequence <= expected) return expected < reading.sequence;
    // What the gateway waits for is gone: what is held now can never be released.
    this.#restart(expected, undefined);
    return false;
  }

  #repair(reading: StoredReading, { code, expected, prev }: Refusal): boolean {
    switch (code) {
      case "SEQUENCE_EXPECTED":
      case "SEQUENCE_CONFLICT":
      case "SEQUENCE_IN_GAP":
      case "PREV_MISMATCH":
      case "HOLD_EXPIRED": {
        if (expected === undefined) return false;
        const atHand = this.#state.waiting.some((other) => other.sequence === expected);
        if (atHand && expected !== reading.sequence) {
          const waiting = this.#state.waiting.filter((other) => other.sequence >= expected);
          this.#store({ ...this.#state, waiting });
          return true;
        }
        this.#restart(expected, prev);
        return false;
      }
      default:
        // Not (yet) welcome, or no capacity: the reading stays and is sent again at the next second.
        return false;
    }
  }

  /** Gives up everything unacked and goes on above every sequence that was ever signed or accepted. */
  #restart(expected: number, prev: Hex | undefined): void {
    const { next } = this.#state;
    // The gateway has more than we remember: the counter was lost, and with it everything that `prev` could name.
    const lostCounter = expected > next;
    const from = Math.max(next, expected);
    const gap = lostCounter || prev === undefined ? from - 1 : from - expected;
    this.#store({
      ...this.#state,
      next: from,
      gap,
      prev: lostCounter || prev === undefined ? ZERO : prev,
      waiting: [],
    });
  }

  #loseWaiting(): void {
    const { acked, next } = this.#state;
    this.#restart(acked ? acked.sequence + 1 : 1, acked?.content ?? (next > 1 ? undefined : ZERO));
  }

  #store(state: JournalState): void {
    this.#journal.store(state);
    this.#state = state;
  }
}
