import { isHex, type Hex } from "../../../protocol/bytes.ts";
import { TwinwardError } from "../../../protocol/errors.ts";

/** What somebody wants erased. */
export interface Asked {
  /** An assignment, or a device for what it said between assignments. */
  readonly scope: Hex;
  /** YYYY-MM each; all that there is where left out. */
  readonly months?: readonly string[];
}

/** What an erasure would destroy: the data keys of these months. */
export interface Plan {
  readonly device: Hex;
  readonly scope: Hex;
  /** Ascending. */
  readonly months: readonly string[];
}

export interface Known {
  /** The device whose the scope is; undefined where the chain knows no such scope. */
  readonly device: Hex | undefined;
  /** Months that the key store has a key for. */
  readonly months: readonly string[];
}

/** Throws NOTHING_TO_ERASE. Pure. */
export function planErasure({ scope, months }: Asked, known: Known): Plan {
  const nothing = (detail: string): TwinwardError => new TwinwardError("NOTHING_TO_ERASE", { scope, detail });
  if (known.device === undefined) throw nothing(`The chain knows no assignment and no device ${scope}.`);
  const found = [...known.months].filter((month) => months === undefined || months.includes(month)).sort();
  if (found.length > 0) return { device: known.device, scope, months: found };
  const others = known.months.length === 0 ? "nothing at all" : [...known.months].sort().join(", ");
  throw nothing(`${months?.join(", ") ?? "Nothing"} has no key of ${scope}; there is ${others}.`);
}

/** What came by the control socket. Throws MALFORMED_REQUEST. */
export function readAsked({ scope, months }: { readonly scope?: unknown; readonly months?: unknown }): Asked {
  if (!isHex(scope, 32)) throw new TwinwardError("MALFORMED_REQUEST", { detail: "Whose? Name an assignment's id." });
  if (months === undefined) return { scope };
  const isMonth = (month: unknown): month is string =>
    typeof month === "string" && /^\d{4}-(?:0[1-9]|1[0-2])$/.test(month);
  if (!Array.isArray(months) || months.length === 0 || !months.every(isMonth))
    throw new TwinwardError("MALFORMED_REQUEST", { detail: "A month is YYYY-MM." });
  return { scope, months: [...new Set(months)] };
}

/** When a month begins and ends, ms. */
export function stretchOf(month: string): readonly [number, number] {
  const from = Date.parse(`${month}-01T00:00:00.000Z`);
  const end = new Date(from);
  end.setUTCMonth(end.getUTCMonth() + 1);
  return [from, end.getTime()];
}
