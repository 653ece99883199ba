/** How long an act takes in the fastest tenth of its runs, in ms: what it costs where nobody else is at work. */
export async function fastest(forMs: number, act: (count: number) => Promise<unknown>): Promise<number> {
  const WARM = 3;
  const LEAST = 3;
  const times: number[] = [];
  let end = Infinity;
  for (let count = 1; count <= WARM + LEAST || performance.now() < end; count++) {
    const start = performance.now();
    if (count === WARM) end = start + forMs;
    await act(count);
    if (count > WARM) times.push(performance.now() - start);
  }
  times.sort((a, b) => a - b);
  return times[Math.floor(times.length / 10)] ?? NaN;
}
