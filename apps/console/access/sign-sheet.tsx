import { useCallback, useState, type ReactNode } from "react";
import type { Consortium } from "../../../protocol/index.ts";
import { ProblemView } from "../problem-view.tsx";
import type { ReaderSession } from "../session/start-session.ts";
import { useAsked } from "./use-asked.ts";

/** What somebody is about to sign: in words, and member by member just as it is signed; and the button that does it. */
export function SignSheet(props: {
  session: ReaderSession;
  sentences: readonly string[];
  /** Name and value of everything that is signed for this consortium. */
  members: (consortium: Consortium) => readonly (readonly [string, string])[];
  /** Signs and sends; done when it is mined. */
  act: (consortium: Consortium) => Promise<void>;
  /** What follows from it beside what it says. */
  children?: ReactNode;
  onCancel: () => void;
}) {
  const { session, sentences, members, act, children, onCancel } = props;
  const { client } = session;
  const { asked } = useAsked(useCallback(() => client.consortium(), [client]));
  const consortium = asked.kind === "known" ? asked.known : undefined;
  const [sending, setSending] = useState(false);
  const [trouble, setTrouble] = useState<{ error: unknown }>();

  const send = async (): Promise<void> => {
    if (consortium === undefined || sending) return;
    setSending(true);
    setTrouble(undefined);
    try {
      await act(consortium);
    } catch (error) {
      setTrouble({ error });
      setSending(false);
    }
  };

  return (
    <section className="act" aria-label="What you sign" aria-busy={sending}>
      {sentences.map((sentence) => (
        <p key={sentence}>{sentence}</p>
      ))}
      {children}
      <details open>
        <summary>Exactly what you sign</summary>
        <dl className="members">
          {consortium !== undefined &&
            members(consortium).map(([name, value]) => (
              <div key={name}>
                <dt>{name}</dt>
                <dd>
                  <code>{value}</code>
                </dd>
              </div>
            ))}
        </dl>
      </details>
      {asked.kind === "failed" && <ProblemView error={asked.error} />}
      {trouble !== undefined && <ProblemView error={trouble.error} />}
      <p className="acts">
        <button
          type="button"
          className="primary"
          aria-disabled={sending || consortium === undefined}
          onClick={() => void send()}
        >
          {sending ? "Waiting for the chain …" : "Sign and send"}
        </button>
        <button type="button" className="button" aria-disabled={sending} onClick={() => !sending && onCancel()}>
          Cancel
        </button>
      </p>
    </section>
  );
}
