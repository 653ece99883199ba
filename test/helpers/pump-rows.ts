import { createRandom } from "../../ml/random.ts";

/**
 * Rows of a made-up pump as CSV: pressure follows speed, flow follows both, and valves have words. Attacks come in stretches of
 * twelve rows: `offset` adds to the pressure, `freeze` holds the flow. Missing values and an honest category among it.
 */
export function pumpRows({
  rows,
  seed,
  isAttacked = true,
}: {
  rows: number;
  seed: string;
  isAttacked?: boolean;
}): string {
  const random = createRandom(seed);
  const lines = ["at,speed,pressure,flow,valve,note,attack"];
  let [speed, frozen] = [5, 0];
  for (let row = 0; row < rows; row++) {
    speed += 0.2 * (5 - speed) + 0.4 * random.normal();
    const place = row % 60;
    const kind = !isAttacked || place < 48 ? "normal" : Math.floor(row / 60) % 2 === 0 ? "offset" : "freeze";
    const pressure = 2 * speed + 0.2 * random.normal() + (kind === "offset" ? 3 : 0);
    const measured = 0.5 * speed + 0.25 * pressure + 0.1 * random.normal();
    if (kind !== "freeze") frozen = measured;
    const flow = kind === "freeze" ? frozen : measured;
    const at = new Date(Date.UTC(2026, 0, 25) + row * 600_000).toISOString().slice(0, 16).replace("T", " ");
    const cells = [speed.toFixed(4), row % 97 === 0 ? "" : pressure.toFixed(4), flow.toFixed(4)];
    lines.push([at, ...cells, ["open", "half", "shut"][row % 3], "same", kind].join(","));
  }
  return `${lines.join("\n")}\n`;
}
