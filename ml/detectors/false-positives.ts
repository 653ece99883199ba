import type { Frame } from "../data/frame.ts";

/** Rows after an attack in which its traces may still be alarmed about. */
const AFTERMATH = 12;

/** What is known of false alarms, for a card: how many there are, in how many stretches, and how many are an attack's aftermath. */
export function tellFalsePositives({ stretches }: Frame, labels: Uint8Array, alarms: Uint8Array): string[] {
  let [clean, called, runs, longest, after] = [0, 0, 0, 0, 0];
  for (const stretch of stretches) {
    let [run, since] = [0, Infinity];
    for (const row of stretch) {
      since = labels[row] === 1 ? 0 : since + 1;
      const isFalse = labels[row] === 0 && alarms[row] === 1;
      if (labels[row] === 0) clean += 1;
      run = isFalse ? run + 1 : 0;
      if (!isFalse) continue;
      called += 1;
      if (run === 1) runs += 1;
      if (since <= AFTERMATH) after += 1;
      longest = Math.max(longest, run);
    }
  }
  const all = `${called} of ${clean} clean rows of the cross-validation`;
  if (called === 0) return [all];
  return [
    `${all}, in ${runs} runs, the longest of ${longest} rows`,
    ...(labels.includes(1) ? [`${after} of them within ${AFTERMATH} rows after an attack`] : []),
  ];
}
