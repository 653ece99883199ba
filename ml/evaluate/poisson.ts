/**
 * The exact 95 % interval of the mean of a Poisson count (Garwood, Biometrika 28, 1936): the means by which so many, or so few,
 * events come in one case of forty.
 */
export function poissonInterval(count: number): [low: number, high: number] {
  const most = 2 * count + 30;
  const low = count === 0 ? 0 : solve(most, (mean) => 1 - upTo(count - 1, mean) < 0.025);
  return [low, solve(most, (mean) => upTo(count, mean) > 0.025)];
}

/** The chance of at most so many events. */
function upTo(count: number, mean: number): number {
  let logTerm = -mean;
  let sum = 0;
  for (let k = 0; k <= count; k++) {
    sum += Math.exp(logTerm);
    logTerm += Math.log(mean) - Math.log(k + 1);
  }
  return Math.min(sum, 1);
}

/** The largest mean for which it is still so. */
function solve(most: number, isSo: (mean: number) => boolean): number {
  let [low, high] = [0, most];
  for (let n = 0; n < 60; n++) {
    const middle = (low + high) / 2;
    if (isSo(middle)) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}
