// Flame graphs of V8's CPU profiles: width is time, what calls stands below what it calls (Gregg 2016, doi:10.1145/2909476).
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { escaped } from "../../../apps/cli/draw-lines.ts";

/** What `node --cpu-prof` writes; times in µs. */
export interface CpuProfile {
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number };
    readonly children?: readonly number[];
  }[];
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

/** A function where it was called from, with all that it called. */
interface Frame {
  readonly name: string;
  readonly place: string;
  micros: number;
  readonly callees: Map<string, Frame>;
}

const [WIDTH, ROW, TOP] = [1200, 17, 44];
/** Narrower than this share of all can't be seen. */
const LEAST = 0.003;
/** Deeper stacks are those of modules being loaded. */
const DEEPEST = 24;
/** Waiting is not work. */
const RESTS = new Set(["(idle)", "(program)"]);
/** Light fills, dark letters: 7:1 and more. Which part of the system a frame is of is also in its tooltip. */
const FILLS: readonly (readonly [RegExp, string, string])[] = [
  [/^\(garbage collector\)$/, "#e3b6b6", "garbage collection"],
  [/\/server\/store\/|pglite|node_modules\/pg/, "#c9d8b6", "store"],
  [/\/server\//, "#f2cf9d", "server"],
  [/\/protocol\//, "#b9d7ea", "protocol"],
  [/node_modules/, "#d5c7e6", "libraries"],
  [/./, "#dddddd", "Node"],
];

/** The SVG of a profile's working time. @throws RangeError where the profile has none */
export function drawFlame(profile: CpuProfile, title: string): string {
  const root = sumStacks(profile);
  if (root.micros === 0) throw new RangeError("the profile has no working time");
  const drawn: string[] = [];
  const deepest = drawCallees(root, root.micros, 0, 0, drawn);
  const height = TOP + (deepest + 1) * ROW + 8;
  const seconds = (root.micros / 1e6).toFixed(1);
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" font-family="sans-serif" font-size="11" role="img">`,
    `<title>${escaped(title)}</title><rect width="100%" height="100%" fill="#fff"/>`,
    `<text x="8" y="18" font-size="14">${escaped(title)}: ${seconds} s of work; what is called hangs below what calls it</text>`,
    FILLS.map(
      ([, fill, name], n) =>
        `<rect x="${8 + 150 * n}" y="26" width="12" height="12" fill="${fill}"/><text x="${24 + 150 * n}" y="36">${name}</text>`,
    ).join(""),
    ...drawn,
    "</svg>",
    "",
  ].join("\n");
}

/** Draws each profile of a directory beside it, and gives the files. */
export function drawFlames(directory: string, title: string): string[] {
  return readdirSync(directory)
    .filter((name) => name.endsWith(".cpuprofile"))
    .map((name) => {
      const file = join(directory, name.replace(/cpuprofile$/, "svg"));
      const profile = JSON.parse(readFileSync(join(directory, name), "utf8")) as CpuProfile;
      writeFileSync(file, drawFlame(profile, title));
      return file;
    });
}

/** All stacks in one tree; what rests is left out. */
function sumStacks({ nodes, samples, timeDeltas }: CpuProfile): Frame {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const callers = new Map(nodes.flatMap(({ id, children = [] }) => children.map((child) => [child, id] as const)));
  const micros = new Map<number, number>();
  samples.forEach((id, at) => micros.set(id, (micros.get(id) ?? 0) + Math.max(0, timeDeltas[at] ?? 0)));
  const root: Frame = { name: "all", place: "", micros: 0, callees: new Map() };
  for (const [id, own] of micros) {
    const stack = [];
    for (let at: number | undefined = id; at !== undefined; at = callers.get(at)) stack.push(byId.get(at)!.callFrame);
    stack.pop(); // V8's own root
    if (stack.some(({ functionName }) => RESTS.has(functionName))) continue;
    root.micros += own;
    let frame = root;
    for (const { functionName, url, lineNumber } of stack.reverse()) {
      const name = functionName === "" ? "(anonymous)" : functionName;
      const key = `${name} ${url}`;
      const callee = frame.callees.get(key) ?? { name, place: placeOf(url, lineNumber), micros: 0, callees: new Map() };
      frame.callees.set(key, callee);
      callee.micros += own;
      frame = callee;
    }
  }
  return root;
}

/** Where a function stands, within the project or its package: a path of this machine tells nobody anything. */
function placeOf(url: string, line: number): string {
  const within = /(?:.*\/)?(node_modules\/.*|(?:apps|ml|protocol|server|lab|scripts|test)\/.*)$/.exec(url)?.[1];
  if (within !== undefined) return `${within}:${line + 1}`;
  return url.startsWith("node:") ? url : "";
}

/** Draws what a frame called, side by side, the widest first, and says how deep that went. */
function drawCallees(frame: Frame, all: number, from: number, depth: number, drawn: string[]): number {
  let deepest = depth - 1;
  if (depth > DEEPEST) return deepest;
  let at = from;
  for (const callee of [...frame.callees.values()].sort((a, b) => b.micros - a.micros)) {
    const share = callee.micros / all;
    if (share < LEAST) break;
    const [x, width, y] = [at * WIDTH, share * WIDTH, TOP + depth * ROW];
    const fill = fillOf(callee);
    const label = callee.name.slice(0, Math.max(0, Math.floor((width - 6) / 6.5)));
    drawn.push(
      `<g><title>${escaped(callee.name)} ${escaped(callee.place)}, ${(100 * share).toFixed(1)} %</title>` +
        `<rect x="${x.toFixed(1)}" y="${y}" width="${Math.max(0.5, width - 0.5).toFixed(1)}" height="${ROW - 1}" fill="${fill}"/>` +
        (label.length > 2 ? `<text x="${(x + 3).toFixed(1)}" y="${y + 12}">${escaped(label)}</text>` : "") +
        "</g>",
    );
    deepest = Math.max(deepest, drawCallees(callee, all, at, depth + 1, drawn));
    at += share;
  }
  return deepest;
}

const fillOf = ({ name, place }: Frame): string =>
  FILLS.find(([pattern]) => pattern.test(place === "" ? name : `/${place}`))?.[1] ?? "#dddddd";
