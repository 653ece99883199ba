import { TwinwardError, type ErrorCode } from "../../protocol/errors.ts";
import type { DeviceModel } from "../../protocol/device-model.ts";
import type { PublicKey } from "../../protocol/es256.ts";
import { plausibility, type Remark } from "../../protocol/plausibility.ts";
import { checkAgainstModel, parseReading, verifyReadingSignature, type ParsedReading } from "../../protocol/reading.ts";

/** Why a check of a reading failed, as it travels between threads. */
export interface Failure {
  readonly code: ErrorCode;
  readonly facts: Readonly<Record<string, unknown>>;
}

/** What a reading alone, its key and its model say; a check that could not be made has no member. */
export interface Inspection {
  readonly wellFormed: Failure | Pick<ParsedReading, "device" | "kid" | "sequence" | "gap" | "content" | "prev">;
  readonly disclosed?: Failure | "passed";
  readonly signed?: Failure | "passed";
  readonly remarks?: readonly Remark[];
}

/** A reading to inspect, with the key and the model of the device that it claims to be of, where they are known. */
export interface Inspected {
  readonly text: string;
  readonly receivedAt: number;
  readonly key?: PublicKey;
  readonly model?: DeviceModel;
}

/** Every check that needs nothing but the reading's bytes, each by itself: `verifyReading` ends at the first that fails. */
export function inspectReading({ text, receivedAt, key, model }: Inspected): Inspection {
  const parsed = attempt(() => parseReading(text));
  if ("code" in parsed) return { wellFormed: parsed };
  const { device, kid, sequence, gap, content, prev } = parsed;
  const disclosed = model && attempt(() => (checkAgainstModel(parsed, model), "passed" as const));
  const signed = key && attempt(() => checkSignature(parsed, key));
  return {
    wellFormed: { device, kid, sequence, gap, content, prev },
    ...(disclosed && { disclosed }),
    ...(signed && { signed }),
    ...(model && disclosed === "passed" && { remarks: plausibility(parsed, model, receivedAt).remarks }),
  };
}

function checkSignature(parsed: ParsedReading, key: PublicKey): "passed" {
  if (!verifyReadingSignature(parsed, key)) throw new TwinwardError("SIGNATURE_INVALID", { kid: parsed.kid });
  return "passed";
}

function attempt<T>(check: () => T): T | Failure {
  try {
    return check();
  } catch (error) {
    return toFailure(error);
  }
}

export function toFailure(error: unknown): Failure {
  const known = error instanceof TwinwardError ? error : new TwinwardError("INTERNAL");
  return { code: known.code, facts: known.facts };
}
