import type { Hex } from "../../protocol/bytes.ts";
import { TwinwardError } from "../../protocol/errors.ts";
import type { ChainView } from "./view.ts";

/**
 * Returns while the stream takes anchors. Throws STREAM_SUSPENDED (a promise of its gateway was broken, members have not decided
 * yet) or STREAM_FENCED (members have ended it).
 */
export function requireOpenStream(view: Pick<ChainView, "stream">, stream: Hex): void {
  const found = view.stream(stream);
  if (found?.standing === "suspended") {
    const { number, breach, by } = found.suspension ?? {};
    throw new TwinwardError("STREAM_SUSPENDED", {
      stream,
      suspension: number,
      breach,
      by,
      detail: `Suspension ${number ?? "?"}: ${breach ?? "unknown breach"}.`,
    });
  }
  if (found?.standing === "fenced") throw new TwinwardError("STREAM_FENCED", { stream, ...found.fence });
}
