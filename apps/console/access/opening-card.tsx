import { useCallback, useId, useState } from "react";
import { noteHash, parseStrict, readNote, writeNote, type Hex, type SaltedNote } from "../../../protocol/index.ts";
import type { ListedOpening, OpeningState } from "../../sdk/answers.ts";
import { ProblemView } from "../problem-view.tsx";
import type { ReaderSession } from "../session/start-session.ts";
import { saveFile } from "../twin/save-file.ts";
import { readDocument } from "../verify/documents.ts";
import type { Seen } from "./break-glass-page.tsx";
import { callMembers, sendCall, type Call } from "./send-call.ts";
import { SignSheet } from "./sign-sheet.tsx";
import { useAsked } from "./use-asked.ts";
import { answerWords, leftUntil, randomBytes, short, timeOf } from "./words.ts";

const WORDS: Readonly<Record<OpeningState, string>> = {
  open: "open now",
  unreviewed: "waits for its review",
  overdue: "its review is overdue",
  reviewed: "reviewed",
};

/** What somebody is about to send, and what holds once the server has seen it. */
interface Acting {
  readonly call: Call;
  readonly sentence: string;
  readonly note?: SaltedNote;
  readonly holds: (opening: ListedOpening) => boolean;
}

/** One opening: who, when, who read by it, and what somebody else found. */
export function OpeningCard(props: { session: ReaderSession; opening: ListedOpening; now: number; onSent: Seen }) {
  const { session, opening, now, onSent } = props;
  const { opener, second, openedAt, until, reviewBy, ended, review, may } = opening;
  // What was open when it was asked for may be over by now.
  const state = opening.state === "open" && now >= until ? "unreviewed" : opening.state;
  const [call, setCall] = useState<Acting>();
  const [looking, setLooking] = useState(false);

  const act = async (consortium: Parameters<typeof sendCall>[2]): Promise<void> => {
    if (call === undefined) return;
    if (call.note) saveFile(`break-glass-finding-${opening.opening.slice(2, 10)}.json`, JSON.stringify(call.note));
    await sendCall(session, call.call, consortium);
    await onSent((one) => one.opening === opening.opening && call.holds(one));
    setCall(undefined);
  };
  const end = (): void =>
    setCall({
      call: { method: "end", args: [opening.opening] },
      sentence: "Nobody reads by this opening any more.",
      holds: (one) => one.ended !== null,
    });
  const find = (justified: boolean, note: SaltedNote): void =>
    setCall({
      call: { method: "review", args: [opening.opening, justified, noteHash(note)] },
      sentence: `You say that it was ${justified ? "" : "not "}right. It cannot be said again.`,
      note,
      holds: (one) => one.review !== null,
    });

  return (
    <>
      <p className="card-head">
        <strong>
          <code title={opener}>{opener === session.address ? "You" : short(opener)}</code>
          {second !== null && (
            <>
              {" "}
              with <code title={second}>{short(second)}</code>
            </>
          )}
        </strong>
        <span className={state === "reviewed" ? "word" : "word waits"} data-state={state}>
          {WORDS[state]}
        </span>
      </p>
      <p className="facts">
        twin <code title={opening.twin}>{short(opening.twin)}</code> · opened {timeOf(openedAt)} ·{" "}
        {ended ? `ended by ${short(ended.by)} ${timeOf(ended.at)}` : leftUntil(until, now)}
        {review === null && <> · review due {timeOf(reviewBy)}</>}
      </p>
      {review !== null && (
        <p className={review.justified ? "may" : "found-wrong"}>
          {review.justified ? "✓ found right" : "✖ found not right"} by{" "}
          <code title={review.by}>{short(review.by)}</code>, {timeOf(review.at)}
        </p>
      )}
      <CheckNote hash={opening.reason} />
      {call === undefined && may.includes("review") && <Review onFound={find} />}
      {call !== undefined && (
        <SignSheet
          session={session}
          sentences={[call.sentence]}
          members={(consortium) => callMembers(call.call, consortium)}
          act={act}
          onCancel={() => setCall(undefined)}
        />
      )}
      <p className="acts">
        {call === undefined && may.includes("end") && (
          <button type="button" className="button" onClick={end}>
            End it now
          </button>
        )}
        <button type="button" className="button" aria-pressed={looking} onClick={() => setLooking(!looking)}>
          Who read by it
        </button>
      </p>
      {looking && <Reads session={session} opening={opening.opening} />}
    </>
  );
}

/** What a reviewer found, and why. */
function Review({ onFound }: { onFound: (justified: boolean, note: SaltedNote) => void }) {
  const [text, setText] = useState("");
  const id = useId();
  const find = (justified: boolean): void => {
    if (text.trim() !== "") onFound(justified, writeNote(text.trim(), randomBytes));
  };
  return (
    <div className="answer">
      <label htmlFor={id}>
        <span>What you found; it is saved as a file of yours, and its hash goes on the chain</span>
        <input id={id} value={text} maxLength={500} onChange={(event) => setText(event.target.value)} />
      </label>
      <p className="acts">
        <button type="button" className="button" aria-disabled={text.trim() === ""} onClick={() => find(true)}>
          It was right
        </button>
        <button type="button" className="button" aria-disabled={text.trim() === ""} onClick={() => find(false)}>
          It was not right
        </button>
      </p>
    </div>
  );
}

/** Holds the words that an opener kept against the hash on the chain. Nothing is sent. */
function CheckNote({ hash }: { hash: Hex }) {
  const [found, setFound] = useState<{ text: string; same: boolean } | { error: unknown }>();
  const id = useId();
  const check = async (file: File): Promise<void> => {
    try {
      const note = readNote(parseStrict((await readDocument(file)).text));
      setFound({ text: note.text, same: noteHash(note) === hash });
    } catch (error) {
      setFound({ error });
    }
  };
  return (
    <details>
      <summary>The reason</summary>
      <p className="facts">
        On the chain: <code>{hash}</code>. The opener has the words, as a file.
      </p>
      <input
        type="file"
        id={id}
        className="unseen"
        onChange={(event) => {
          const file = event.target.files?.[0];
          event.target.value = "";
          if (file !== undefined) void check(file);
        }}
      />
      <label htmlFor={id} className="button">
        Hold a file against it
      </label>
      <div aria-live="polite">
        {found !== undefined &&
          ("error" in found ? (
            <ProblemView error={found.error} />
          ) : (
            <>
              <blockquote>{found.text}</blockquote>
              <p className={found.same ? "may" : "found-wrong"}>
                {found.same ? "✓ These are the words." : "✖ These are not the words that were hashed."}
              </p>
            </>
          ))}
      </div>
    </details>
  );
}

function Reads({ session: { client }, opening }: { session: ReaderSession; opening: Hex }) {
  const { asked } = useAsked(useCallback(() => client.opening(opening), [client, opening]));
  if (asked.kind === "asking") return <p className="waiting">Asking who read …</p>;
  if (asked.kind === "failed") return <ProblemView error={asked.error} />;
  const { reads, next } = asked.known;
  return (
    <>
      {reads.length === 0 && <p className="facts">Nobody has read by it.</p>}
      <ul className="plain-list">
        {reads.map(({ leaf, record }) => (
          <li key={leaf}>
            {timeOf(record.at / 1000)} <code title={record.reader}>{short(record.reader)}</code> {answerWords(record)}
          </li>
        ))}
      </ul>
      {next !== null && <p className="hint">There are more: npx twinward break-glass list</p>}
    </>
  );
}
