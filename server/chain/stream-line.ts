import type { Hex } from "../../protocol/bytes.ts";
import { TwinwardError } from "../../protocol/errors.ts";
import { lineTo, type Line } from "../../protocol/line.ts";
import type { ChainView } from "./view.ts";

/** `stream` with those that it succeeds, as the chain links them. Throws CHAIN_DIFFERS where the chain does not say all of it. */
export function readLine(view: Pick<ChainView, "stream">, stream: Hex): Line {
  try {
    return lineTo(stream, (id) => view.stream(id));
  } catch (cause) {
    throw new TwinwardError("CHAIN_DIFFERS", { stream, detail: `The chain has a hole: ${String(cause)}.` }, cause);
  }
}

/** Whether `stream` is `first` or, by one step or several, succeeds it. */
export function isFollowedBy(view: Pick<ChainView, "stream">, first: Hex, stream: Hex): boolean {
  for (let next: Hex | undefined = first; next !== undefined; next = view.stream(next)?.successor)
    if (next === stream) return true;
  return false;
}

/** The home streams of all devices with those that succeeded them, oldest first. */
export function homesOf(view: Pick<ChainView, "stream" | "devices">): Set<Hex> {
  const homes = new Set<Hex>();
  for (const { homeStream } of view.devices())
    for (let next: Hex | undefined = homeStream; next !== undefined; next = view.stream(next)?.successor)
      homes.add(next);
  return homes;
}

/**
 * Returns while the chain tells of `line` what it told when it was read: where a stream ended must not move once leaves are counted
 * from there. A reorganisation that took the opening back altogether says nothing. Throws ANCHOR_CONFLICT.
 */
export function requireSameLine(view: Pick<ChainView, "stream">, line: Line): void {
  if (line.stretches.length === 1 || view.stream(line.stream) === undefined) return;
  const seen = readLine(view, line.stream);
  if (JSON.stringify(seen) !== JSON.stringify(line))
    throw new TwinwardError("ANCHOR_CONFLICT", {
      stream: line.stream,
      detail: "The chain was reorganised: the stream before this one has ended elsewhere than it had.",
    });
}
