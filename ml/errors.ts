/** What can go wrong here. The front doors' one table (protocol/errors.ts) has a line for each of these words. */
export type MlErrorCode =
  | "SHAPE_MISMATCH"
  | "GRAPH_INVALID"
  | "ENGINE_UNKNOWN"
  | "ENGINE_MISSING"
  | "ENGINE_FAILED"
  | "ARCHITECTURE_INVALID"
  | "TRAINING_INVALID"
  | "TRAINING_DIVERGED"
  | "CHECKPOINT_UNUSABLE"
  | "MODEL_FILE_UNUSABLE"
  | "MODEL_FILE_NEWER"
  | "UNUSABLE_TABLE"
  | "TIME_UNCLEAR"
  | "LABEL_LEAKED"
  | "DETECTOR_MISSING";

/** An error with a code and the facts that led to it; `facts.detail` is a sentence for people. */
export class MlError extends Error {
  override readonly name = "MlError";
  readonly code: MlErrorCode;
  readonly facts: Readonly<Record<string, unknown>>;

  constructor(code: MlErrorCode, facts: Readonly<Record<string, unknown>>, cause?: unknown) {
    super(typeof facts.detail === "string" ? facts.detail : code, cause === undefined ? undefined : { cause });
    this.code = code;
    this.facts = facts;
  }
}
