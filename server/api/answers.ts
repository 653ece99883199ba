import { z } from "zod";
import { AGGREGATES } from "../../protocol/manifest.ts";
import { ANSWERS } from "../../protocol/request-record.ts";
import { CASE_STEPS } from "../../protocol/step-record.ts";
import { DEVICE_STATES, FLAGS, PURPOSES, type Flag } from "../../protocol/words.ts";
import { REASONS } from "../access/decide.ts";
import { OPENING_STATES } from "../access/openings.ts";
import { LISTED_KINDS } from "../twin/records.ts";
import { address, id } from "./asks.ts";

/**
 * What is answered, as /openapi.json says it. Tests hold every answer that they get against these; nothing is read again before it
 * is sent. Formats with a page of their own are told of as far as a client needs to find its way: docs/formats has the rest.
 */

const count = z.int().min(0);
const seconds = count.describe("seconds since 1970");
const milliseconds = count.describe("milliseconds since 1970");
const decimal = z.string().regex(/^(?:0|[1-9]\d*)$/, "a whole number in decimal");
const bitmap = decimal.describe("a bitmap, in decimal");
const purpose = z.enum(PURPOSES);
const deviceState = z.enum(DEVICE_STATES);
const flags = z.array(z.enum(Object.keys(FLAGS) as [Flag, ...Flag[]]));
const block = z.strictObject({ number: count, hash: id, timestamp: seconds });
const next = count.nullable().describe("where the next page begins; null at the present end");
const distrusted = z
  .strictObject({ verdict: id.nullable() })
  .nullable()
  .describe("set while the device is quarantined: every value is distrusted, by this verdict");
const stretch = z.strictObject({ from: count, to: count });

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

export const nonce = z.strictObject({ nonce: z.string(), chainId: count, at: milliseconds });
export const session = z.strictObject({ token: z.string(), address, until: seconds });

const grant = z.strictObject({
  grant: id,
  reader: address,
  grantor: address,
  parent: id.nullable(),
  nonce: decimal,
  from: seconds,
  until: seconds,
  segments: bitmap,
  purposes: z.array(purpose),
  depth: count,
  continuity: z.boolean(),
  revoked: z.boolean(),
});
export const twins = z.strictObject({
  twins: z.array(
    z.strictObject({
      twin: id,
      device: id,
      assignment: id.nullable(),
      manifestHash: id,
      segments: bitmap,
      commands: bitmap,
      security: z.boolean(),
      as: z.array(z.enum(["steward", "subject", "guardian", "reader", "oracle"])).describe("your parts in it"),
      ended: z.boolean(),
      epoch: count,
      subject: address.nullable(),
      consent: z.array(purpose),
      consents: z.array(
        z.strictObject({
          reader: address,
          purposes: z.array(purpose),
          changes: count.describe("how often it was set: the nonce of the next consent@1"),
        }),
      ),
      grants: z.array(grant),
    }),
  ),
});

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

const duration = z.int().describe("milliseconds");
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

export const explanation = z.strictObject({
  permitted: z.boolean(),
  reason: z.enum(REASONS),
  code: z.string().nullable(),
  because: z.strictObject({ grant: id.nullable(), opening: id.optional(), block }),
  segments: bitmap,
  purpose,
});

const listedDecisions = z.array(
  z.strictObject({
    leaf: id,
    sequence: count,
    record: z.looseObject({
      format: z.literal("decision@1"),
      reader: address,
      purpose,
      reason: z.string(),
      at: milliseconds,
    }),
  }),
);

export const decisions = z.strictObject({ twin: id, decisions: listedDecisions, next });

const opening = {
  opening: id,
  case: id,
  twin: id,
  device: id,
  assignment: id,
  member: count,
  opener: address,
  second: address.nullable().describe("who signed beside the opener"),
  reason: id.describe("SHA-256 of a salt and the reason in words"),
  openedAt: seconds,
  until: seconds,
  reviewBy: seconds,
  transaction: id,
  state: z.enum(OPENING_STATES).describe("it runs, waits for its review in time or too long, or was reviewed"),
  may: z.array(z.enum(["end", "review"])).describe("what the contract would take from you now"),
  ended: z.strictObject({ by: address, at: seconds, transaction: id }).nullable().describe("before its time"),
  review: z.strictObject({ by: address, at: seconds, justified: z.boolean(), note: id, transaction: id }).nullable(),
};

export const openings = z.strictObject({
  at: seconds,
  grantsPaused: z.boolean().describe("operators have paused new grants"),
  nonce: count.describe("how often you have opened: what your next claim must say"),
  emergencies: z.array(
    z.strictObject({
      assignment: id,
      twin: id,
      device: id,
      member: count,
      mayOpen: z.boolean(),
      needsSecond: z.boolean().describe("a review is overdue: a second holder must sign beside"),
    }),
  ),
  openings: z.array(z.strictObject(opening)),
  next,
});

export const openingCase = z.strictObject({
  at: seconds,
  ...opening,
  steps: z.array(
    z.strictObject({
      step: z.enum(CASE_STEPS),
      by: address,
      at: seconds,
      transaction: id,
      leaf: id.nullable().describe("of its step@1, which has a receipt; null for a moment after it happened"),
    }),
  ),
  reads: listedDecisions.describe("every decision that rests on it, newest first; each has a receipt by its leaf"),
  next,
});

export const records = z.strictObject({
  twin: id,
  kind: z.enum(LISTED_KINDS),
  records: z.array(
    z.strictObject({
      leaf: id,
      sequence: count,
      record: z.looseObject({ format: z.string(), stream: id, at: milliseconds, salt: z.string() }),
    }),
  ),
  next,
});

export const readers = z.strictObject({
  twin: id,
  at: seconds,
  readers: z.array(
    z.strictObject({
      reader: address,
      grant: id.nullable(),
      opening: id.optional(),
      grantor: address.nullable(),
      parent: id.nullable(),
      segments: bitmap,
      from: seconds.nullable(),
      until: seconds.nullable(),
      purposes: z.array(z.strictObject({ purpose, reason: z.enum(REASONS) })),
    }),
  ),
  next,
});

export const verdicts = z.strictObject({
  verdicts: z.array(
    z.looseObject({
      digest: id,
      stream: id,
      round: count,
      device: id,
      firstSequence: count,
      lastSequence: count,
      kind: z.enum(["suspect", "quarantine", "readmission"]),
      severity: count,
      signers: count,
      transaction: id,
      block,
    }),
  ),
});

export const findings = z.strictObject({
  findings: z.array(z.strictObject({ body: z.string(), attestation: z.string(), signature: z.string() })),
});

export const health = z.strictObject({ healthy: z.literal(true) });
export const readiness = z.strictObject({
  ready: z.boolean(),
  parts: z.record(z.string(), z.string()).describe("each part with ok, or the code of what is wrong"),
});

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
