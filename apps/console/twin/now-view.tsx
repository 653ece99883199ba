import type { TwinState } from "../../sdk/answers.ts";
import { short } from "../access/words.ts";
import { OLD_AFTER, toAge } from "../fleet/age.ts";
import { ProblemView } from "../problem-view.tsx";
import type { ReaderSession } from "../session/start-session.ts";
import type { ChosenTwin } from "./choose-twin.tsx";
import { cutWords } from "./cut-words.ts";
import { useClock, useTwinNow } from "./use-now.ts";

/** What a twin says now: each value with its name, unit and age. */
export function NowView(props: { session: ReaderSession; chosen: ChosenTwin; onClose: () => void }) {
  const { session, chosen, onClose } = props;
  const { state, came, error } = useTwinNow(session, chosen);
  const { twin, manifest, purpose } = chosen;
  const passed = Math.max(0, useClock() - came);
  const name = manifest?.name ?? short(twin.twin);

  return (
    <section className="column" aria-label={`${name}, as ${short(session.address)} sees it`}>
      <p className="card-head">
        <strong>{name}</strong>
        <button type="button" className="plain" onClick={onClose}>
          Close<span className="unseen"> {name}</span>
        </button>
      </p>
      <p className="facts">
        of <code>{short(twin.device)}</code> · as <code>{short(session.address)}</code> for {purpose}
      </p>
      <p className="cut">{cutWords(manifest)}</p>
      {error !== undefined && <ProblemView error={error} />}
      {state === undefined && error === undefined && <p className="waiting">Asking …</p>}
      {state !== undefined && (
        <>
          {state.distrusted !== null && (
            <p className="caution">
              <strong>Distrusted.</strong> A verdict has quarantined this device.
            </p>
          )}
          <dl className={error === undefined ? "values" : "values stale"}>
            {state.segments.map((segment) => (
              <div key={segment.segment}>
                <dt>{segment.segment}</dt>
                <dd>
                  <Value {...segment} />
                  <Age age={segment.age === null ? null : segment.age + passed} stale={error !== undefined} />
                </dd>
              </div>
            ))}
          </dl>
          <p className="facts">{fidelityWords(state, passed)}</p>
        </>
      )}
    </section>
  );
}

function Value({ value, unit, aggregates }: TwinState["segments"][number]) {
  if (aggregates !== undefined) {
    const said = Object.entries(aggregates).map(([name, one]) => `${name} ${shown(one ?? null)}`);
    return (
      <b>
        {said.join(" · ")} <span className="unit">{unit}</span>
      </b>
    );
  }
  return (
    <b>
      {shown(value)} <span className="unit">{value === null ? "" : unit}</span>
    </b>
  );
}

const shown = (value: number | null): string => (value === null ? "none" : String(Math.round(value * 100) / 100));

function Age({ age, stale }: { age: number | null; stale: boolean }) {
  if (age === null) return <span className="age">nothing yet</span>;
  return (
    <span className={age > OLD_AFTER ? "age old" : "age"}>
      {stale ? "was " : ""}
      {toAge(age)} old
    </span>
  );
}

function fidelityWords({ fidelity }: TwinState, passed: number): string {
  const { age, lag, completeness } = fidelity;
  const words = [
    age === null ? "nothing to show yet" : `newest ${toAge(age + passed)} ago`,
    lag === null ? undefined : `came ${toAge(lag)} after it was measured`,
    completeness === null ? undefined : `${Math.round(completeness * 100)} % of what was measured is here`,
  ];
  return words.filter((one) => one !== undefined).join(" · ");
}
