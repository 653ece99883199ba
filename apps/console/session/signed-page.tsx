import type { ReactNode } from "react";
import { SignInForm } from "./sign-in-form.tsx";
import type { ReaderSession } from "./start-session.ts";

/** Who is signed in: the frame's, so that going to another page does not end it. */
export interface SessionState {
  readonly session: ReaderSession | undefined;
  readonly onSession: (session: ReaderSession | undefined) => void;
}

/** A page for somebody who has signed in, and the way to do so for whoever has not. */
export function SignedPage(props: SessionState & { title: string; children: (session: ReaderSession) => ReactNode }) {
  const { title, session, onSession, children } = props;
  return (
    <>
      <div className="headline">
        <h1>{title}</h1>
        {session !== undefined && (
          <p className="signed-in">
            signed in as{" "}
            <code>
              {session.address.slice(0, 8)}…{session.address.slice(-4)}
            </code>
            <button type="button" className="plain" onClick={() => onSession(undefined)}>
              Sign out
            </button>
          </p>
        )}
      </div>
      {session === undefined ? <SignInForm onSession={onSession} /> : children(session)}
    </>
  );
}
