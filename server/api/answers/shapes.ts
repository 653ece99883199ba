import { z } from "zod";
import { DEVICE_STATES, FLAGS, PURPOSES, type Flag } from "../../../protocol/words.ts";
import { id } from "../asks.ts";

/** What many answers have in common. */

export const count = z.int().min(0);
export const seconds = count.describe("seconds since 1970");
export const milliseconds = count.describe("milliseconds since 1970");
export const decimal = z.string().regex(/^(?:0|[1-9]\d*)$/, "a whole number in decimal");
export const bitmap = decimal.describe("a bitmap, in decimal");
export const purpose = z.enum(PURPOSES);
export const deviceState = z.enum(DEVICE_STATES);
export const flags = z.array(z.enum(Object.keys(FLAGS) as [Flag, ...Flag[]]));
export const block = z.strictObject({ number: count, hash: id, timestamp: seconds });
export const next = count.nullable().describe("where the next page begins; null at the present end");
export const distrusted = z
  .strictObject({ verdict: id.nullable() })
  .nullable()
  .describe("set while the device is quarantined: every value is distrusted, by this verdict");
export const stretch = z.strictObject({ from: count, to: count });

export const duration = z.int().describe("milliseconds");
