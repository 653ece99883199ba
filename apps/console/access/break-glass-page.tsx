import { useCallback } from "react";
import type { ListedOpening, OpeningPage } from "../../sdk/answers.ts";
import { ProblemView } from "../problem-view.tsx";
import { SignedPage, type SessionState } from "../session/signed-page.tsx";
import type { ReaderSession } from "../session/start-session.ts";
import { OpenGlass } from "./open-glass.tsx";
import { OpeningCard } from "./opening-card.tsx";
import { useAsked, useNow } from "./use-asked.ts";
import { short } from "./words.ts";

/** Waits until the server knows of an opening of which something holds. */
export type Seen = (isSo: (opening: ListedOpening) => boolean) => Promise<void>;

const SEEN_WITHIN = 15_000;

/** Reading in an emergency without being asked first, in sight of everybody, and looking at it afterwards. */
export function BreakGlassPage(props: SessionState) {
  return (
    <SignedPage title="Break-glass" {...props}>
      {(session) => <Openings key={session.address} session={session} />}
    </SignedPage>
  );
}

function Openings({ session }: { session: ReaderSession }) {
  const { client } = session;
  const ask = useCallback(async () => {
    const page = await client.openings();
    return { page, clock: page.at * 1000 - performance.now() };
  }, [client]);
  const { asked, again } = useAsked(ask);
  // What is mined the server hears of a moment later.
  const seen: Seen = async (isSo) => {
    for (const until = performance.now() + SEEN_WITHIN; performance.now() < until;) {
      if ((await client.openings()).openings.some(isSo)) break;
      await new Promise((resolve) => setTimeout(resolve, 250));
    }
    await again();
  };
  const look = (
    <button type="button" className="button" onClick={() => void again()}>
      Look again
    </button>
  );

  if (asked.kind === "asking") return <p className="waiting">Asking what was opened …</p>;
  if (asked.kind === "failed") return <ProblemView error={asked.error}>{look}</ProblemView>;
  const { page, clock } = asked.known;
  return (
    <>
      <p className="toolbar">{look}</p>
      {page.grantsPaused && (
        <p className="caution">Operators have paused new grants. Reading, revoking and break-glass go on.</p>
      )}
      <Listed session={session} page={page} clock={clock} onSent={seen} />
    </>
  );
}

function Listed(props: { session: ReaderSession; page: OpeningPage; clock: number; onSent: Seen }) {
  const { session, page, clock, onSent } = props;
  const now = useNow(clock);
  const mine = page.emergencies.filter(({ mayOpen }) => mayOpen);
  const named = page.emergencies.filter(({ mayOpen }) => !mayOpen);
  return (
    <>
      <h2>In an emergency</h2>
      {mine.length === 0 && <p className="nothing">There is no emergency twin that you may open.</p>}
      <ul className="cards">
        {mine.map((emergency) => (
          <li key={emergency.twin} className="card">
            <OpenGlass session={session} emergency={emergency} clock={clock} onSent={onSent} />
          </li>
        ))}
      </ul>
      {named.length > 0 && (
        <p className="facts">
          As steward you have named {named.map(({ twin }) => short(twin)).join(", ")} for emergencies; holders of the
          member's role open them.
        </p>
      )}
      <h2>Openings</h2>
      {page.openings.length === 0 && <p className="nothing">Nothing was opened that concerns you.</p>}
      <ul className="cards">
        {page.openings.map((opening) => (
          <li key={opening.opening} className="card">
            <OpeningCard session={session} opening={opening} now={now} onSent={onSent} />
          </li>
        ))}
      </ul>
      {page.next !== null && <p className="hint">Older ones: npx twinward break-glass list</p>}
    </>
  );
}
