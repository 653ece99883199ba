import type { Hex } from "../../protocol/bytes.ts";
import { purposeNames } from "../../protocol/words.ts";
import { hasEnded } from "../access/end-of.ts";
import type { ApiView, GrantEntry } from "./rooms.ts";

/** In what part somebody meets a twin. */
const PARTS = ["steward", "subject", "guardian", "reader", "oracle"] as const;

/**
 * The twins that the chain connects with somebody: as reader, as steward, as oracle, as subject or its guardian. No value
 * is in it. A steward and a subject see all grants on their twins, everybody else those that they have or gave.
 */
export function twinsOf(view: ApiView, who: Hex): { readonly twin: Hex; readonly device: Hex }[] {
  return view.devices().flatMap(({ id }) => {
    const steward = view.device(id)?.steward === who;
    return view.twinsOf(id).flatMap(({ id: twin, consent, ...facts }) => {
      const persons = facts.assignment === null ? undefined : view.assignment(facts.assignment);
      const isSubject = persons?.subject === who;
      const isGuardian = persons?.guardian === who;
      const whole = steward || isSubject || isGuardian;
      const grants = view.grantsOf(twin).filter(({ reader, grantor }) => whole || reader === who || grantor === who);
      const isOracle = facts.security && view.isOracle(who);
      if (!whole && grants.length === 0 && !isOracle) return [];
      const as = {
        steward,
        subject: isSubject,
        guardian: isGuardian,
        reader: grants.some(({ reader }) => reader === who),
        oracle: isOracle,
      };
      const consents = view.consentsOf(twin).filter(({ reader }) => whole || reader === who);
      return [
        {
          twin,
          ...facts,
          as: PARTS.filter((part) => as[part]),
          subject: whole ? (persons?.subject ?? null) : null,
          consent: purposeNames(consent),
          consents: consents.map(({ purposes, ...set }) => ({ ...set, purposes: purposeNames(purposes) })),
          grants: grants.map((grant) => toListed(grant, hasEnded(view, grant))),
        },
      ];
    });
  });
}

/** `revoked` however it came about: by itself, with all others of the twin, or with one that it is a part of. */
function toListed({ id, nonce, purposes, ...given }: GrantEntry, revoked: boolean): object {
  const { reader, grantor, parent, from, until, segments, depth, continuity } = given;
  const terms = { from, until, segments, purposes: purposeNames(purposes), depth };
  return { grant: id, reader, grantor, parent, nonce, ...terms, continuity, revoked };
}

/**
 * Which devices somebody may know of: an oracle every one, everybody else those that they are steward of and those of their
 * twins; in a session for certain twins, of these. Without `who` the fleet is open, and all are known.
 */
export function knownTo(
  view: ApiView,
  who: Hex | undefined,
  twins: readonly Hex[] | undefined,
): (device: Hex) => boolean {
  if (who === undefined || (twins === undefined && view.isOracle(who))) return () => true;
  const theirs = twinsOf(view, who).filter(({ twin }) => twins?.includes(twin) ?? true);
  const devices = new Set(theirs.map(({ device }) => device));
  return (device) => devices.has(device) || (twins === undefined && view.device(device)?.steward === who);
}
