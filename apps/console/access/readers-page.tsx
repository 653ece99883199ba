import { useCallback, useState } from "react";
import type { Hex, SaidAct } from "../../../protocol/index.ts";
import type { ReaderPage } from "../../sdk/answers.ts";
import { ProblemView } from "../problem-view.tsx";
import { SignedPage, type SessionState } from "../session/signed-page.tsx";
import type { ReaderSession } from "../session/start-session.ts";
import { ChooseKnown } from "./choose-known.tsx";
import { askReaders, type Known, type KnownTwin } from "./known-twins.ts";
import { endsWith } from "./ends-with.ts";
import { SignAct } from "./sign-act.tsx";
import { useAsked, useNow, useTwins } from "./use-asked.ts";
import { leftUntil, purposeWords, reasonWords, segmentNames, short } from "./words.ts";

type Reader = ReaderPage["readers"][number];

/** A signature that is not sent at once is worth nothing after so long, s. */
const SIGNED_FOR = 600;

/** Who can see a twin, what of it, why, and for how long; and ending it. */
export function ReadersPage(props: SessionState) {
  return (
    <SignedPage title="Who can see this" {...props}>
      {(session) => <Readers key={session.address} session={session} />}
    </SignedPage>
  );
}

function Readers({ session }: { session: ReaderSession }) {
  const { asked, again } = useTwins(session);
  const [wanted, setWanted] = useState<Hex>();
  const [looks, setLooks] = useState(0);
  if (asked.kind === "asking") return <p className="waiting">Asking for your twins …</p>;
  if (asked.kind === "failed") return <ProblemView error={asked.error} />;
  const { twins, clock } = asked.known;
  const twin = twins.find((one) => one.twin === wanted) ?? twins.find(({ security }) => !security) ?? twins[0];
  if (twin === undefined) return <p className="nothing">Nothing on the chain connects you with a twin.</p>;
  const look = async (): Promise<void> => {
    await again();
    setLooks(looks + 1);
  };
  return (
    <>
      <ChooseKnown twins={twins} chosen={twin.twin} onChoose={setWanted} again={look} />
      <ReaderTable key={`${twin.twin} ${looks}`} session={session} twin={twin} clock={clock} again={look} />
    </>
  );
}

function ReaderTable(props: {
  session: ReaderSession;
  twin: KnownTwin;
  clock: Known["clock"];
  again: () => Promise<void>;
}) {
  const { session, twin, clock, again } = props;
  const { client } = session;
  const ask = useCallback(() => askReaders(client, twin.twin), [client, twin.twin]);
  const { asked } = useAsked(ask);
  const [ending, setEnding] = useState<{ act: SaidAct; grant: Hex }>();
  const now = useNow(clock);

  if (asked.kind === "asking") return <p className="waiting">Asking who can see it …</p>;
  if (asked.kind === "failed") return <ProblemView error={asked.error} />;
  const readers = asked.known;
  const columns = segmentNames(twin.segments, twin.model);
  const whole = twin.as.some((part) => part === "steward" || part === "subject" || part === "guardian");

  const end = (grant: Hex): void => {
    const deadline = Math.floor((clock + performance.now()) / 1000) + SIGNED_FOR;
    setEnding({ grant, act: { format: "revocation@1", said: { grant, deadline } } });
  };
  const ended = async (): Promise<void> => {
    setEnding(undefined);
    await again();
  };

  return (
    <>
      {!whole && <p className="caution">You are shown your own part: the grants that you hold or gave.</p>}
      {readers.length === 0 && <p className="nothing">Nobody was ever given anything of it.</p>}
      {readers.length > 0 && (
        <div className="wide" role="region" aria-label="Readers" tabIndex={0}>
          <table className="readers">
            <caption className="unseen">Who can see this twin, and what of it</caption>
            <thead>
              <tr>
                <th scope="col">Reader</th>
                {columns.map((name) => (
                  <th key={name} scope="col" className="tick">
                    {name}
                  </th>
                ))}
                <th scope="col">For</th>
                <th scope="col">From</th>
                <th scope="col">Time</th>
                <th scope="col">
                  <span className="unseen">Acts</span>
                </th>
              </tr>
            </thead>
            <tbody>
              {readers.map((reader) => (
                <ReaderRow
                  key={reader.grant ?? reader.opening ?? reader.reader}
                  reader={reader}
                  columns={columns}
                  twin={twin}
                  now={now}
                  mayEnd={mayEnd(reader, twin, session.address)}
                  onEnd={end}
                />
              ))}
            </tbody>
          </table>
        </div>
      )}
      {ending !== undefined && (
        <SignAct
          key={ending.grant}
          session={session}
          act={ending.act}
          twin={twin}
          onSent={ended}
          onCancel={() => setEnding(undefined)}
        >
          <EndsWith twin={twin} grant={ending.grant} />
        </SignAct>
      )}
    </>
  );
}

/** Whoever gave a grant revokes it, and so does the steward; what has ended needs nobody. */
function mayEnd({ grant, grantor }: Reader, { as, grants }: KnownTwin, who: Hex): boolean {
  if (grant === null) return false;
  const isOver = grants.find((one) => one.grant === grant)?.revoked ?? false;
  return !isOver && (grantor === who || as.includes("steward"));
}

function EndsWith({ twin, grant }: { twin: KnownTwin; grant: Hex }) {
  const others = endsWith(grant, twin.grants);
  if (others.length === 0) return <p>Nothing was passed on of it.</p>;
  return <p>What was passed on of it ends too: {others.map(({ reader }) => short(reader)).join(", ")}.</p>;
}

function ReaderRow(props: {
  reader: Reader;
  columns: readonly string[];
  twin: KnownTwin;
  now: number;
  mayEnd: boolean;
  onEnd: (grant: Hex) => void;
}) {
  const { reader, columns, twin, now, mayEnd: canEnd, onEnd } = props;
  const shown = new Set(segmentNames(reader.segments, twin.model));
  const open = reader.purposes.filter(({ reason }) => reason === "Permitted").map(({ purpose }) => purpose);
  const closed = reader.purposes.filter(({ reason }) => reason !== "Permitted");
  return (
    <tr className={open.length === 0 ? "over" : undefined}>
      <th scope="row">
        <code title={reader.reader}>{short(reader.reader)}</code>
      </th>
      {columns.map((name) => (
        <td key={name} className="tick">
          {shown.has(name) ? (
            <>
              <span aria-hidden="true">✓</span>
              <span className="unseen">yes</span>
            </>
          ) : (
            <>
              <span aria-hidden="true">–</span>
              <span className="unseen">no</span>
            </>
          )}
        </td>
      ))}
      <td>
        {open.length > 0 && <p className="may">{purposeWords(open)}</p>}
        {closed.map(({ purpose, reason }) => (
          <p key={purpose} className="may-not">
            not {purpose}: {reasonWords(reason)}
          </p>
        ))}
      </td>
      <td>{sourceOf(reader)}</td>
      <td>{reader.until === null ? "while an oracle" : leftUntil(reader.until, now)}</td>
      <td>
        {canEnd && reader.grant !== null && (
          <button type="button" className="button" onClick={() => onEnd(reader.grant ?? "0x")}>
            Revoke<span className="unseen"> what {short(reader.reader)} may read</span>
          </button>
        )}
      </td>
    </tr>
  );
}

function sourceOf({ grant, opening, grantor, parent }: Reader): string {
  if (opening !== undefined) return "broke the glass in an emergency";
  if (grant === null || grantor === null) return "by right, as an oracle";
  return parent === null ? `the steward ${short(grantor)}` : `passed on by ${short(grantor)}`;
}
