import type { ReactNode } from "react";
import type { Hex, SaidAct } from "../../../protocol/index.ts";
import { signAct } from "../../sdk/signing-acts.ts";
import type { ReaderSession } from "../session/start-session.ts";
import { actWords, signedMembers } from "./act-words.ts";
import type { KnownTwin } from "./known-twins.ts";
import { SignSheet } from "./sign-sheet.tsx";

/** Signs a grant, a revocation or a consent (EIP-712). The server sends it to the chain; `onSent` is told when it is mined. */
export function SignAct(props: {
  session: ReaderSession;
  act: SaidAct;
  twin: KnownTwin;
  children?: ReactNode;
  onSent: (grant: Hex | null) => Promise<void> | void;
  onCancel: () => void;
}) {
  const { session, act, twin, children, onSent, onCancel } = props;
  return (
    <SignSheet
      session={session}
      sentences={actWords(act, twin)}
      members={(consortium) => signedMembers(act, consortium)}
      act={async (consortium) => {
        const { grant } = await session.client.relay(await signAct(act, session.signer, consortium));
        await onSent(grant);
      }}
      onCancel={onCancel}
    >
      {children}
    </SignSheet>
  );
}
