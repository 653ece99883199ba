import { simulate } from "./simulate.ts";

/** Schedules `first` to `first + count - 1`, or the one that SEED names. A failure names the seed that repeats it. */
export async function simulateMany(first: number, count: number): Promise<void> {
  const seeds = process.env.SEED?.split(",") ?? Array.from({ length: count }, (_, n) => String(first + n));
  const sum = { leaves: 0, anchors: 0, kills: 0, reorganisations: 0, virtualMs: 0 };
  for (const seed of seeds) {
    const told = await simulate(seed).catch((cause: unknown) => {
      const file = count > 1_000 ? "simulation.slow.test.ts" : "simulation.test.ts";
      const again = `SEED=${seed} npx mocha test/faults/${file}`;
      throw new Error(`seed ${seed}: ${(cause as Error).message} (repeat it: ${again})`, { cause });
    });
    for (const name of Object.keys(sum) as (keyof typeof sum)[]) sum[name] += told[name];
  }
  const hours = (sum.virtualMs / 3_600_000).toFixed(1);
  console.log(
    `      ${seeds.length} schedules from seed ${seeds[0] ?? ""}: ${sum.leaves} leaves, ${sum.anchors} anchors, ${sum.kills} kills, ` +
      `${sum.reorganisations} reorganisations in ${hours} simulated hours`,
  );
}
