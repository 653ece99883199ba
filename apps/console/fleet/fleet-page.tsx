import { lazy, useState } from "react";
import { dataTime, toAge, toClock } from "./age.ts";
import { DeviceTable } from "./device-table.tsx";
import { useFleet, useNow } from "./follow-fleet.ts";
import { filterDevices, orderDevices, type Order } from "./order-devices.ts";
import { needsWatch, STATES, type Fleet, type State } from "./read-devices.ts";
import { StateMark, UnwatchedMark } from "./state-mark.tsx";
import { Command } from "../command.tsx";
import type { SessionState } from "../session/signed-page.tsx";

// It brings a client and what signs: only those who must sign in wait for it.
const SignInForm = lazy(async () => ({ default: (await import("../session/sign-in-form.tsx")).SignInForm }));

/** Without a good answer for this long (ms) the page says that what it shows is not current. */
const STALE_AFTER = 6_000;

/** Every device of this server: its state, how old its data is, and whether the last reading is anchored. */
export function FleetPage({ session, onSession }: SessionState) {
  const { fleet, receivedAt, failure, closed } = useFleet(session?.client);
  const now = useNow();
  const [text, setText] = useState("");
  const [order, setOrder] = useState<Order>({ column: "state", descending: false });

  if (closed)
    return (
      <>
        <h1>Fleet</h1>
        <p>This server tells of devices only to those who have signed in, and of those devices that are theirs.</p>
        <SignInForm onSession={onSession} />
      </>
    );

  if (fleet === undefined || receivedAt === undefined) {
    return (
      <>
        <h1>Fleet</h1>
        {failure === undefined ? (
          <p className="waiting">Asking the server …</p>
        ) : (
          <div className="alarm" role="alert">
            <strong>No usable answer from the server: {failure.words}.</strong>
            <p>Nothing is shown, because nothing is known. The page keeps asking. Is the server running?</p>
            <Command text="npx twinward up" />
          </div>
        )}
      </>
    );
  }

  const silence = Math.max(0, now - receivedAt);
  const stale = failure !== undefined || silence > STALE_AFTER;
  // Ages are counted on the server's clock, carried on by this page's monotonic one: a wrong clock here changes nothing.
  const serverNow = stale ? fleet.at : fleet.at + silence;
  const shown = orderDevices(filterDevices(fleet.devices, text), order);

  return (
    <>
      <div className="headline">
        <h1>Fleet</h1>
        <p className={stale ? "pulse stale" : "pulse"}>
          {stale ? `not current · last answer ${toAge(silence)} ago` : "live · asked every 2 s"}
        </p>
      </div>
      {stale && (
        <div className="alarm" role="alert">
          <strong>No current answer from the server{failure === undefined ? "" : `: ${failure.words}`}.</strong>
          <p>
            Everything below is as of {toClock(fleet.at)} and is not current. Devices may have changed since; the page
            keeps asking.
          </p>
        </div>
      )}
      {fleet.devices.length === 0 ? (
        session === undefined ? (
          <FirstDevice />
        ) : (
          <p className="nothing">None of this server’s devices is yours, or none is registered yet.</p>
        )
      ) : (
        <>
          <div className="ledger">
            <Summary fleet={fleet} serverNow={serverNow} stale={stale} />
            <label className="filter">
              <span>Filter</span>
              <input
                type="search"
                value={text}
                placeholder="id, model or state"
                onChange={(event) => setText(event.target.value)}
              />
            </label>
          </div>
          <DeviceTable
            devices={shown}
            serverNow={serverNow}
            asOf={stale ? toClock(fleet.at) : undefined}
            order={order}
            onOrder={setOrder}
          />
          {shown.length === 0 && <p className="nothing">No device matches “{text.trim()}”.</p>}
        </>
      )}
    </>
  );
}

function Summary({ fleet, serverNow, stale }: { fleet: Fleet; serverNow: number; stale: boolean }) {
  const count = (state: State): number => fleet.devices.filter((device) => device.state === state).length;
  const unwatched = fleet.devices.filter(needsWatch).length;
  const heard = fleet.devices.flatMap((device) => (device.state === "retired" ? [] : (dataTime(device) ?? [])));
  return (
    <ul className="summary" aria-label="Devices by state">
      <li>
        <b>{fleet.devices.length}</b> {fleet.devices.length === 1 ? "device" : "devices"}
      </li>
      {STATES.filter((state) => count(state) > 0).map((state) => (
        <li key={state}>
          <b>{count(state)}</b> <StateMark state={state} />
        </li>
      ))}
      {unwatched > 0 && (
        <li>
          <b>{unwatched}</b> <UnwatchedMark />
        </li>
      )}
      {heard.length > 0 && !stale && (
        <li>
          oldest data <b>{toAge(serverNow - Math.min(...heard))}</b>
        </li>
      )}
    </ul>
  );
}

/** What to do when there is nothing yet. */
function FirstDevice() {
  return (
    <section className="first" aria-labelledby="first-title">
      <h2 id="first-title">No device yet</h2>
      <p>A device is an instrument with one signing key. Once it is registered, it appears here by itself.</p>
      <ol>
        <li>
          <p>Make a key for your first device and register it:</p>
          <Command text="npx twinward device new" />
        </li>
        <li>
          <p>Send a recording as its signed readings, one row a second:</p>
          <Command text="npx twinward device replay --csv readings.csv --map map.json" />
        </li>
        <li>
          <p>Or watch a simulated ward of eight bedside monitors first:</p>
          <Command text="npx twinward up --demo" />
        </li>
      </ol>
    </section>
  );
}
