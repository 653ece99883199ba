import { TwinwardError } from "../../../protocol/errors.ts";
import type { Lies } from "./lies.ts";

/** The same month may have a new key since, under which nothing earlier opens. */
const DOES_NOT_OPEN = new Set<string>(["KEY_MISSING", "SEALED_UNREADABLE"]);

/**
 * Opens something sealed. A missing data key is told once, by its own name, since everything under it is lost with it; how
 * many readings these are is counted. `isErased`: an erasure is recorded behind it; then it must not open, and that it doesn't is
 * no lie.
 */
export async function attemptOpen<T>(
  lies: Lies,
  place: string,
  key: { readonly scope: string; readonly month: string },
  open: () => T,
  isErased = false,
  what: "readings" | "released values" = "readings",
): Promise<T | undefined> {
  try {
    const opened = open();
    lies.hold(!isErased, place, "an erasure is recorded behind it, and it still opens");
    return opened;
  } catch (error) {
    const doesNotOpen = error instanceof TwinwardError && DOES_NOT_OPEN.has(error.code);
    if (isErased && doesNotOpen) {
      lies.count(`${what} erased`, 1);
      return undefined;
    }
    if (!(error instanceof TwinwardError) || error.code !== "KEY_MISSING")
      return lies.attempt(place, () => Promise.reject(error as Error));
    lies.count(`${what} whose data key is missing`, 1);
    lies.tellOnce(
      `data key of ${key.scope} ${key.month}`,
      `it is not in the key store, and no erasure of it is recorded; ${place} and whatever else is sealed under it does not open`,
    );
    return undefined;
  }
}
