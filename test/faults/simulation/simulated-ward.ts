import { ZERO_32, type Hex } from "../../../protocol/bytes.ts";
import { ackMessage, verifyAck, type Ack } from "../../../protocol/ack.ts";
import { es256Signer, newPrivateKey, publicKeyOf, type PublicKey } from "../../../protocol/es256.ts";
import { deviceId } from "../../../protocol/ids.ts";
import { buildReading, parseReading, readingLeaf } from "../../../protocol/reading.ts";
import { isHeld, isRefusal } from "../../../protocol/refusal.ts";
import { createRandom, type Random } from "../../../ml/random.ts";
import type { Clock } from "../../../server/chain/clock.ts";
import type { Answer } from "../../../server/gateway/gateway.ts";
import { NO_HEAD, type Head, type Ordered } from "../../../server/gateway/order.ts";
import { CHAIN_ID, DEVICE_REGISTRY, MODEL } from "./simulated-chain.ts";

/** The wall clock's time when a schedule begins, ms. */
export const BEGINNING = Date.UTC(2026, 10, 21, 12);

const privateKeyOf = (name: string): Uint8Array => newPrivateKey((size) => createRandom(name).bytes(size));
/** Made once for all schedules: a key costs more than a signature. */
const KEYS = ["one", "two", "three"].map((name) => privateKeyOf(`device ${name}`));
const FORGERS_KEY = privateKeyOf("forger");
export const GATEWAY_KEY = privateKeyOf("gateway");
const GATEWAYS_PUBLIC_KEY = publicKeyOf(GATEWAY_KEY);
const PUBLIC_KEYS = KEYS.map(publicKeyOf);

/** A reading as it is sent. */
export interface SimulatedReading extends Ordered {
  /** When its device has it, by the world's clock, ms. */
  readonly madeAt: number;
  readonly text: string;
  readonly leaf: Uint8Array;
}

const OTHER_PAST: Hex = `0x${"fe".repeat(32)}`;

/** What a device may hear of its own reading and send it again all the same. */
const NOT_NOW: ReadonlySet<string> = new Set(["SEQUENCE_EXPECTED", "HOLD_EXPIRED"]);
/** What anybody may hear who put another reading in its place. */
const NOT_SO: ReadonlySet<string> = new Set([
  ...NOT_NOW,
  "SEQUENCE_CONFLICT",
  "SEQUENCE_IN_GAP",
  "PREV_MISMATCH",
  "SIGNATURE_INVALID",
]);

/** A device with its readings as it signed them, and the acks that it has. */
export class SimulatedDevice {
  readonly id: Hex;
  readonly key: PublicKey;
  readonly readings: readonly SimulatedReading[];
  /**
   * The same sequences with other content, chained to another past, by whoever has the device's key and by whoever has not, and
   * one that nothing ever comes before. Sent beside them, and never to be accepted.
   */
  readonly forged: readonly SimulatedReading[];
  /** Position that was promised, by sequence. */
  readonly acks = new Map<number, number>();
  /** Every promise that was ever made, by sequence, known to the device or lost on its way. */
  readonly #promised = new Map<number, string>();
  /** A reading is held that nothing comes before, and nobody has said that it is not any more. */
  isWaiting = false;

  private constructor(id: Hex, key: PublicKey, all: { readings: SimulatedReading[]; forged: SimulatedReading[] }) {
    this.id = id;
    this.key = key;
    this.readings = all.readings;
    this.forged = all.forged;
  }

  /** Its readings come in the course of `withinMs`. */
  static async make(
    n: number,
    { count, withinMs }: { readonly count: number; readonly withinMs: number },
    random: Random,
  ): Promise<SimulatedDevice> {
    const [key, privateKey] = [PUBLIC_KEYS[n], KEYS[n]];
    if (key === undefined || privateKey === undefined) throw new Error(`no device ${n}`);
    const id = deviceId(CHAIN_ID, DEVICE_REGISTRY, key);
    const readings: SimulatedReading[] = [];
    const forged: SimulatedReading[] = [];
    let last: Head = NO_HEAD;
    const times = Array.from({ length: count }, () => random.integer(withinMs)).sort((a, b) => a - b);
    for (const madeAt of times) {
      const [forgets, loses] = [random.uniform() < 0.05, random.uniform() < 0.1];
      const skipped = forgets || loses ? 1 + random.integer(3) : 0;
      const sequence = last.sequence + skipped + 1;
      // Who lost its counter declares everything before lost; who lost some readings declares those.
      const gap = forgets ? sequence - 1 : skipped;
      const own = await sign(id, { madeAt, sequence, gap, prev: forgets ? ZERO_32 : last.content }, privateKey, random);
      const other = random.integer(2) === 0 ? privateKey : FORGERS_KEY;
      forged.push(await sign(id, { madeAt, sequence, gap, prev: OTHER_PAST }, other, random));
      readings.push(own);
      last = own;
    }
    const sequence = last.sequence + 2;
    forged.push(await sign(id, { madeAt: 0, sequence, gap: 0, prev: OTHER_PAST }, privateKey, random));
    return new SimulatedDevice(id, key, { readings, forged });
  }

  /** Hears what became of a text; it may get lost on its way. Throws where a gateway of ours never says such a thing. */
  hear({ sequence, content }: SimulatedReading, answer: Answer | undefined, isLost = false): void {
    const isOwn = this.readings.some((own) => own.content === content);
    if (answer === undefined) throw new Error(`no answer to ${sequence}`);
    if (isHeld(answer)) {
      if (this.#isAhead(sequence)) this.isWaiting = true;
      return;
    }
    if (isRefusal(answer)) {
      const { code } = answer;
      if (!(isOwn ? NOT_NOW : NOT_SO).has(code)) throw new Error(`${isOwn ? "" : "a forged "}${sequence}: ${code}`);
      return;
    }
    if (!isOwn || answer.sequence !== sequence) throw new Error(`a forged ${sequence} was accepted`);
    this.#take(answer, isLost);
  }

  /** Hears of a reading that was held, whosever it was. */
  hearAside(answer: Answer): void {
    if (isHeld(answer)) throw new Error("news of a reading that goes on waiting");
    if (!isRefusal(answer)) return this.#take(answer, false);
    const { code } = answer;
    if (!NOT_SO.has(code)) throw new Error(`a held reading: ${code}`);
    if (this.#isAhead(Number(answer.sequence))) this.isWaiting = false;
  }

  #isAhead(sequence: number): boolean {
    return sequence > (this.readings.at(-1)?.sequence ?? 0);
  }

  #take(ack: Ack, isLost: boolean): void {
    const { device, sequence } = ack;
    const reading = this.readings.find((own) => own.sequence === sequence);
    if (device !== this.id || reading === undefined) throw new Error(`an ack for ${sequence} that nobody sent`);
    const said = JSON.stringify([ackMessage(ack).toString(), ack.signature, ack.index, ack.path]);
    const earlier = this.#promised.get(sequence) ?? said;
    if (earlier !== said) throw new Error(`two promises for ${sequence}`);
    if (!this.#promised.has(sequence) && !verifyAck(ack, GATEWAYS_PUBLIC_KEY, reading.leaf))
      throw new Error(`an ack for another content at ${sequence}`);
    this.#promised.set(sequence, said);
    if (!isLost) this.acks.set(sequence, ack.first + ack.index);
  }
}

async function sign(
  device: Hex,
  place: Omit<SimulatedReading, "content" | "text" | "leaf">,
  privateKey: Uint8Array,
  random: Random,
): Promise<SimulatedReading> {
  const { sequence, gap, prev } = place;
  const from = BEGINNING + sequence * 1_000;
  const segments = MODEL.segments.map(({ name, unit }) => ({ name, unit, t: [0], v: [random.integer(300)] }));
  const text = await buildReading(
    {
      ...{ device, kid: 1, sequence, gap, prev, model: MODEL.name, segments },
      ...{ per: [from, from + 1_000] as const, iat: from / 1_000 + 1, salt: () => random.bytes(16) },
    },
    es256Signer(privateKey),
  );
  const parsed = parseReading(text);
  return { ...place, content: parsed.content, text, leaf: readingLeaf(parsed) };
}

/** Some texts at once, with the readings that they are. */
export type Delivery = (readings: readonly SimulatedReading[]) => Promise<void>;

/** A device sends what has no ack again and again, in any order, and now and then somebody else's beside it. */
export async function sendReadings(
  device: SimulatedDevice,
  deliver: Delivery,
  clock: Clock,
  random: Random,
): Promise<void> {
  for (;;) {
    const left = device.readings.filter(({ sequence }) => !device.acks.has(sequence));
    if (left.length === 0) return;
    const waiting = left.filter(({ madeAt }) => madeAt <= clock.now()).slice(0, 4);
    // Who declares readings lost gives up those before them: it does so only when all that it still has are acked.
    const gap = waiting.findIndex((reading, i) => i > 0 && reading.gap > 0);
    const open = gap === -1 ? waiting : waiting.slice(0, gap);
    // Devices in step, so that their readings are committed together, or each in its own time.
    await clock.pause(random.integer(3) === 0 ? 200 - (clock.now() % 200) : 50 + random.integer(600));
    const some = Array.from({ length: 1 + random.integer(3) }, () => {
      const forged = device.forged[random.integer(10 * device.forged.length)];
      return forged ?? open[random.integer(open.length)];
    }).filter((one) => one !== undefined);
    await deliver(some);
  }
}
