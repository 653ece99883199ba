import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { registerDevices } from "../../apps/cli/register-device.ts";
import { openClient } from "../../apps/cli/server.ts";
import type { PostedReading } from "../../apps/sdk/answers.ts";
import { signInToken } from "../../lab/sign-in-token.ts";
import { isHeld, isRefusal } from "../../protocol/refusal.ts";
import { ZERO_32, type Hex } from "../../protocol/bytes.ts";
import { readDeviceModel } from "../../protocol/device-model.ts";
import { es256Signer, newPrivateKey } from "../../protocol/es256.ts";
import { buildReading, parseReading, type ReadingParts } from "../../protocol/reading.ts";
import { MONITOR_MODEL, type Server } from "./journey.ts";

export const MODEL = readDeviceModel(JSON.parse(readFileSync(MONITOR_MODEL, "utf8")));
const PLAUSIBLE: Record<string, number> = {
  heart: 72,
  pulse: 71,
  resp: 16,
  spo2: 97,
  sys: 121,
  dia: 73,
  temp: 36.8,
  st: 0.1,
};

/** Every segment of a reading of one second, with so many samples. */
export function plausible(samples: number): ReadingParts["segments"] {
  const t = Array.from({ length: samples }, (_, n) => Math.floor((n * 1_000) / samples));
  return MODEL.segments.map(({ name, unit }) => ({ name, unit, t, v: t.map(() => PLAUSIBLE[name] ?? 0) }));
}

/** A registered monitor whose readings the test makes, good and bad. */
export class BedsideDevice {
  readonly id: Hex;
  readonly key: Uint8Array;
  sequence = 0;
  prev: Hex = ZERO_32;

  constructor(id: Hex, key: Uint8Array) {
    this.id = id;
    this.key = key;
  }

  /** A reading that does not move the device on; `over` changes parts of it before it is signed. */
  async build(over: Partial<ReadingParts> = {}, key = this.key): Promise<string> {
    const to = Date.now();
    const segments = plausible(1);
    const parts = {
      device: this.id,
      kid: 1,
      sequence: this.sequence + 1,
      prev: this.prev,
      per: [to - 1_000, to] as const,
      iat: Math.floor(to / 1_000),
      model: MODEL.name,
      segments,
      salt: () => randomBytes(16),
    };
    return buildReading({ ...parts, ...over }, es256Signer(key));
  }

  /** The next reading; from here on the device counts it as signed. */
  async next(over: Partial<ReadingParts> = {}): Promise<string> {
    const text = await this.build({ sequence: this.sequence + 1 + (over.gap ?? 0), ...over });
    const { sequence, content } = parseReading(text);
    this.sequence = sequence;
    this.prev = content;
    return text;
  }

  /** A password for MQTT. */
  async token({ chainId, registry }: { chainId: number; registry: Hex }, now = Date.now()): Promise<string> {
    return signInToken({ chainId, registry, kid: 1, sign: es256Signer(this.key) }, now);
  }
}

/** Registers monitors with the steward's key of the server's data directory. */
export async function registerBedside(server: Server, count: number): Promise<BedsideDevice[]> {
  const keys = Array.from({ length: count }, () => newPrivateKey(randomBytes));
  const stewardKey = `${server.data}/keys/steward.key`;
  const registered = await registerDevices(
    openClient(server.http, stewardKey),
    stewardKey,
    keys.map((key) => ({ key, model: MODEL })),
  );
  return registered.map(({ device }, n) => new BedsideDevice(device, keys[n] ?? new Uint8Array()));
}

/** What was answered, in one word each: a code, `held`, or `ack <sequence>`. */
export function wordOf(answer: PostedReading | undefined): string {
  if (answer === undefined) return "nothing";
  if (isRefusal(answer)) return answer.code;
  return isHeld(answer) ? "held" : `ack ${answer.sequence}`;
}

/** The topic of a device. */
export const topicOf = (device: { id: Hex }, leaf = "readings"): string => `twinward/v1/devices/${device.id}/${leaf}`;
