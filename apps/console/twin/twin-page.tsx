import { useState } from "react";
import { SignInForm } from "../session/sign-in-form.tsx";
import type { ReaderSession } from "../session/start-session.ts";
import { ChooseTwin, type ChosenTwin } from "./choose-twin.tsx";
import { TwinView } from "./twin-view.tsx";

/** A twin's live chart, for those who sign in. The session is the frame's, so that other pages do not end it. */
export function TwinPage(props: {
  session: ReaderSession | undefined;
  onSession: (session: ReaderSession | undefined) => void;
}) {
  const { session, onSession } = props;
  const [chosen, setChosen] = useState<ChosenTwin>();
  // Read counts: each is a new beginning, also of the same twin.
  const [count, setCount] = useState(0);

  const read = (next: ChosenTwin): void => {
    setChosen(next);
    setCount(count + 1);
  };

  const signOut = (): void => {
    setChosen(undefined);
    onSession(undefined);
  };

  return (
    <>
      <div className="headline">
        <h1>Twin</h1>
        {session !== undefined && (
          <p className="signed-in">
            signed in as{" "}
            <code>
              {session.address.slice(0, 8)}…{session.address.slice(-4)}
            </code>
            <button type="button" className="plain" onClick={signOut}>
              Sign out
            </button>
          </p>
        )}
      </div>
      {session === undefined ? (
        <SignInForm onSession={onSession} />
      ) : (
        <>
          <ChooseTwin session={session} onRead={read} />
          {chosen !== undefined && <TwinView key={count} session={session} chosen={chosen} onSignOut={signOut} />}
        </>
      )}
    </>
  );
}
