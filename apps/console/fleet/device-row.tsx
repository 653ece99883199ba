import { useId, useState } from "react";
import { CopyButton } from "../copy-button.tsx";
import { dataTime, OLD_AFTER, toAge } from "./age.ts";
import { anchoringOf } from "./anchoring.ts";
import { needsWatch, type FleetDevice } from "./read-devices.ts";
import { AnchoringMark, StateMark, UnwatchedMark } from "./state-mark.tsx";

/** One device; its short id opens the full one and the times behind the row. */
export function DeviceRow(props: {
  device: FleetDevice;
  serverNow: number;
  asOf: string | undefined;
  columns: number;
}) {
  const { device, serverNow, asOf, columns } = props;
  const [open, setOpen] = useState(false);
  const details = useId();

  return (
    <>
      <tr role="row" className={`device state-${device.state}`}>
        <th role="rowheader" scope="row" className="id">
          <button type="button" aria-expanded={open} aria-controls={details} onClick={() => setOpen(!open)}>
            <span className="twist" aria-hidden="true" />
            <code>{`${device.id.slice(0, 8)}…${device.id.slice(-4)}`}</code>
          </button>
        </th>
        <td role="cell" data-name="Model">
          {device.model ?? <span className="quiet">unknown</span>}
        </td>
        <td role="cell" data-name="State">
          <StateMark state={device.state} />
          {needsWatch(device) && <UnwatchedMark />}
        </td>
        <td role="cell" data-name="Last sequence" className="number">
          {device.sequence === 0 ? <span className="quiet">—</span> : device.sequence.toLocaleString("en-US")}
        </td>
        <td role="cell" data-name="Age of data" className="number">
          <Age device={device} serverNow={serverNow} stale={asOf !== undefined} />
        </td>
        <td role="cell" data-name="Last reading">
          <AnchoringMark anchoring={anchoringOf(device)} />
        </td>
        {columns === 7 && (
          <td role="cell" data-name="Twins" className="number">
            {device.twins ?? <span className="quiet">—</span>}
          </td>
        )}
      </tr>
      <tr role="row" id={details} className="details" hidden={!open}>
        <td role="cell" colSpan={columns}>
          <Details device={device} />
        </td>
      </tr>
    </>
  );
}

function Age({ device, serverNow, stale }: { device: FleetDevice; serverNow: number; stale: boolean }) {
  const from = dataTime(device);
  if (from === null) return <span className="quiet">no reading yet</span>;
  const age = serverNow - from;
  if (stale) return <span className="was">was {toAge(age)}</span>;
  if (age < OLD_AFTER || device.state === "retired") return <span className="age">{toAge(age)}</span>;
  return (
    <span className="age old">
      <svg viewBox="0 0 12 12" aria-hidden="true">
        <circle cx="6" cy="6" r="4.75" className="line" />
        <path d="M6 3.2V6l2 1.4" className="line" />
      </svg>
      {toAge(age)} <span className="old-word">old</span>
    </span>
  );
}

function Details({ device }: { device: FleetDevice }) {
  return (
    <dl>
      <div>
        <dt>Device id</dt>
        <dd className="full-id">
          <code>{device.id}</code>
          <CopyButton text={device.id} what="device id" />
        </dd>
      </div>
      {device.until !== null && (
        <div>
          <dt>Last reading measured until</dt>
          <dd>
            <Time at={device.until} />
          </dd>
        </div>
      )}
      <div>
        <dt>Last reading accepted</dt>
        <dd>{device.acceptedAt === null ? "never" : <Time at={device.acceptedAt} />}</dd>
      </div>
      {needsWatch(device) && (
        <div>
          <dt>Unwatched</dt>
          <dd>No oracle can judge it: its security twin is missing, or hides what its model wants judged.</dd>
        </div>
      )}
      <div>
        <dt>Anchored up to</dt>
        <dd>
          {device.anchoredSequence === 0
            ? "nothing yet"
            : `sequence ${device.anchoredSequence.toLocaleString("en-US")}`}
        </dd>
      </div>
    </dl>
  );
}

function Time({ at }: { at: number }) {
  const iso = new Date(at).toISOString();
  return <time dateTime={iso}>{`${iso.slice(0, 10)} ${iso.slice(11, 19)} UTC`}</time>;
}
