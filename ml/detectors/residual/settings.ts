import { z } from "zod";
import { MlError } from "../../errors.ts";
import { TREE } from "../baseline/trees.ts";
import { layOut } from "./design.ts";
import type { Fusion } from "./fuse.ts";
import type { Relation } from "./relations.ts";
import type { Hold, Memory } from "./sequential.ts";
import { evidenceSize, type Twin } from "./twin.ts";

const INDEX = z.int().min(0).max(100_000);
const POSITIVE = z.number().positive();

const INPUT = z.strictObject({
  kind: z.enum(["still", "switch", "moving"]),
  hasPast: z.boolean(),
  decimals: z.int().min(0).max(12).nullable(),
  isLog: z.boolean(),
  offset: z.number(),
  scale: POSITIVE,
  fill: z.number(),
});

const LEAF = z.strictObject({ weights: z.array(z.number()).min(1).max(100_000), limit: POSITIVE });
/** Two levels of switches, as many as are ever learned. */
const branch = <T extends z.ZodType>(below: T) =>
  z.union([LEAF, z.strictObject({ column: INDEX, off: below, on: below })]);

const RELATION = z.strictObject({
  kind: z.enum(["same", "step"]),
  target: INDEX,
  columns: z.array(INDEX).min(1).max(100_000),
  regime: branch(branch(LEAF)),
});

const RULE = z.strictObject({
  switch: INDEX,
  signal: INDEX,
  sign: z.union([z.literal(1), z.literal(-1)]),
  limits: z.strictObject({
    onMost: z.number(),
    offLeast: z.number(),
    turnOnMost: z.number(),
    turnOffLeast: z.number(),
  }),
  unit: POSITIVE,
});

/** Everything that a residual detector needs to judge, as its model keeps it. */
const SETTINGS = z.strictObject({
  inputs: z.array(INPUT).min(1).max(100_000),
  relations: z.array(RELATION).max(200_000),
  rules: z.array(RULE).max(200_000),
  ranges: z.array(z.strictObject({ signal: INDEX, least: z.number(), most: z.number(), unit: POSITIVE })).max(100_000),
  memory: z.strictObject({
    kind: z.enum(["none", "average", "sum"]),
    rate: z.number().min(0).max(1),
    /** By relation: what sums over clean rows reach. */
    limits: z.array(POSITIVE).max(200_000),
  }),
  fusion: z.union([
    z.strictObject({ kind: z.literal("strongest") }),
    z.strictObject({ kind: z.literal("weighed"), base: z.number(), weights: z.array(z.number().min(0)).max(500_000) }),
    z.strictObject({ kind: z.literal("trees"), base: z.number(), trees: z.array(TREE).max(5_000) }),
  ]),
  hold: z.strictObject({ most: z.number(), fade: z.number().min(0) }),
});

/** How evidence becomes scores. */
export interface Judging {
  readonly memory: Memory;
  readonly fusion: Fusion;
  readonly hold: Hold;
}

/** A twin, and how its evidence becomes scores. */
export interface ResidualSettings extends Twin, Judging {
  readonly memory: Memory & { readonly limits: readonly number[] };
}

/** A residual detector's settings, fitting these many signals. @throws MODEL_FILE_UNUSABLE */
export function parseResidual(settings: unknown, signals: number): ResidualSettings {
  const refuse = (detail: string): never => {
    throw new MlError("MODEL_FILE_UNUSABLE", { detail });
  };
  const parsed = SETTINGS.safeParse(settings);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    return refuse(`The residual detector's settings at ${issue?.path.join(".")}: ${issue?.message}`);
  }
  return fits(parsed.data, signals) ? parsed.data : refuse("The residual detector's settings do not fit its signals.");
}

function fitsFusion(fusion: Fusion, size: number): boolean {
  if (fusion.kind === "weighed") return fusion.weights.length === size;
  return fusion.kind === "strongest" || fusion.trees.every(({ signal }) => signal.every((at) => at < size));
}

function fits(settings: ResidualSettings, signals: number): boolean {
  const { inputs, relations, rules, ranges, memory, fusion } = settings;
  if (inputs.length !== signals) return false;
  const { width, now } = layOut(inputs);
  const isSignal = (signal: number): boolean => signal < signals;
  const fitsRegime = (regime: Relation["regime"], columns: number): boolean =>
    "column" in regime
      ? regime.column < width && fitsRegime(regime.off, columns) && fitsRegime(regime.on, columns)
      : regime.weights.length === columns;
  return (
    relations.every(
      ({ target, columns, regime }) =>
        isSignal(target) &&
        now[target]! >= 0 &&
        columns.every((column) => column < width) &&
        fitsRegime(regime, columns.length),
    ) &&
    rules.every((rule) => isSignal(rule.switch) && isSignal(rule.signal)) &&
    ranges.every(({ signal }) => isSignal(signal)) &&
    memory.limits.length === relations.length &&
    fitsFusion(fusion, evidenceSize(settings))
  );
}
