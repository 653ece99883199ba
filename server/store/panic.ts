import type { PGlite } from "@electric-sql/pglite";
import { TwinwardError } from "../../protocol/errors.ts";

/** What PGlite asks of PostgreSQL, whatever it is asked: bytes of the protocol, and what was read from the answer. */
interface Protocol {
  execProtocolRawSync(message: Uint8Array): Uint8Array;
  execProtocol(...words: unknown[]): Promise<unknown>;
  execProtocolStream(...words: unknown[]): Promise<unknown>;
}

/**
 * Where PostgreSQL cannot write its log it panics: its process ends, and the next start recovers what was committed. PGlite has
 * no process that could end. It would be asked on, answer nothing, and turn round in itself forever with our whole process. So
 * from the panic on nobody gets in any more: whoever asks, or has asked, gets DATABASE_ENDED.
 */
export function watchPanic(postgres: PGlite): { readonly ended: Promise<TwinwardError>; readonly hasEnded: boolean } {
  let panic: TwinwardError | undefined;
  let end!: (reason: TwinwardError) => void;
  const ended = new Promise<TwinwardError>((resolve) => (end = resolve));
  const protocol = postgres as unknown as Protocol;
  const ask = protocol.execProtocolRawSync.bind(postgres);
  protocol.execProtocolRawSync = (message) => {
    if (panic) throw panic;
    return ask(message);
  };
  for (const name of ["execProtocol", "execProtocolStream"] as const) {
    const exchange = protocol[name].bind(postgres);
    protocol[name] = async (...words) => {
      try {
        return await exchange(...words);
      } catch (error) {
        const { severity, message } = error as { severity?: string; message?: string };
        if (panic === undefined && (severity === "PANIC" || severity === "FATAL")) {
          // These are about files and memory, never about what was asked.
          panic = new TwinwardError("DATABASE_ENDED", { detail: `The embedded database: ${message ?? "?"}.` }, error);
          end(panic);
        }
        throw error;
      }
    };
  }
  return {
    ended,
    get hasEnded() {
      return panic !== undefined;
    },
  };
}
