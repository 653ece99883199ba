import type { Hex } from "./bytes.ts";
import type { RecordHead } from "./record.ts";
import type { Shape } from "./shape.ts";

/** What happens in the case of an opening of the glass, in its order. */
export const CASE_STEPS = ["opened", "ended", "reviewed"] as const;
export type CaseStep = (typeof CASE_STEPS)[number];

/** What an event of the chain says of a case. */
export interface StepFacts {
  readonly step: CaseStep;
  readonly case: Hex;
  readonly opening: Hex;
  readonly twin: Hex;
  readonly device: Hex;
  /** The assignment. */
  readonly scope: Hex;
  /** Who did it. */
  readonly by: Hex;
  /** Who signed beside the opener. */
  readonly second: Hex | null;
  /** Until when it was opened, seconds; null in the other steps. */
  readonly until: number | null;
  /** What a review found; null in the other steps. */
  readonly justified: boolean | null;
  /** Of the reason, or of the finding: SHA-256 of a salt and the words; null for an end. */
  readonly hash: Hex | null;
}

/** step@1: what the chain said of a case. docs/formats/records.md. */
export interface StepRecord extends RecordHead, StepFacts {
  readonly format: "step@1";
  readonly transaction: Hex;
  readonly logIndex: number;
  readonly block: { readonly number: number; readonly hash: Hex; readonly timestamp: number };
}

const MEMBERS = [
  ...([
    "format",
    "stream",
    "at",
    "salt",
    "step",
    "case",
    "opening",
    "twin",
    "device",
    "scope",
    "by",
    "second",
  ] as const),
  ...(["until", "justified", "hash", "transaction", "logIndex", "block"] as const),
];

/** Holds a record against its format; the head's four are checked already. */
export function checkStepRecord(shape: Shape): void {
  const found = shape.members(MEMBERS);
  const step = found.step.literal(...CASE_STEPS);
  for (const name of ["case", "opening", "twin", "device", "scope", "transaction"] as const) found[name].hex(32);
  found.by.hex(20);
  found.second.orNull((one) => one.hex(20));
  const until = found.until.orNull((one) => one.integer());
  const hash = found.hash.orNull((one) => one.hex(32));
  const { value: justified } = found.justified;
  if (justified !== null && typeof justified !== "boolean") throw found.justified.fault("not true, false or null");
  if ((until !== null) !== (step === "opened")) throw found.until.fault("not what its step says");
  if (found.second.value !== null && step !== "opened") throw found.second.fault("not what its step says");
  if ((justified !== null) !== (step === "reviewed")) throw found.justified.fault("not what its step says");
  if ((hash === null) !== (step === "ended")) throw found.hash.fault("not what its step says");
  found.logIndex.integer();
  const block = found.block.members(["number", "hash", "timestamp"]);
  block.number.integer();
  block.hash.hex(32);
  block.timestamp.integer();
}
