import type { Hex } from "../../../protocol/index.ts";
import type { KnownTwin } from "./known-twins.ts";
import { nameOf } from "./words.ts";

/** Which of one's twins a page is about. */
export function ChooseKnown(props: {
  twins: readonly KnownTwin[];
  chosen: Hex;
  onChoose: (twin: Hex) => void;
  again: () => Promise<void>;
}) {
  const { twins, chosen, onChoose, again } = props;
  return (
    <div className="toolbar">
      <label>
        <span>Twin</span>
        <select value={chosen} onChange={(event) => onChoose(event.target.value as Hex)}>
          {twins.map((twin) => (
            <option key={twin.twin} value={twin.twin}>
              {nameOf(twin)}
              {twin.ended ? " (ended)" : ""}
            </option>
          ))}
        </select>
      </label>
      <button type="button" className="button" onClick={() => void again()}>
        Look again
      </button>
    </div>
  );
}
