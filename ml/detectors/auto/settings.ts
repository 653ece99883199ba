import { z } from "zod";
import { MlError } from "../../errors.ts";

const NAME = z.string().regex(/^[a-z]{1,20}$/);

/** What an `auto` keeps: its members' parts, and how their scores become one. */
const SETTINGS = z.strictObject({
  members: z
    .array(
      z.strictObject({
        detector: NAME,
        settings: z.json(),
        scaler: z
          .array(z.strictObject({ signal: z.string().max(200), offset: z.number(), scale: z.number().positive() }))
          .max(10_000),
      }),
    )
    .min(1)
    .max(8),
  combination: z.discriminatedUnion("kind", [
    /** One member, as it scores. */
    z.strictObject({ kind: z.literal("single") }),
    /** Weighed log-odds: baseline/combine.ts. */
    z.strictObject({
      kind: z.literal("weighed"),
      base: z.number(),
      parts: z
        .array(z.strictObject({ centre: z.number(), spread: z.number().positive(), weight: z.number().min(0) }))
        .min(1)
        .max(8),
    }),
    /** Sum of how rare each score is among clean rows: tails.ts. */
    z.strictObject({
      kind: z.literal("tails"),
      tails: z
        .array(z.strictObject({ limits: z.array(z.number()).min(2).max(100), slope: z.number().positive() }))
        .min(1)
        .max(8),
    }),
  ]),
});

export type AutoSettings = z.infer<typeof SETTINGS>;
export type AutoCombination = AutoSettings["combination"];

/** @throws MODEL_FILE_UNUSABLE */
export function parseAuto(settings: unknown): AutoSettings {
  const refuse = (detail: string): never => {
    throw new MlError("MODEL_FILE_UNUSABLE", { detail });
  };
  const parsed = SETTINGS.safeParse(settings);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    return refuse(`The settings of auto at ${issue?.path.join(".")}: ${issue?.message}`);
  }
  const { members, combination } = parsed.data;
  const parts =
    combination.kind === "single" ? 1 : (combination.kind === "weighed" ? combination.parts : combination.tails).length;
  const names = new Set(members.map(({ detector }) => detector));
  if (parts !== members.length || names.size !== members.length) refuse("The settings of auto do not fit its members.");
  if (combination.kind === "tails" && !combination.tails.every(({ limits }) => isRising(limits)))
    refuse("The settings of auto have limits that fall.");
  return parsed.data;
}

const isRising = (limits: readonly number[]): boolean => limits.every((each, n) => n === 0 || each >= limits[n - 1]!);
