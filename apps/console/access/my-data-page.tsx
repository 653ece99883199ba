import { useCallback, useState } from "react";
import { PURPOSES, type Hex, type Purpose, type SaidAct } from "../../../protocol/index.ts";
import { ProblemView } from "../problem-view.tsx";
import { SignedPage, type SessionState } from "../session/signed-page.tsx";
import type { ReaderSession } from "../session/start-session.ts";
import { ChooseKnown } from "./choose-known.tsx";
import { askReaders, type KnownTwin } from "./known-twins.ts";
import { SignAct } from "./sign-act.tsx";
import { useAsked, useNow, useTwins } from "./use-asked.ts";
import { answerWords, leftUntil, purposeWords, reasonWords, segmentNames, short, timeOf } from "./words.ts";

/** A signature that is not sent at once is worth nothing after so long, s. */
const SIGNED_FOR = 600;

/** For the person whose data it is: who may see it, who did, and taking one's consent back. */
export function MyDataPage(props: SessionState) {
  return (
    <SignedPage title="My data" {...props}>
      {(session) => <Mine key={session.address} session={session} />}
    </SignedPage>
  );
}

function Mine({ session }: { session: ReaderSession }) {
  const { asked, again } = useTwins(session);
  const [wanted, setWanted] = useState<Hex>();
  const [looks, setLooks] = useState(0);
  if (asked.kind === "asking") return <p className="waiting">Asking what is yours …</p>;
  if (asked.kind === "failed") return <ProblemView error={asked.error} />;
  const mine = asked.known.twins.filter(({ as }) => as.includes("subject") || as.includes("guardian"));
  const twin = mine.find((one) => one.twin === wanted) ?? mine[0];
  if (twin === undefined) {
    return (
      <section className="first">
        <h2>No data is bound to this account</h2>
        <p>
          Whose data a device measures is said at its beginning, by a signature of yours. Ask the ward that looks after
          the device, and give them this address:
        </p>
        <p>
          <code>{session.address}</code>
        </p>
      </section>
    );
  }
  const look = async (): Promise<void> => {
    await again();
    setLooks(looks + 1);
  };
  // What is signed for one twin must never stand below another's name: each look at each twin begins anew.
  const key = `${twin.twin} ${looks}`;
  return (
    <>
      <ChooseKnown twins={mine} chosen={twin.twin} onChoose={setWanted} again={look} />
      <p>
        It shows {segmentNames(twin.segments, twin.model).join(", ")}
        {twin.as.includes("subject") ? ", measured of you." : ", measured of the person whose guardian you are."}{" "}
        {twin.ended && "The measuring has ended; nobody can read it any more."}
      </p>
      <WhoMay key={`may ${key}`} session={session} twin={twin} clock={asked.known.clock} again={look} />
      <WhoDid key={`did ${key}`} session={session} twin={twin} />
    </>
  );
}

/** Every reader with what they may; what is agreed to can be taken back, what was taken back agreed to. */
function WhoMay(props: { session: ReaderSession; twin: KnownTwin; clock: number; again: () => Promise<void> }) {
  const { session, twin, clock, again } = props;
  const { client } = session;
  const { asked } = useAsked(useCallback(() => askReaders(client, twin.twin), [client, twin.twin]));
  const [act, setAct] = useState<SaidAct>();
  const now = useNow(clock);

  if (asked.kind === "asking") return <p className="waiting">Asking who may …</p>;
  if (asked.kind === "failed") return <ProblemView error={asked.error} />;
  const running = asked.known.filter(({ until }) => until !== null && until > now);
  const consentOf = (reader: Hex): KnownTwin["consents"][number] =>
    twin.consents.find((one) => one.reader === reader) ?? { reader, purposes: [], changes: 0 };

  const say = (reader: Hex, purposes: readonly Purpose[]): void => {
    const deadline = Math.floor((clock + performance.now()) / 1000) + SIGNED_FOR;
    const inOrder = PURPOSES.filter((purpose) => purposes.includes(purpose));
    const said = { twin: twin.twin, reader, purposes: inOrder, nonce: consentOf(reader).changes, deadline };
    setAct({ format: "consent@1", said });
  };
  const sent = async (): Promise<void> => {
    setAct(undefined);
    await again();
  };

  return (
    <section aria-labelledby="who-may">
      <h2 id="who-may">Who may see it</h2>
      {running.length === 0 && <p className="nothing">Nobody has a grant that is running.</p>}
      <ul className="cards">
        {running.map(({ reader, grant, opening, purposes, segments, until }) => {
          const asksYou = (opening === undefined ? purposes : [])
            .filter(({ purpose }) => twin.consent.includes(purpose))
            .map(({ purpose }) => purpose);
          const agreed = asksYou.filter((purpose) => consentOf(reader).purposes.includes(purpose));
          const lacking = asksYou.filter((purpose) => !agreed.includes(purpose));
          return (
            <li key={grant ?? opening} className="card">
              <p className="card-head">
                <code title={reader}>{short(reader)}</code>
                <span className="age">{leftUntil(until ?? 0, now)}</span>
              </p>
              <p>
                sees {segmentNames(segments, twin.model).join(", ")}
                {purposes.map(({ purpose, reason }) => (
                  <span key={purpose} className={reason === "Permitted" ? "may" : "may-not"}>
                    {" "}
                    · {purpose}: {reason === "Permitted" ? "yes" : `no. ${reasonWords(reason)}`}
                  </span>
                ))}
              </p>
              <p className="acts">
                {agreed.length > 0 && (
                  <button type="button" className="button" onClick={() => say(reader, [])}>
                    Withdraw my consent<span className="unseen"> for {short(reader)}</span>
                  </button>
                )}
                {lacking.length > 0 && (
                  <button
                    type="button"
                    className="button"
                    onClick={() => say(reader, [...consentOf(reader).purposes, ...lacking])}
                  >
                    Agree to {purposeWords(lacking)}
                    <span className="unseen"> for {short(reader)}</span>
                  </button>
                )}
                {asksYou.length === 0 && (
                  <span className="hint">
                    {opening === undefined
                      ? "Nothing of this needs your consent; the ward gave it, and only the ward can end it."
                      : "They broke the glass in an emergency; somebody else reviews it."}
                  </span>
                )}
              </p>
            </li>
          );
        })}
      </ul>
      {act !== undefined && (
        <SignAct
          key={JSON.stringify(act)}
          session={session}
          act={act}
          twin={twin}
          onSent={sent}
          onCancel={() => setAct(undefined)}
        />
      )}
    </section>
  );
}

/** Everybody who asked, as it was recorded before they were answered. */
function WhoDid({ session: { client, address }, twin }: { session: ReaderSession; twin: KnownTwin }) {
  const [before, setBefore] = useState<number>();
  const ask = useCallback(
    () => client.decisions(twin.twin, { limit: 50, ...(before === undefined ? {} : { before }) }),
    [client, twin.twin, before],
  );
  const { asked, again } = useAsked(ask);
  if (asked.kind === "asking") return <p className="waiting">Asking who looked …</p>;
  if (asked.kind === "failed") return <ProblemView error={asked.error} />;
  const { decisions, next } = asked.known;
  return (
    <section aria-labelledby="who-did">
      <h2 id="who-did">Who asked to see it</h2>
      {decisions.length === 0 && <p className="nothing">Nobody yet.</p>}
      {decisions.length > 0 && (
        <div className="wide" role="region" aria-label="Who asked" tabIndex={0}>
          <table className="readers">
            <caption className="unseen">Who asked to see it, newest first</caption>
            <thead>
              <tr>
                <th scope="col">When</th>
                <th scope="col">Who</th>
                <th scope="col">What for</th>
                <th scope="col">Answer</th>
              </tr>
            </thead>
            <tbody>
              {decisions.map(({ leaf, record }) => (
                <tr key={leaf} className={record.reason === "Permitted" ? undefined : "over"}>
                  <td>{timeOf(record.at / 1000)}</td>
                  <td>
                    {record.reader === address ? "you" : <code title={record.reader}>{short(record.reader)}</code>}
                  </td>
                  <td>{record.purpose}</td>
                  <td>{answerWords(record)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      <p className="acts">
        {next !== null && (
          <button type="button" className="button" onClick={() => setBefore(next)}>
            Older
          </button>
        )}
        <button
          type="button"
          className="button"
          onClick={() => (before === undefined ? void again() : setBefore(undefined))}
        >
          Newest
        </button>
      </p>
    </section>
  );
}
