/** A line of a chart: points in order of x. */
export interface Line {
  readonly name: string;
  readonly points: readonly (readonly [number, number])[];
}

export interface Chart {
  readonly title: string;
  readonly x: string;
  readonly y: string;
  /** A dashed line across, with its name: the figure to reach. */
  readonly mark?: readonly [string, number];
  readonly lines: readonly Line[];
}

const [WIDTH, HEIGHT] = [720, 360];
const AREA = { left: 70, right: 20, top: 52, bottom: 50 };
/** Distinct by lightness too, and each line has a dash of its own: not told apart by colour alone. */
const STROKES = [
  ["#0b6e99", ""],
  ["#b3541e", "8 4"],
  ["#4c7a34", "2 3"],
  ["#6a3d9a", "12 3 2 3"],
] as const;

/** Words as they may stand in SVG. */
export const escaped = (text: string): string => text.replace(/[&<>"]/g, (sign) => `&#${sign.charCodeAt(0)};`);
const short = (value: number): string => (value >= 10_000 ? `${value / 1000}k` : String(Number(value.toPrecision(3))));

/** Round steps that cut [0, most] into at most six. */
function ticks(most: number): number[] {
  const power = 10 ** Math.floor(Math.log10(most / 6));
  const step = [1, 2, 5, 10].map((n) => n * power).find((n) => most / n <= 6) ?? most;
  return Array.from({ length: Math.floor(most / step + 1e-9) + 1 }, (_, i) => Number((i * step).toPrecision(12)));
}

/** A chart of lines as an SVG text, both axes from 0. Throws RangeError where there is no point. */
export function drawLines({ title, x, y, mark, lines }: Chart): string {
  const points = lines.flatMap((line) => line.points);
  if (points.length === 0) throw new RangeError("no points");
  const most = {
    x: Math.max(...points.map(([at]) => at)),
    y: 1.1 * Math.max(...points.map(([, at]) => at), mark?.[1] ?? 0),
  };
  const toX = (value: number): string =>
    (AREA.left + (value / (most.x || 1)) * (WIDTH - AREA.left - AREA.right)).toFixed(1);
  const toY = (value: number): string =>
    (HEIGHT - AREA.bottom - (value / (most.y || 1)) * (HEIGHT - AREA.top - AREA.bottom)).toFixed(1);
  const text = (at: string, words: string, more = ""): string => `<text ${at} ${more}>${escaped(words)}</text>`;
  const [right, floor] = [WIDTH - AREA.right, HEIGHT - AREA.bottom];

  const grid = ticks(most.y || 1).map(
    (value) =>
      `<line x1="${AREA.left}" x2="${right}" y1="${toY(value)}" y2="${toY(value)}" stroke="#ddd"/>` +
      text(`x="${AREA.left - 8}" y="${toY(value)}"`, short(value), 'text-anchor="end" dominant-baseline="middle"'),
  );
  const feet = ticks(most.x || 1).map((value) =>
    text(`x="${toX(value)}" y="${floor + 18}"`, short(value), 'text-anchor="middle"'),
  );
  const marked =
    mark === undefined
      ? []
      : [
          `<line x1="${AREA.left}" x2="${right}" y1="${toY(mark[1])}" y2="${toY(mark[1])}" stroke="#888" stroke-dasharray="3 3"/>`,
          text(`x="${right}" y="${Number(toY(mark[1])) - 5}"`, mark[0], 'text-anchor="end" fill="#666"'),
        ];
  const drawn = lines.map(({ points: own }, n) => {
    const [colour, dash] = STROKES[n % STROKES.length] ?? STROKES[0];
    const path = own.map(([px, py]) => `${toX(px)},${toY(py)}`).join(" ");
    return `<polyline points="${path}" fill="none" stroke="${colour}" stroke-width="2" stroke-dasharray="${dash}"/>`;
  });
  const names = lines.map(({ name }, n) => {
    const [colour, dash] = STROKES[n % STROKES.length] ?? STROKES[0];
    const at = AREA.left + n * 160;
    return (
      `<line x1="${at}" x2="${at + 28}" y1="38" y2="38" stroke="${colour}" stroke-width="2" stroke-dasharray="${dash}"/>` +
      text(`x="${at + 34}" y="42"`, name)
    );
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="sans-serif" font-size="12" role="img">`,
    `<title>${escaped(title)}</title><rect width="${WIDTH}" height="${HEIGHT}" fill="#fff"/>`,
    text(`x="${AREA.left}" y="20"`, title, 'font-size="14" font-weight="bold"'),
    ...names,
    ...grid,
    ...feet,
    ...marked,
    ...drawn,
    text(`x="${(AREA.left + right) / 2}" y="${HEIGHT - 12}"`, x, 'text-anchor="middle"'),
    text(
      `x="16" y="${(AREA.top + floor) / 2}"`,
      y,
      `text-anchor="middle" transform="rotate(-90 16 ${(AREA.top + floor) / 2})"`,
    ),
    "</svg>",
    "",
  ].join("\n");
}
