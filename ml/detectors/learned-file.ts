import { existsSync } from "node:fs";
import { z } from "zod";
import { MlError } from "../errors.ts";
import { parseArchitecture } from "../layers/architecture.ts";
import { SCALER, type Network } from "../model/pack-model.ts";
import { packTensors, unpackTensors } from "../model/tensors.ts";
import { readSealed, writeSealed } from "../sealed-file.ts";
import type { Learned } from "./detector.ts";

const HEADER = z.strictObject({
  format: z.literal("learned@1"),
  /** The detector and the whole lesson that it learned from. */
  of: z.string(),
  rows: z.int().min(0),
  networks: z.array(z.strictObject({ name: z.string(), architecture: z.unknown(), tensors: z.unknown() })),
  scaler: SCALER,
  settings: z.json(),
  engine: z.string(),
  method: z.string(),
  losses: z
    .array(
      z.strictObject({
        network: z.string(),
        lines: z.array(z.strictObject({ name: z.string(), points: z.array(z.tuple([z.number(), z.number()])) })),
      }),
    )
    .nullable(),
});

/** Writes what a detector has learned in the place of what the file held. */
export function writeLearned(file: string, of: string, { outOfFold, parts, engine, method, losses }: Learned): void {
  const networks = Object.entries(parts.networks).map(([name, { architecture, parameters }]) => ({
    name,
    architecture,
    ...packTensors(parameters),
  }));
  const header = {
    format: "learned@1",
    of,
    rows: outOfFold.length,
    networks: networks.map(({ name, architecture, index }) => ({ name, architecture, tensors: index })),
    scaler: parts.scaler,
    settings: parts.settings,
    engine,
    method,
    losses: losses ?? null,
  };
  const scores = new Uint8Array(outOfFold.buffer, outOfFold.byteOffset, outOfFold.byteLength);
  writeSealed(file, header, [scores, ...networks.map(({ bytes }) => bytes)]);
}

/** What a detector has learned from this lesson, or undefined where nothing is kept. @throws CHECKPOINT_UNUSABLE */
export function readLearned(file: string, of: string): Learned | undefined {
  if (!existsSync(file)) return undefined;
  try {
    const sealed = readSealed(file);
    const { rows, networks, scaler, settings, engine, method, losses, ...rest } = HEADER.parse(sealed.header);
    if (rest.of !== of) throw new RangeError("of another lesson");
    if (sealed.body.length < 8 * rows) throw new RangeError("not as many bytes");
    const outOfFold = new Float64Array(Uint8Array.from(sealed.body.subarray(0, 8 * rows)).buffer);
    const parts = { networks: readNetworks(networks, sealed.body.subarray(8 * rows)), scaler, settings };
    return { outOfFold, parts, engine, method, ...(losses && { losses }) };
  } catch (cause) {
    throw new MlError("CHECKPOINT_UNUSABLE", { file, detail: `${file} is damaged, or of another lesson.` }, cause);
  }
}

function readNetworks(entries: z.infer<typeof HEADER>["networks"], bytes: Uint8Array): Record<string, Network> {
  let at = 0;
  const networks = entries.map(({ name, architecture, tensors }) => {
    const { tensors: parameters, length } = unpackTensors(tensors, bytes.subarray(at), "some");
    at += length;
    return [name, { architecture: parseArchitecture(architecture), parameters }] as const;
  });
  if (at !== bytes.length) throw new RangeError("not as many bytes");
  return Object.fromEntries(networks);
}
