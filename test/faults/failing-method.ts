import type { AnchoredWorld } from "./anchored-world.ts";
import { times } from "./faulty-node.ts";

/** What a node's method may do to whoever calls it: never answer, do it and break off, refuse for the moment. */
export async function survivesFailuresOf(world: AnchoredWorld, method: string): Promise<void> {
  const hang = times(1, method, async () => "hang");
  await world.survives(hang.behaviour, hang.spent);
  const cut = times(1, method, async (_, pass) => {
    await pass();
    return "cut";
  });
  await world.survives(cut.behaviour, cut.spent);
  const error = { code: -32005, message: "limit exceeded" };
  const refuse = times(1, method, async () => ({ error }));
  await world.survives(refuse.behaviour, refuse.spent);
}
