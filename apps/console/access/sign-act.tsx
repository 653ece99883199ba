import { useCallback, useState, type ReactNode } from "react";
import type { Hex, SaidAct } from "../../../protocol/index.ts";
import { signAct } from "../../sdk/signing-acts.ts";
import { ProblemView } from "../problem-view.tsx";
import type { ReaderSession } from "../session/start-session.ts";
import { actWords, signedMembers } from "./act-words.ts";
import type { KnownTwin } from "./known-twins.ts";
import { useAsked } from "./use-asked.ts";

/**
 * What somebody is about to sign, in words and as it is signed, and the button that does it. The server sends it to the chain;
 * `onSent` is told when it is mined.
 */
export function SignAct(props: {
  session: ReaderSession;
  act: SaidAct;
  twin: KnownTwin;
  /** What follows from it beside what it says. */
  children?: ReactNode;
  onSent: (grant: Hex | null) => Promise<void> | void;
  onCancel: () => void;
}) {
  const { session, act, twin, children, onSent, onCancel } = props;
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
      const { grant } = await client.relay(await signAct(act, session.signer, consortium));
      await onSent(grant);
    } catch (error) {
      setTrouble({ error });
      setSending(false);
    }
  };

  return (
    <section className="act" aria-label="What you sign" aria-busy={sending}>
      {actWords(act, twin).map((sentence) => (
        <p key={sentence}>{sentence}</p>
      ))}
      {children}
      <details open>
        <summary>Exactly what you sign</summary>
        <dl className="members">
          {consortium !== undefined &&
            signedMembers(act, consortium).map(([name, value]) => (
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
