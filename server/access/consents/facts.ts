import type { Hex } from "../../../protocol/bytes.ts";
import type { ConsentFacts } from "../../../protocol/consent-record.ts";
import type { Contracts } from "../../../protocol/consortium.ts";
import { purposeNames } from "../../../protocol/words.ts";
import { readEvent, type ChainEvent } from "../../chain/event.ts";
import { interfaces } from "../../chain/interfaces.ts";
import type { ChainView } from "../../chain/view.ts";

/** The events that say something of consents. */
export const CONSENT_EVENTS = [
  ["TwinRegistry", "SubjectBound"],
  ["TwinRegistry", "GuardianAppointed"],
  ["TwinRegistry", "ConsentMaskSet"],
  ["GrantRegistry", "ConsentSet"],
] as const;

/** First topics of these events. */
export const consentTopics = (): Hex[] =>
  CONSENT_EVENTS.map(([contract, name]) => interfaces[contract].getEvent(name)?.topicHash as Hex);

/** What an event says of consents; undefined for all others. The view may be a later one: it names only what never changes. */
export function factsOf(contracts: Contracts, event: ChainEvent, view: ChainView): ConsentFacts | undefined {
  const read = readEvent(contracts, event);
  const known = read && CONSENT_EVENTS.some(([contract, name]) => read.contract === contract && read.name === name);
  if (!known) return undefined;
  const none = { twin: null, reader: null, purposes: [], guardian: null } as const;
  if (read.name === "SubjectBound" || read.name === "GuardianAppointed") {
    const scope = read.hex("assignment");
    const device = view.assignment(scope)?.device;
    if (device === undefined) return undefined;
    const isBound = read.name === "SubjectBound";
    const by = read.hex(isBound ? "subject" : "by");
    return { ...none, step: isBound ? "bound" : "guarded", device, scope, by, guardian: someone(read.hex("guardian")) };
  }
  const twin = read.hex("twin");
  const fact = view.twin(twin);
  if (!fact) return undefined;
  const { device } = fact;
  const said = { ...none, device, scope: fact.assignment ?? device, twin, by: read.hex("by") };
  const purposes = purposeNames(read.int("purposes"));
  if (read.name === "ConsentMaskSet") return { ...said, step: "masked", purposes };
  return { ...said, step: purposes.length > 0 ? "agreed" : "withdrawn", reader: read.hex("reader"), purposes };
}

export const someone = (address: Hex): Hex | null => (/^0x0{40}$/.test(address) ? null : address);
