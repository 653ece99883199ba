/** An attack: rows from `from` to before `to`, in the order in which they came. */
export interface Episode {
  readonly from: number;
  readonly to: number;
}

/** The attacks in a row of labels: each run of attacked rows. */
export function findEpisodes(labels: Uint8Array): Episode[] {
  const episodes: Episode[] = [];
  for (let row = 0; row < labels.length; row++)
    if (labels[row] === 1 && labels[row - 1] !== 1) {
      let to = row + 1;
      while (labels[to] === 1) to += 1;
      episodes.push({ from: row, to });
    }
  return episodes;
}

/** Rows from an attack's beginning to its first alarm; undefined where it was never noticed while it lasted. */
export function detectionDelay({ from, to }: Episode, alarms: Uint8Array): number | undefined {
  for (let row = from; row < to; row++) if (alarms[row] === 1) return row - from;
  return undefined;
}

/**
 * How early attacks are noticed, from 0 (never) to 1 (at once): one minus the mean share of each attack that had passed at
 * its first alarm, an unnoticed one having passed whole (Taormina et al. 2018, score of the time to detection). NaN without attacks.
 */
export function timeToDetectionScore(episodes: readonly Episode[], alarms: Uint8Array): number {
  const passed = episodes.map((episode) => {
    const length = episode.to - episode.from;
    return (detectionDelay(episode, alarms) ?? length) / length;
  });
  return 1 - passed.reduce((sum, share) => sum + share, 0) / passed.length;
}

/** Early and right in equal parts: the mean of `timeToDetectionScore` and of point-wise balanced accuracy (same source). */
export const timelyAccuracy = (timeToDetection: number, balancedAccuracy: number): number =>
  (timeToDetection + balancedAccuracy) / 2;
