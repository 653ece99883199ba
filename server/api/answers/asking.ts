import { z } from "zod";
import { ANSWERS } from "../../../protocol/request-record.ts";
import { address, id } from "../asks.ts";
import { bitmap, count, milliseconds, next, purpose, seconds } from "./shapes.ts";
import { document } from "./integrity.ts";

/** Wishes, their answers, and what was signed elsewhere. */

export const relayed = z.strictObject({
  grant: id.nullable().describe("that was given or revoked; null for a consent"),
  transaction: id.nullable().describe("that carried it; null where the chain had it already"),
});

export const catalogue = z
  .strictObject({
    format: z.literal("catalogue@1"),
    models: z.array(z.strictObject({ hash: id, model: document })),
    manifests: z.array(z.strictObject({ hash: id, manifest: document })),
  })
  .describe("what may be asked for; it names no device, no twin and nobody");

export const acknowledged = z.strictObject({ request: id, expires: milliseconds, leaf: id });

const asking = z.strictObject({
  twin: id.nullable(),
  manifest: id.nullable(),
  reader: address,
  segments: bitmap,
  purposes: z.array(purpose),
  until: seconds,
  why: z.string(),
  webhook: z.string().nullable(),
  nonce: id,
  deadline: seconds,
});
export const request = z.strictObject({
  request: id,
  state: z.enum(["open", ...ANSWERS]),
  at: milliseconds,
  expires: milliseconds,
  asked: asking,
  leaf: id,
  answer: z
    .looseObject({ format: z.literal("request@1"), step: z.enum(ANSWERS), request: id, at: milliseconds })
    .nullable()
    .describe("the record that ended it. docs/formats/request.md"),
  answerLeaf: id.nullable(),
  position: count,
});
export const requests = z.strictObject({ requests: z.array(request), next });
