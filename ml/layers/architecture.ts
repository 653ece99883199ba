import { z } from "zod";
import { MlError } from "../errors.ts";
import { ACTIVATIONS } from "./layers.ts";

const NAME = z.string().regex(/^[a-z][a-z0-9 -]{0,39}$/, "lower-case letters, digits, spaces and hyphens, 40 at most");
const extent = (most: number) => z.int().min(1).max(most);
const SIZE = extent(4_096);
const one = { name: NAME, of: NAME };
const many = { name: NAME, of: z.array(NAME).min(2).max(16) };

const LAYER = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("dense"), ...one, units: SIZE, activation: z.enum(ACTIVATIONS) }),
  z.strictObject({ kind: z.literal("lstm"), ...one, units: extent(1_024), gives: z.enum(["sequence", "last"]) }),
  z.strictObject({ kind: z.literal("normalise"), ...one }),
  z.strictObject({ kind: z.literal("attention"), ...one, heads: extent(64) }),
  z.strictObject({ kind: z.literal("dropout"), ...one, rate: z.number().min(0).max(0.95) }),
  z.strictObject({ kind: z.literal("embedding"), ...one, categories: extent(100_000), size: extent(512) }),
  z.strictObject({ kind: z.literal("repeat"), ...one, times: SIZE }),
  z.strictObject({ kind: z.literal("pool"), ...one }),
  z.strictObject({ kind: z.literal("flatten"), ...one }),
  z.strictObject({ kind: z.literal("add"), ...many }),
  z.strictObject({ kind: z.literal("concat"), ...many }),
]);

const ARCHITECTURE = z.strictObject({
  inputs: z.record(NAME, z.array(SIZE).min(1).max(3)),
  layers: z.array(LAYER).min(1).max(256),
  outputs: z.array(NAME).min(1).max(16),
});

export type Layer = z.infer<typeof LAYER>;

/**
 * What a model is made of, as data: inputs with the shape of one example, layers by name, each of inputs or of layers before
 * it, and the names of those that are given out. It is read from model files; the graph is always built by our own code.
 */
export type Architecture = z.infer<typeof ARCHITECTURE>;

/** An architecture out of unknown JSON: strict, every name once, nothing used before it is made. @throws ARCHITECTURE_INVALID */
export function parseArchitecture(value: unknown): Architecture {
  const parsed = ARCHITECTURE.safeParse(value);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    return refuse(`At ${issue?.path.join(".") || "the top"}: ${issue?.message ?? "not valid"}`);
  }
  const { inputs, layers, outputs } = parsed.data;
  const known = new Set(Object.keys(inputs));
  if (known.size === 0) refuse("It has no inputs.");
  for (const layer of layers) {
    const missing = [layer.of].flat().find((name) => !known.has(name));
    if (missing !== undefined)
      refuse(`${layer.name} is of ${missing}, which is neither an input nor a layer before it.`);
    if (known.has(layer.name)) refuse(`Two are named ${layer.name}.`);
    known.add(layer.name);
  }
  const absent = outputs.find((name) => !known.has(name));
  if (absent !== undefined) refuse(`${absent} is given out and is not there.`);
  if (new Set(outputs).size !== outputs.length) refuse("An output is given out twice.");
  return parsed.data;
}

function refuse(detail: string): never {
  throw new MlError("ARCHITECTURE_INVALID", { detail });
}
