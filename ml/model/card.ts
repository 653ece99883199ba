import { z } from "zod";

const TEXT = z.string().min(1).max(2_000);

/** A figure with the interval in which it lies with 95 % confidence, and on what it was measured. */
const METRIC = z.strictObject({
  name: z.string().min(1).max(80),
  value: z.number(),
  low: z.number(),
  high: z.number(),
  measuredOn: TEXT,
});

export const CARD = z.strictObject({
  format: z.literal("model-card@1"),
  /** Which detector it is, and the engine and version that trained it. */
  detector: z.string().min(1).max(80),
  engine: z.string().min(1).max(80),
  /** The signals that it sees, as the data named them. */
  sees: z.array(z.string().min(1).max(200)).max(10_000),
  /** How its thresholds were found, and what has set it off on clean data. */
  calibration: TEXT,
  falsePositives: z.array(TEXT).max(100),
  /** SHA-256 over what it was trained on, and how many rows that had. */
  data: z.strictObject({ digest: z.string().regex(/^0x[0-9a-f]{64}$/), rows: z.int().min(1) }),
  /** What was spent of a privacy budget; nothing is trained privately yet. */
  privacy: z.null(),
  metrics: z.array(METRIC).max(1_000),
});

/** What a person must know before trusting a model. */
export type Card = z.infer<typeof CARD>;
