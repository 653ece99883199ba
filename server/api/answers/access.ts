import { z } from "zod";
import { CASE_STEPS } from "../../../protocol/step-record.ts";
import { REASONS } from "../../access/decide.ts";
import { OPENING_STATES } from "../../access/openings.ts";
import { LISTED_KINDS } from "../../twin/records.ts";
import { address, id } from "../asks.ts";
import { bitmap, block, count, decimal, milliseconds, next, purpose, seconds } from "./shapes.ts";

/** Who is there, what they have to do with, and who may see it. */

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
