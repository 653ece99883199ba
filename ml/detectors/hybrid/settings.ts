import { z } from "zod";
import { MlError } from "../../errors.ts";
import { buildInference } from "../../layers/build-model.ts";
import type { Learned } from "../detector.ts";
import { widthOf, type Preparation } from "./prepare.ts";
import type { Networks } from "./run-networks.ts";
import type { Usual } from "./scores.ts";
import type { Combination } from "../baseline/combine.ts";

const POSITIVE = z.number().positive();
const USUAL = z.array(POSITIVE).min(1).max(20_000);

const SETTINGS = z.strictObject({
  /** Rows of a window, and over how many scores are averaged. */
  steps: z.int().min(1).max(512),
  average: z.int().min(1).max(1_000),
  /** By signal: whether its logarithm is taken, and whether a feature says that it is missing. */
  logs: z.array(z.boolean()).min(1).max(10_000),
  gaps: z.array(z.boolean()).min(1).max(10_000),
  usual: z.strictObject({ rebuilt: USUAL, expected: USUAL.nullable() }),
  combination: z.strictObject({
    base: z.number(),
    parts: z
      .array(z.strictObject({ centre: z.number(), spread: POSITIVE, weight: z.number().min(0) }))
      .min(1)
      .max(4),
  }),
});

/** Everything that a hybrid needs to judge. */
export interface Hybrid {
  readonly steps: number;
  readonly average: number;
  readonly preparations: readonly Preparation[];
  readonly usual: Usual;
  readonly combination: Combination;
  readonly networks: Networks;
}

/** A hybrid as its model keeps it. */
export function packHybrid(
  { steps, average, preparations, usual, combination, networks }: Hybrid,
  signals: readonly string[],
): Learned["parts"] {
  const { rebuild, tell } = networks;
  return {
    networks: { rebuild, ...(tell && { tell }) },
    scaler: preparations.map(({ offset, scale }, n) => ({ signal: signals[n]!, offset, scale })),
    settings: {
      steps,
      average,
      logs: preparations.map(({ isLog }) => isLog),
      gaps: preparations.map(({ isSometimesMissing }) => isSometimesMissing),
      usual: { rebuilt: [...Array.from(usual.rebuilt)], expected: usual.expected ? Array.from(usual.expected) : null },
      combination: { base: combination.base, parts: combination.parts.map((part) => ({ ...part })) },
    },
  };
}

/** A hybrid out of a model, for these signals. @throws MODEL_FILE_UNUSABLE where anything does not fit */
export function parseHybrid({ networks, scaler, settings }: Learned["parts"], signals: readonly string[]): Hybrid {
  const refuse = (detail: string): never => {
    throw new MlError("MODEL_FILE_UNUSABLE", { detail });
  };
  const parsed = SETTINGS.safeParse(settings);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    return refuse(`The hybrid's settings at ${issue?.path.join(".")}: ${issue?.message}`);
  }
  const { steps, average, logs, gaps, usual, combination } = parsed.data;
  const { rebuild, tell, ...others } = networks;
  if (rebuild === undefined || Object.keys(others).length > 0)
    return refuse("The hybrid has not the networks it needs.");
  const isOfSignals =
    scaler.length === signals.length &&
    scaler.every(({ signal }, n) => signal === signals[n]) &&
    [logs, gaps].every(({ length }) => length === signals.length);
  if (!isOfSignals) return refuse("The hybrid's scaler is not of its signals.");
  const preparations = scaler.map(({ offset, scale }, n) => ({
    isLog: logs[n]!,
    offset,
    scale,
    isSometimesMissing: gaps[n]!,
  }));
  const width = widthOf(preparations);
  const inputs = { now: [width], ...(steps > 1 && { past: [steps - 1, width] }) };
  const heads = steps > 1 ? ["rebuilt", "expected"] : ["rebuilt"];
  const isShaped = (network: typeof rebuild, outputs: Readonly<Record<string, number>>): boolean => {
    const { architecture } = network;
    if (!isAlike(architecture.inputs, inputs) || !isAlike(architecture.outputs, Object.keys(outputs))) return false;
    const { nodes, outputs: places } = buildInference(architecture, 1);
    return Object.entries(outputs).every(([name, size]) => isAlike(nodes[places[name]!]!.shape, [1, size]));
  };
  const lengths = [usual.rebuilt, ...(usual.expected ? [usual.expected] : [])].map(({ length }) => length);
  const fits =
    isShaped(rebuild, Object.fromEntries(heads.map((head) => [head, width]))) &&
    (tell === undefined || isShaped(tell, { logit: 1 })) &&
    lengths.length === heads.length &&
    lengths.every((length) => length === width) &&
    combination.parts.length === 1 + heads.length + (tell ? 1 : 0);
  if (!fits) return refuse("The hybrid's settings do not fit its networks.");
  const { rebuilt, expected } = usual;
  return {
    steps,
    average,
    preparations,
    usual: { rebuilt, expected: expected ?? undefined },
    combination,
    networks: { rebuild, tell },
  };
}

const isAlike = (a: unknown, b: unknown): boolean => JSON.stringify(sorted(a)) === JSON.stringify(sorted(b));
const sorted = (value: unknown): unknown =>
  value !== null && typeof value === "object" && !Array.isArray(value) ? Object.entries(value).sort() : value;
