/** A ward: beds with signing monitors, and the driver that lets time pass and readings go out. */
import type { Hex } from "../protocol/bytes.ts";
import type { PublicKey } from "../protocol/es256.ts";
import { createFalseData, type FalseData } from "./attacks/false-data.ts";
import { createBedside } from "./bedside.ts";
import { Monitor, READING_MS } from "./monitor.ts";
import { NoAnswer, type Answer, type Transport } from "./transport.ts";

/** A registered device that a simulated monitor plays. */
export interface MonitorIdentity {
  device: Hex;
  kid: number;
  key: Uint8Array;
}

export interface WardOptions {
  monitors: MonitorIdentity[];
  /** People and what befalls them; the same seed plays the same ward. */
  seed: string;
  /** Ms since the epoch at which the first second begins. */
  start: number;
  salt: () => Uint8Array;
  /** How often disturbances come: 1 as on a ward, 0 never. */
  disturbances?: number;
  directory?: string;
  gatewayKey?: PublicKey;
}

export interface Ward {
  readonly monitors: readonly Monitor[];
  /** Ms up to which everybody was observed. */
  now: number;
}

/** Eight, or as many as there are identities, beds with a monitor each. */
export function createWard(options: WardOptions): Ward {
  const { seed, start, salt, directory, gatewayKey } = options;
  const monitors = options.monitors.map(
    (identity, i) =>
      new Monitor({
        ...identity,
        bed: createBedside(`${seed}/bed/${i}`, options.disturbances ?? 1),
        salt,
        ...(directory === undefined ? {} : { directory }),
        ...(gatewayKey === undefined ? {} : { gatewayKey }),
      }),
  );
  return { monitors, now: start };
}

/** Makes one monitor lie about one segment, beginning at `plan.from` (ms). */
export function startFalseData(monitor: Monitor, plan: FalseData): void {
  monitor.attack = createFalseData(plan);
}

/** Every whole second up to `now` (ms) passes for everybody. Sends nothing. */
export async function observeWard(ward: Ward, now: number): Promise<void> {
  while (ward.now + READING_MS <= now) {
    ward.now += READING_MS;
    for (const monitor of ward.monitors) await monitor.observe(ward.now);
  }
}

/** Sends what a monitor has, oldest first, until all is acked or the gateway wants something else. */
export async function sendPending(
  monitor: Monitor,
  transport: Transport,
  heard: (answer: Answer) => void = () => undefined,
): Promise<void> {
  // Bounded: a gateway that contradicts itself must not keep a monitor busy for ever.
  for (let attempts = monitor.pending.length + 8, at = 0; attempts > 0; attempts--) {
    const reading = monitor.pending[at];
    if (!reading) return;
    let answer: Answer;
    try {
      answer = await transport.send(reading.text);
    } catch (error) {
      if (error instanceof NoAnswer) return; // the same bytes go out again at the next second
      throw error;
    }
    heard(answer);
    if (!monitor.follow(reading, answer)) return;
    at = 0;
  }
}

/** The wall, or a test's own time. */
export interface Clock {
  now(): number;
  /** Resolves at `time` (ms) or as soon as the signal aborts. */
  until(time: number, signal: AbortSignal): Promise<void>;
}

export const wallClock: Clock = {
  now: () => Date.now(),
  until: (time, signal) =>
    new Promise((resolve) => {
      if (signal.aborted) return resolve();
      const done = () => {
        clearTimeout(timer);
        signal.removeEventListener("abort", done);
        resolve();
      };
      const timer = setTimeout(done, Math.max(time - Date.now(), 0));
      signal.addEventListener("abort", done);
    }),
};

/** Seconds that a driver that could not keep up (a suspended laptop) makes up for; older ones were never measured. */
const CATCH_UP_MS = 10_000;

/**
 * Lets the ward live: every second everybody is observed and every monitor sends, over its own transport, without waiting
 * for the others. Ends when `signal` aborts; what was then signed and not acked stays in the journals. Closes no transport.
 */
export async function runWard(
  ward: Ward,
  transportOf: (monitor: Monitor) => Transport,
  options: {
    signal: AbortSignal;
    clock?: Clock;
    heard?: (monitor: Monitor, answer: Answer) => void;
    /** Told when sending failed in a way that was not foreseen; the monitor tries again at the next second. */
    failed?: (monitor: Monitor, error: unknown) => void;
  },
): Promise<void> {
  const { signal, clock = wallClock, heard, failed } = options;
  const busy = new Map<Monitor, Promise<void>>();
  while (!signal.aborted) {
    await clock.until(ward.now + READING_MS, signal);
    if (signal.aborted) break;
    const now = clock.now();
    if (now - ward.now > CATCH_UP_MS) ward.now = now - READING_MS;
    await observeWard(ward, now);
    for (const monitor of ward.monitors) {
      if (busy.has(monitor)) continue;
      const sending = sendPending(monitor, transportOf(monitor), (answer) => heard?.(monitor, answer))
        .catch((error: unknown) => failed?.(monitor, error))
        .finally(() => busy.delete(monitor));
      busy.set(monitor, sending);
    }
  }
  await Promise.all(busy.values());
}
