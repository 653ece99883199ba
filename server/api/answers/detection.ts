import { z } from "zod";
import { id } from "../asks.ts";
import { block, count } from "./shapes.ts";

/** What oracles found. */

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
