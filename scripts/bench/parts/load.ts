// The load: devices that sign beforehand, and send as fast as they are answered or at a rate. A process of its own, so that
// what it uses is not the server's.
import { randomBytes } from "node:crypto";
import { Agent } from "node:http";
import { setTimeout as pause } from "node:timers/promises";
import { fromHex, ZERO_32, type Hex } from "../../../protocol/bytes.ts";
import type { DeviceModel } from "../../../protocol/device-model.ts";
import { es256Signer, type Es256Signer } from "../../../protocol/es256.ts";
import { buildReading, parseReading } from "../../../protocol/reading.ts";
import { postReadings } from "./post-readings.ts";
import { answerQuestions } from "./talk.ts";

/** What the load is told: who the devices are, to sign so many readings more, to send what is signed. */
export type LoadQuestion =
  | { readonly begin: LoadPlan }
  | { readonly sign: number }
  | { readonly send: { readonly readings: number; readonly perSecond?: number } };

export interface LoadPlan {
  readonly url: string;
  readonly model: DeviceModel;
  readonly devices: readonly { readonly id: Hex; readonly key: Hex }[];
  readonly perRequest: number;
  readonly samples: number;
  /** When the first reading's period begins, ms, and how long each period is. */
  readonly from: number;
  readonly periodMs: number;
}

/** What became of a send. */
export interface Sent {
  readonly acked: number;
  readonly requests: number;
  readonly seconds: number;
  /** ms from when each request was due to its whole answer; every reading of a request waits as long. */
  readonly times: readonly number[];
  readonly cpuSeconds: number;
  readonly bytes: number;
}

interface Lane {
  readonly id: Hex;
  readonly sign: Es256Signer;
  sequence: number;
  prev: Hex;
  readonly bodies: { readonly body: Buffer; readonly readings: number }[];
}

let plan: LoadPlan;
let lanes: Lane[] = [];
let agent: Agent | undefined;
/** A plausible value of each segment, and how far it swings. */
const USUAL: Readonly<Record<string, readonly [number, number]>> = {
  heart: [72, 6],
  pulse: [72, 6],
  resp: [16, 2],
  spo2: [97, 1],
  sys: [121, 8],
  dia: [73, 5],
  temp: [36.8, 0.2],
  st: [0.1, 0.1],
};

function begin(said: LoadPlan): void {
  plan = said;
  lanes = said.devices.map(({ id, key }) => ({
    id,
    sign: es256Signer(fromHex(key, 32)),
    sequence: 0,
    prev: ZERO_32,
    bodies: [],
  }));
}

async function nextReading(lane: Lane): Promise<string> {
  const { model, samples, periodMs } = plan;
  const sequence = lane.sequence + 1;
  const from = plan.from + lane.sequence * periodMs;
  const t = Array.from({ length: samples }, (_, i) => Math.floor((i * periodMs) / samples));
  const segments = model.segments.map(({ name, unit }) => {
    const [middle, swing] = USUAL[name] ?? [50, 1];
    const v = t.map((ms) => Math.round(100 * (middle + swing * Math.sin((from + ms) / 60_000))) / 100);
    return { name, unit, t, v };
  });
  const per = [from, from + periodMs] as const;
  const iat = Math.floor((from + periodMs) / 1000);
  const text = await buildReading(
    {
      device: lane.id,
      kid: 1,
      sequence,
      per,
      iat,
      model: model.name,
      prev: lane.prev,
      segments,
      salt: () => randomBytes(16),
    },
    lane.sign,
  );
  lane.sequence = sequence;
  lane.prev = parseReading(text).content;
  return text;
}

/** Signs, and writes each request's body down, so that sending costs no more than it must. */
async function sign(count: number): Promise<void> {
  const each = Math.ceil(count / lanes.length);
  for (const lane of lanes) {
    for (let left = each; left > 0; left -= plan.perRequest) {
      const readings: string[] = [];
      while (readings.length < Math.min(left, plan.perRequest)) readings.push(await nextReading(lane));
      lane.bodies.push({ body: Buffer.from(JSON.stringify({ readings })), readings: readings.length });
    }
  }
}

async function post(body: Buffer): Promise<number> {
  const { status, text } = await postReadings(plan.url, body, agent);
  if (status !== 200) throw new Error(`the server answered ${status}: ${text}`);
  return text.split('"format":"ack@1"').length - 1;
}

/** Each device sends in its order, one request at a time; what is due while the one before is not answered waits, and its wait counts. */
async function send(readings: number, perSecond?: number): Promise<Sent> {
  const each = Math.ceil(readings / lanes.length);
  // Connections that idled while readings were signed may be closed by now.
  agent?.destroy();
  agent = new Agent({ keepAlive: true, maxSockets: lanes.length });
  const used = process.cpuUsage();
  const began = performance.now();
  const times: number[] = [];
  let [acked, sent, bytes] = [0, 0, 0];
  const everyMs = perSecond === undefined ? 0 : (1000 * plan.perRequest * lanes.length) / perSecond;
  await Promise.all(
    lanes.map(async (lane, place) => {
      let due = began + (everyMs * place) / lanes.length;
      for (let left = each; left > 0;) {
        const next = lane.bodies.shift();
        if (!next) throw new Error("not enough readings are signed");
        if (perSecond !== undefined && due > performance.now()) await pause(due - performance.now());
        const from = perSecond === undefined ? performance.now() : due;
        const got = await post(next.body);
        if (got !== next.readings) throw new Error(`${got} of ${next.readings} readings were acked`);
        times.push(performance.now() - from);
        due += everyMs;
        acked += got;
        sent += 1;
        bytes += next.body.length;
        left -= next.readings;
      }
    }),
  );
  const seconds = (performance.now() - began) / 1000;
  const { user, system } = process.cpuUsage(used);
  return { acked, requests: sent, seconds, times, cpuSeconds: (user + system) / 1_000_000, bytes };
}

answerQuestions((question: LoadQuestion) => {
  if ("begin" in question) return begin(question.begin);
  if ("sign" in question) return sign(question.sign);
  return send(question.send.readings, question.send.perSecond);
});
