import { setTimeout as after } from "node:timers/promises";
import { TwinwardError } from "../../protocol/errors.ts";
import type { Permit } from "../access/permit.ts";
import type { Reader } from "./history.ts";
import type { TwinRooms } from "./rooms.ts";

/** Whoever asks waits so long for readings to be sealed again, ms; then it is told to ask again. */
const WITHIN_MS = 2_000;

/** A reader that meets readings of which the chain says by now whose they are, and that lie under another key still, waits for them. */
export function onceResealed({ reseal }: Pick<TwinRooms, "reseal">, reader: Reader): Reader {
  async function patiently<T>({ terms }: Permit, work: (isAgain: boolean) => Promise<T>): Promise<T> {
    try {
      return await work(false);
    } catch (error) {
      if (!(error instanceof TwinwardError) || error.code !== "NOT_RESEALED_YET" || !reseal) throw error;
      const isDone = await Promise.race([
        reseal(terms.device.id).then(
          () => true,
          () => false,
        ),
        after(WITHIN_MS, false, { ref: false }),
      ]);
      if (!isDone) throw error;
      return work(true);
    }
  }

  return {
    ...reader,
    released: (permit, from) => patiently(permit, () => reader.released(permit, from)),
    newest: (permit) => patiently(permit, () => reader.newest(permit)),
    next: (permit, place, ask) => patiently(permit, () => reader.next(permit, place, ask)),
    history: (permit, stretch, ahead) =>
      patiently(permit, (isAgain) => reader.history(permit, stretch, isAgain ? undefined : ahead)),
  };
}
