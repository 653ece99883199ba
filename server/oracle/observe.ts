/**
 * Keeps, per device, the checked readings of the round that is being judged. What it gives is complete up to the newest
 * anchored batch: it asks for news only after it saw the anchor, and a reading has its place before its batch is anchored.
 */
import type { Hex } from "../../protocol/bytes.ts";
import { TwinwardError } from "../../protocol/errors.ts";
import { lastOf } from "../../protocol/line.ts";
import type { WindowDetector } from "../../ml/detectors/window-detector.ts";
import { isFollowedBy, readLine } from "../chain/stream-line.ts";
import type { ChainView, DeviceFact } from "../chain/view.ts";
import { checkReadings, positionIn, ReadingRefused, type CheckedReading, type Ground } from "./check.ts";
import type { Door } from "./door.ts";
import { LOOK_BACK_MOST, missingSignals } from "./judge.ts";
import type { Baseline } from "./state-file.ts";

/** One device in the round at hand. */
export interface DeviceRound {
  /** The last reading before those that are kept. */
  baseline: Baseline;
  /** Checked, in sequence order, all after the baseline: the end of the round before, this round's, and newer ones. */
  readings: CheckedReading[];
  /** Why the device cannot be judged in this round. */
  refused?: string;
}

/** Where observing happens. */
export interface Scene {
  readonly view: ChainView;
  readonly chainId: number;
  readonly anchorLog: Hex;
  readonly stream: Hex;
  /** The first leaves of the rounds that are looked back on, in order; the last is that of the round itself. */
  readonly starts: readonly number[];
  readonly detector: Pick<WindowDetector, "signals">;
}

/** Most ack signatures remembered as verified. */
const SEEN_MOST = 4096;
/** Twins read at the same time. */
const AT_ONCE = 8;
/** How far back a newcomer looks first for the beginning of the round. */
const FIRST_LOOK = 64;

/**
 * Reads what is new of every device of the stream into `devices`. A device whose readings do not verify, or are withheld,
 * is marked and reported; all others go on.
 *
 * @throws whatever the door throws when it is the door that fails, not the reading: then nothing may be judged yet
 */
export async function observe(
  scene: Scene,
  door: Door,
  devices: Map<Hex, DeviceRound>,
  seen: Set<string>,
  report: (device: Hex, why: string) => void,
): Promise<void> {
  const newest = await door.lastSequences();
  if (seen.size > SEEN_MOST) seen.clear();
  const news = scene.view.devices().flatMap((device): News[] => {
    const last = newest.get(device.id) ?? 0;
    const twin = scene.view.securityTwin(device.id)?.id;
    const own = devices.get(device.id);
    const isNews = last > 0 && (own === undefined || (own.refused === undefined && last > lastSequenceOf(own)));
    const isHome = isFollowedBy(scene.view, device.homeStream, scene.stream);
    return isNews && twin !== undefined && isHome ? [{ device, twin, last }] : [];
  });
  // A few at a time: the server commits their decisions together.
  for (let i = 0; i < news.length; i += AT_ONCE) {
    const some = news.slice(i, i + AT_ONCE);
    // All are over before a failure is thrown: none may still be reading when the next turn begins.
    const ends = await Promise.allSettled(some.map((one) => observeDevice(scene, door, devices, seen, report, one)));
    for (const end of ends) if (end.status === "rejected") throw end.reason;
  }
}

/** A device that has said something since. */
interface News {
  readonly device: DeviceFact;
  readonly twin: Hex;
  /** Its highest accepted sequence. */
  readonly last: number;
}

async function observeDevice(
  scene: Scene,
  door: Door,
  devices: Map<Hex, DeviceRound>,
  seen: Set<string>,
  report: (device: Hex, why: string) => void,
  { device, twin, last }: News,
): Promise<void> {
  let own = devices.get(device.id);
  try {
    const ground = groundOf(scene, device);
    const reads = async (begun: DeviceRound): Promise<DeviceRound> => {
      await readOn(begun, ground, door, twin, last, seen);
      requireSignals(scene, device.id, begun);
      return begun;
    };
    own = own
      ? await reads(own)
      : await beginEarliest(scene, async (from) => reads(await beginAt(from, ground, door, twin, last, seen)));
    devices.set(device.id, own);
  } catch (error) {
    if (!isAboutDevice(error)) throw error;
    own ??= { baseline: { sequence: 0, content: null }, readings: [] };
    own.refused = error.message;
    devices.set(device.id, own);
    report(device.id, error.message);
  }
}

function requireSignals({ detector }: Scene, device: Hex, { readings }: DeviceRound): void {
  const missing = readings.flatMap((reading) => missingSignals(detector, reading)).at(0);
  if (missing !== undefined) throw new ReadingRefused(device, `Nothing is disclosed about ${missing}.`);
}

/**
 * Begins as early as readings can be believed. Those of a round that cannot are nothing to look back on: whoever was there has
 * refused the device in that round, begins after it too, and comes to the same.
 */
async function beginEarliest({ starts }: Scene, begin: (from: number) => Promise<DeviceRound>): Promise<DeviceRound> {
  for (const from of starts.slice(0, -1))
    try {
      return await begin(from);
    } catch (error) {
      if (!(error instanceof ReadingRefused)) throw error;
    }
  return begin(starts.at(-1) ?? 0);
}

/**
 * Ends a round at the leaf `end`: the last readings since `from` stay to be looked back on, later ones stay, and the one before
 * them becomes the baseline. A refused device gets a new chance.
 */
export function endRound(
  devices: Map<Hex, DeviceRound>,
  { from, end }: { readonly from: number; readonly end: number },
  before: Readonly<Record<Hex, Baseline>>,
): Record<Hex, Baseline> {
  const baselines = { ...before };
  for (const [device, own] of devices) {
    if (own.refused !== undefined) {
      // It begins anew where the next round begins, as a newcomer: what could not be verified is no ground to stand on.
      devices.delete(device);
      delete baselines[device];
      continue;
    }
    const ended = own.readings.filter(({ position }) => position >= from && position < end).slice(-LOOK_BACK_MOST);
    const kept = [...ended, ...own.readings.filter(({ position }) => position >= end)];
    const last = own.readings.at(-kept.length - 1);
    if (last) own.baseline = { sequence: last.sequence, content: last.content };
    own.readings = kept;
    baselines[device] = own.baseline;
  }
  return baselines;
}

const lastSequenceOf = (own: DeviceRound): number => own.readings.at(-1)?.sequence ?? own.baseline.sequence;

/** What says that the door is shut for now, whichever twin was asked for. */
const SHUT: readonly string[] = [
  "SERVER_UNREACHABLE",
  "CHAIN_UNAVAILABLE",
  "OVERLOADED",
  "SESSION_REQUIRED",
  "SESSION_INVALID",
];

/** A refused reading, or a twin that cannot be shown, concerns one device and must not blind us to all others. */
const isAboutDevice = (error: unknown): error is Error =>
  error instanceof ReadingRefused || (error instanceof TwinwardError && !SHUT.includes(error.code));

function groundOf(scene: Scene, device: DeviceFact): Ground {
  const { view, chainId, anchorLog, stream } = scene;
  const group = view.stream(stream)?.group;
  // Its readings may lie in the stream before this one, or by now in the one after it.
  const line = readLine(
    view,
    lastOf(stream, (id) => view.stream(id)),
  );
  const gateway = group === undefined ? undefined : view.gateway(group);
  if (!gateway) throw new ReadingRefused(device.id, "Its home stream has no gateway key.");
  return {
    chainId, anchorLog, stream, line, gatewayKeys: gateway.keys, device: device.id,
    keyAt: (sequence) => view.keyAt(device.id, sequence),
  }; // prettier-ignore
}

async function readOn(
  own: DeviceRound,
  ground: Ground,
  door: Door,
  twin: Hex,
  last: number,
  seen: Set<string>,
): Promise<void> {
  while (lastSequenceOf(own) < last) {
    const before = own.readings.at(-1);
    const page = await door.readings(twin, lastSequenceOf(own));
    if (page.length === 0) throw new ReadingRefused(ground.device, `Reading ${last} is accepted but not handed out.`);
    const from = before ? { sequence: before.sequence, content: before.content } : own.baseline;
    own.readings.push(...checkReadings(ground, from, page, seen));
  }
}

/** A newcomer's beginning: looks back until it finds a reading from before the round, or the device's first. */
async function beginAt(
  roundStart: number,
  ground: Ground,
  door: Door,
  twin: Hex,
  last: number,
  seen: Set<string>,
): Promise<DeviceRound> {
  for (let look = FIRST_LOOK; ; look *= 4) {
    const after = Math.max(0, last - look);
    const page = await door.readings(twin, after);
    if (page.length === 0) throw new ReadingRefused(ground.device, `Reading ${last} is accepted but not handed out.`);
    if (after > 0 && (page[0] === undefined || (positionIn(ground, page[0].ack) ?? 0) >= roundStart)) continue;
    const readings = checkReadings(ground, { sequence: after, content: null }, page, seen);
    const before = readings.findLast((reading) => reading.position < roundStart);
    return {
      baseline: before ? { sequence: before.sequence, content: before.content } : { sequence: after, content: null },
      readings: readings.filter((reading) => reading.position >= roundStart),
    };
  }
}
