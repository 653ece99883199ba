import { useCallback, useState } from "react";
import type { ListedRequest } from "../../sdk/answers.ts";
import { ProblemView } from "../problem-view.tsx";
import { SignedPage, type SessionState } from "../session/signed-page.tsx";
import type { ReaderSession } from "../session/start-session.ts";
import { AnswerRequest } from "./answer-request.tsx";
import { askTwins, type Known } from "./known-twins.ts";
import { useAsked } from "./use-asked.ts";
import { purposeWords, short, timeOf } from "./words.ts";

/** What others wish to read: for the steward to give, to narrow or to refuse, and for a reader to see how theirs stand. */
export function RequestsPage(props: SessionState) {
  return (
    <SignedPage title="Requests" {...props}>
      {(session) => <Inbox key={session.address} session={session} />}
    </SignedPage>
  );
}

interface Inboxed extends Known {
  readonly requests: readonly ListedRequest[];
  readonly more: boolean;
}

function Inbox({ session }: { session: ReaderSession }) {
  const ask = useCallback(async (): Promise<Inboxed> => {
    const [known, { requests, next }] = await Promise.all([askTwins(session), session.client.requests()]);
    return { ...known, requests, more: next !== null };
  }, [session]);
  const { asked, again } = useAsked(ask);
  const [opened, setOpened] = useState<string>();

  if (asked.kind === "asking") return <p className="waiting">Asking for requests …</p>;
  if (asked.kind === "failed") {
    return (
      <ProblemView error={asked.error}>
        <Again again={again} />
      </ProblemView>
    );
  }
  const { requests, twins, more } = asked.known;
  const open = requests.filter(({ state }) => state === "open");
  const answered = requests.filter(({ state }) => state !== "open");
  const done = async (): Promise<void> => {
    setOpened(undefined);
    await again();
  };
  return (
    <>
      <p className="toolbar">
        <Again again={again} />
      </p>
      <h2>Open ({open.length})</h2>
      {open.length === 0 && <p className="nothing">Nobody waits for an answer.</p>}
      <ul className="cards">
        {open.map((request) => (
          <li key={request.request} className="card">
            <RequestWords request={request} mine={request.asked.reader === session.address} />
            {request.asked.reader !== session.address &&
              (opened === request.request ? (
                <AnswerRequest
                  session={session}
                  request={request}
                  known={{ twins, clock: asked.known.clock }}
                  onDone={done}
                  onCancel={() => setOpened(undefined)}
                />
              ) : (
                <p className="acts">
                  <button type="button" className="primary" onClick={() => setOpened(request.request)}>
                    Answer
                  </button>
                </p>
              ))}
          </li>
        ))}
      </ul>
      <h2>Answered</h2>
      {answered.length === 0 && <p className="nothing">Nothing was answered yet.</p>}
      <ul className="cards">
        {answered.map((request) => (
          <li key={request.request} className="card quiet">
            <RequestWords request={request} mine={request.asked.reader === session.address} />
          </li>
        ))}
      </ul>
      {more && <p className="hint">Older ones: npx twinward request list</p>}
    </>
  );
}

function Again({ again }: { again: () => Promise<void> }) {
  return (
    <button type="button" className="button" onClick={() => void again()}>
      Look again
    </button>
  );
}

/** A request as its reader wrote it. The words are theirs, and marked as theirs. */
function RequestWords({ request, mine }: { request: ListedRequest; mine: boolean }) {
  const { asked, at, state, answer, expires } = request;
  const what = asked.twin === null ? `manifest ${short(asked.manifest ?? "0x")}` : `twin ${short(asked.twin)}`;
  return (
    <>
      <p className="card-head">
        <strong>{mine ? "You ask" : <code title={asked.reader}>{short(asked.reader)}</code>}</strong>
        <span className={state === "open" ? "word waits" : "word"} data-state={state}>
          {state}
        </span>
      </p>
      <blockquote>{asked.why}</blockquote>
      <p className="facts">
        {what} · for {purposeWords(asked.purposes)} · until {timeOf(asked.until)} · asked {timeOf(at / 1000)}
        {state === "open" && <> · expires {timeOf(expires / 1000)}</>}
      </p>
      {answer?.step === "refused" && <p className="facts">Refused: {answer.reason}</p>}
      {(answer?.step === "approved" || answer?.step === "narrowed") && (
        <p className="facts">
          Grant <code>{short(answer.grant)}</code> for {purposeWords(answer.granted.purposes)} until{" "}
          {timeOf(answer.granted.until)}
        </p>
      )}
    </>
  );
}
