import { useId, useState } from "react";
import type { Hex, Purpose, SaidAct } from "../../../protocol/index.ts";
import type { ListedRequest } from "../../sdk/answers.ts";
import { ProblemView } from "../problem-view.tsx";
import type { ReaderSession } from "../session/start-session.ts";
import type { Known, KnownTwin } from "./known-twins.ts";
import { SignAct } from "./sign-act.tsx";
import { bitmapOf, nameOf, segmentNames, timeOf } from "./words.ts";

/** A signature that is not sent at once is worth nothing after so long, s. */
const SIGNED_FOR = 600;

/** What a steward gives of what was asked: all of it, a part, or nothing with a reason. */
export function AnswerRequest(props: {
  session: ReaderSession;
  request: ListedRequest;
  known: Known;
  onDone: () => Promise<void>;
  onCancel: () => void;
}) {
  const { session, request, known, onDone, onCancel } = props;
  const { asked } = request;
  const fitting = known.twins.filter((twin) => fits(twin, request));
  const [wanted, setWanted] = useState<Hex>();
  const [without, setWithout] = useState<ReadonlySet<string>>(new Set());
  const [hours, setHours] = useState("");
  const [act, setAct] = useState<SaidAct>();
  const [trouble, setTrouble] = useState<{ error: unknown }>();
  const [reason, setReason] = useState("");
  const ids = { hours: useId(), reason: useId() };

  const twin = fitting.find((one) => one.twin === wanted) ?? fitting[0];
  if (twin === undefined)
    return <p className="caution">No twin of yours is what was asked for: cut one first (npx twinward twin new).</p>;

  const segments = segmentNames(shownOf(asked.segments, twin), twin.model);
  const given = segments.filter((name) => !without.has(`Segments ${name}`));
  const purposes = asked.purposes.filter((purpose) => !without.has(`Purposes ${purpose}`));
  const toggle = (name: string): void =>
    setWithout(new Set(without.has(name) ? [...without].filter((one) => one !== name) : [...without, name]));

  const prepare = (): void => {
    const now = Math.floor((known.clock + performance.now()) / 1000);
    const wish = hours === "" ? Infinity : now + Math.round(Number(hours) * 3_600);
    const said = {
      twin: twin.twin,
      reader: asked.reader,
      from: now,
      until: Math.min(asked.until, wish),
      segments: bitmapOf(new Set(given), shownOf(asked.segments, twin), twin.model),
      purposes,
      ...{ depth: 0, parent: null, epoch: twin.epoch, nonce: request.request, deadline: now + SIGNED_FOR },
    };
    setAct({ format: "grant@1", said });
  };

  const refuse = async (): Promise<void> => {
    try {
      await session.client.refuseRequest(request.request, reason);
      await onDone();
    } catch (error) {
      setTrouble({ error });
    }
  };

  if (act !== undefined) {
    const approve = async (grant: Hex | null): Promise<void> => {
      if (grant !== null) await session.client.approveRequest(request.request, grant);
      await onDone();
    };
    return (
      <SignAct session={session} act={act} twin={twin} onSent={approve} onCancel={() => setAct(undefined)}>
        <p className="facts">It answers this request, and no other grant can: the request is its nonce.</p>
      </SignAct>
    );
  }

  return (
    <form
      className="answer"
      onSubmit={(event) => {
        event.preventDefault();
        if (given.length > 0 && purposes.length > 0) prepare();
      }}
    >
      {fitting.length > 1 && (
        <label>
          <span>Of which twin</span>
          <select value={twin.twin} onChange={(event) => setWanted(event.target.value as Hex)}>
            {fitting.map((one) => (
              <option key={one.twin} value={one.twin}>
                {nameOf(one)}
              </option>
            ))}
          </select>
        </label>
      )}
      <Choices legend="Segments" names={segments} without={without} onToggle={toggle} />
      <Choices legend="Purposes" names={asked.purposes} without={without} onToggle={toggle} />
      <label htmlFor={ids.hours}>
        <span>For how many hours (all that was asked: until {timeOf(asked.until)})</span>
        <input
          id={ids.hours}
          type="number"
          min="0.1"
          step="any"
          value={hours}
          onChange={(event) => setHours(event.target.value)}
        />
      </label>
      <p className="acts">
        <button type="submit" className="primary" aria-disabled={given.length === 0 || purposes.length === 0}>
          {isAll(request, given, segments, purposes) && hours === "" ? "Give all of it" : "Give this much"}
        </button>
        <button type="button" className="button" onClick={onCancel}>
          Not now
        </button>
      </p>
      <details>
        <summary>Refuse it</summary>
        <label htmlFor={ids.reason}>
          <span>Why not; they are told so</span>
          <input id={ids.reason} value={reason} maxLength={500} onChange={(event) => setReason(event.target.value)} />
        </label>
        <button
          type="button"
          className="button"
          aria-disabled={reason === ""}
          onClick={() => reason !== "" && void refuse()}
        >
          Refuse
        </button>
      </details>
      {trouble !== undefined && <ProblemView error={trouble.error} />}
    </form>
  );
}

/** A twin of this steward that is what was asked for. */
function fits({ twin, manifestHash, as, ended, security }: KnownTwin, { asked }: ListedRequest): boolean {
  const isAsked = asked.twin === null ? manifestHash === asked.manifest : twin === asked.twin;
  return isAsked && as.includes("steward") && !ended && !security;
}

/** What was asked and the twin has. */
const shownOf = (segments: string, twin: KnownTwin): string => String(BigInt(segments) & BigInt(twin.segments));

function isAll(
  { asked }: ListedRequest,
  given: readonly string[],
  segments: readonly string[],
  purposes: readonly Purpose[],
): boolean {
  return given.length === segments.length && purposes.length === asked.purposes.length;
}

function Choices(props: {
  legend: string;
  names: readonly string[];
  without: ReadonlySet<string>;
  onToggle: (name: string) => void;
}) {
  const { legend, names, without, onToggle } = props;
  return (
    <fieldset className="segments">
      <legend>{legend}</legend>
      {names.map((name) => (
        <label key={name}>
          <input
            type="checkbox"
            checked={!without.has(`${legend} ${name}`)}
            onChange={() => onToggle(`${legend} ${name}`)}
          />
          {name}
        </label>
      ))}
    </fieldset>
  );
}
