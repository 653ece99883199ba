import type { TwinState } from "../../sdk/answers.ts";
import { short } from "../access/words.ts";
import { OLD_AFTER, toAge } from "../fleet/age.ts";
import { ProblemView } from "../problem-view.tsx";
import type { ReaderSession } from "../session/start-session.ts";
import type { ChosenTwin } from "./choose-twin.tsx";
import { cutWords } from "./cut-words.ts";
import { FlagMarks } from "./flag-mark.tsx";
import { useClock, useTwinNow } from "./use-now.ts";

/** What a twin says now: each value with its name, unit and age. */
export function NowView(props: { session: ReaderSession; chosen: ChosenTwin; onClose: () => void }) {
  const { session, chosen, onClose } = props;
  const { state, came, error } = useTwinNow(session, chosen);
  const { twin, manifest, purpose } = chosen;
  const silence = Math.max(0, useClock() - came);
  const stale = error !== undefined;
  // What is no longer known stands still.
  const passed = stale ? 0 : silence;
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
      {stale && <ProblemView error={error} />}
      {state === undefined && !stale && <p className="waiting">Asking …</p>}
      {state !== undefined && (
        <>
          {state.distrusted !== null && (
            <p className="caution">
              <strong>Distrusted.</strong> A verdict has quarantined this device: use its values with care.{" "}
              {state.distrusted.verdict !== null && <code>{short(state.distrusted.verdict)}</code>}
            </p>
          )}
          <dl className={stale ? "values stale" : "values"}>
            {state.segments.map((segment) => (
              <div key={segment.segment}>
                <dt>{segment.segment}</dt>
                <dd>
                  <Value {...segment} />
                  <span className="said-of">
                    <Age age={segment.age === null ? null : segment.age + passed} stale={stale} />
                    {manifest?.noise !== undefined && <span>with noise</span>}
                    <FlagMarks flags={state.distrusted === null ? [] : ["distrusted"]} />
                  </span>
                </dd>
              </div>
            ))}
          </dl>
          <p className="facts">
            {stale ? `not current · last answer ${toAge(silence)} ago` : fidelityWords(state, passed)}{" "}
            <FlagMarks flags={state.flags.filter((flag) => flag !== "distrusted")} />
          </p>
        </>
      )}
    </section>
  );
}

function Value({ value, unit, aggregates }: TwinState["segments"][number]) {
  if (aggregates !== undefined) {
    // A count is of samples, whatever unit they are in.
    const { count, ...measured } = aggregates;
    const named = Object.entries(measured);
    return (
      <b className="aggregates">
        {named.map(([name, one], index) => (
          <span key={name}>
            <span className="unit">{name}</span> {shown(one ?? null)}
            {index === named.length - 1 && <span className="unit"> {unit}</span>}
          </span>
        ))}
        {count !== undefined && (
          <span>
            <span className="unit">count</span> {shown(count)}
          </span>
        )}
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
