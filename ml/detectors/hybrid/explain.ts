import type { Frame } from "../../data/frame.ts";
import type { Stretch } from "../../data/stretches.ts";
import { partShares } from "../baseline/combine.ts";
import { addShares } from "../shares.ts";
import { prepareStretch, widthOf, type Preparation } from "./prepare.ts";
import type { Runner, Said } from "./run-networks.ts";
import { partsOfRow, squaredErrors } from "./scores.ts";
import type { Hybrid } from "./settings.ts";

/**
 * How much of the scores of a stretch's rows `from` to `to` each signal carries: what a part adds to a row's log-odds is shared as its errors are, and
 * what the head that has learned attacks adds, by how much less it would say were a signal as it is in clean rows (occlusion:
 * Zeiler & Fergus 2014).
 */
export async function explainWindows(
  runner: Runner,
  hybrid: Hybrid,
  values: Frame["values"],
  stretch: Stretch,
  span: { readonly from: number; readonly to: number },
): Promise<Float64Array> {
  const { preparations, steps, usual, combination, networks } = hybrid;
  const width = widthOf(preparations);
  const windows = prepareStretch(preparations, values, stretch, { ...span, steps });
  const said: Said[] = [];
  await runner.run(windows, (each, window) => {
    const { rebuilt, expected, logit } = each;
    said[window] = { rebuilt: rebuilt.slice(), expected: expected?.slice(), logit };
  });
  const carried = new Float64Array(preparations.length);
  for (const [window, each] of said.entries()) {
    const start = windows.starts[window]!;
    const at = start + (steps - 1) * width;
    const worth = partShares(
      combination,
      partsOfRow(each, windows.values, at, usual).map((score) => Float64Array.of(score)),
      0,
    );
    const rebuilt = squaredErrors(each.rebuilt, windows.values, at, usual.rebuilt);
    const most = rebuilt.reduce((largest, own) => Math.max(largest, own), 0);
    const parts = [rebuilt, rebuilt.map((own) => (own === most ? own : 0))];
    if (each.expected && usual.expected) parts.push(squaredErrors(each.expected, windows.values, at, usual.expected));
    const told = networks.tell ? parts.length : -1;
    if (worth[told]! > 0)
      parts.push(await occlude(runner, hybrid, windows.values.subarray(start, at + width), each.logit!));
    parts.forEach((own, part) => {
      if (worth[part]! > 0) addShares(carried, toSignals(own, preparations), worth[part]!);
    });
  }
  return carried;
}

/** How far the log-odds fall, signal by signal, when it stands at its clean mean in the whole window. */
async function occlude(
  runner: Runner,
  { preparations, steps }: Hybrid,
  window: Float32Array,
  logit: number,
): Promise<Float64Array> {
  const width = widthOf(preparations);
  const values = new Float32Array(preparations.length * window.length);
  const starts = Uint32Array.from(preparations, (_, signal) => signal * window.length);
  const indicators = indicatorsOf(preparations);
  preparations.forEach((_, signal) => {
    values.set(window, starts[signal]);
    for (let step = 0; step < steps; step++)
      for (const feature of [signal, indicators[signal]!])
        if (feature >= 0) values[starts[signal]! + step * width + feature] = 0;
  });
  const fallen = new Float64Array(width);
  await runner.run({ values, starts }, (said, signal) => (fallen[signal] = Math.max(0, logit - said.logit!)));
  return fallen;
}

/** The feature that says that a signal is missing; -1 where there is none. */
function indicatorsOf(preparations: readonly Preparation[]): number[] {
  let next = preparations.length;
  return preparations.map(({ isSometimesMissing }) => (isSometimesMissing ? next++ : -1));
}

/** What a feature carries, its signal carries. */
function toSignals(own: Float64Array, preparations: readonly Preparation[]): Float64Array {
  const signals = own.slice(0, preparations.length);
  indicatorsOf(preparations).forEach((feature, signal) => {
    if (feature >= 0) signals[signal]! += own[feature]!;
  });
  return signals;
}
