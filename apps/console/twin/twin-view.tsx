import { useCallback, useMemo, useState } from "react";
import { TwinwardError, type Hex } from "../../../protocol/index.ts";
import { toAge, toClock } from "../fleet/age.ts";
import { useNow } from "../fleet/follow-fleet.ts";
import { ProblemView } from "../problem-view.tsx";
import { RoadMark } from "../road-shape.tsx";
import type { ReaderSession } from "../session/start-session.ts";
import type { ChosenTwin } from "./choose-twin.tsx";
import { STANDINGS, standingOf, type TwinReading } from "./read-reading.ts";
import { ReadingTable } from "./reading-table.tsx";
import { ReceiptDrawer } from "./receipt-drawer.tsx";
import type { TrustChoice, Verified } from "./receipt-of.ts";
import { TwinChart } from "./twin-chart.tsx";
import { useTwin } from "./use-twin.ts";
import { VerifyMany } from "./verify-many.tsx";

const MINUTE = 60_000;
const REACHES = [
  { reach: MINUTE, name: "1 minute" },
  { reach: 5 * MINUTE, name: "5 minutes" },
  { reach: 15 * MINUTE, name: "15 minutes" },
  { reach: 60 * MINUTE, name: "1 hour" },
  { reach: 360 * MINUTE, name: "6 hours" },
] as const;

/** Without a good answer for this long (ms) the page says that what it shows is not current. */
const STALE_AFTER = 6_000;
/** A newest reading older than this (ms) is marked as old: monitors send every second. */
const OLD_AFTER = 10_000;
/** Segments shown before anybody chose. */
const FIRST_SEGMENTS = 3;

/** One twin, live: lines, states, flags, gaps, the age of its data, and the receipt of each reading. */
export function TwinView(props: { session: ReaderSession; chosen: ChosenTwin; onSignOut: () => void }) {
  const { session, chosen, onSignOut } = props;
  const { purpose } = chosen;
  const { twin } = chosen.twin;
  const [reach, setReach] = useState<number>(REACHES[1].reach);
  const [held, setHeld] = useState<number>();
  const [view, setView] = useState<"chart" | "table">("chart");
  const [wanted, setWanted] = useState<readonly string[]>();
  const [opened, setOpened] = useState<number>();
  const [trust, setTrust] = useState<TrustChoice>({ from: "server" });
  const [mismatches, setMismatches] = useState<ReadonlySet<Hex>>(new Set());
  const known = useTwin({ client: session.client, twin, purpose, reach }, held !== undefined);
  const now = useNow();

  const { readings, answer, answeredAt, clock, failure, loading } = known;
  const all = useMemo(() => unitsOf(answer?.segments ?? [], readings), [answer?.segments.join(), readings]);
  const segments = useMemo(
    () => all.filter(({ name }, index) => wanted?.includes(name) ?? index < FIRST_SEGMENTS),
    [all, wanted],
  );
  const standing = useCallback((reading: TwinReading) => standingOf(reading, mismatches), [mismatches]);

  if (answer === undefined || answeredAt === undefined || clock === undefined) {
    if (failure === undefined) return <p className="waiting">Asking for the twin …</p>;
    return (
      <ProblemView error={failure.error}>
        <SignInAgain error={failure.error} onSignOut={onSignOut} />
      </ProblemView>
    );
  }

  const asked = { client: session.client, twin, purpose };
  const silence = Math.max(0, now - answeredAt);
  const paused = held !== undefined;
  const stale = failure !== undefined || (!paused && silence > STALE_AFTER);
  // Ages are counted on the server's clock, carried on by this page's monotonic one; what is not current stands still.
  const to = clock + (paused ? held : stale ? answeredAt : Math.max(now, answeredAt));
  const open = readings.find(({ sequence }) => sequence === opened);

  const note = (found: readonly Hex[], cleared: readonly Hex[]): void =>
    setMismatches((before) => new Set([...before, ...found].filter((leaf) => !cleared.includes(leaf))));
  const noteOne = ({ leaf }: TwinReading, verified: Verified): void =>
    verified.mismatch ? note([leaf], []) : note([], "report" in verified ? [leaf] : []);

  return (
    <>
      <Pulse stale={stale} paused={paused} silence={silence} to={to} newest={loading ? undefined : readings.at(-1)} />
      {stale && (
        <ProblemView error={failure?.error ?? new Error("No answer.")}>
          <p>
            Everything below is as of {toClock(clock + answeredAt)} and is not current.{" "}
            {failure?.final === true ? "It is not asked again until you read it anew." : "The page keeps asking."}
          </p>
          <SignInAgain error={failure?.error} onSignOut={onSignOut} />
        </ProblemView>
      )}
      {answer.distrusted !== null && (
        <p className="caution">
          <strong>Distrusted.</strong> A verdict has quarantined this device: use its values with care.{" "}
          {answer.distrusted.verdict !== null && <code>{answer.distrusted.verdict}</code>}
        </p>
      )}
      <div className="toolbar">
        <label>
          <span>Shows</span>
          <select value={reach} onChange={(event) => setReach(Number(event.target.value))}>
            {REACHES.map((one) => (
              <option key={one.reach} value={one.reach}>
                {one.name}
              </option>
            ))}
          </select>
        </label>
        <button
          type="button"
          className="button"
          aria-pressed={paused}
          onClick={() => setHeld(paused ? undefined : now)}
        >
          Hold still
        </button>
        <button
          type="button"
          className="button"
          aria-pressed={view === "table"}
          onClick={() => setView(view === "chart" ? "table" : "chart")}
        >
          As a table
        </button>
        <Segments all={all} shown={segments} onChange={setWanted} />
      </div>
      {readings.length === 0 ? (
        <p className="nothing">
          {loading
            ? "Asking for its readings …"
            : `No reading in the last ${REACHES.find((one) => one.reach === reach)?.name ?? ""}.`}
        </p>
      ) : view === "chart" ? (
        <TwinChart
          readings={readings}
          segments={segments}
          standing={standing}
          from={to - reach}
          to={to}
          stale={stale}
          onOpen={setOpened}
        />
      ) : (
        <ReadingTable
          readings={readings}
          segments={segments.map(({ name }) => name)}
          mismatches={mismatches}
          onOpen={setOpened}
        />
      )}
      <Key readings={readings} standing={standing} />
      <VerifyMany asked={asked} readings={readings} trust={trust} onVerified={note} />
      <p className="facts">
        Model {answer.model} · read for {answer.purpose} · this look is decision {answer.decision.sequence} of this
        twin, on record as <code>{answer.decision.leaf.slice(0, 10)}…</code>
      </p>
      {open !== undefined && (
        <ReceiptDrawer
          key={open.sequence}
          reading={open}
          standing={standing(open)}
          asked={asked}
          trust={trust}
          onTrust={setTrust}
          onVerified={noteOne}
          onClose={() => setOpened(undefined)}
        />
      )}
    </>
  );
}

/** The way on where only the session has ended. */
function SignInAgain({ error, onSignOut }: { error: unknown; onSignOut: () => void }) {
  if (!(error instanceof TwinwardError && error.code.startsWith("SESSION_"))) return null;
  return (
    <button type="button" className="button" onClick={onSignOut}>
      Sign in again
    </button>
  );
}

/** How current the page is, and how old the newest reading. */
function Pulse(props: {
  stale: boolean;
  paused: boolean;
  silence: number;
  to: number;
  /** Undefined also while there may be newer ones that are still coming. */
  newest: TwinReading | undefined;
}) {
  const { stale, paused, silence, to, newest } = props;
  const age = newest === undefined ? undefined : Math.max(0, to - newest.until);
  const how = stale
    ? `not current · last answer ${toAge(silence)} ago`
    : paused
      ? `held at ${toClock(to)}`
      : "live · asked every second";
  return (
    <p className="twin-pulse">
      <span className={stale ? "pulse stale" : paused ? "pulse held" : "pulse"}>{how}</span>
      {age !== undefined && (
        <span className={!stale && age > OLD_AFTER ? "age old" : "age"}>
          newest reading {stale ? "was " : ""}
          <b>{toAge(age)}</b> old
        </span>
      )}
    </p>
  );
}

function Segments(props: {
  all: readonly { name: string }[];
  shown: readonly { name: string }[];
  onChange: (names: readonly string[]) => void;
}) {
  const { all, shown, onChange } = props;
  if (all.length < 2) return null;
  const names = shown.map(({ name }) => name);
  const toggle = (name: string): void =>
    onChange(names.includes(name) ? names.filter((one) => one !== name) : [...names, name]);
  return (
    <fieldset className="segments">
      <legend className="unseen">Segments</legend>
      {all.map(({ name }) => (
        <label key={name}>
          <input type="checkbox" checked={names.includes(name)} onChange={() => toggle(name)} />
          {name}
        </label>
      ))}
    </fieldset>
  );
}

/** What the marks of the band mean, and how many readings stand so. */
function Key(props: { readings: readonly TwinReading[]; standing: (reading: TwinReading) => string }) {
  const { readings, standing } = props;
  const counts = new Map<string, number>();
  for (const reading of readings) counts.set(standing(reading), (counts.get(standing(reading)) ?? 0) + 1);
  const lost = readings.reduce((sum, { gap }) => sum + (gap === null ? 0 : gap.to - gap.from + 1), 0);
  return (
    <ul className="key" aria-label="Readings by state">
      {[...STANDINGS].reverse().map((one) => (
        <li key={one} className={counts.has(one) ? undefined : "none"}>
          <RoadMark standing={one} /> <b>{counts.get(one) ?? 0}</b>
        </li>
      ))}
      <li className={lost === 0 ? "none" : undefined}>
        <span className="mark-word lost-mark">
          <svg viewBox="0 0 12 12" aria-hidden="true">
            <path d="M0 6 6 0M0 12 12 0M6 12l6-6" className="line" />
          </svg>
          lost
        </span>{" "}
        <b>{lost}</b>
      </li>
    </ul>
  );
}

/** The answer's segments with the unit that their samples name. */
function unitsOf(names: readonly string[], readings: readonly TwinReading[]): { name: string; unit: string }[] {
  return names.map((name) => ({
    name,
    unit: readings.findLast(({ samples }) => samples.has(name))?.samples.get(name)?.unit ?? "",
  }));
}
