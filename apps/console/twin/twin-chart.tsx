import { useCallback, useLayoutEffect, useMemo, useRef, useState, type KeyboardEvent } from "react";
import { RoadMark } from "../road-shape.tsx";
import { toClock } from "../fleet/age.ts";
import { BandView, slotsOf } from "./band-view.tsx";
import { ChartPanel, type Frame } from "./chart-panel.tsx";
import { FlagMarks } from "./flag-mark.tsx";
import { nearestReading } from "./nearest-reading.ts";
import type { Standing, TwinReading } from "./read-reading.ts";
import { toValue, toWords } from "./reading-words.ts";
import { toBand } from "./to-band.ts";
import { toSeries, toSpans } from "./to-series.ts";

/** How many readings a key passes over. */
const STEPS: Readonly<Record<string, number>> = {
  ArrowLeft: -1,
  ArrowDown: -1,
  ArrowRight: 1,
  ArrowUp: 1,
  PageDown: -20,
  PageUp: 20,
  Home: -Infinity,
  End: Infinity,
};

/** The lines of the chosen segments over one band of states and flags. One keyboard stop: arrows walk, Enter opens. */
export function TwinChart(props: {
  readings: readonly TwinReading[];
  segments: readonly { readonly name: string; readonly unit: string }[];
  standing: (reading: TwinReading) => Standing;
  /** What is shown, ms of the server's clock. */
  from: number;
  to: number;
  stale: boolean;
  onOpen: (sequence: number) => void;
}) {
  const { readings, segments, standing, from, to, stale, onOpen } = props;
  const [width, setWidth] = useState(0);
  const place = useRef<HTMLDivElement>(null);
  // The walk goes by sequence: readings leave at the left while it stands.
  const [walked, setWalked] = useState<number>();
  const [hovered, setHovered] = useState<number>();

  useLayoutEffect(() => {
    if (place.current === null) return;
    const watch = new ResizeObserver(([entry]) => setWidth(Math.floor(entry?.contentRect.width ?? 0)));
    watch.observe(place.current);
    return () => watch.disconnect();
  }, []);

  const lines = useMemo(
    () => segments.map(({ name, unit }) => ({ name, unit, series: toSeries(readings, name) })),
    [readings, segments],
  );
  const spans = useMemo(() => toSpans(readings, (reading) => standing(reading) === "mismatch"), [readings, standing]);
  const frame = { from, to, slots: slotsOf(width) };
  const band = useMemo(() => toBand(readings, standing, frame), [readings, standing, from, to, frame.slots]);
  const at = readings.findIndex(({ sequence }) => sequence === (hovered ?? walked));
  const pointed = readings[at];
  const shown = useMemo(
    (): Frame => ({ from, to, spans, marked: pointed && { from: pointed.from, until: pointed.until } }),
    [from, to, spans, pointed],
  );

  const newest = useRef({ readings, onOpen });
  newest.current = { readings, onOpen };
  const point = useCallback(
    (time: number | undefined) =>
      setHovered(
        time === undefined
          ? undefined
          : newest.current.readings[nearestReading(newest.current.readings, time)]?.sequence,
      ),
    [],
  );
  const pick = useCallback((time: number) => {
    const found = newest.current.readings[nearestReading(newest.current.readings, time)];
    if (found !== undefined) newest.current.onOpen(found.sequence);
  }, []);

  const walk = (event: KeyboardEvent): void => {
    const step = STEPS[event.key];
    // The walk begins at the newest; one whose reading has left meanwhile goes on at the oldest that is still here.
    const here = walked === undefined ? -1 : readings.findIndex(({ sequence }) => sequence >= walked);
    const start = here === -1 ? readings.length - 1 : here;
    if (event.key === "Enter" || event.key === " ") {
      const found = readings[start];
      if (found !== undefined) onOpen(found.sequence);
    } else if (step === undefined) return;
    else {
      const next = here === -1 && Number.isFinite(step) ? start : start + step;
      setWalked(readings[Math.min(readings.length - 1, Math.max(0, next))]?.sequence);
      setHovered(undefined);
    }
    event.preventDefault();
  };

  const walkedReading = walked === undefined ? readings.at(-1) : readings.find(({ sequence }) => sequence >= walked);
  const names = segments.map(({ name }) => name);

  return (
    <div className={stale ? "twin-chart stale" : "twin-chart"}>
      <div
        ref={place}
        className="panels"
        role="slider"
        tabIndex={0}
        aria-label="Readings in the chart; arrow keys walk through them, Enter opens one"
        aria-orientation="horizontal"
        aria-valuemin={readings[0]?.sequence ?? 0}
        aria-valuemax={readings.at(-1)?.sequence ?? 0}
        aria-valuenow={walkedReading?.sequence ?? 0}
        aria-valuetext={
          walkedReading === undefined ? "no reading" : toWords(walkedReading, names, standing(walkedReading))
        }
        onKeyDown={walk}
        onPointerLeave={() => setHovered(undefined)}
      >
        {lines.map(({ name, unit, series }, index) => (
          <ChartPanel
            key={name}
            name={name}
            unit={unit}
            series={series}
            frame={shown}
            width={width}
            last={index === lines.length - 1}
            onPoint={point}
            onPick={pick}
          />
        ))}
        <BandView band={band} width={width} onPick={(where) => pick(from + where * (to - from))} />
      </div>
      <Readout reading={pointed} segments={names} standing={pointed && standing(pointed)} />
    </div>
  );
}

function Readout(props: {
  reading: TwinReading | undefined;
  segments: readonly string[];
  standing: Standing | undefined;
}) {
  const { reading, segments, standing } = props;
  if (reading === undefined || standing === undefined) {
    return <p className="readout quiet">Point at a reading, or walk with the arrow keys; click or Enter opens it.</p>;
  }
  return (
    <p className="readout">
      <b>Reading {reading.sequence}</b>
      <span>{toClock(reading.from)}</span>
      {segments.map((segment) => (
        <span key={segment}>
          {segment} <b>{toValue(reading.samples.get(segment))}</b>
        </span>
      ))}
      <RoadMark standing={standing} />
      <FlagMarks flags={reading.flags} />
      {reading.gap !== null && <span>{reading.gap.to - reading.gap.from + 1} lost before it</span>}
    </p>
  );
}
