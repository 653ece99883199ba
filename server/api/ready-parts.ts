import { toProblem, type ErrorCode } from "../../protocol/errors.ts";
import { oneInFlight } from "./in-flight.ts";

/** What must hold before traffic is wanted, by name: each rejects while it does not. */
export type Checks = Readonly<Record<string, () => Promise<unknown>>>;

/** The same checks, each made once at a time: what waits for a slow part must not become more by asking after it. */
export function sharedChecks(checks: Checks): Checks {
  return Object.fromEntries(Object.entries(checks).map(([name, check]) => [name, oneInFlight(check)]));
}

/** Each part's name with "ok" or the code of what is wrong. Never takes longer than `withinMs`. */
export async function readyParts(checks: Checks, withinMs = 1_500): Promise<Record<string, string>> {
  const asked = Object.entries(checks).map(async ([name, check]): Promise<[string, string]> => {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<string>((resolve) => {
      timer = setTimeout(() => resolve("CHECK_EXPIRED" satisfies ErrorCode), withinMs);
    });
    const code = check().then(
      () => "ok",
      (error: unknown) => toProblem(error).code,
    );
    const said = await Promise.race([code, late]);
    clearTimeout(timer);
    return [name, said];
  });
  return Object.fromEntries(await Promise.all(asked));
}
