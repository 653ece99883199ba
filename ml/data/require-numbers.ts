import { MlError } from "../errors.ts";
import type { Frame } from "./frame.ts";

/** Refuses numbers that are none; missing ones are ordinary. @throws UNUSABLE_TABLE naming signal and row */
export function requireNumbers({ signals, values }: Pick<Frame, "signals" | "values">): void {
  values.forEach((own, n) => {
    const at = own.findIndex((value) => value === Infinity || value === -Infinity);
    if (at < 0) return;
    const detail = `${signals[n]} is ${own[at]} in row ${at + 1}: a value is a finite number, or missing.`;
    throw new MlError("UNUSABLE_TABLE", { signal: signals[n], row: at + 1, detail });
  });
}
