import type { Report } from "./run-verification.ts";

/** More names than this are not a sentence any more; the lines below say them. */
const MOST_NAMES = 5;

const listed = (names: readonly string[]): string => (names.length > MOST_NAMES ? "." : `: ${names.join(", ")}.`);

/** The whole result in words. "Verified" is said only when every single check passed. */
export function toOutcome(report: Pick<Report, "checks" | "outcome">): { title: string; sentence: string } {
  const named = (result: string): string[] =>
    report.checks.filter((check) => check.result === result).map((check) => check.name);
  switch (report.outcome) {
    case "passed":
      return { title: "Verified", sentence: `All ${report.checks.length} checks passed.` };
    case "failed": {
      const failed = named("failed");
      return {
        title: "Not to be believed",
        sentence: `${failed.length} of ${report.checks.length} checks failed${listed(failed)}`,
      };
    }
    case "not checked": {
      const open = named("not checked");
      return {
        title: "Not fully checked",
        sentence: `Nothing failed, but ${open.length} of ${report.checks.length} could not be checked${listed(open)}`,
      };
    }
  }
}
