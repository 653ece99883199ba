import { createHash } from "node:crypto";
import canonicalize from "canonicalize";
import { z } from "zod";
import type { Tensors } from "../engines/engine.ts";
import { MlError } from "../errors.ts";
import { sizeOf } from "../graph/shape.ts";
import { parseArchitecture, type Architecture } from "../layers/architecture.ts";
import { buildInference, buildModel } from "../layers/build-model.ts";
import { hashModel } from "../model-hash.ts";
import { CARD, type Card } from "./card.ts";
import { packTensors, unpackTensors } from "./tensors.ts";

const VERSION = 1;
const NAME = z.string().regex(/^[a-z][a-z0-9 -]{0,39}$/);
const SHA256 = z.string().regex(/^0x[0-9a-f]{64}$/);

/** (x - offset) / scale, for each signal in the order in which the model sees them. */
export const SCALER = z
  .array(z.strictObject({ signal: z.string().min(1).max(200), offset: z.number(), scale: z.number().positive() }))
  .max(10_000);

const DOCUMENT = z.strictObject({
  format: z.literal(`model@${VERSION}`),
  networks: z.record(NAME, z.strictObject({ architecture: z.unknown(), tensors: z.unknown() })),
  scaler: SCALER,
  thresholds: z.record(NAME, z.number()),
  /** What else the detector needs; it has a strict schema of its own for it. */
  settings: z.json(),
  card: CARD,
  weights: SHA256,
  hash: SHA256,
});

/** A network: its layers as data, its parameters by name. */
export interface Network {
  readonly architecture: Architecture;
  readonly parameters: Tensors;
}

/** Everything that a detector needs to score, frozen. */
export interface Model {
  readonly networks: Readonly<Record<string, Network>>;
  readonly scaler: z.infer<typeof SCALER>;
  readonly thresholds: Readonly<Record<string, number>>;
  readonly settings: z.infer<ReturnType<typeof z.json>>;
  readonly card: Card;
}

/** A model as bytes: the document, the weights that it names by their SHA-256, and its own hash. */
export interface PackedModel {
  readonly document: Buffer;
  readonly weights: Buffer;
  readonly weightsHash: string;
  readonly hash: string;
}

/**
 * A model as bytes. The document is RFC 8785 JSON and names the weights by hash, so its own hash, over all but that member,
 * is over everything: the same model has the same hash, and it is the name by which it is known.
 */
export function packModel({ networks, scaler, thresholds, settings, card }: Model): PackedModel {
  const packed = Object.keys(networks)
    .sort()
    .map((name) => {
      const { architecture, parameters } = networks[name] as Network;
      return { name, architecture, ...packTensors(parameters) };
    });
  const weights = Buffer.concat(packed.map(({ bytes }) => bytes));
  const weightsHash = sha256(weights);
  const document = {
    format: `model@${VERSION}`,
    networks: Object.fromEntries(
      packed.map(({ name, architecture, index }) => [name, { architecture, tensors: index }]),
    ),
    scaler,
    thresholds,
    settings,
    card,
    weights: weightsHash,
  };
  const hash = hashModel(document);
  return { document: Buffer.from(canonicalize({ ...document, hash }) ?? ""), weights, weightsHash, hash };
}

const sha256 = (bytes: Uint8Array): string => `0x${createHash("sha256").update(bytes).digest("hex")}`;

/** The hash of the weights that a document names, before they are read. @throws as `parseModel` */
export const weightsOf = (document: Uint8Array): string => coded(() => readDocument(document).weights);

/**
 * A model out of bytes that anybody may have made. No graph is in them: layers are data of a strict schema, and the numbers of
 * each parameter must be exactly as many as our own graph of those layers takes.
 *
 * @throws MODEL_FILE_NEWER where a later version wrote it; MODEL_FILE_UNUSABLE where anything is damaged, missing or too much;
 *   ARCHITECTURE_INVALID, SHAPE_MISMATCH where layers are none of ours or do not fit
 */
export const parseModel = (document: Uint8Array, weights: Uint8Array): { model: Model; hash: string } =>
  coded(() => parse(document, weights));

/** What is nested too deep to be read, or too large to be held, is refused like anything else that is not whole. */
function coded<T>(act: () => T): T {
  try {
    return act();
  } catch (error) {
    if (error instanceof MlError) throw error;
    return refuse("It cannot be read.", error);
  }
}

function parse(document: Uint8Array, weights: Uint8Array): { model: Model; hash: string } {
  const { networks, scaler, thresholds, settings, card, hash, ...rest } = readDocument(document);
  if (sha256(weights) !== rest.weights) refuse("The weights are not those that the model names.");
  let at = 0;
  const read = Object.keys(networks)
    .sort()
    .map((name) => {
      const architecture = parseArchitecture(networks[name]?.architecture);
      const { tensors, length } = unpack(networks[name]?.tensors, weights.subarray(at));
      at += length;
      checkParameters(name, architecture, tensors);
      return [name, { architecture, parameters: tensors }] as const;
    });
  if (at !== weights.length) refuse("There are more weights than its networks have.");
  return { model: { networks: Object.fromEntries(read), scaler, thresholds, settings, card }, hash };
}

function readDocument(bytes: Uint8Array): z.infer<typeof DOCUMENT> {
  const { text, value } = readJson(bytes);
  const format = z.object({ format: z.string().regex(/^model@[0-9]{1,9}$/) }).safeParse(value);
  if (!format.success) refuse("It does not say that it is a model.");
  const version = Number(format.data?.format.slice("model@".length));
  if (version > VERSION) {
    const detail = `It is a model@${version}; this version reads model@${VERSION}.`;
    throw new MlError("MODEL_FILE_NEWER", { version, detail });
  }
  const parsed = DOCUMENT.safeParse(value);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    return refuse(`At ${issue?.path.join(".") || "the top"}: ${issue?.message ?? "not valid"}`);
  }
  const { hash, ...hashed } = value as Record<string, unknown>;
  // One model has one text: whatever else parses to the same is not it.
  if (canonicalize(value) !== text) refuse("It is not in the one form that a model has.");
  if (hashModel(hashed) !== hash) refuse("Its hash is not the one that it says.");
  return parsed.data;
}

function readJson(bytes: Uint8Array): { text: string; value: unknown } {
  try {
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    return { text, value: JSON.parse(text) };
  } catch (cause) {
    return refuse("It is not JSON.", cause);
  }
}

function unpack(index: unknown, bytes: Uint8Array): ReturnType<typeof unpackTensors> {
  try {
    return unpackTensors(index, bytes, "some");
  } catch (cause) {
    return refuse("The weights do not belong to its networks.", cause);
  }
}

/** More numbers than this in one example's whole graph are no model of ours, and would take gigabytes. */
const MOST_WORK = 2 ** 26;

function checkParameters(network: string, architecture: Architecture, tensors: Tensors): void {
  const { parameters } = buildModel(architecture, { batch: 1, isTraining: false });
  const work = buildInference(architecture, 1).nodes.reduce((sum, { shape }) => sum + sizeOf(shape), 0);
  if (work > MOST_WORK) refuse(`The network ${network} is larger than any of ours.`);
  const fits = parameters.every(({ name, value }) => tensors[name]?.length === sizeOf(value.shape));
  if (!fits || Object.keys(tensors).length !== parameters.length)
    refuse(`The weights of the network ${network} are not those of its layers.`);
}

function refuse(detail: string, cause?: unknown): never {
  throw new MlError("MODEL_FILE_UNUSABLE", { detail }, cause);
}
