export type CheckResult = "passed" | "failed" | "not checked";

/** The checks by name, in the order in which they are told. docs/formats/receipt.md says what each one means. */
export const CHECKS = [
  "chain id",
  "genesis",
  "contracts",
  "checkpoint signature",
  "checkpoint keys",
  "gateway of the stream",
  "log root",
  "leaf",
  "leaf in batch",
  "batch anchored",
  "batch in log",
  "anchor transaction",
  "anchor block",
  "presentation",
  "disclosures",
  "content",
  "device id",
  "device key",
  "key valid at this sequence",
  "key not marked compromised since",
  "device signature",
  "record",
  "record signature",
  "values",
  "derivation",
  "ack signature",
  "leaf in ack",
  "anchored in time",
] as const;
export type CheckName = (typeof CHECKS)[number];

/** One thing that was looked at: what came out, and why in words. */
export interface Check {
  readonly name: CheckName;
  readonly result: CheckResult;
  readonly detail: string;
}

/** Collects checks. */
export class Checklist {
  readonly checks: Check[] = [];

  check(name: CheckName, holds: boolean, good: string, bad: string): void {
    this.checks.push({ name, result: holds ? "passed" : "failed", detail: holds ? good : bad });
  }

  skip(name: CheckName, why: string): void {
    this.checks.push({ name, result: "not checked", detail: why });
  }

  /** A check that rests on the source: where the source is not to be trusted it fails, whatever it says. */
  trusted(distrust: string | undefined, name: CheckName, holds: boolean, told: { good: string; bad: string }): void {
    this.check(name, holds && distrust === undefined, told.good, holds ? (distrust ?? told.bad) : told.bad);
  }

  /** A check that cannot be made for want of an answer; failed where the source is not to be trusted anyway. */
  unless(distrust: string | undefined, name: CheckName, why: string): void {
    if (distrust === undefined) this.skip(name, why);
    else this.check(name, false, "", distrust);
  }

  outcome(): CheckResult {
    const results = new Set(this.checks.map(({ result }) => result));
    return results.has("failed") ? "failed" : results.has("not checked") ? "not checked" : "passed";
  }
}

/** A time in words, from ms; what no calendar holds stays a number. */
export function timeText(ms: number): string {
  const date = new Date(ms);
  return Number.isNaN(date.getTime()) ? `${ms} ms` : date.toISOString();
}
