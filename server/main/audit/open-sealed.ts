import { TwinwardError } from "../../../protocol/errors.ts";
import type { Lies } from "./lies.ts";

/**
 * Opens something sealed. A missing data key is told once, by its own name, since everything under it is lost with it; how
 * many readings these are is counted.
 */
export async function attemptOpen<T>(
  lies: Lies,
  place: string,
  key: { readonly scope: string; readonly month: string },
  open: () => T,
): Promise<T | undefined> {
  try {
    return open();
  } catch (error) {
    if (!(error instanceof TwinwardError) || error.code !== "KEY_MISSING")
      return lies.attempt(place, () => Promise.reject(error as Error));
    lies.count("readings whose data key is missing", 1);
    lies.tellOnce(
      `data key of ${key.scope} ${key.month}`,
      `it is not in the key store; ${place} and whatever else is sealed under it does not open`,
    );
    return undefined;
  }
}
