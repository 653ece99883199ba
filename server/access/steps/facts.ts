import type { Hex } from "../../../protocol/bytes.ts";
import type { Consortium } from "../../../protocol/consortium.ts";
import { caseId } from "../../../protocol/ids.ts";
import type { StepFacts } from "../../../protocol/step-record.ts";
import { readEvent, type ChainEvent } from "../../chain/event.ts";
import { interfaces } from "../../chain/interfaces.ts";
import type { ChainView } from "../../chain/view.ts";

const EVENTS = ["BreakGlassOpened", "BreakGlassEnded", "BreakGlassReviewed"] as const;

/** First topics of the events that say something of a case. */
export const stepTopics = (): Hex[] => EVENTS.map((name) => interfaces.BreakGlass.getEvent(name)?.topicHash as Hex);

/** What an event says of a case; undefined for all others. The view may be a later one: it names only what never changes. */
export function stepOf(
  { chainId, contracts }: Pick<Consortium, "chainId" | "contracts">,
  event: ChainEvent,
  view: ChainView,
): StepFacts | undefined {
  const read = readEvent(contracts, event);
  if (read?.contract !== "BreakGlass" || !(EVENTS as readonly string[]).includes(read.name)) return undefined;
  const opening = read.hex("opening");
  const found = view.opening(opening);
  if (!found) return undefined;
  const twin = view.twin(found.twin);
  if (!twin?.assignment) return undefined;
  const { device, assignment: scope } = twin;
  const of = { case: caseId(chainId, event.address, opening), opening, twin: twin.id, device, scope };
  const none = { second: null, until: null, justified: null, hash: null };
  if (read.name === "BreakGlassEnded") return { ...of, ...none, step: "ended", by: read.hex("by") };
  if (read.name === "BreakGlassReviewed") {
    const said = { justified: read.flag("justified"), hash: read.hex("note") };
    return { ...of, ...none, ...said, step: "reviewed", by: read.hex("reviewer") };
  }
  const { opener: by, second, until, reason: hash } = found;
  return { ...of, ...none, second, until, hash, step: "opened", by };
}
