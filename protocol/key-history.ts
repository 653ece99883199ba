import { utf8, type Hex } from "./bytes.ts";
import type { PublicKey } from "./es256.ts";
import { sha256 } from "./hash.ts";
import { canonical } from "./json.ts";
import type { Shape } from "./shape.ts";
import { merkleRoot } from "./tree.ts";

/** A remark on a key: from this sequence on it is not to be trusted. It removes nothing. */
export interface KeyMark {
  readonly from: number;
  /** Seconds. */
  readonly suspectedSince: number;
  readonly reason: Hex;
}

/** A device key and the sequences that it may sign: [from, until], until null while the range is open. */
export interface DeviceKey extends PublicKey {
  readonly number: number;
  readonly from: number;
  readonly until: number | null;
  readonly marks: readonly KeyMark[];
}

/** All keys that a device ever had, as `DeviceRegistry` tells it. */
export interface KeyHistory {
  readonly device: Hex;
  readonly steward: Hex;
  readonly keys: readonly DeviceKey[];
}

export function readKeyHistory(shape: Shape): KeyHistory {
  const found = shape.members(["device", "steward", "keys"]);
  const keys = found.keys.list(readKey);
  keys.forEach((key, i) => {
    const before = keys[i - 1];
    if (key.number !== i + 1) throw found.keys.fault("keys are numbered from 1 without a gap");
    if (before && (before.until === null || before.until >= key.from)) throw found.keys.fault("ranges overlap");
  });
  if (keys.length === 0) throw found.keys.fault("a device has a key");
  return { device: found.device.hex(32), steward: found.steward.hex(20), keys };
}

function readKey(shape: Shape): DeviceKey {
  const found = shape.members(["number", "x", "y", "from", "until", "marks"]);
  return {
    number: found.number.integer(1),
    x: found.x.hex(32),
    y: found.y.hex(32),
    from: found.from.integer(1),
    until: found.until.orNull((until) => until.integer()),
    marks: found.marks.list((item) => {
      const mark = item.members(["from", "suspectedSince", "reason"]);
      return {
        from: mark.from.integer(),
        suspectedSince: mark.suspectedSince.integer(),
        reason: mark.reason.hex(32),
      };
    }),
  };
}

/** The key whose range holds `sequence`. */
export function keyAt(history: KeyHistory, sequence: number): DeviceKey | undefined {
  return history.keys.find(({ from, until }) => from <= sequence && (until === null || sequence <= until));
}

/**
 * RFC 6962 root over SHA-256(0x00 ‖ RFC 8785 JSON of one history), sorted by device id: what a checkpoint says about
 * all keys of all devices.
 */
export function keysRoot(histories: readonly KeyHistory[]): Uint8Array {
  const sorted = histories.toSorted((a, b) => (a.device < b.device ? -1 : a.device > b.device ? 1 : 0));
  return merkleRoot(sorted.map((history) => sha256(new Uint8Array(1), utf8(canonical(history)))));
}
