import type { Frame } from "../../ml/data/frame.ts";
import { createRandom } from "../../ml/random.ts";
import { frameOf } from "./judges.ts";

/** What is done to the plant from `from` to before `to`. */
export interface PlantAttack {
  readonly kind: "offset" | "forced" | "replay";
  readonly from: number;
  readonly to: number;
}

/**
 * A made-up water plant by the hour: a pump fills the lower tank between two levels, a valve lets water on to the upper one
 * between two others, people draw from both by the time of day. Pressure at the pump follows level and flow. `offset` adds to the
 * lower level as it is reported (the pump obeys the true one), `forced` keeps the pump on, `replay` reports the lower level and
 * the pressure of three days before.
 */
export function plantRows({
  rows,
  seed,
  attacks = [],
}: {
  rows: number;
  seed: string;
  attacks?: readonly PlantAttack[];
}): { frame: Frame; labels: Uint8Array } {
  const random = createRandom(seed);
  const names = ["level low", "level high", "pump", "pump flow", "valve", "valve flow", "pressure"];
  const values = Object.fromEntries(names.map((name) => [name, new Float64Array(rows)]));
  const labels = new Uint8Array(rows);
  let [low, high, pump, valve, drift] = [3, 2, 1, 0, 0];
  for (let row = 0; row < rows; row++) {
    const attack = attacks.find(({ from, to }) => row >= from && row < to);
    labels[row] = attack === undefined ? 0 : 1;
    drift = 0.8 * drift + 0.2 * random.normal();
    const demand = 1 + 0.4 * Math.sin((2 * Math.PI * row) / 24) + 0.15 * drift;
    if (low < 2) pump = 1;
    if (low > 5) pump = 0;
    if (high < 1) valve = 1;
    if (high > 3.5) valve = 0;
    const isOn = attack?.kind === "forced" ? 1 : pump;
    const flow = isOn * (6 - 0.35 * low + 0.05 * random.normal());
    const through = valve * (2.2 + 0.2 * (low - high) + 0.03 * random.normal());
    const pressure = 10 + 2 * low + 0.05 * flow * flow + 0.05 * random.normal();
    Object.entries({
      "level low": low + (attack?.kind === "offset" ? 0.8 : 0) + 0.01 * random.normal(),
      "level high": high + 0.01 * random.normal(),
      pump: isOn,
      "pump flow": flow,
      valve,
      "valve flow": through,
      pressure,
    }).forEach(([name, value]) => (values[name]![row] = Math.round(100 * value) / 100));
    if (attack?.kind === "replay")
      for (const name of ["level low", "pressure"]) values[name]![row] = values[name]![row - 72]!;
    low = Math.max(0, Math.min(8, low + 0.25 * (flow - through) - 0.35 * demand));
    high = Math.max(0, high + 0.3 * through - 0.35 * demand);
  }
  return { frame: frameOf(values), labels };
}

/** Attacks of each kind in turn, `each` rows long, one in every `apart` rows. */
export const inTurn = (rows: number, apart: number, each: number): PlantAttack[] =>
  Array.from({ length: Math.floor(rows / apart) }, (_, n) => ({
    kind: (["offset", "forced", "replay"] as const)[n % 3]!,
    from: n * apart + apart - 2 * each,
    to: n * apart + apart - each,
  }));
