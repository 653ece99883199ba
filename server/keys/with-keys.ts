import { TwinwardError } from "../../protocol/errors.ts";
import type { KeyName, KeyStore } from "./key-store.ts";

/** An erasure may come at any moment; nobody erases one assignment's months this often while a few rows are written. */
const MOST_ERASURES = 8;

/**
 * Runs a work again when a key was destroyed between its making and its use: what is written after an erasure is sealed under a
 * key of its own.
 */
export async function withKeys<T>(keys: KeyStore, work: () => Promise<T>): Promise<T> {
  for (let times = 0; ; times++) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof TwinwardError) || error.code !== "KEY_MISSING" || times === MOST_ERASURES) throw error;
      const { scope, month } = error.facts as unknown as KeyName;
      await keys.ensure(scope, month);
    }
  }
}
