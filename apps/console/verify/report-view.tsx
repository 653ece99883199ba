import type { Check } from "../../../protocol/index.ts";
import { ClaimView } from "./claim-view.tsx";
import { groupChecks } from "./group-checks.ts";
import type { Report } from "./run-verification.ts";
import { toOutcome } from "./to-outcome.ts";
import type { UnusableInput } from "./unusable-input.ts";

/** The class of a result; "not checked" has no green anywhere. */
const LOOK = { passed: "passed", failed: "failed", "not checked": "unchecked" } as const;

/** The outcome in words, what the receipt says, then a line per check. */
export function ReportView({ report }: { report: Report }) {
  const { title, sentence } = toOutcome(report);
  return (
    <>
      <div className={`outcome ${LOOK[report.outcome]}`} role="status">
        <strong>
          <ResultMark result={report.outcome} />
          {title}
        </strong>
        <p>{sentence}</p>
      </div>
      {report.selfVouched && report.outcome !== "failed" && (
        <p className="caution">
          <strong>This server vouched for itself.</strong> The result shows that the receipt agrees with this server; it
          does not show that the server is honest.
        </p>
      )}
      <ClaimView receipt={report.receipt} outcome={report.outcome} />
      {groupChecks(report.checks).map((group) => (
        <section key={group.title} className="group" aria-label={group.title}>
          <h3>{group.title}</h3>
          <ul className="checks">
            {group.checks.map((check) => (
              <CheckLine key={check.name} check={check} />
            ))}
          </ul>
        </section>
      ))}
      <p className="facts">
        {report.checks.length} checks in {report.took < 10 ? report.took.toFixed(1) : Math.round(report.took)} ms, in
        this page.
      </p>
    </>
  );
}

function CheckLine({ check }: { check: Check }) {
  return (
    <li className={`result-${LOOK[check.result]}`}>
      <span className="check-mark">
        <ResultMark result={check.result} />
      </span>
      <span className="check-name">{check.name}</span>
      <span className="check-word">{check.result}</span>
      {check.detail !== "" && <span className="check-detail">{check.detail}</span>}
    </li>
  );
}

/** An input that cannot be judged: neither passed nor failed. */
export function UnusableView({ unusable }: { unusable: UnusableInput }) {
  return (
    <div className="alarm unusable" role="alert">
      <strong>{unusable.which} cannot be used; nothing was verified.</strong>
      <p>{unusable.message}</p>
      {unusable.place !== "" && <code className="place">{unusable.place}</code>}
      <p className="hint">{unusable.remedy}</p>
    </div>
  );
}

function ResultMark({ result }: { result: Check["result"] }) {
  return (
    <svg viewBox="0 0 12 12" aria-hidden="true">
      {result === "passed" && <path d="M1.5 6.5 4.6 9.6 10.5 2.6" className="line" />}
      {result === "failed" && <path d="m2 2 8 8M10 2 2 10" className="line" />}
      {result === "not checked" && <circle cx="6" cy="6" r="4.25" className="line" />}
    </svg>
  );
}
