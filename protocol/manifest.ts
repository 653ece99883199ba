import type { Hex } from "./bytes.ts";
import { SEGMENT_NAME } from "./device-model.ts";
import { sha256Hex } from "./hash.ts";
import { canonical } from "./json.ts";
import { Shape } from "./shape.ts";

/** manifest@1: a twin's cut of its device, immutable, its hash on chain. docs/formats/manifest.md. */
export interface Manifest {
  readonly format: "manifest@1";
  readonly name: string;
  /** Hash of the device model that the segment names are taken from. */
  readonly model: Hex;
  readonly segments: readonly string[];
  /** Samples as the device sent them. */
  readonly resolution: "raw";
  /** How much later than measured a sample is shown, seconds. */
  readonly delay: 0;
  readonly commands: readonly string[];
}

const TWIN_NAME = /^[a-z][a-z0-9-]{0,62}$/;

/** Reads a manifest strictly. Throws UNUSABLE_MANIFEST with the place. */
export function readManifest(value: unknown): Manifest {
  const shape = new Shape("UNUSABLE_MANIFEST", value);
  const found = shape.members(["format", "name", "model", "segments", "resolution", "delay", "commands"]);
  const manifest: Manifest = {
    format: found.format.literal("manifest@1"),
    name: found.name.matching(TWIN_NAME, "a twin's name (lower-case letters, digits, hyphens)"),
    model: found.model.hex(32),
    segments: found.segments.list((item) => item.matching(SEGMENT_NAME, "a segment name"), 64),
    resolution: found.resolution.literal("raw"),
    delay: found.delay.literal(0),
    commands: found.commands.list((item) => item.matching(SEGMENT_NAME, "a command name"), 64),
  };
  if (manifest.segments.length === 0) throw found.segments.fault("a twin shows something");
  for (const list of [found.segments, found.commands]) {
    const names = list.value as string[];
    if (new Set(names).size !== names.length) throw list.fault("a name twice");
  }
  return manifest;
}

/** SHA-256 of the manifest's RFC 8785 JSON. */
export function manifestHash(manifest: Manifest): Hex {
  return sha256Hex(canonical(manifest));
}
