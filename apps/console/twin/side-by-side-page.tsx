import { useState } from "react";
import { short } from "../access/words.ts";
import { SignInForm } from "../session/sign-in-form.tsx";
import { SignedPage, type SessionState } from "../session/signed-page.tsx";
import type { ReaderSession } from "../session/start-session.ts";
import { ChooseTwin, type ChosenTwin } from "./choose-twin.tsx";
import { NowView } from "./now-view.tsx";

/** Columns that a page has room for. */
const MOST = 3;

interface Column {
  readonly count: number;
  readonly session: ReaderSession;
  readonly chosen: ChosenTwin;
}

/** What several readers see of one device at the same time: each their own twin, and nothing of the others'. */
export function SideBySidePage(props: SessionState) {
  return (
    <SignedPage title="Side by side" {...props}>
      {(session) => <Columns key={session.address} session={session} />}
    </SignedPage>
  );
}

function Columns({ session }: { session: ReaderSession }) {
  const [others, setOthers] = useState<readonly ReaderSession[]>([]);
  const [as, setAs] = useState(session.address);
  const [columns, setColumns] = useState<readonly Column[]>([]);
  const [adding, setAdding] = useState(false);
  const sessions = [session, ...others];
  const reading = sessions.find(({ address }) => address === as) ?? session;

  const add = (chosen: ChosenTwin): void => {
    const count = (columns.at(-1)?.count ?? 0) + 1;
    setColumns([...columns, { count, session: reading, chosen }].slice(-MOST));
  };
  const meet = (other: ReaderSession): void => {
    setAdding(false);
    setAs(other.address);
    if (!sessions.some(({ address }) => address === other.address)) setOthers([...others, other]);
  };

  return (
    <>
      <div className="toolbar">
        <label>
          <span>Read as</span>
          <select value={reading.address} onChange={(event) => setAs(event.target.value as typeof as)}>
            {sessions.map(({ address }) => (
              <option key={address} value={address}>
                {short(address)}
              </option>
            ))}
          </select>
        </label>
        <button type="button" className="button" aria-pressed={adding} onClick={() => setAdding(!adding)}>
          Another reader
        </button>
      </div>
      {adding && <SignInForm onSession={meet} />}
      <ChooseTwin key={reading.address} session={reading} onRead={add} />
      {columns.length === 0 && (
        <p className="nothing">Choose a twin to see it here; then another one of the same device beside it.</p>
      )}
      <div className="columns">
        {columns.map((column) => (
          <NowView
            key={column.count}
            session={column.session}
            chosen={column.chosen}
            onClose={() => setColumns(columns.filter((one) => one !== column))}
          />
        ))}
      </div>
    </>
  );
}
