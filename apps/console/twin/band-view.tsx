import type { MouseEvent } from "react";
import { RoadShape } from "../road-shape.tsx";
import { PLOT_LEFT, PLOT_RIGHT } from "./chart-panel.tsx";
import { FlagShape, orderFlags } from "./flag-mark.tsx";
import type { Slot } from "./to-band.ts";

/** Width (px) of a slot at least: a mark and the air around it. */
const SLOT = 16;
const MARK = 12;
const LANE = 18;

/** How many slots fit into a chart of this width (px). */
export function slotsOf(width: number): number {
  return Math.max(1, Math.floor((width - PLOT_LEFT - PLOT_RIGHT) / SLOT));
}

/** The band below the lines, in their time: how each reading stands, and what was remarked on it. */
export function BandView(props: {
  band: readonly Slot[];
  width: number;
  /** Called with where in the band was clicked, 0 to 1. */
  onPick: (place: number) => void;
}) {
  const { band, width, onPick } = props;
  const plot = Math.max(0, width - PLOT_LEFT - PLOT_RIGHT);
  const slot = plot / band.length;

  const pick = (event: MouseEvent<SVGSVGElement>): void => {
    const { left } = event.currentTarget.getBoundingClientRect();
    const place = (event.clientX - left - PLOT_LEFT) / plot;
    if (place >= 0 && place < 1) onPick(place);
  };

  return (
    <svg className="band" width={width} height={LANE * 2} onClick={pick} aria-hidden="true">
      <text x={PLOT_LEFT - 8} y={13} textAnchor="end" className="lane">
        state
      </text>
      <text x={PLOT_LEFT - 8} y={LANE + 13} textAnchor="end" className="lane">
        flags
      </text>
      {band.map(({ standing, flags, lost, readings }, index) => {
        const left = PLOT_LEFT + index * slot;
        const middle = left + (slot - MARK) / 2;
        const [flag] = orderFlags(flags);
        return (
          <g key={index}>
            {standing !== undefined && (
              <>
                <rect x={left} width={slot} height={LANE - 1} className={`bed bed-${standing}`} />
                <g transform={`translate(${middle} 2.5)`} className={`road-${standing}`} data-standing={standing}>
                  <RoadShape standing={standing} />
                </g>
              </>
            )}
            {readings === 0 && <path d={`M${left + slot / 2 - 2} 8.5h4`} className="line none" />}
            {lost > 0 && <path d={`M${left + 1} 0v${LANE * 2}`} className="lost" data-lost={lost} />}
            {flag !== undefined && (
              <g transform={`translate(${middle} ${LANE + 2.5})`} className="flag" data-flag={flag}>
                <FlagShape flag={flag} />
              </g>
            )}
          </g>
        );
      })}
    </svg>
  );
}
