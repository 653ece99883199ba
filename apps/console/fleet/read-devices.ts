import { isRecord } from "../is-record.ts";

/** States of a device, the one that needs a person first. */
export const STATES = ["quarantined", "suspect", "active", "registered", "retired"] as const;

export type State = (typeof STATES)[number];

/** One row of the fleet table, as GET /v1/devices tells it. No measured value is among it. */
export interface FleetDevice {
  id: string;
  /** name@version, or null where the server does not know the model's document */
  model: string | null;
  state: State;
  /** highest accepted sequence; 0 = no reading yet */
  sequence: number;
  /** server time (ms) when that reading was accepted */
  acceptedAt: number | null;
  /** when that reading's period ended (ms), by the device's clock */
  until: number | null;
  /** highest sequence in a sealed batch, where the server tells it */
  sealedSequence: number | null;
  /** highest sequence in an anchored batch; 0 = none */
  anchoredSequence: number;
  /** how many twins are cut from it, where the server tells it */
  twins: number | null;
  /** no oracle can judge it: its security twin is missing, or hides what its model wants judged */
  unwatched: boolean;
}

/** The whole answer; `at` is the server's clock (ms), against which ages are counted. */
export interface Fleet {
  at: number;
  devices: FleetDevice[];
}

/**
 * Reads GET /v1/devices. The page must never show a guess, so an answer of another shape is refused whole.
 *
 * @throws Error that names the place, when the answer is not what the console understands
 */
export function readDevices(answer: unknown): Fleet {
  if (!isRecord(answer) || !Array.isArray(answer.devices)) throw new Error("the answer has no list of devices");
  return { at: whole(answer.at, "at"), devices: answer.devices.map(readDevice) };
}

function readDevice(value: unknown, index: number): FleetDevice {
  const at = `devices[${index}]`;
  if (!isRecord(value)) throw new Error(`${at} is not an object`);
  if (typeof value.id !== "string" || !/^0x[0-9a-f]{64}$/.test(value.id)) throw new Error(`${at}.id is no device id`);
  const state = STATES.find((known) => known === value.state);
  if (state === undefined) throw new Error(`${at}.state is not a state that this console knows`);
  return {
    id: value.id,
    model: typeof value.model === "string" ? value.model : null,
    state,
    sequence: whole(value.sequence, `${at}.sequence`),
    acceptedAt: wholeOrNull(value.acceptedAt, `${at}.acceptedAt`),
    until: wholeOrNull(value.until, `${at}.until`),
    sealedSequence: wholeOrNull(value.sealedSequence, `${at}.sealedSequence`),
    anchoredSequence: whole(value.anchoredSequence, `${at}.anchoredSequence`),
    twins: wholeOrNull(value.twins, `${at}.twins`),
    unwatched: truth(value.unwatched, `${at}.unwatched`),
  };
}

function wholeOrNull(value: unknown, place: string): number | null {
  return value === null || value === undefined ? null : whole(value, place);
}

function truth(value: unknown, place: string): boolean {
  if (typeof value !== "boolean") throw new Error(`${place} is neither true nor false`);
  return value;
}

/** Whether a person should know that nobody judges it; a retired device sends nothing that could be judged. */
export function needsWatch({ unwatched, state }: FleetDevice): boolean {
  return unwatched && state !== "retired";
}

function whole(value: unknown, place: string): number {
  if (typeof value !== "number" || !Number.isSafeInteger(value) || value < 0) {
    throw new Error(`${place} is not a whole number`);
  }
  return value;
}
