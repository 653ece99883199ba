import { PRODUCT, simulate } from "./simulate.ts";

/** The seeds that SEED names, with commas between them; a failed schedule is repeated with it. */
export const NAMED: readonly string[] | undefined = process.env.SEED?.split(",");

export function seedsFrom(first: number, count: number): readonly string[] {
  return Array.from({ length: count }, (_, n) => String(first + n));
}

/** A schedule for each seed, up to the first that fails: its failure names the seed that repeats it. */
export async function simulateMany(seeds: readonly string[], makers = PRODUCT): Promise<void> {
  const sum = { leaves: 0, anchors: 0, kills: 0, reorganisations: 0, virtualMs: 0 };
  for (const seed of seeds) {
    const told = await simulate(seed, makers).catch((cause: unknown) => {
      const again = `SEED=${seed} npx mocha test/faults/simulation.test.ts`;
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
