// What TwinRegistry and GrantRegistry say they do, once more, in another language and as plainly as can be: maps and checks in the
// order in which the contracts refuse. What an ask is answered is not written again: it is the server's own `decide`.
import type { Hex } from "../../../protocol/bytes.ts";
import { ZERO_32 } from "../../../protocol/bytes.ts";
import { assignmentId, grantId, twinId } from "../../../protocol/ids.ts";
import { PURPOSES } from "../../../protocol/words.ts";
import { decide, type Reason } from "../../../server/access/decide.ts";
import { GlassModel, type GlassGround } from "./glass-model.ts";
import { OfficeModel, type OfficeGround } from "./office-model.ts";
import { NOBODY, refuse, requireSigned, type Word } from "./refused.ts";

const SEQUENCE_MAX = 2n ** 53n - 1n;
const RESEARCH = 0x04;
const CONSENTABLE = 0x0f;
const GRANTABLE = 0x1f;
const CONTINUABLE = 0x03;
const ALL_PURPOSES = 0x3f;
interface Device {
  steward: Hex;
  offered: Hex;
  state: "registered" | "active" | "suspect" | "quarantined" | "retired";
  assignments: number;
  assigned: boolean;
}

interface Twin {
  readonly device: Hex;
  /** Null: the security twin. */
  readonly assignment: Hex | null;
  readonly n: number;
  readonly segments: bigint;
  readonly commands: bigint;
  epoch: number;
  consent: number;
}

export interface GrantTerms {
  readonly twin: Hex;
  readonly reader: Hex;
  readonly from: number;
  readonly until: number;
  readonly segments: bigint;
  readonly purposes: number;
  readonly depth: number;
}

export interface Source {
  readonly grantor: Hex;
  readonly parent: Hex;
  readonly nonce: bigint;
}

export interface Given extends GrantTerms {
  readonly id: Hex;
  readonly source: Source;
  readonly epoch: number;
  revoked: boolean;
  continuity: boolean;
}

export interface Question {
  readonly device: Hex;
  readonly twin: Hex;
  readonly grant: Hex;
  readonly reader: Hex;
  readonly purpose: number;
  readonly command: boolean;
  readonly segments: bigint;
  /** False: the sources that are brought are not those of the grant. */
  readonly sourced: boolean;
}

export interface Ground extends GlassGround, OfficeGround {
  readonly twinRegistry: Hex;
  readonly verdictOracle: Hex;
  readonly member: Hex;
  readonly oracle: Hex;
}

export class AccessModel {
  now: number;
  readonly devices = new Map<Hex, Device>();
  readonly assignments = new Map<
    Hex,
    { readonly device: Hex; readonly from: bigint; end: bigint; readonly n: number }
  >();
  readonly twins = new Map<Hex, Twin>();
  readonly persons = new Map<Hex, { subject: Hex; guardian: Hex }>();
  readonly grants = new Map<Hex, Given>();
  readonly consents = new Map<string, { purposes: number; changes: number }>();
  readonly office: OfficeModel;
  readonly glass: GlassModel;
  readonly #ground: Ground;
  readonly #counts = new Map<string, number>();
  readonly #nonces = new Set<string>();

  constructor(ground: Ground, now: number) {
    this.#ground = ground;
    this.now = now;
    this.office = new OfficeModel(ground, () => this.now);
    this.glass = new GlassModel(ground, {
      now: () => this.now,
      steward: (device) => this.devices.get(device ?? ZERO_32)?.steward,
      retired: (device) => this.devices.get(device)?.state === "retired",
      assignment: (id) => this.assignments.get(id),
      isHolder: (account) => this.office.has("holder", account),
      isReviewer: (account) => this.office.has("reviewer", account),
      twin: (id) => {
        const twin = this.twins.get(id);
        return twin && { ...twin, ended: !this.#isOpen(twin) };
      },
    });
  }

  // Devices, as far as access depends on them

  offerSteward(by: Hex, id: Hex, to: Hex): void {
    const device = this.devices.get(id) ?? refuse("DeviceUnknown");
    if (device.steward !== by) refuse("NotSteward");
    device.offered = to;
  }

  acceptSteward(by: Hex, id: Hex): void {
    const device = this.devices.get(id) ?? refuse("DeviceUnknown");
    if (device.offered !== by) refuse("NotOfferedSteward");
    device.steward = by;
    device.offered = NOBODY;
  }

  retire(by: Hex, id: Hex): void {
    const device = this.devices.get(id) ?? refuse("DeviceUnknown");
    if (device.steward !== by) refuse("NotSteward");
    if (device.state === "retired") refuse("DeviceRetired");
    device.state = "retired";
  }

  applyVerdict(by: Hex, id: Hex, kind: number): void {
    if (by !== this.#ground.verdictOracle) refuse("NotVerdictOracle");
    const device = this.devices.get(id) ?? refuse("DeviceUnknown");
    if (device.state === "retired") refuse("DeviceRetired");
    if (device.state === "registered") refuse("DeviceStateUnexpected");
    if (kind === 1 && device.state !== "quarantined") device.state = "suspect";
    if (kind === 2) device.state = "quarantined";
    if (kind !== 3) return;
    if (device.state === "active") refuse("DeviceStateUnexpected");
    device.state = "active";
  }

  // Assignments and twins

  beginAssignment(by: Hex, id: Hex, from: bigint): void {
    const device = this.#requireSteward(by, id);
    if (device.assigned) refuse("AssignmentOpen");
    const { chainId, twinRegistry } = this.#ground;
    if (from < this.earliest(id)) refuse("AssignmentStartUnexpected");
    if (from > SEQUENCE_MAX) refuse("SequenceTooLarge");
    const n = device.assignments++;
    device.assigned = true;
    this.assignments.set(assignmentId(chainId, twinRegistry, id, n), { device: id, from, end: 0n, n });
  }

  /** The first sequence that the device's next assignment may have. */
  earliest(device: Hex): bigint {
    return [...this.assignments.values()].findLast((one) => one.device === device)?.end ?? 1n;
  }

  endAssignment(by: Hex, id: Hex, end: bigint): void {
    const entry = this.assignments.get(id) ?? refuse("AssignmentUnknown");
    const device = this.#device(entry.device);
    if (device.steward !== by) refuse("NotSteward");
    if (entry.end !== 0n) refuse("AssignmentAlreadyEnded");
    if (end < entry.from) refuse("AssignmentEndUnexpected");
    if (end > SEQUENCE_MAX) refuse("SequenceTooLarge");
    entry.end = end;
    device.assigned = false;
  }

  createTwin(by: Hex, assignment: Hex, manifest: Hex, segments: bigint, commands: bigint): void {
    const { device, n } = this.#requireOpen(by, assignment);
    const id = this.#newTwin(assignment, manifest, segments);
    this.twins.set(id, { device, assignment, n, segments, commands, epoch: 0, consent: RESEARCH });
  }

  createSecurityTwin(by: Hex, id: Hex, manifest: Hex, segments: bigint): void {
    const device = this.#requireSteward(by, id);
    if ([...this.twins.values()].some((twin) => twin.device === id && twin.assignment === null)) {
      refuse("SecurityTwinExists");
    }
    const twin = this.#newTwin(id, manifest, segments);
    this.twins.set(twin, { device: id, assignment: null, n: 0, segments, commands: 0n, epoch: 0, consent: 0 });
    if (device.state === "registered") device.state = "active";
  }

  raiseEpoch(by: Hex, id: Hex): void {
    const twin = this.twins.get(id) ?? refuse("TwinUnknown");
    if (this.#device(twin.device).steward !== by) refuse("NotSteward");
    if (twin.assignment === null) refuse("SecurityTwinOnly");
    twin.epoch += 1;
  }

  setConsentMask(by: Hex, id: Hex, purposes: number): void {
    const twin = this.twins.get(id) ?? refuse("TwinUnknown");
    if (twin.assignment === null) refuse("SecurityTwinOnly");
    if ((purposes & RESEARCH) === 0 || (purposes & ~CONSENTABLE) !== 0) refuse("ConsentMaskRefused");
    if (!this.speaksFor(id, by)) {
      if (this.#device(twin.device).steward !== by) refuse("NotSteward");
      if ((twin.consent & ~purposes) !== 0) refuse("ConsentMaskShrinks");
    }
    twin.consent = purposes;
  }

  // Whose data it is

  bindSubject(by: Hex, assignment: Hex, subject: Hex, guardian: Hex, word: Word): void {
    this.#requireOpen(by, assignment);
    if (subject === NOBODY) refuse("SubjectZero");
    if (this.#subjectOf(assignment) !== NOBODY) refuse("SubjectAlreadyBound");
    requireSigned(word, this.now);
    this.persons.set(assignment, { subject, guardian });
  }

  appointGuardian(by: Hex, assignment: Hex, guardian: Hex): void {
    if (this.#subjectOf(assignment) !== by) refuse("NotSubject");
    this.persons.set(assignment, { subject: by, guardian });
  }

  appointGuardianFor(by: Hex, assignment: Hex, guardian: Hex, member: number, word: Word): void {
    this.#requireOpen(by, assignment);
    if (this.#subjectOf(assignment) !== NOBODY) refuse("SubjectAlreadyBound");
    if (member > 0) refuse("MemberUnknown");
    if (this.#ground.member === by) refuse("NotOtherMember");
    requireSigned(word, this.now);
    this.persons.set(assignment, { subject: NOBODY, guardian });
  }

  speaksFor(twin: Hex, by: Hex): boolean {
    const { subject, guardian } = this.persons.get(this.twins.get(twin)?.assignment ?? ZERO_32) ?? {};
    return by === subject || by === guardian;
  }

  // Grants

  grant(by: Hex, device: Hex, terms: GrantTerms, nonce: bigint): void {
    this.#requireGrantable(device, terms);
    if (this.#device(device).steward !== by) refuse("NotSteward");
    this.#give(terms, { grantor: by, parent: ZERO_32, nonce });
  }

  relayGrant(device: Hex, terms: GrantTerms, nonce: bigint, word: Word): void {
    this.#requireGrantable(device, terms);
    const grantor = this.#device(device).steward;
    this.#requireGrantsSigned([terms], grantor, word);
    this.#give(terms, { grantor, parent: ZERO_32, nonce });
  }

  relayGrants(device: Hex, all: readonly GrantTerms[], nonces: readonly bigint[], word: Word): void {
    if (all.length === 0 || all.length !== nonces.length) refuse("BatchUneven");
    const grantor = this.devices.get(device)?.steward ?? NOBODY;
    const [kept, used] = [new Map(this.grants), new Set(this.#nonces)];
    try {
      for (const [i, terms] of all.entries()) {
        this.#requireGrantable(device, terms);
        this.#give(terms, { grantor, parent: ZERO_32, nonce: nonces[i] ?? 0n });
      }
      this.#requireGrantsSigned(all, grantor, word);
    } catch (error) {
      // All or none.
      for (const id of this.grants.keys()) if (!kept.has(id)) this.grants.delete(id);
      for (const name of this.#nonces) if (!used.has(name)) this.#nonces.delete(name);
      throw error;
    }
  }

  delegate(by: Hex, device: Hex, terms: GrantTerms, nonce: bigint, above: Source): void {
    const parent = this.#requireWithin(device, terms, by, above);
    this.#give(terms, { grantor: by, parent, nonce });
  }

  relayDelegation(device: Hex, terms: GrantTerms, nonce: bigint, grantor: Hex, above: Source, word: Word): void {
    const parent = this.#requireWithin(device, terms, grantor, above);
    this.#requireGrantsSigned([terms], grantor, word);
    this.#give(terms, { grantor, parent, nonce });
  }

  revoke(by: Hex, twin: Hex, reader: Hex, source: Source): void {
    const given = this.#requireGrant(grantId({ twin, reader, ...source }));
    if (by !== source.grantor) this.#requireStewardOf(twin, by);
    given.revoked = true;
  }

  relayRevocation(twin: Hex, reader: Hex, source: Source, word: Word): void {
    const given = this.#requireGrant(grantId({ twin, reader, ...source }));
    if (word.signer !== source.grantor) this.#requireStewardOf(twin, word.signer);
    requireSigned(word, this.now);
    given.revoked = true;
  }

  setContinuity(by: Hex, twin: Hex, reader: Hex, on: boolean, source: Source): void {
    const given = this.#requireGrant(grantId({ twin, reader, ...source }));
    this.#requireStewardOf(twin, by);
    if (on && (given.purposes & ~CONTINUABLE) !== 0) refuse("PurposesRefused");
    given.continuity = on;
  }

  /** Whether what was signed in this epoch of a twin counts now. */
  isOfEpoch(twin: Hex, epoch: number): boolean {
    return this.twins.get(twin)?.epoch === epoch;
  }

  cancelNonce(by: Hex, nonce: bigint): void {
    this.#useNonce(by, nonce);
  }

  // Consent

  setConsent(by: Hex, twin: Hex, reader: Hex, purposes: number): void {
    if (!this.speaksFor(twin, by)) refuse("NotSubject");
    if ((purposes & ~ALL_PURPOSES) !== 0) refuse("PurposesRefused");
    const changes = this.changesOf(twin, reader) + 1;
    this.consents.set(`${twin} ${reader}`, { purposes, changes });
  }

  relayConsent(twin: Hex, reader: Hex, purposes: number, word: Word): void {
    if (!this.speaksFor(twin, word.signer)) refuse("NotSubject");
    requireSigned(word, this.now);
    this.setConsent(word.signer, twin, reader, purposes);
  }

  changesOf(twin: Hex, reader: Hex): number {
    return this.consents.get(`${twin} ${reader}`)?.changes ?? 0;
  }

  // Asking

  explain(question: Question): Reason {
    const twin = this.twins.get(question.twin);
    const known = twin?.device === question.device ? twin : undefined;
    const device = this.devices.get(question.device);
    const grant = this.grants.get(question.grant);
    const opening = this.glass.find(question.grant);
    const purpose = PURPOSES[question.purpose] ?? "care";
    return decide(
      {
        twin: known ? { ...known, security: known.assignment === null, ended: !this.#isOpen(known) } : null,
        device: device?.state ?? "none",
        readerIsOracle: question.reader === this.#ground.oracle,
        consented: this.consents.get(`${question.twin} ${question.reader}`)?.purposes ?? 0,
        grant: grant
          ? {
              ...grant,
              sameTwin: grant.twin === question.twin && question.sourced,
              sameReader: grant.reader === question.reader,
              epochRaised: grant.epoch !== (known?.epoch ?? 0),
              parentRevoked: this.#above(grant).some(({ revoked }) => revoked),
            }
          : null,
        ...(opening && {
          opening: {
            ...opening,
            sameTwin: opening.twin === question.twin,
            sameReader: opening.opener === question.reader,
          },
        }),
      },
      { action: question.command ? "command" : "read", purpose, segments: question.segments, now: this.now },
    );
  }

  /** The grants that one was passed on from, nearest first. */
  #above(grant: Given): Given[] {
    const parent = this.grants.get(grant.source.parent);
    return parent ? [parent, ...this.#above(parent)] : [];
  }

  /** The sources of a grant and of those above it, as a reader brings them. */
  sourcesOf(id: Hex): Source[] {
    const grant = this.grants.get(id);
    return grant ? [grant, ...this.#above(grant)].map(({ source }) => source) : [];
  }

  // Checks

  #device(id: Hex): Device {
    return this.devices.get(id) ?? refuse("the model has no such device");
  }

  #requireSteward(by: Hex, id: Hex): Device {
    const device = this.devices.get(id);
    if (device?.steward !== by) return refuse("NotSteward");
    if (device.state === "retired") refuse("DeviceRetired");
    return device;
  }

  #requireOpen(by: Hex, id: Hex): { readonly device: Hex; readonly n: number } {
    const entry = this.assignments.get(id) ?? refuse("AssignmentUnknown");
    this.#requireSteward(by, entry.device);
    if (entry.end !== 0n) refuse("AssignmentAlreadyEnded");
    return entry;
  }

  #isOpen({ assignment, device, n }: Twin): boolean {
    const { assigned, assignments } = this.#device(device);
    return assignment === null || (assigned && assignments === n + 1);
  }

  #newTwin(source: Hex, manifest: Hex, segments: bigint): Hex {
    if (manifest === ZERO_32) refuse("ManifestHashZero");
    if (segments === 0n) refuse("SegmentsMissing");
    const n = this.#counts.get(source + manifest) ?? 0;
    this.#counts.set(source + manifest, n + 1);
    return twinId(this.#ground.chainId, this.#ground.twinRegistry, source, manifest, n);
  }

  #subjectOf(assignment: Hex): Hex {
    return this.persons.get(assignment)?.subject ?? NOBODY;
  }

  #requireGrantable(device: Hex, terms: GrantTerms): void {
    if (this.office.pausedAt !== undefined) refuse("GrantsPaused");
    if (terms.until <= terms.from) refuse("GrantTermEmpty");
    if (terms.until <= this.now) refuse("GrantExpired");
    if (terms.purposes === 0 || terms.purposes > GRANTABLE) refuse("PurposesRefused");
    if (terms.depth > 3) refuse("DepthTooGreat");
    const twin = this.twins.get(terms.twin);
    if (twin?.device !== device) return refuse("TwinUnknown");
    if (twin.assignment === null) refuse("SecurityTwinOnly");
    if (!this.#isOpen(twin)) refuse("TwinEnded");
    if (this.#device(device).state === "retired") refuse("DeviceRetired");
    if (terms.segments === 0n || (terms.segments & ~twin.segments) !== 0n) refuse("SegmentsNotInTwin");
  }

  #requireGrantsSigned(all: readonly GrantTerms[], grantor: Hex, word: Word): void {
    const present = all.every(({ twin }, i) => this.isOfEpoch(twin, word.epochs?.[i] ?? 0));
    requireSigned({ ...word, good: word.good && word.signer === grantor && present }, this.now);
  }

  #requireWithin(device: Hex, terms: GrantTerms, grantor: Hex, above: Source): Hex {
    this.#requireGrantable(device, terms);
    const parent = grantId({ twin: terms.twin, reader: grantor, ...above });
    const given = this.#requireGrant(parent);
    if (given.epoch !== this.twins.get(terms.twin)?.epoch) refuse("EpochRaised");
    const within =
      (terms.segments & ~given.segments) === 0n &&
      (terms.purposes & ~given.purposes) === 0 &&
      terms.from >= given.from &&
      terms.until <= given.until &&
      terms.depth < given.depth;
    if (!within) refuse("DelegationExceedsParent");
    return parent;
  }

  #requireGrant(id: Hex): Given {
    const given = this.grants.get(id) ?? refuse("GrantUnknown");
    if (given.revoked) refuse("GrantRevoked");
    return given;
  }

  #requireStewardOf(twin: Hex, by: Hex): void {
    const device = this.twins.get(twin)?.device;
    if (device === undefined || this.#device(device).steward !== by) refuse("NotSteward");
  }

  #useNonce(by: Hex, nonce: bigint): void {
    const name = `${by} ${nonce}`;
    if (this.#nonces.has(name)) refuse("NonceUsed");
    this.#nonces.add(name);
  }

  #give(terms: GrantTerms, source: Source): void {
    if (terms.reader === NOBODY) refuse("ReaderZero");
    this.#useNonce(source.grantor, source.nonce);
    const id = grantId({ twin: terms.twin, reader: terms.reader, ...source });
    const epoch = this.twins.get(terms.twin)?.epoch ?? 0;
    this.grants.set(id, { ...terms, id, source, epoch, revoked: false, continuity: false });
  }
}
