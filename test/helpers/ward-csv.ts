import { writeFileSync } from "node:fs";
import { createRandom } from "../../ml/random.ts";

const COLUMNS =
  "Dir,SrcAddr,Sport,SrcBytes,Rate,Packet_num,Temp,SpO2,Pulse_Rate,SYS,DIA,Heart_rate,Resp_Rate,ST,Attack Category,Label";

/**
 * Writes rows of the shape of WUSTL-EHMS: eight biometric columns between columns of the network, all plausible but for
 * those whose respiration is 0. Returns how many those are.
 */
export function writeWardCsv(file: string, rows: number, seed: string): { rows: number; silent: number } {
  const random = createRandom(seed);
  const near = (middle: number, width: number): number => Math.round(middle + (random.uniform() - 0.5) * width);
  const lines = [COLUMNS];
  let silent = 0;
  for (let row = 1; row <= rows; row++) {
    const resp = random.uniform() < 0.076 ? 0 : near(17, 8);
    if (resp === 0) silent += 1;
    const network = ["   ->", "10.0.1.172", 58_000 + row, 496, (random.uniform() * 900).toFixed(3), row];
    const body = [near(289, 8) / 10, near(96, 4), near(76, 8), near(128, 16), near(74, 10), near(77, 8), resp];
    lines.push([...network, ...body, near(30, 20) / 100, "normal", 0].join(","));
  }
  writeFileSync(file, `${lines.join("\n")}\n`);
  return { rows, silent };
}
