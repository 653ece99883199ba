import type { Hex } from "../../../protocol/bytes.ts";
import { readTerms } from "../../../protocol/terms.ts";
import { purposesMask } from "../../../protocol/words.ts";
import type { AssignmentFact } from "../view.ts";
import { append, type Folds, type Pen } from "./pen.ts";

const RESEARCH = purposesMask(["research"]);
const ZERO = `0x${"00".repeat(32)}`;

export const TWINS_AND_GRANTS: Folds = {
  "TwinRegistry.AssignmentBegan": (pen, read, { block }) => {
    const [id, device] = [read.hex("assignment"), read.hex("device")];
    pen.write("assignments").set(id, {
      id,
      device,
      n: read.int("n"),
      from: read.int("fromSequence"),
      end: null,
      beganAt: block.timestamp,
      endedAt: null,
      subject: null,
      guardian: null,
    });
    append(pen.write("assignmentsOf"), device, id);
  },
  "TwinRegistry.AssignmentEnded": (pen, read, { block }) => {
    const id = read.hex("assignment");
    const assignments = pen.write("assignments");
    const assignment = assignments.get(id);
    if (assignment === undefined) return;
    assignments.set(id, { ...assignment, end: read.int("endSequence"), endedAt: block.timestamp });
    const twins = pen.write("twins");
    for (const twin of pen.read("twinsIn").get(id)?.items ?? []) {
      const fact = twins.get(twin);
      if (fact !== undefined) twins.set(twin, { ...fact, ended: true });
    }
  },
  "TwinRegistry.TwinCreated": (pen, read) => {
    const [id, device, assignment] = [read.hex("twin"), read.hex("device"), read.hex("assignment")];
    pen.write("twins").set(id, {
      id,
      device,
      assignment: assignment === ZERO ? null : assignment,
      manifestHash: read.hex("manifestHash"),
      segments: read.big("segments"),
      commands: read.big("commands"),
      security: read.flag("security"),
      ended: false,
      epoch: 0,
      // A security twin is for oracles, whom nobody's consent concerns.
      consent: read.flag("security") ? 0 : RESEARCH,
    });
    append(pen.write("twinsOf"), device, id);
    if (assignment !== ZERO) append(pen.write("twinsIn"), assignment, id);
  },
  "TwinRegistry.SubjectBound": (pen, read) => {
    const persons = { subject: read.hex("subject"), guardian: someone(read.hex("guardian")) };
    changeAssignment(pen, read.hex("assignment"), (assignment) => ({ ...assignment, ...persons }));
  },
  "TwinRegistry.GuardianAppointed": (pen, read) => {
    const guardian = someone(read.hex("guardian"));
    changeAssignment(pen, read.hex("assignment"), (assignment) => ({ ...assignment, guardian }));
  },
  "TwinRegistry.ConsentMaskSet": (pen, read) => {
    const twins = pen.write("twins");
    const twin = twins.get(read.hex("twin"));
    if (twin !== undefined) twins.set(twin.id, { ...twin, consent: read.int("purposes") });
  },
  "TwinRegistry.EpochRaised": (pen, read) => {
    const twins = pen.write("twins");
    const twin = twins.get(read.hex("twin"));
    if (twin !== undefined) twins.set(twin.id, { ...twin, epoch: read.int("epoch") });
  },

  "GrantRegistry.Granted": (pen, read) => {
    const [id, twin] = [read.hex("grant"), read.hex("twin")];
    pen.write("grants").set(id, {
      id,
      twin,
      reader: read.hex("reader"),
      grantor: read.hex("grantor"),
      parent: null,
      nonce: read.big("nonce"),
      ...readTerms(read.big("terms")),
      revoked: false,
      revokedAt: null,
      continuity: false,
    });
    append(pen.write("grantsOf"), twin, id);
  },
  "GrantRegistry.Delegated": (pen, read) => {
    const grants = pen.write("grants");
    const grant = grants.get(read.hex("grant"));
    if (grant !== undefined) grants.set(grant.id, { ...grant, parent: read.hex("parent") });
  },
  "GrantRegistry.ConsentSet": (pen, read) => {
    const consents = pen.write("consents");
    const [twin, reader] = [read.hex("twin"), read.hex("reader")];
    const others = consents.get(twin) ?? [];
    const changes = (consents.get(twin)?.get(reader)?.changes ?? 0) + 1;
    consents.set(twin, new Map([...others, [reader, { purposes: read.int("purposes"), changes }]]));
  },
  "GrantRegistry.ContinuitySet": (pen, read) => {
    const grants = pen.write("grants");
    const grant = grants.get(read.hex("grant"));
    if (grant !== undefined) grants.set(grant.id, { ...grant, continuity: read.flag("on") });
  },
  "GrantRegistry.Revoked": (pen, read, event) => {
    const grants = pen.write("grants");
    const grant = grants.get(read.hex("grant"));
    if (grant !== undefined) grants.set(grant.id, { ...grant, revoked: true, revokedAt: event.block.timestamp });
  },
};

function changeAssignment(pen: Pen, id: Hex, change: (assignment: AssignmentFact) => AssignmentFact): void {
  const assignments = pen.write("assignments");
  const assignment = assignments.get(id);
  if (assignment !== undefined) assignments.set(id, change(assignment));
}

const someone = (address: Hex): Hex | null => (/^0x0{40}$/.test(address) ? null : address);
