import { TwinwardError } from "../../../protocol/errors.ts";
import { toFailure } from "../../../server/gateway/inspect-reading.ts";
import type { Verifier } from "../../../server/gateway/verify-pool.ts";
import { verifyReading } from "../../../server/gateway/verify-reading.ts";

/** Verifies as the threads do, on the thread that asks: those would answer in an order that no seed knows. */
export const verifyInLine: Verifier = {
  verify: async (readings) =>
    readings.map(({ text, receivedAt, expected }) => {
      try {
        return verifyReading(text, receivedAt, expected);
      } catch (error) {
        const { code, facts } = toFailure(error);
        return new TwinwardError(code, facts);
      }
    }),
  inspect: () => Promise.reject(new Error("nobody asks for a check here")),
  close: async () => undefined,
};
