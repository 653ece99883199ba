import { useState } from "react";
import type { Hex } from "../../../protocol/index.ts";
import { toClock } from "../fleet/age.ts";
import { RoadMark } from "../road-shape.tsx";
import { FlagMarks } from "./flag-mark.tsx";
import { standingOf, type TwinReading } from "./read-reading.ts";
import { toValue } from "./reading-words.ts";

const PAGE = 25;

/** The same readings as a table, newest first: everything that the chart tells by place, shape and colour. */
export function ReadingTable(props: {
  readings: readonly TwinReading[];
  segments: readonly string[];
  mismatches: ReadonlySet<Hex>;
  onOpen: (sequence: number) => void;
}) {
  const { readings, segments, mismatches, onOpen } = props;
  // The page is held by its newest sequence, so that rows stand still while newer readings come in.
  const [upTo, setUpTo] = useState<number>();
  const below = upTo === undefined ? readings.length : readings.findLastIndex(({ sequence }) => sequence <= upTo) + 1;
  const end = below === 0 ? readings.length : below;
  const shown = readings.slice(Math.max(0, end - PAGE), end).reverse();
  const newer = readings[end + PAGE - 1];
  const older = readings[end - PAGE - 1];

  return (
    <>
      <div className="sheet">
        <table className="readings">
          <caption className="unseen">
            Readings {shown.at(-1)?.sequence} to {shown[0]?.sequence} of {readings.length}, newest first
          </caption>
          <thead>
            <tr>
              <th scope="col" className="number">
                Reading
              </th>
              <th scope="col">From</th>
              <th scope="col">State</th>
              {segments.map((segment) => (
                <th key={segment} scope="col" className="number">
                  {segment}
                </th>
              ))}
              <th scope="col">Flags</th>
              <th scope="col" className="number">
                Lost before
              </th>
            </tr>
          </thead>
          <tbody>
            {shown.map((reading) => (
              <tr key={reading.sequence}>
                <th scope="row" className="number">
                  <button type="button" className="open" onClick={() => onOpen(reading.sequence)}>
                    {reading.sequence}
                    <span className="unseen">, open its receipt</span>
                  </button>
                </th>
                <td>{toClock(reading.from)}</td>
                <td>
                  <RoadMark standing={standingOf(reading, mismatches)} />
                </td>
                {segments.map((segment) => (
                  <td key={segment} className="number">
                    {toValue(reading.samples.get(segment))}
                  </td>
                ))}
                <td>
                  <FlagMarks flags={reading.flags} />
                </td>
                <td className="number">{reading.gap === null ? "" : reading.gap.to - reading.gap.from + 1}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <div className="pages">
        <button
          type="button"
          className="button"
          aria-disabled={upTo === undefined}
          onClick={() => setUpTo(newer === undefined || newer === readings.at(-1) ? undefined : newer.sequence)}
        >
          Newer
        </button>
        <button
          type="button"
          className="button"
          aria-disabled={older === undefined}
          onClick={() => older !== undefined && setUpTo(older.sequence)}
        >
          Older
        </button>
        <span className="hint">
          {upTo === undefined ? "the newest, as they come" : `readings up to ${upTo}`} · {readings.length} held
        </span>
      </div>
    </>
  );
}
