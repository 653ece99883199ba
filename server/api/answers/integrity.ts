import { z } from "zod";
import { address, id } from "../asks.ts";
import { block, count, deviceState, milliseconds, next, seconds } from "./shapes.ts";

/**
 * What is answered, as /openapi.json says it. Tests hold every answer that they get against these; nothing is read again before it
 * is sent. Formats with a page of their own are told of as far as a client needs to find its way: docs/formats has the rest.
 */

const promise = {
  chainId: count,
  anchorLog: address,
  stream: id,
  first: count,
  count,
  root: id,
  acceptedAt: milliseconds,
  anchorBy: seconds,
  signature: z.string(),
  index: count,
  path: z.array(id),
};
export const ack = z
  .strictObject({
    format: z.literal("ack@1"),
    ...promise,
    device: id,
    sequence: count,
    expected: count,
    prev: id,
    time: milliseconds,
  })
  .describe("ack@1: the gateway's signed promise. docs/formats/ack.md");

export const problem = z
  .looseObject({
    type: z.string().regex(/^urn:twinward:error:/),
    title: z.string(),
    status: z.int(),
    code: z.string(),
    detail: z.string(),
    remedy: z.string(),
  })
  .describe("RFC 9457, with our code and what to do");

const refusal = problem
  .extend({ format: z.literal("refusal@1"), expected: count.optional(), prev: id.optional() })
  .describe("refusal@1. docs/formats/refusal.md");
const held = z.strictObject({ held: z.literal(true), expected: count });
export const postedReadings = z.strictObject({ results: z.array(z.union([ack, refusal, held])) });

export const checkedReading = z.looseObject({
  outcome: z.enum(["passed", "failed"]),
  checks: z.array(
    z.looseObject({ name: z.string(), result: z.enum(["passed", "failed", "not checked"]), detail: z.string() }),
  ),
  code: z.string().nullable(),
});

export const devices = z.strictObject({
  at: milliseconds,
  devices: z.array(
    z.strictObject({
      id,
      modelHash: id,
      model: z.string().nullable(),
      state: deviceState,
      sequence: count,
      acceptedAt: milliseconds.nullable(),
      until: milliseconds.nullable(),
      sealedSequence: count,
      anchoredSequence: count,
      twins: count,
      assignments: count,
      assigned: z.boolean(),
      unwatched: z.boolean(),
    }),
  ),
});

export const keptDocument = z.strictObject({ hash: id, kind: z.enum(["device-model", "manifest"]) });
/** The very bytes whose SHA-256 is the hash. */
export const document = z.looseObject({ format: z.enum(["device-model@1", "manifest@1"]), name: z.string() });

export const anchors = z.strictObject({
  stream: id.nullable(),
  standing: z.enum(["open", "suspended", "fenced"]).nullable(),
  size: count,
  anchors: z.array(z.looseObject({ number: count, root: id, count, firstLeaf: count, transaction: id, block })),
  next,
});

export const consortium = z.looseObject({
  format: z.literal("consortium@1"),
  name: z.string(),
  chainId: count,
  genesis: id,
  contracts: z.record(z.string(), address),
  members: z.array(z.looseObject({ name: z.string(), endpoint: z.string(), signer: address })),
  rpc: z.string().optional(),
});

export const health = z.strictObject({ healthy: z.literal(true) });
export const readiness = z.strictObject({
  ready: z.boolean(),
  parts: z.record(z.string(), z.string()).describe("each part with ok, or the code of what is wrong"),
});
