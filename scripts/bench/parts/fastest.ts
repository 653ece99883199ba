/** The CPU time of the thread that asks, in ms: what others do on the machine is not in it. */
function threadMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1_000;
}

/** Runs are timed in blocks at least so long: CPU time is counted in ticks of some ms. */
const BLOCK_MS = 40;
const WARM = 3;

/** How long an act takes in the fastest tenth of its blocks, in ms of its thread's CPU. */
export async function fastest(forMs: number, act: (count: number) => Promise<unknown>): Promise<number> {
  let count = 0;
  while (count < WARM) await act(++count);
  const times: number[] = [];
  for (const end = performance.now() + forMs; times.length < 3 || performance.now() < end;) {
    const [start, first] = [threadMs(), count];
    while (count === first || threadMs() - start < BLOCK_MS) await act(++count);
    times.push((threadMs() - start) / (count - first));
  }
  times.sort((a, b) => a - b);
  return times[Math.floor(times.length / 10)] ?? NaN;
}
