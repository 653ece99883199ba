import {
  parsePresentation,
  TwinwardError,
  type CheckResult,
  type Disclosure,
  type Receipt,
} from "../../../protocol/index.ts";
import { isRecord } from "../is-record.ts";

const HEADINGS: Record<CheckResult, string> = {
  passed: "What it proves",
  failed: "What it claims, and does not prove",
  "not checked": "What it claims, not fully checked",
};

/** What the receipt discloses, under a heading that says how far to believe it. */
export function ClaimView({ receipt, outcome }: { receipt: Receipt; outcome: CheckResult }) {
  const claim = claimOf(receipt);
  if (claim === undefined) return null;
  return (
    <section className={`claim claim-${outcome === "passed" ? "proven" : "open"}`} aria-label={HEADINGS[outcome]}>
      <h3>{HEADINGS[outcome]}</h3>
      <dl>
        {claim.facts.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}

function claimOf({ disclosed, leaf }: Receipt): { facts: [string, string][] } | undefined {
  if ("record" in disclosed) {
    const { format, at, ...rest } = disclosed.record;
    const said = Object.entries(rest).filter(([name]) => name !== "salt" && name !== "stream");
    return {
      facts: [["record", format], ["at", toTime(at)], ...said.flatMap(([name, value]) => toFacts(name, value))],
    };
  }
  try {
    const reading = parsePresentation(disclosed.reading);
    const [from, until] = reading.per;
    return {
      facts: [
        ["device", reading.device],
        ["reading", `${reading.sequence}, by ${reading.model}`],
        ["period", `${toTime(from)} to ${toTime(until)}`],
        ...(reading.gap > 0 ? [["lost before it", `${reading.gap} readings`] satisfies [string, string]] : []),
        ...reading.disclosures.map((shown): [string, string] => [shown.segment, toValues(shown)]),
      ],
    };
  } catch (error) {
    if (!(error instanceof TwinwardError)) throw error;
    // The checks say what is wrong with it; there is nothing to show.
    return { facts: [["leaf", `${leaf.sequence} of ${leaf.subject}`]] };
  }
}

/** A record's member as lines; what is inside an object is named by its road there. */
function toFacts(name: string, value: unknown): [string, string][] {
  if (isRecord(value)) return Object.entries(value).flatMap(([inner, part]) => toFacts(`${name} ${inner}`, part));
  // A record's own times are in ms; those of blocks are in seconds, and stay as the chain writes them.
  if ((name === "from" || name === "until") && typeof value === "number") return [[name, toTime(value)]];
  return [[name, typeof value === "string" ? value : JSON.stringify(value)]];
}

function toTime(milliseconds: number): string {
  const date = new Date(milliseconds);
  return Number.isNaN(date.getTime()) ? `${milliseconds} ms` : date.toISOString().replace("T", " ");
}

const MOST = 12;

/** Values with their unit; a lost one is a dash, never a zero. */
function toValues({ v, unit, fault }: Disclosure): string {
  if (fault !== undefined) return `not samples: ${fault}`;
  if (v.length === 0) return "nothing measured";
  const shown = v.slice(0, MOST).map((value) => (value === null ? "–" : String(value)));
  const rest = v.length > MOST ? ` … (${v.length} values)` : "";
  return `${shown.join("  ")}${rest} ${unit}`;
}
