import { RoadMark } from "../road-shape.tsx";
import type { Anchoring } from "./anchoring.ts";
import type { State } from "./read-devices.ts";

/** A device's state three times over: shape, colour and word. */
export function StateMark({ state }: { state: State }) {
  return (
    <span className={`mark-word state-${state}`}>
      <svg viewBox="0 0 12 12" aria-hidden="true">
        <StateShape state={state} />
      </svg>
      {state}
    </span>
  );
}

/** Beside a state: false data of this device would be found by nobody. */
export function UnwatchedMark() {
  return (
    <span className="mark-word unwatched">
      <svg viewBox="0 0 12 12" aria-hidden="true">
        <circle cx="6" cy="6" r="4.5" className="line" />
        <path d="M2 10 10 2" className="line" />
      </svg>
      unwatched
    </span>
  );
}

function StateShape({ state }: { state: State }) {
  switch (state) {
    case "active":
      return <circle cx="6" cy="6" r="4.5" className="solid" />;
    case "suspect":
      return <path d="M6 1 11.4 10.6H.6Z" className="solid" />;
    case "quarantined":
      return (
        <>
          <rect x="1" y="1" width="10" height="10" rx="1.5" className="solid" />
          <path d="M3.4 6h5.2" className="cut" />
        </>
      );
    case "registered":
      return <circle cx="6" cy="6" r="4" className="line" />;
    case "retired":
      return <path d="M1.5 6h9" className="line" />;
  }
}

/** How far the last reading has come, as shape and word. */
export function AnchoringMark({ anchoring }: { anchoring: Anchoring }) {
  if (anchoring === "none") return <span className="mark-word quiet">—</span>;
  return <RoadMark standing={anchoring} />;
}
