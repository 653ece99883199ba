import type { Request } from "express";
import { z } from "zod";
import type { Hex } from "../../protocol/bytes.ts";
import { TwinwardError } from "../../protocol/errors.ts";
import { PICTURE_LIMITS } from "../twin/picture.ts";
import { LISTED_KINDS } from "../twin/records.ts";
import { ANSWERS } from "../../protocol/request-record.ts";
import { PURPOSES } from "../../protocol/words.ts";
import { OPENING_STATES } from "../access/openings.ts";

/** Strict schemas of what is asked: an unknown or repeated member is refused, never passed over. */

const hex = (bytes: number): z.ZodType<Hex, Hex> =>
  z
    .string()
    .regex(new RegExp(`^0x[0-9a-f]{${2 * bytes}}$`), `not ${bytes} bytes of lower-case hex`) as unknown as z.ZodType<
    Hex,
    Hex
  >;
export const id = hex(32);
export const address = hex(20);

/** A whole number in a query string, in its one decimal form. */
const whole = z
  .string()
  .regex(/^(?:0|[1-9]\d{0,15})$/, "not a whole number")
  .transform(Number)
  .refine(Number.isSafeInteger, "above 2^53 - 1")
  .meta({ description: "a whole number" });
const flag = z.enum(["true", "false"]).transform((word) => word === "true");

/** Names of segments with commas between them, or a bitmap in hex. */
const segments = z.union([
  z
    .string()
    .regex(/^0x[0-9a-f]{1,16}$/)
    .transform(BigInt),
  z
    .string()
    .regex(/^[a-z][a-z0-9-]{0,62}(?:,[a-z][a-z0-9-]{0,62}){0,63}$/)
    .transform((text) => text.split(",")),
]);

const purpose = z.enum(PURPOSES);

export const twinQuery = z.strictObject({
  purpose: purpose.optional(),
  segments: segments.optional(),
  grant: id.optional(),
});

export const historyQuery = twinQuery.extend({
  since: whole.optional(),
  until: whole.optional(),
  fromSequence: whole.optional(),
  toSequence: whole.optional(),
  fromBatch: whole.optional(),
  toBatch: whole.optional(),
  limit: whole.pipe(z.number().min(1)).optional(),
  receipts: flag.optional(),
});

export const streamQuery = twinQuery.extend({ since: whole.optional(), fromSequence: whole.optional() });

export const pictureQuery = twinQuery.extend({
  since: whole.optional(),
  until: whole.optional(),
  fromSequence: whole.pipe(z.number().min(1)).optional(),
  points: whole.pipe(z.number().min(3).max(PICTURE_LIMITS.most)).optional(),
});

export const exportQuery = twinQuery.extend({ since: whole.optional(), until: whole.optional() });

export const receiptQuery = z.strictObject({ twin: id.optional(), purpose: purpose.optional(), grant: id.optional() });

export const explainQuery = twinQuery.extend({
  twin: id,
  action: z.enum(["read", "command"]).optional(),
  reader: address.optional(),
});

export const decisionsQuery = z.strictObject({
  twin: id,
  before: whole.optional(),
  limit: whole.pipe(z.number().min(1).max(500)).optional(),
});

export const openingsQuery = z.strictObject({
  state: z.enum(OPENING_STATES).optional(),
  after: whole.optional(),
  limit: whole.pipe(z.number().min(1).max(500)).optional(),
});

export const openingQuery = z.strictObject({
  before: whole.optional(),
  limit: whole.pipe(z.number().min(1).max(500)).optional(),
});

export const recordsQuery = decisionsQuery.extend({ kind: z.enum(LISTED_KINDS) });

export const readersQuery = z.strictObject({
  after: whole.optional(),
  limit: whole.pipe(z.number().min(1).max(500)).optional(),
});

export const anchorsQuery = z.strictObject({
  stream: id.optional(),
  before: whole.optional(),
  limit: whole.pipe(z.number().min(1).max(1000)).optional(),
});

export const verdictsQuery = z.strictObject({
  device: id.optional(),
  limit: whole.pipe(z.number().min(1).max(1000)).optional(),
});

export const findingsQuery = z.strictObject({
  digest: id.optional(),
  device: id.optional(),
  format: z.enum(["finding@1", "clear@1"]).optional(),
  round: whole.optional(),
  since: whole.optional(),
  limit: whole.pipe(z.number().min(1).max(1024)).optional(),
});

export const requestsQuery = z.strictObject({
  request: id.optional(),
  state: z.enum(["open", ...ANSWERS]).optional(),
  before: whole.optional(),
  limit: whole.pipe(z.number().min(1).max(200)).optional(),
});

export const noQuery = z.strictObject({});

/** Documents and findings have formats of their own, and are read by them. */
export const formatBody = z.unknown();
/** Whoever looks whether we live may ask with what they like. */
export const anyQuery = z.looseObject({});
export const readingsBody = z.strictObject({ readings: z.array(z.string()).min(1).max(1024) });
export const checkBody = z.strictObject({ reading: z.string() });
export const approveBody = z.strictObject({ grant: id });
export const refuseBody = z.strictObject({ reason: z.string() });
export const loginBody = z.strictObject({ message: z.string(), signature: z.string() });

/** What a schema makes of what was sent. Throws MALFORMED_REQUEST with the place of the first fault. */
export function ask<T extends z.ZodType>(
  schema: T,
  value: unknown,
  where: "query" | "body" | "path" | "header",
): z.output<T> {
  const read = schema.safeParse(value);
  if (read.success) return read.data;
  const [issue] = read.error.issues;
  const at = [where, ...(issue?.path ?? [])].join(".");
  throw new TwinwardError("MALFORMED_REQUEST", { place: at, detail: `${at}: ${issue?.message ?? "not understood"}.` });
}

export const query = <T extends z.ZodType>(schema: T, request: Request): z.output<T> =>
  ask(schema, { ...request.query }, "query");

/** An id in the path. A malformed one says nothing about what exists, so it is told apart from NOT_FOUND. */
export const pathId = (request: Request, name: string): Hex => ask(id, request.params[name], "path");

/** Where a stream of events goes on. */
export const lastEventOf = (request: Request): number | undefined =>
  ask(whole.optional(), request.headers["last-event-id"], "header");

/** Without the members that were left out: the rooms tell absent from undefined. */
export function given<T extends object>(value: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(value).filter(([, one]) => one !== undefined)) as {
    [K in keyof T]: Exclude<T[K], undefined>;
  };
}
