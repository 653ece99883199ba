import {
  codeOfRefusal,
  ERRORS,
  type DecisionRecord,
  type DeviceModel,
  type Hex,
  type Purpose,
} from "../../../protocol/index.ts";
import { toAge } from "../fleet/age.ts";
import type { KnownTwin } from "./known-twins.ts";

/** An account or an id as people tell it from others; the whole is one click or one hover away. */
export const short = (hex: Hex): string => `${hex.slice(0, 8)}…${hex.slice(-4)}`;

/** A twin as people tell it from others. */
export function nameOf({ twin, device, manifest, security }: KnownTwin): string {
  const name = manifest?.name ?? (security ? "security twin" : short(twin));
  return `${name} of ${short(device)}`;
}

/** Names of the segments in a bitmap, in the order of their bits; a bit that the model does not name is its number. */
export function segmentNames(bitmap: string, model: DeviceModel | undefined): string[] {
  const mask = BigInt(bitmap);
  const bits = Array.from({ length: 64 }, (_, bit) => bit).filter((bit) => (mask >> BigInt(bit)) & 1n);
  return bits.map((bit) => model?.segments.find((segment) => segment.bit === bit)?.name ?? `bit ${bit}`);
}

/** The bitmap of segments by name, decimal. */
export function bitmapOf(names: ReadonlySet<string>, bitmap: string, model: DeviceModel | undefined): string {
  const mask = BigInt(bitmap);
  let chosen = 0n;
  for (let bit = 0n; bit < 64n; bit++) {
    if (!((mask >> bit) & 1n)) continue;
    const [name = ""] = segmentNames(String(1n << bit), model);
    if (names.has(name)) chosen |= 1n << bit;
  }
  return String(chosen);
}

export const purposeWords = (purposes: readonly Purpose[]): string => purposes.join(", ") || "nothing";

/** A time in seconds, in the reader's own zone. */
export const timeOf = (seconds: number): string =>
  new Date(seconds * 1000).toLocaleString(undefined, { hour12: false });

/** What is left until then, or how long ago it was; both in seconds. */
export function leftUntil(until: number, now: number): string {
  return until > now ? `ends in ${toAge((until - now) * 1000)}` : `ended ${toAge((now - until) * 1000)} ago`;
}

/** Why something is permitted or not, in a sentence. `reason` as the rule words it: `GrantExpired`. */
export function reasonWords(reason: string): string {
  if (reason === "Permitted") return "may read now";
  const code = codeOfRefusal(reason);
  return code === undefined ? reason : ERRORS[code].message;
}

/** What somebody who asked was told; the end of a live look says what was sent. */
export function answerWords({ reason, closes }: DecisionRecord): string {
  if (closes !== undefined) return closes.sequences === null ? "ended: nothing was sent" : "ended: was sent what came";
  return reason === "Permitted" ? "was shown it" : `no. ${reasonWords(reason)}`;
}

/** From the browser's own source of randomness. */
export const randomBytes = (size: number): Uint8Array => crypto.getRandomValues(new Uint8Array(size));
