import { useId, useState } from "react";
import { noteHash, writeNote, type SaltedNote } from "../../../protocol/index.ts";
import type { OpeningPage } from "../../sdk/answers.ts";
import type { ReaderSession } from "../session/start-session.ts";
import { saveFile } from "../twin/save-file.ts";
import type { Seen } from "./break-glass-page.tsx";
import { sendCall, callMembers, type Call } from "./send-call.ts";
import { SignSheet } from "./sign-sheet.tsx";
import { randomBytes, short, timeOf } from "./words.ts";

type Emergency = OpeningPage["emergencies"][number];

const NOBODY = `0x${"0".repeat(40)}`;
const MOST_MINUTES = 240;

/** Opens an assignment's emergency twin: why, and for how long; everybody will see that it was done. */
export function OpenGlass(props: { session: ReaderSession; emergency: Emergency; clock: number; onSent: Seen }) {
  const { session, emergency, clock, onSent } = props;
  const [reason, setReason] = useState("");
  const [minutes, setMinutes] = useState("60");
  const [said, setSaid] = useState<{ note: SaltedNote; until: number; call: Call }>();
  const ids = { reason: useId(), minutes: useId() };

  if (emergency.needsSecond) {
    return (
      <p className="caution">
        <strong>A review is overdue.</strong> Until it is done, twin {short(emergency.twin)} is opened by two: a second
        holder signs beside you (npx twinward break-glass --help).
      </p>
    );
  }
  if (said !== undefined) {
    const { note, until, call } = said;
    const act = async (consortium: Parameters<typeof sendCall>[2]): Promise<void> => {
      // Kept before it is sent: the chain has only the hash, and whoever reviews asks for the words.
      saveFile(`break-glass-reason-${until}.json`, JSON.stringify(note));
      await sendCall(session, call, consortium);
      await onSent(({ reason: hash }) => hash === noteHash(note));
      setSaid(undefined);
    };
    return (
      <SignSheet
        session={session}
        sentences={[
          `You read twin ${short(emergency.twin)} of ${short(emergency.device)} in an emergency, until ${timeOf(until)}.`,
          "Everybody sees that you did, and somebody else says afterwards whether it was right.",
        ]}
        members={(consortium) => callMembers(call, consortium)}
        act={act}
        onCancel={() => setSaid(undefined)}
      >
        <p className="facts">Your reason is saved as a file of yours; on the chain is only its hash.</p>
      </SignSheet>
    );
  }

  const prepare = (): void => {
    const note = writeNote(reason.trim(), randomBytes);
    const until = Math.floor((clock + performance.now()) / 1000) + Math.round(Number(minutes) * 60);
    const call: Call = {
      method: "open",
      args: [
        [emergency.twin, until, noteHash(note)],
        [NOBODY, 0, "0x"],
      ],
    };
    setSaid({ note, until, call });
  };

  return (
    <form
      className="answer"
      onSubmit={(event) => {
        event.preventDefault();
        if (reason.trim() !== "") prepare();
      }}
    >
      <p>
        Emergency twin <code title={emergency.twin}>{short(emergency.twin)}</code> of{" "}
        <code title={emergency.device}>{short(emergency.device)}</code>
      </p>
      <label htmlFor={ids.reason}>
        <span>Why</span>
        <input id={ids.reason} value={reason} maxLength={500} onChange={(event) => setReason(event.target.value)} />
      </label>
      <label htmlFor={ids.minutes}>
        <span>For how many minutes, {MOST_MINUTES} at most</span>
        <input
          id={ids.minutes}
          type="number"
          min="1"
          max={MOST_MINUTES}
          value={minutes}
          onChange={(event) => setMinutes(event.target.value)}
        />
      </label>
      <p className="acts">
        <button type="submit" className="primary" aria-disabled={reason.trim() === ""}>
          Break the glass
        </button>
      </p>
    </form>
  );
}
