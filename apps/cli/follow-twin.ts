import type { Hex } from "../../protocol/bytes.ts";
import type { Purpose } from "../../protocol/words.ts";
import type { Client } from "../sdk/client.ts";
import type { StreamEvent } from "../sdk/stream.ts";
import { explainError } from "./print.ts";
import { cellsOfReading, cellsOfRelease } from "./twin-cells.ts";

interface FollowOptions {
  readonly purpose?: Purpose;
  readonly since?: number;
  readonly json?: boolean;
}

/** Prints a twin as it comes, a line each, until it is interrupted. Throws why the server ended it for good. */
export async function followTwin(client: Client, twin: Hex, { purpose, since, json }: FollowOptions): Promise<void> {
  const stop = new AbortController();
  const interrupt = (): void => stop.abort();
  process.once("SIGINT", interrupt);
  process.once("SIGTERM", interrupt);
  try {
    const ask = { ...(purpose === undefined ? {} : { purpose }), ...(since === undefined ? {} : { since }) };
    let segments: readonly string[] = [];
    for await (const event of client.stream(twin, { ...ask, signal: stop.signal })) {
      if (event.type === "lease") segments = event.lease.segments;
      if (event.type === "broken") console.error(`${explainError(event.error)}\n  It is tried again.`);
      else if (json) console.log(JSON.stringify(event));
      else for (const line of linesOf(event, segments)) console.log(line);
    }
  } finally {
    process.off("SIGINT", interrupt);
    process.off("SIGTERM", interrupt);
  }
}

function linesOf(event: StreamEvent, segments: readonly string[]): string[] {
  if (event.type === "reading") return [cellsOfReading(segments, event.reading).join("  ").trimEnd()];
  if (event.type === "release") return [cellsOfRelease(segments, event.release).join("  ").trimEnd()];
  const distrusted = event.type === "lease" ? event.lease.distrusted : null;
  if (!distrusted) return [];
  return [
    `! distrusted: verdict ${distrusted.verdict ?? "unknown"} quarantined this device; use these values with care`,
  ];
}
