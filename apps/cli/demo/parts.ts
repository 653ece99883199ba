import type { Hex } from "../../../protocol/bytes.ts";
import { TwinwardError } from "../../../protocol/errors.ts";
import type { Purpose } from "../../../protocol/words.ts";
import type { Client } from "../../sdk/client.ts";

export const step = (title: string): void => console.log(`\n── ${title}`);
export const say = (text: string): void => console.log(`   ${text}`);

/** The code under which a read is denied; undefined where it is not. */
export async function denialOf(reader: {
  readonly client: Client;
  readonly twin: Hex;
  readonly purpose: Purpose;
  readonly segments?: readonly string[];
}): Promise<string | undefined> {
  const { client, twin, purpose, segments } = reader;
  return client.history(twin, { purpose, limit: 1, ...(segments && { segments }) }).then(
    () => undefined,
    (error: unknown) => (error instanceof TwinwardError ? error.code : "INTERNAL"),
  );
}

/** Asks again until there is an answer. */
export async function until<T>(what: string, ask: () => Promise<T | undefined>, withinMs = 60_000): Promise<T> {
  for (const deadline = Date.now() + withinMs; ;) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    if (Date.now() > deadline) throw new Error(`It did not happen within ${withinMs / 1000} s that ${what}.`);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}
