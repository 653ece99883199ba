/** Simulates a person for hours, scores every second and tells what rules would have said. Pure but for the engine. */
import type { PcaModel } from "../ml/detectors/pca-model.ts";
import { scoreRows } from "../ml/detectors/score-pca.ts";
import { reach, type Decides, type Rule, type Scores } from "../ml/detectors/regime/rules.ts";
import type { Row } from "../ml/detectors/regime/rows.ts";
import { createFalseData, type FalseData } from "./attacks/false-data.ts";
import { createBedside } from "./bedside.ts";
import { recordRows } from "./record-rows.ts";

/** What scores a person's rows: the PCA, and what has learned. */
export interface Scorers {
  readonly pca: PcaModel;
  readonly learned: (rows: readonly Row[]) => Promise<Omit<Scores, "pca">>;
}

export async function scoreBoth({ pca, learned }: Scorers, rows: readonly Row[]): Promise<Scores> {
  return { ...(await learned(rows)), pca: scoreRows(pca, rows) };
}

/** Seconds that are simulated at once: what is held in memory of a person. */
const CHUNK = 3_600;

/** Scores a clean person second by second; its rows are judged hour by hour, as after a restart. */
export async function* scoreClean(scorers: Scorers, seed: string, hours: number): AsyncGenerator<Scores> {
  const recorder = recordRows(createBedside(seed));
  for (let hour = 0; hour < hours; hour++) yield scoreBoth(scorers, recorder.next(CHUNK));
}

/** Readings in a round. */
const ROUND = 10;
/** What lies closer together than this, in seconds, is one and the same for whoever is called. */
const EPISODE = 60;

/** What rules said of a clean stretch of time, by what they decide or worse. */
export interface Called {
  /** Rounds with a verdict. */
  readonly rounds: number;
  /** The same, but what follows within a minute is not counted again. */
  readonly episodes: number;
}

export function countCalls(rules: readonly Rule[], scores: Scores, decides: Decides): Called {
  const shares = KINDS[decides].map((kind) => reach(rules, kind, scores).share);
  let [rounds, episodes] = [0, 0];
  let [lastRound, last] = [-1, -Infinity];
  const rows = shares[0]?.length ?? 0;
  for (let row = 0; row < rows; row++) {
    if (!shares.some((share) => share[row]! >= 1)) continue;
    const round = Math.floor(row / ROUND);
    if (round !== lastRound) rounds++;
    if (row - last > EPISODE) episodes++;
    [lastRound, last] = [round, row];
  }
  return { rounds, episodes };
}
const KINDS: Record<Decides, readonly Decides[]> = { suspect: ["suspect", "quarantine"], quarantine: ["quarantine"] };

/** The largest values that `sustain` rows in a row all reached, a minute apart from each other, largest first. */
export function worstEpisodes(held: ArrayLike<number>, sustain: number, most: number): number[] {
  const worst: { row: number; value: number }[] = [];
  for (let row = sustain - 1; row < held.length; row++) {
    let value = Infinity;
    for (let n = row - sustain + 1; n <= row; n++) value = Math.min(value, held[n]!);
    const near = worst.find((own) => row - own.row <= EPISODE);
    if (near) {
      if (value > near.value) Object.assign(near, { row, value });
    } else if (worst.length < most || value > worst.at(-1)!.value) worst.push({ row, value });
    worst.sort((a, b) => b.value - a.value).splice(most);
  }
  return worst.map(({ value }) => value);
}

/** How many readings after the first false one each kind of verdict came; undefined where it did not within `seconds`. */
export async function delayOf(
  scorers: Scorers,
  rules: readonly Rule[],
  seed: string,
  { before, seconds }: { readonly before: number; readonly seconds: number },
  attack: (from: number) => FalseData,
): Promise<Record<Decides, number | undefined>> {
  const recorder = recordRows(createBedside(seed));
  const calm = recorder.next(before);
  const rows = [...calm, ...recorder.next(seconds, createFalseData(attack(recorder.end)))];
  const scores = await scoreBoth(scorers, rows);
  const first = (decides: Decides): number | undefined => {
    const shares = KINDS[decides].map((kind) => reach(rules, kind, scores).share);
    for (let row = before; row < rows.length; row++)
      if (shares.some((share) => share[row]! >= 1)) return row - before + 1;
    return undefined;
  };
  return { suspect: first("suspect"), quarantine: first("quarantine") };
}
