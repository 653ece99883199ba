import { purposeBit, type DeviceState, type Purpose } from "../../protocol/words.ts";

/**
 * Every answer to "may this reader do this?", in the order in which the rule checks: the first that applies is the answer.
 * The last two are of an opening what GrantRevoked and GrantExpired are of a grant, and stand in their place. The index of a reason is the number that `GrantRegistry.explain` returns. test/vectors/decisions.json drives both.
 */
export const REASONS = [
  "Permitted",
  "TwinUnknown",
  "TwinEnded",
  "DeviceRetired",
  "SecurityTwinOnly",
  "ReaderNotOracle",
  "GrantUnknown",
  "GrantForOther",
  "GrantRevoked",
  "EpochRaised",
  "ParentRevoked",
  "GrantNotStarted",
  "GrantExpired",
  "PurposeNotGranted",
  "ConsentMissing",
  "SegmentsNotGranted",
  "DeviceQuarantined",
  "CommandNotInTwin",
  "BreakGlassEnded",
  "BreakGlassExpired",
] as const;
export type Reason = (typeof REASONS)[number];

/** What somebody wishes to do to a twin. `safe`: the command leads to the safe state of the device's model. */
export interface Ask {
  readonly action: "read" | "command";
  readonly purpose: Purpose;
  /** Bitmap over the device model's segments. */
  readonly segments: bigint;
  /** Seconds. */
  readonly now: number;
  readonly safe?: boolean;
}

/** What the chain says about an ask, already looked up, so that the rule needs nothing but its arguments. */
export interface Facts {
  readonly twin: {
    readonly segments: bigint;
    readonly commands: bigint;
    readonly security: boolean;
    readonly ended: boolean;
    /** Bitmask over PURPOSES of those that need the subject's consent. */
    readonly consent: number;
  } | null;
  readonly device: DeviceState;
  readonly readerIsOracle: boolean;
  /** Bitmask over PURPOSES of those to which the subject agreed, for this reader on this twin. */
  readonly consented: number;
  /** Times in seconds, [from, until); `purposes` is the bitmask over PURPOSES. */
  readonly grant: {
    readonly sameTwin: boolean;
    readonly sameReader: boolean;
    readonly revoked: boolean;
    /** All grants of the twin were ended at once, after this one was given. */
    readonly epochRaised: boolean;
    /** A grant that it was passed on from was revoked. */
    readonly parentRevoked: boolean;
    readonly from: number;
    readonly until: number;
    readonly segments: bigint;
    readonly purposes: number;
  } | null;
  /** Where there is no grant: an opening of the glass; `until` in seconds, exclusive. */
  readonly opening?: {
    readonly sameTwin: boolean;
    readonly sameReader: boolean;
    /** Before its time. */
    readonly ended: boolean;
    readonly until: number;
  } | null;
}

const COMMANDING: readonly Purpose[] = ["care", "emergency", "maintenance"];

/**
 * The one rule of the access road (DESIGN.md sections 7 and 8), pure. A suspect device denies nothing, and a verdict never
 * takes data away from care: a quarantined device stays readable for every purpose but research.
 */
export function decide(facts: Facts, ask: Ask): Reason {
  const { twin, device, grant } = facts;
  const quarantined = device === "quarantined";

  if (!twin) return "TwinUnknown";
  if (twin.ended) return "TwinEnded";
  if (device === "retired" && !outlivesDevice(ask)) return "DeviceRetired";
  if (twin.security !== (ask.purpose === "security")) return "SecurityTwinOnly";

  let visible = twin.segments;
  if (twin.security) {
    // An oracle needs no grant: nobody, the steward included, can blind detection.
    if (!facts.readerIsOracle) return "ReaderNotOracle";
  } else if (!grant) {
    const denied = denyOpening(facts.opening, ask);
    if (denied) return denied;
  } else {
    if (!grant.sameTwin || !grant.sameReader) return "GrantForOther";
    if (grant.revoked) return "GrantRevoked";
    if (grant.epochRaised) return "EpochRaised";
    if (grant.parentRevoked) return "ParentRevoked";
    if (ask.now < grant.from) return "GrantNotStarted";
    if (ask.now >= grant.until) return "GrantExpired";
    if ((grant.purposes & (1 << purposeBit(ask.purpose))) === 0) return "PurposeNotGranted";
    // Asked of whoever reads, at the end of the chain of grants: it is not passed on.
    if ((twin.consent & ~facts.consented & (1 << purposeBit(ask.purpose))) !== 0) return "ConsentMissing";
    visible &= grant.segments;
  }

  if (ask.segments <= 0n || (ask.segments & ~visible) !== 0n) return "SegmentsNotGranted";
  if (quarantined && ask.action === "read" && ask.purpose === "research") return "DeviceQuarantined";
  if (quarantined && ask.action === "command" && ask.safe !== true) return "DeviceQuarantined";
  if (ask.action === "command" && ((ask.segments & ~twin.commands) !== 0n || !COMMANDING.includes(ask.purpose))) {
    return "CommandNotInTwin";
  }
  return "Permitted";
}

/**
 * Whoever broke the glass sees the whole emergency twin, for emergency alone, and needs nobody's consent. Undefined where
 * nothing is in the way of that.
 */
function denyOpening(opening: Facts["opening"], ask: Ask): Reason | undefined {
  if (!opening) return "GrantUnknown";
  if (!opening.sameTwin || !opening.sameReader) return "GrantForOther";
  if (opening.ended) return "BreakGlassEnded";
  if (ask.now >= opening.until) return "BreakGlassExpired";
  return ask.purpose === "emergency" ? undefined : "PurposeNotGranted";
}

/** History stays open to security and audit after a device has retired. */
const outlivesDevice = (ask: Ask): boolean =>
  ask.action === "read" && (ask.purpose === "security" || ask.purpose === "audit");
