import { useId, useState } from "react";
import { Command } from "../command.tsx";
import { ProblemView } from "../problem-view.tsx";
import { readDocument } from "../verify/documents.ts";
import { keyFileSigner } from "./key-file.ts";
import type { Signer } from "./signer.ts";
import { isLoopback, startSession, type ReaderSession } from "./start-session.ts";
import { useWallets } from "./use-wallets.ts";
import { walletSigner } from "./wallet.ts";

/** Who are you? With a wallet, or with an account's key file for people without one. */
export function SignInForm({ onSession }: { onSession: (session: ReaderSession) => void }) {
  const [running, setRunning] = useState(false);
  const [trouble, setTrouble] = useState<{ error: unknown }>();
  const choose = useId();
  const wallets = useWallets();

  const signIn = async (makeSigner: () => Promise<Signer>): Promise<void> => {
    setRunning(true);
    setTrouble(undefined);
    try {
      onSession(await startSession(await makeSigner()));
    } catch (error) {
      setTrouble({ error });
      setRunning(false);
    }
  };

  const signInByFile = (file: File): Promise<void> =>
    signIn(async () => keyFileSigner((await readDocument(file)).text, isLoopback(location.hostname)));

  return (
    <section className="sign-in" aria-labelledby="sign-in-title" aria-busy={running}>
      <h2 id="sign-in-title">Sign in</h2>
      <p>
        You sign one sentence with your key (ERC-4361). It says who you are, and nothing about what you may see: that is
        asked of the chain at each look.
      </p>
      <div className="ways">
        <div>
          <h3>With a wallet</h3>
          {wallets.length === 0 && <p className="hint">This browser offers no Ethereum wallet.</p>}
          {wallets.map(({ name, wallet }, i) => (
            <button
              key={i}
              type="button"
              className="primary"
              aria-disabled={running}
              onClick={() => !running && void signIn(() => walletSigner(wallet))}
            >
              Sign in with {name}
            </button>
          ))}
        </div>
        <div>
          <h3>With a key file</h3>
          <input
            type="file"
            id={choose}
            className="unseen"
            disabled={running}
            onChange={(event) => {
              const file = event.target.files?.[0];
              event.target.value = "";
              if (file !== undefined) void signInByFile(file);
            }}
          />
          <label htmlFor={choose} className="button">
            Choose a key file
          </label>
          <p className="hint">The key stays in this page's memory. It is neither sent nor stored.</p>
        </div>
      </div>
      {trouble !== undefined && <ProblemView error={trouble.error} />}
      <details>
        <summary>No key, or nothing to read yet?</summary>
        <p>Make a key, and give its address to the steward of the device:</p>
        <Command text="npx twinward key new clinician.key" />
        <p>The steward cuts a twin and grants it:</p>
        <Command text="npx twinward twin new --device DEVICE --segments heart,spo2 --name bedside" />
        <Command text="npx twinward grant give --twin TWIN --reader ADDRESS --purposes care --until +8h" />
      </details>
    </section>
  );
}
