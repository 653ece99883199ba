import type { Hex } from "./bytes.ts";
import { canonical } from "./json.ts";
import { sha256Hex } from "./hash.ts";
import { Shape } from "./shape.ts";
import { TwinwardError } from "./errors.ts";

/** A named part of what a device reports. Values outside [min, max] are accepted and flagged, never refused. */
export interface Segment {
  readonly name: string;
  /** Bit in a segments bitmap, 0 to 63, fixed for the life of the model. */
  readonly bit: number;
  /** UCUM unit. */
  readonly unit: string;
  readonly type: "number";
  readonly min: number;
  readonly max: number;
  /** What certain values mean: value in decimal → meaning. */
  readonly codes?: Readonly<Record<string, string>>;
}

/** Something that a device can be told. */
export interface CommandShape {
  readonly name: string;
  readonly bit: number;
  readonly unit: string;
  readonly min: number;
  readonly max: number;
  /** The value that leads to the safe state. */
  readonly safe: number;
}

/** device-model@1: docs/formats/device-model.md. */
export interface DeviceModel {
  readonly format: "device-model@1";
  /** name@version, as readings name it. */
  readonly name: string;
  readonly segments: readonly Segment[];
  readonly commands: readonly CommandShape[];
  /** Names of the segments that the security twin must show. */
  readonly security: readonly string[];
  /** Readings are erased when they have been kept this long; left out: they are kept. */
  readonly retentionDays?: number;
}

const MODEL_NAME = /^[a-z][a-z0-9-]{0,62}@[1-9][0-9]{0,8}$/;
export const SEGMENT_NAME = /^[a-z][a-z0-9-]{0,62}$/;
/** UCUM codes are visible ASCII. */
const UNIT = /^[!-~]{1,64}$/;

/** Reads a device model strictly. Throws UNUSABLE_DEVICE_MODEL with the place. */
export function readDeviceModel(value: unknown): DeviceModel {
  const shape = new Shape("UNUSABLE_DEVICE_MODEL", value);
  const found = shape.members(["format", "name", "segments", "commands", "security"], ["retentionDays"]);
  const model: DeviceModel = {
    format: found.format.literal("device-model@1"),
    name: found.name.matching(MODEL_NAME, "name@version"),
    segments: found.segments.list(readSegment, 64),
    commands: found.commands.list(readCommand, 64),
    security: found.security.list((item) => item.matching(SEGMENT_NAME, "a segment name"), 64),
    ...(found.retentionDays ? { retentionDays: found.retentionDays.integer(1, 36_500) } : {}),
  };
  if (model.segments.length === 0) throw found.segments.fault("a device reports something");
  for (const list of [found.segments, found.commands] as const) distinct(list, ["name", "bit"]);
  for (const name of model.security) {
    if (!model.segments.some((segment) => segment.name === name)) throw found.security.fault(`no segment ${name}`);
  }
  if (new Set(model.security).size !== model.security.length) throw found.security.fault("a name twice");
  return model;
}

function readSegment(shape: Shape): Segment {
  const found = shape.members(["name", "bit", "unit", "type", "min", "max"], ["codes"]);
  const segment: Segment = {
    name: found.name.matching(SEGMENT_NAME, "a segment name"),
    bit: found.bit.integer(0, 63),
    unit: found.unit.matching(UNIT, "a UCUM unit"),
    type: found.type.literal("number"),
    min: found.min.number(),
    max: found.max.number(),
    ...(found.codes ? { codes: readCodes(found.codes) } : {}),
  };
  if (segment.min > segment.max) throw found.min.fault("above max");
  return segment;
}

function readCodes(shape: Shape): Record<string, string> {
  const codes = shape.object();
  for (const [code, meaning] of Object.entries(codes)) {
    if (!/^-?[0-9]+$/.test(code) || typeof meaning !== "string") throw shape.fault("not decimal code → meaning");
  }
  return codes as Record<string, string>;
}

function readCommand(shape: Shape): CommandShape {
  const found = shape.members(["name", "bit", "unit", "min", "max", "safe"]);
  const command: CommandShape = {
    name: found.name.matching(SEGMENT_NAME, "a command name"),
    bit: found.bit.integer(0, 63),
    unit: found.unit.matching(UNIT, "a UCUM unit"),
    min: found.min.number(),
    max: found.max.number(),
    safe: found.safe.number(),
  };
  if (command.min > command.max) throw found.min.fault("above max");
  if (command.safe < command.min || command.safe > command.max) throw found.safe.fault("outside the command's range");
  return command;
}

function distinct(list: Shape, members: readonly ("name" | "bit")[]): void {
  const items = list.value as Record<string, unknown>[];
  for (const member of members) {
    if (new Set(items.map((item) => item[member])).size !== items.length) throw list.fault(`a ${member} twice`);
  }
}

/** SHA-256 of the model's RFC 8785 JSON: what `DeviceRegistry` remembers. */
export function modelHash(model: DeviceModel): Hex {
  return sha256Hex(canonical(model));
}

/** Bitmap of the named segments. Throws UNUSABLE_INPUT for a name that the model does not have. */
export function segmentsMask(model: DeviceModel, names: readonly string[]): bigint {
  let mask = 0n;
  for (const name of names) {
    const segment = model.segments.find((one) => one.name === name);
    if (!segment)
      throw new TwinwardError("UNUSABLE_INPUT", { detail: `${model.name} has no segment ${name}.`, segment: name });
    mask |= 1n << BigInt(segment.bit);
  }
  return mask;
}

/** Names of the segments in a bitmap, in the model's order; bits that the model does not have name nothing. */
export function segmentNames(model: DeviceModel, mask: bigint): string[] {
  return model.segments.filter((segment) => (mask >> BigInt(segment.bit)) & 1n).map((segment) => segment.name);
}
