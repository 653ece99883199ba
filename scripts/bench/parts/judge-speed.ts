// How fast a hybrid judges, in a process of its own: its untrained networks take as long as trained ones. Prints JSON.
//   node judge-speed.ts SECONDS
import { drawParameters } from "../../../ml/layers/scope.ts";
import { buildModel } from "../../../ml/layers/build-model.ts";
import type { Architecture } from "../../../ml/layers/architecture.ts";
import { judgeHybrid } from "../../../ml/detectors/hybrid/judge-hybrid.ts";
import { rebuildingNetwork, SIZES, tellingNetwork } from "../../../ml/detectors/hybrid/networks.ts";
import type { Hybrid } from "../../../ml/detectors/hybrid/settings.ts";
import { loadEngine } from "../../../ml/engines/load.ts";
import type { Network } from "../../../ml/model/pack-model.ts";
import { createRandom } from "../../../ml/random.ts";
import { fastest } from "./fastest.ts";

export interface JudgeSpeed {
  engine: string;
  /** Rows of a window and signals of a row. */
  steps: number;
  signals: number;
  /** Of a row that streams by, from its numbers to its score, in ms of CPU of the one thread that computes. */
  windowMs: number;
  /** Rows of a file a second of that CPU, each with its window. */
  windowsPerSecond: number;
  /** MB: the process before the judge, with it, and at most. */
  memory: { bare: number; open: number; most: number };
}

const [STEPS, SIGNALS, ROWS] = [16, 40, 4_096];
const [seconds = "2"] = process.argv.slice(2);
const megabytes = (bytes: number): number => Math.round(bytes / 1024 ** 2);
const forMs = 1_000 * Number(seconds);
const engine = await loadEngine();
const bare = megabytes(process.memoryUsage.rss());
const random = createRandom("speed");
const signals = Array.from({ length: SIGNALS }, (_, n) => `signal ${n}`);
const values = signals.map(() => Float64Array.from({ length: ROWS }, () => random.normal()));

const drawn = ({ architecture }: { architecture: Architecture }): Network => ({
  architecture,
  parameters: drawParameters(buildModel(architecture, { batch: 1, isTraining: false }).parameters, "speed"),
});
const sizes = { ...SIZES, steps: STEPS };
const ones = new Array<number>(SIGNALS).fill(1);
const unit = { centre: 0, spread: 1, weight: 1 };
const hybrid: Hybrid = {
  steps: STEPS,
  average: 4,
  preparations: signals.map(() => ({ isLog: false, offset: 0, scale: 1, isSometimesMissing: false })),
  usual: { rebuilt: ones, expected: ones },
  combination: { base: 0, parts: [unit, unit, unit, unit] },
  networks: { rebuild: drawn(rebuildingNetwork(SIGNALS, sizes)), tell: drawn(tellingNetwork(SIGNALS, sizes)) },
};
const judge = await judgeHybrid(hybrid, signals, engine);
const stream = judge.stream();
const rows = Array.from({ length: 256 }, (_, row) => Float64Array.from(values, (own) => own[row]!));
const windowMs = await fastest(forMs, (count) => stream.push(rows[count % rows.length]!));
const frame = { signals, values, rows: ROWS, stretches: [Int32Array.from({ length: ROWS }, (_, row) => row)] };
const batchMs = await fastest(forMs, () => judge.score(frame));
const figures: JudgeSpeed = {
  engine: engine.version,
  steps: STEPS,
  signals: SIGNALS,
  windowMs,
  windowsPerSecond: (1_000 * ROWS) / batchMs,
  memory: { bare, open: megabytes(process.memoryUsage.rss()), most: Math.round(process.resourceUsage().maxRSS / 1024) },
};
console.log(JSON.stringify(figures));
