import { memo, useEffect, useRef } from "react";
import uPlot from "uplot";
import { toClock } from "../fleet/age.ts";
import type { Series, Span } from "./to-series.ts";

/** Room (px) left of the plot for the values, and right of it: the band below keeps the same. */
export const PLOT_LEFT = 48;
export const PLOT_RIGHT = 8;
const HEIGHT = 116;
const AXIS_HEIGHT = 22;

/** What the chart shows besides its line. Times in ms. */
export interface Frame {
  readonly from: number;
  readonly to: number;
  readonly spans: readonly Span[];
  /** The reading that is pointed at, if any. */
  readonly marked: { readonly from: number; readonly until: number } | undefined;
}

/** One segment's line. A canvas has no words: the readout, the table and the drawer tell the same. */
export const ChartPanel = memo(function ChartPanel(props: {
  name: string;
  unit: string;
  series: Series;
  frame: Frame;
  width: number;
  /** The last of several has the times below it. */
  last: boolean;
  onPoint: (time: number | undefined) => void;
  onPick: (time: number) => void;
}) {
  const { name, unit, series, frame, width, last, onPoint, onPick } = props;
  const height = HEIGHT + (last ? AXIS_HEIGHT : 0);
  const place = useRef<HTMLDivElement>(null);
  const chart = useRef<uPlot>(undefined);
  // What the chart's own callbacks read: always the present, without making the chart anew.
  const now = useRef({ frame, onPoint, onPick });
  now.current = { frame, onPoint, onPick };

  useEffect(() => {
    if (place.current === null) return;
    const made = new uPlot(
      optionsOf(last, { frame: () => now.current.frame, onPoint: (time) => now.current.onPoint(time) }),
      [[], []],
      place.current,
    );
    const pick = (event: MouseEvent): void =>
      now.current.onPick(made.posToVal(event.clientX - made.over.getBoundingClientRect().left, "x"));
    made.over.addEventListener("click", pick);
    chart.current = made;
    const dark = matchMedia("(prefers-color-scheme: dark)");
    const recolour = (): void => made.redraw();
    dark.addEventListener("change", recolour);
    return () => {
      dark.removeEventListener("change", recolour);
      made.destroy();
    };
  }, [last]);

  useEffect(() => {
    if (width > 0) chart.current?.setSize({ width, height });
  }, [width, height, last]);

  useEffect(() => {
    chart.current?.setData([series.x, series.y], true);
  }, [series, frame, last]);

  return (
    <figure className="panel">
      <figcaption>
        {name} <span className="quiet">{unit}</span>
      </figcaption>
      <div ref={place} className="plot" />
    </figure>
  );
});

function optionsOf(
  last: boolean,
  now: { frame: () => Frame; onPoint: (time: number | undefined) => void },
): uPlot.Options {
  const axis: uPlot.Axis = {
    stroke: () => colour("--soft"),
    grid: { stroke: () => colour("--line"), width: 1 },
    ticks: { show: false },
    font: "12px system-ui, sans-serif",
  };
  return {
    width: 300,
    height: HEIGHT,
    ms: 1,
    padding: [8, PLOT_RIGHT, last ? 0 : 8, 0],
    legend: { show: false },
    cursor: { y: false, drag: { x: false, y: false }, sync: { key: "twin" }, points: { size: 7 } },
    scales: {
      x: { time: true, range: () => [now.frame().from, now.frame().to] },
      y: { range: (_chart, low, high) => toRange(low, high) },
    },
    axes: [
      {
        ...axis,
        size: last ? AXIS_HEIGHT : 0,
        space: 72,
        values: (_chart, times, _axis, _space, step) => (last ? times.map(toTick(step)) : times.map(() => null)),
      },
      { ...axis, size: PLOT_LEFT },
    ],
    series: [{}, { stroke: () => colour("--accent"), width: 1.5, spanGaps: false, points: { size: 5 } }],
    hooks: {
      drawClear: [(chart) => drawSpans(chart, now.frame())],
      draw: [(chart) => drawMarked(chart, now.frame())],
      setCursor: [
        (chart) => {
          // Charts that only follow another's cursor are told of it too, but have no event of their own.
          const { event, left = -1 } = chart.cursor;
          if (event !== null && event !== undefined) now.onPoint(left < 0 ? undefined : chart.posToVal(left, "x"));
        },
      ],
    },
  };
}

/** A time (ms) on the axis, in the reader's own clock zone; seconds where ticks (ms apart) are closer than a minute. */
function toTick(step: number): (time: number) => string {
  return (time) => toClock(time).slice(0, step < 60_000 ? 8 : 5);
}

/** A little air around the values; a flat line lies in the middle. */
function toRange(low: number | null, high: number | null): uPlot.Range.MinMax {
  if (low === null || high === null) return [0, 1];
  const air = high > low ? (high - low) * 0.12 : Math.max(1, Math.abs(low) * 0.05);
  return [low - air, high + air];
}

function colour(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

/** Missing readings are hatched, a mismatch is filled: nobody reads over either. */
function drawSpans(chart: uPlot, { spans }: Frame): void {
  const { ctx, bbox } = chart;
  for (const { from, to, kind } of spans) {
    const left = Math.max(bbox.left, chart.valToPos(from, "x", true));
    const right = Math.min(bbox.left + bbox.width, Math.max(chart.valToPos(to, "x", true), left + 2));
    if (right <= left) continue;
    ctx.save();
    ctx.beginPath();
    ctx.rect(left, bbox.top, right - left, bbox.height);
    ctx.clip();
    ctx.fillStyle = colour(kind === "gap" ? "--warn-wash" : "--bad-wash");
    ctx.fillRect(left, bbox.top, right - left, bbox.height);
    if (kind === "gap") hatch(ctx, left, right, bbox);
    ctx.restore();
  }
}

function hatch(ctx: CanvasRenderingContext2D, left: number, right: number, { top, height }: uPlot.BBox): void {
  ctx.strokeStyle = colour("--warn");
  ctx.lineWidth = devicePixelRatio;
  ctx.beginPath();
  const step = 7 * devicePixelRatio;
  // On whole pixels strokes are equally dark wherever the gap lies.
  for (let x = Math.round(left) - height; x < right; x += step) {
    ctx.moveTo(x, top + height);
    ctx.lineTo(x + height, top);
  }
  ctx.stroke();
}

function drawMarked(chart: uPlot, { marked }: Frame): void {
  if (marked === undefined) return;
  const { ctx, bbox } = chart;
  const left = chart.valToPos(marked.from, "x", true);
  const right = Math.max(chart.valToPos(marked.until, "x", true), left + 2);
  if (left < bbox.left || left > bbox.left + bbox.width) return;
  ctx.save();
  ctx.strokeStyle = colour("--ink");
  ctx.lineWidth = devicePixelRatio;
  ctx.strokeRect(left, bbox.top, right - left, bbox.height);
  ctx.restore();
}
