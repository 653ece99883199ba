import { toHex, ZERO_32, type Hex } from "../../../protocol/bytes.ts";
import { sha256Hex } from "../../../protocol/hash.ts";
import { leafHash } from "../../../protocol/leaf.ts";
import type { Random } from "../../../ml/random.ts";
import type { Clock } from "../../../server/chain/clock.ts";
import { NO_HEAD, order, type Head, type Ordered } from "../../../server/gateway/order.ts";
import type { StoredLeaf } from "../../../server/store/read-leaves.ts";

const MAX_HELD = 8;

/** A device's readings as it signed them, and the acks that it has. */
export interface SimulatedDevice {
  readonly id: Hex;
  readonly readings: readonly Ordered[];
  /** The same sequences with other content, some chained to another past: sent beside them, and never to be accepted. */
  readonly forged: readonly Ordered[];
  /** Position that was promised, by sequence. */
  readonly acks: Map<number, number>;
}

export function makeDevice(n: number, count: number, random: Random): SimulatedDevice {
  const id = sha256Hex(`device ${n}`);
  const readings: Ordered[] = [];
  let last: Head = NO_HEAD;
  for (let i = 0; i < count; i++) {
    const [forgets, loses] = [random.uniform() < 0.05, random.uniform() < 0.1];
    const skipped = forgets || loses ? 1 + random.integer(3) : 0;
    const sequence = last.sequence + skipped + 1;
    // Who lost its counter declares everything before lost; who lost some readings declares those.
    const gap = forgets ? sequence - 1 : skipped;
    const reading = { sequence, gap, prev: forgets ? ZERO_32 : last.content, content: toHex(random.bytes(32)) };
    readings.push(reading);
    last = reading;
  }
  const forged = readings.map((reading) => ({
    ...reading,
    content: toHex(random.bytes(32)),
    prev: toHex(random.bytes(32)),
  }));
  return { id, readings, forged, acks: new Map() };
}

/** Where accepted readings are kept: appending is all or nothing, and may fail on either side of it. */
export interface LeafStore {
  all(): readonly StoredLeaf[];
  append(make: (position: number) => StoredLeaf): Promise<StoredLeaf>;
}

/** The gateway in small, with the product's own rules of order: one at a time, an ack only for what is durable. */
export function openGateway(store: LeafStore): (device: SimulatedDevice, reading: Ordered) => Promise<void> {
  const held = new Map<Hex, Ordered[]>();
  let tail: Promise<unknown> = Promise.resolve();

  const place = async (device: SimulatedDevice, reading: Ordered): Promise<boolean> => {
    const own = store.all().filter(({ subject }) => subject === device.id);
    const known = new Map(own.map((leaf) => [leaf.sequence, leaf]));
    const last = own.at(-1);
    const head: Head = last === undefined ? NO_HEAD : { sequence: last.sequence, content: last.content };
    const found = order(head, reading, (sequence) => known.get(sequence)?.content);
    const waiting = held.get(device.id) ?? [];
    if (found === "hold" && waiting.length < MAX_HELD) held.set(device.id, [...waiting, reading]);
    const again = known.get(reading.sequence);
    if (found === "same" && again?.content !== reading.content) throw new Error("an ack for another content");
    if (found === "same") acknowledge(device, reading, again?.position);
    if (found !== "accept") return false;
    const { position } = await store.append((at) => leafOf(device, reading, at));
    acknowledge(device, reading, position);
    return true;
  };
  const acknowledge = (device: SimulatedDevice, { sequence, content }: Ordered, position?: number): void => {
    if (position === undefined) throw new Error("an ack without a place");
    const earlier = device.acks.get(sequence);
    if (earlier !== undefined && earlier !== position) throw new Error(`${sequence} was promised two places`);
    if (!device.readings.some((own) => own.content === content)) throw new Error(`a forged ${sequence} was accepted`);
    device.acks.set(sequence, position);
  };
  const take = async (device: SimulatedDevice, reading: Ordered): Promise<void> => {
    if (!(await place(device, reading))) return;
    const waiting = (held.get(device.id) ?? []).toSorted((a, b) => a.sequence - b.sequence);
    held.delete(device.id);
    for (const one of waiting) await place(device, one);
  };
  return (device, reading) => {
    const mine = tail.then(() => take(device, reading));
    tail = mine.catch(() => undefined);
    return mine;
  };
}

function leafOf(device: SimulatedDevice, { sequence, content }: Ordered, position: number): StoredLeaf {
  const hash = toHex(leafHash(1, device.id, sequence, content));
  return { position, kind: 1, subject: device.id, sequence, content, hash };
}

/** A device sends what has no ack again and again, in any order, and now and then somebody else's beside it. */
export async function sendReadings(
  device: SimulatedDevice,
  deliver: (reading: Ordered) => Promise<void>,
  clock: Clock,
  random: Random,
): Promise<void> {
  for (;;) {
    const waiting = device.readings.filter(({ sequence }) => !device.acks.has(sequence)).slice(0, 4);
    // Who declares readings lost gives up those before them: it does so only when all that it still has are acked.
    const gap = waiting.findIndex((reading, i) => i > 0 && reading.gap > 0);
    const open = gap === -1 ? waiting : waiting.slice(0, gap);
    if (open.length === 0) return;
    await clock.pause(50 + random.integer(600));
    const forged = device.forged[random.integer(5 * device.forged.length)];
    const reading = forged ?? open[random.integer(open.length)];
    if (reading === undefined || random.uniform() < 0.15) continue;
    await deliver(reading).catch(() => undefined);
    if (random.uniform() < 0.15) await deliver(reading).catch(() => undefined);
  }
}
