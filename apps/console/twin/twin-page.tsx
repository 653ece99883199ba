import { useState } from "react";
import { SignedPage, type SessionState } from "../session/signed-page.tsx";
import type { ReaderSession } from "../session/start-session.ts";
import { ChooseTwin, type ChosenTwin } from "./choose-twin.tsx";
import { TwinView } from "./twin-view.tsx";

/** A twin's live chart, for those who sign in. */
export function TwinPage(props: SessionState) {
  return (
    <SignedPage title="Twin" {...props}>
      {(session) => (
        <ChosenTwins key={session.address} session={session} onSignOut={() => props.onSession(undefined)} />
      )}
    </SignedPage>
  );
}

function ChosenTwins({ session, onSignOut }: { session: ReaderSession; onSignOut: () => void }) {
  const [chosen, setChosen] = useState<ChosenTwin>();
  // Read counts: each is a new beginning, also of the same twin.
  const [count, setCount] = useState(0);

  const read = (next: ChosenTwin): void => {
    setChosen(next);
    setCount(count + 1);
  };

  return (
    <>
      <ChooseTwin session={session} onRead={read} />
      {chosen !== undefined && <TwinView key={count} session={session} chosen={chosen} onSignOut={onSignOut} />}
    </>
  );
}
