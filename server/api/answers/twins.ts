import { z } from "zod";
import { AGGREGATES } from "../../../protocol/manifest.ts";
import { id } from "../asks.ts";
import { ack, problem } from "./integrity.ts";
import {
  block,
  count,
  deviceState,
  distrusted,
  duration,
  flags,
  milliseconds,
  next,
  purpose,
  stretch,
} from "./shapes.ts";

/** What a twin shows: to whom, the other answers say. */

export const receipt = z
  .looseObject({
    format: z.literal("receipt@1"),
    leaf: z.strictObject({ kind: count, subject: id, sequence: count, content: id, hash: id }),
    index: count,
    path: z.array(id),
  })
  .describe("receipt@1, in its one text (RFC 8785). docs/formats/receipt.md");

const shownReading = z.strictObject({
  sequence: count,
  from: milliseconds,
  until: milliseconds,
  content: id,
  leaf: id,
  position: count,
  reading: z.string().describe("SD-JWT with the permitted disclosures only. docs/formats/reading.md"),
  flags,
  erased: z.literal(true).optional().describe("What it said was erased. docs/erasure.md"),
  gap: stretch.nullable(),
  state: z.enum(["accepted", "sealed", "anchored"]),
  batch: count.nullable(),
  ack: ack.optional(),
  receipt: receipt.nullable().optional(),
});
const transform = z
  .looseObject({ resolution: z.strictObject({ interval: count, show: z.array(z.enum(AGGREGATES)) }) })
  .describe("of a derived twin only, like what follows: what is done to its readings");
const shownRelease = z.strictObject({
  sequence: count,
  from: milliseconds,
  until: milliseconds,
  leaf: id,
  position: count,
  record: z.looseObject({ format: z.literal("release@1") }).describe("release@1. docs/formats/records.md"),
  values: z.array(z.string()).describe("base64url of [salt, segment, value], of the permitted segments only"),
  erased: z.literal(true).optional(),
  flags,
  state: z.enum(["accepted", "sealed", "anchored"]),
  batch: count.nullable(),
  receipt: receipt.nullable().optional(),
});

/** Whose and which, and by what decision: what a page and a lease begin with. */
const shown = {
  twin: id,
  device: id,
  model: z.string(),
  purpose,
  segments: z.array(z.string()),
  distrusted,
  decision: z.strictObject({ leaf: id, position: count, sequence: count }),
  block,
};

/** stream@1: the events of a live stream. docs/formats/stream.md */
export const streamEvents = {
  lease: z.strictObject({
    format: z.literal("stream@1"),
    ...shown,
    seconds: count.describe("by this decision it goes on for so long at most; then there is another lease"),
    transform: transform.optional(),
  }),
  reading: shownReading,
  release: shownRelease,
  live: z.strictObject({}).describe("all that there was has been sent"),
  end: problem.describe("why the stream has ended"),
};

export const picture = z
  .strictObject({
    format: z.literal("picture@1"),
    label: z.literal("a picture, not a proof"),
    method: z.literal("lttb"),
    ...shown,
    stretches: z.array(
      z.strictObject({
        leaves: z.strictObject({ first: count, last: count, firstLeaf: id, lastLeaf: id }),
        from: milliseconds,
        until: milliseconds,
        gap: stretch.nullable(),
        flags,
        series: z.record(
          z.string(),
          z.strictObject({ unit: z.string(), t: z.array(z.number()), v: z.array(z.number()), of: count }),
        ),
      }),
    ),
    next,
  })
  .describe("picture@1: chosen samples of a raw twin. docs/formats/picture.md");

const shownLine = {
  sequence: count,
  from: milliseconds,
  until: milliseconds,
  flags,
  erased: z.literal(true).optional(),
  receipt: receipt.nullable(),
};
/** export@1, a line. docs/formats/export.md */
export const exportLine = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("head"),
    format: z.literal("export@1"),
    twin: id,
    device: id,
    model: z.string(),
    purpose,
    segments: z.array(z.string()),
    from: milliseconds.nullable(),
    until: milliseconds.nullable(),
    transform: transform.optional(),
  }),
  z.strictObject({ kind: z.literal("decision"), leaf: id, distrusted }),
  z.strictObject({
    kind: z.literal("reading"),
    ...shownLine,
    gap: stretch.nullable(),
    values: z.record(
      z.string(),
      z.strictObject({ u: z.string(), t: z.array(z.number()), v: z.array(z.number().nullable()) }),
    ),
    reading: z.string().optional(),
  }),
  z.strictObject({
    kind: z.literal("release"),
    ...shownLine,
    values: z.record(z.string(), z.record(z.string(), z.union([z.string(), z.number(), z.null()]))),
    record: z.looseObject({ format: z.literal("release@1") }).optional(),
    disclosed: z.array(z.string()).optional(),
  }),
  z.strictObject({
    kind: z.literal("end"),
    record: z.looseObject({ format: z.literal("export@1"), lines: count, digest: id, ended: z.string().nullable() }),
    sequence: count,
    ack: z.looseObject({ stream: id, signature: z.string() }),
  }),
]);

export const history = z.strictObject({
  format: z.literal("history@1"),
  ...shown,
  readings: z.array(shownReading),
  next,
  transform: transform.optional(),
  releases: z.array(shownRelease).optional(),
  nextSince: milliseconds.nullable().describe("where the next page begins; null at the present end").optional(),
  withheld: z
    .strictObject({ code: z.literal("BUDGET_SPENT"), from: milliseconds })
    .nullable()
    .describe("set where nothing more may be drawn: from which interval on")
    .optional(),
});

export const state = z.strictObject({
  format: z.literal("state@1"),
  twin: id,
  device: id,
  model: z.string(),
  purpose,
  at: milliseconds,
  distrusted,
  decision: z.strictObject({ leaf: id, position: count, sequence: count }),
  segments: z.array(
    z.strictObject({
      segment: z.string(),
      unit: z.string().nullable(),
      value: z.number().nullable(),
      aggregates: z.partialRecord(z.enum(AGGREGATES), z.number().nullable()).optional(),
      measuredAt: z.int().nullable(),
      age: duration.nullable(),
    }),
  ),
  flags,
  fidelity: z.strictObject({
    age: duration.nullable(),
    lag: duration.nullable(),
    completeness: z.number().min(0).max(1).nullable(),
  }),
});

const segment = z.looseObject({ name: z.string(), bit: count, unit: z.string(), min: z.number(), max: z.number() });
export const description = z.strictObject({
  format: z.literal("description@1"),
  twin: id,
  device: id,
  state: deviceState,
  model: z.string(),
  purpose,
  segments: z.array(segment),
  manifest: z.looseObject({ format: z.literal("manifest@1"), name: z.string() }).nullable(),
  manifestHash: id,
  distrusted,
});
