import type { Hex } from "./bytes.ts";
import { SEGMENT_NAME } from "./device-model.ts";
import { sha256Hex } from "./hash.ts";
import { canonical } from "./json.ts";
import { readNoise, type Noise } from "./noise.ts";
import { Shape } from "./shape.ts";

/** What may be told of the samples of one interval. */
export const AGGREGATES = ["mean", "min", "max", "count"] as const;
export type AggregateName = (typeof AGGREGATES)[number];

/** Instead of the samples, what follows from all of them in an interval. */
export interface Resolution {
  /** Seconds; divides a day. The grid's lines are its multiples, counted from the Unix epoch. */
  readonly interval: number;
  readonly show: readonly AggregateName[];
}

/** manifest@1: a twin's cut of its device, immutable, its hash on chain. docs/formats/manifest.md. */
export interface Manifest {
  readonly format: "manifest@1";
  readonly name: string;
  /** Hash of the device model that the segment names are taken from. */
  readonly model: Hex;
  readonly segments: readonly string[];
  /** Samples as the device sent them, or aggregates of a grid's intervals: then the twin is a derived one. */
  readonly resolution: "raw" | Resolution;
  /** How much later than measured a sample is shown, seconds. */
  readonly delay: number;
  /** Only with aggregates. */
  readonly noise?: Noise;
  readonly commands: readonly string[];
}

/** A manifest of aggregates: its twin shows no reading, ever. */
export type DerivedManifest = Manifest & { readonly resolution: Resolution };

const TWIN_NAME = /^[a-z][a-z0-9-]{0,62}$/;
const A_DAY = 86_400;
const LONGEST_DELAY = 30 * A_DAY;
const MEMBERS = ["format", "name", "model", "segments", "resolution", "delay", "commands"] as const;

/** Reads a manifest strictly. Throws UNUSABLE_MANIFEST with the place. */
export function readManifest(value: unknown): Manifest {
  const shape = new Shape("UNUSABLE_MANIFEST", value);
  const found = shape.members(MEMBERS, ["noise"]);
  const segments = found.segments.list((item) => item.matching(SEGMENT_NAME, "a segment name"), 64);
  const manifest: Manifest = {
    format: found.format.literal("manifest@1"),
    name: found.name.matching(TWIN_NAME, "a twin's name (lower-case letters, digits, hyphens)"),
    model: found.model.hex(32),
    segments,
    resolution: found.resolution.value === "raw" ? "raw" : readResolution(found.resolution),
    delay: found.delay.integer(0, LONGEST_DELAY),
    ...(found.noise ? { noise: readNoise(found.noise, segments) } : {}),
    commands: found.commands.list((item) => item.matching(SEGMENT_NAME, "a command name"), 64),
  };
  if (segments.length === 0) throw found.segments.fault("a twin shows something");
  for (const list of [found.segments, found.commands]) distinct(list);
  if (manifest.noise && (!isDerived(manifest) || manifest.resolution.show.join() !== "mean"))
    throw shape.fault("noise is for a resolution that shows the mean, and nothing beside it");
  return manifest;
}

function readResolution(shape: Shape): Resolution {
  const found = shape.members(["interval", "show"]);
  const resolution: Resolution = {
    interval: found.interval.integer(1, A_DAY),
    show: found.show.list((item) => item.literal(...AGGREGATES)),
  };
  // So that no interval lies in two days, or in two months: what is erased by months takes its intervals along, whole.
  if (A_DAY % resolution.interval !== 0) throw found.interval.fault("does not divide a day");
  if (resolution.show.length === 0) throw found.show.fault("a twin shows something");
  distinct(found.show);
  return resolution;
}

function distinct(list: Shape): void {
  const names = list.value as string[];
  if (new Set(names).size !== names.length) throw list.fault("a name twice");
}

export function isDerived(manifest: Manifest): manifest is DerivedManifest {
  return manifest.resolution !== "raw";
}

/** SHA-256 of the manifest's RFC 8785 JSON. */
export function manifestHash(manifest: Manifest): Hex {
  return sha256Hex(canonical(manifest));
}
