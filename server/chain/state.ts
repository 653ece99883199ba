import type { Hex } from "../../protocol/bytes.ts";
import type { Contracts } from "../../protocol/consortium.ts";
import { purposesMask } from "../../protocol/words.ts";
import { readTerms } from "../../protocol/terms.ts";
import { readEvent, type ChainEvent, type ReadEvent } from "./event.ts";
import { toView, type Ids, type Tables } from "./tables.ts";
import type {
  AnchorFact,
  AssignmentFact,
  Block,
  Breach,
  ChainView,
  DeviceFact,
  DeviceKey,
  DeviceState,
  StreamFact,
  VerdictFact,
  VerdictKind,
} from "./view.ts";

const STATES: readonly (DeviceState | undefined)[] = [
  undefined,
  "registered",
  "active",
  "suspect",
  "quarantined",
  "retired",
];
const KINDS: readonly (VerdictKind | undefined)[] = [undefined, "suspect", "quarantine", "readmission"];
const BREACHES: readonly (Breach | undefined)[] = ["overdue", "late", "misplaced", "contradicted"];
const RESEARCH = purposesMask(["research"]);
const ZERO = `0x${"00".repeat(32)}`;

type TableName = keyof Tables;

/**
 * The fold of the contracts' events, in the order of the chain. Pure: the same events give the same views, whether they are
 * folded at once or one by one. A view that was taken stays as it was: tables are copied before the first change after it,
 * and anchors, of which there are many, only grow.
 */
export class ChainState {
  readonly #contracts: Contracts;
  readonly #tables: Tables = {
    members: new Map(),
    groups: new Map(),
    oracles: new Map(),
    devices: new Map(),
    assignments: new Map(),
    assignmentsOf: new Map(),
    twins: new Map(),
    twinsOf: new Map(),
    twinsIn: new Map(),
    grants: new Map(),
    grantsOf: new Map(),
    consents: new Map(),
    streams: new Map(),
    verdicts: new Map(),
    cleared: new Map(),
  };
  readonly #anchors = new Map<Hex, AnchorFact[]>();
  readonly #shared = new Set<TableName>();

  constructor(contracts: Contracts) {
    this.#contracts = contracts;
  }

  /**
   * Folds one event; says whether it was one of ours. Throws on what our contracts cannot have emitted, as an integer that is
   * not safe; it may be folded in part by then, and this state must not be used any more.
   */
  apply(event: ChainEvent): boolean {
    const read = readEvent(this.#contracts, event);
    if (read === undefined) return false;
    const fold = FOLDS[`${read.contract}.${read.name}`];
    fold?.(this.#pen, read, event);
    return fold !== undefined;
  }

  /** What the events folded so far say, as of `head`. */
  view(head: Block): ChainView {
    for (const name of Object.keys(this.#tables) as TableName[]) this.#shared.add(name);
    const sizes = new Map([...this.#anchors].map(([stream, anchors]) => [stream, anchors.length]));
    return toView(head, { ...this.#tables }, this.#anchors, sizes);
  }

  readonly #pen: Pen = {
    read: (name) => this.#tables[name],
    write: (name) => {
      if (this.#shared.delete(name)) this.#tables[name] = new Map(this.#tables[name] as Map<never, never>);
      return this.#tables[name];
    },
    anchors: (stream) => {
      const anchors = this.#anchors.get(stream) ?? [];
      this.#anchors.set(stream, anchors);
      return anchors;
    },
  };
}

interface Pen {
  read<N extends TableName>(name: N): Tables[N];
  write<N extends TableName>(name: N): Tables[N];
  anchors(stream: Hex): AnchorFact[];
}

type Fold = (pen: Pen, read: ReadEvent, event: ChainEvent) => void;

const FOLDS: Readonly<Record<string, Fold>> = {
  "MemberRegistry.MemberAdded": (pen, read) => {
    const number = read.int("member");
    const commandKey = { x: read.hex("commandX"), y: read.hex("commandY") };
    const member = { number, name: read.text("name"), endpoint: read.text("endpoint"), signer: read.hex("signer") };
    pen.write("members").set(number, { ...member, commandKey });
  },
  "MemberRegistry.GatewayGroupAdded": (pen, read) => {
    const group = read.hex("group");
    const senders = read.list("senders").map((sender) => sender.toLowerCase() as Hex);
    const key = { group, member: read.int("member"), x: read.hex("x"), y: read.hex("y"), senders };
    pen.write("groups").set(group, key);
  },
  "MemberRegistry.OracleAdded": (pen, read) => void pen.write("oracles").set(read.int("bit"), read.hex("key")),

  "DeviceRegistry.DeviceRegistered": (pen, read) => {
    const id = read.hex("device");
    const ids = {
      id,
      steward: read.hex("steward"),
      modelHash: read.hex("modelHash"),
      homeStream: read.hex("homeStream"),
    };
    pen.write("devices").set(id, { ...ids, state: "registered", keys: [] });
  },
  "DeviceRegistry.KeyAdded": (pen, read) => {
    const from = read.int("fromSequence");
    const added: DeviceKey = {
      number: read.int("number"),
      x: read.hex("x"),
      y: read.hex("y"),
      from,
      until: null,
      marks: [],
    };
    changeDevice(pen, read.hex("device"), (device) => ({
      ...device,
      // The new range closes the open one; a closed one never changes.
      keys: [...device.keys.map((key) => (key.until === null ? { ...key, until: from - 1 } : key)), added],
    }));
  },
  "DeviceRegistry.KeyMarked": (pen, read) => {
    const number = read.int("number");
    const mark = {
      fromSequence: read.int("fromSequence"),
      suspectedSince: read.int("suspectedSince"),
      reason: read.hex("reason"),
    };
    changeDevice(pen, read.hex("device"), (device) => ({
      ...device,
      keys: device.keys.map((key) => (key.number === number ? { ...key, marks: [...key.marks, mark] } : key)),
    }));
  },
  "DeviceRegistry.EquivocationProven": (pen, read, event) => {
    const contents = [read.hex("first"), read.hex("second")] as const;
    const place = { key: read.int("number"), sequence: read.int("sequence") };
    const equivocation = { ...place, contents, by: read.hex("by"), transaction: event.transaction };
    changeDevice(pen, read.hex("device"), (device) => ({ ...device, equivocation }));
  },
  "DeviceRegistry.DeviceStateChanged": (pen, read) => {
    const state = STATES[read.int("to")];
    if (state === undefined) return;
    changeDevice(pen, read.hex("device"), ({ quarantinedBy: _before, ...device }) => ({
      ...device,
      state,
      ...(state === "quarantined" ? { quarantinedBy: read.hex("cause") } : {}),
    }));
  },
  "DeviceRegistry.StewardChanged": (pen, read) => {
    changeDevice(pen, read.hex("device"), (device) => ({ ...device, steward: read.hex("to") }));
  },

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
    consents.set(twin, new Map([...(consents.get(twin) ?? []), [reader, read.int("purposes")]]));
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

  "AnchorLog.StreamOpened": (pen, read) => {
    const id = read.hex("stream");
    pen.write("streams").set(id, { id, group: read.hex("group"), n: read.int("n"), standing: "open" });
  },
  "AnchorLog.Suspended": (pen, read, { block }) => {
    const breach = BREACHES[read.int("breach")];
    if (breach === undefined) return;
    const suspension = { number: read.int("suspension"), breach, ack: read.hex("ack"), by: read.hex("by"), block };
    changeStream(pen, read.hex("stream"), (stream) => ({ ...stream, standing: "suspended", suspension }));
  },
  "AnchorLog.Resumed": (pen, read) => {
    changeStream(pen, read.hex("stream"), (stream) => ({ ...stream, standing: "open" }));
  },
  "AnchorLog.Fenced": (pen, read) => {
    const end = { size: read.int("size"), leaves: read.int("nextLeaf"), logRoot: read.hex("logRoot") };
    const fence = { ...end, reason: read.hex("reason") };
    changeStream(pen, read.hex("stream"), (stream) => ({ ...stream, standing: "fenced", fence }));
  },
  "AnchorLog.Succeeded": (pen, read) => {
    const [predecessor, successor] = [read.hex("stream"), read.hex("successor")];
    changeStream(pen, predecessor, (stream) => ({ ...stream, successor }));
    changeStream(pen, successor, (stream) => ({ ...stream, predecessor }));
  },
  "AnchorLog.Anchored": (pen, read, event) => {
    pen.anchors(read.hex("stream")).push({
      number: read.int("number"),
      root: read.hex("root"),
      count: read.int("count"),
      firstLeaf: read.int("firstLeaf"),
      transaction: event.transaction,
      block: event.block,
    });
  },

  "VerdictOracle.VerdictReached": (pen, read, event) => {
    const verdict = read.struct("verdict");
    const kind = KINDS[verdict.int("kind")];
    if (kind === undefined) return;
    const fact: VerdictFact = {
      digest: read.hex("digest"),
      oracleSet: verdict.hex("oracleSet"),
      stream: verdict.hex("stream"),
      round: verdict.int("round"),
      firstBatch: verdict.int("firstBatch"),
      lastBatch: verdict.int("lastBatch"),
      device: verdict.hex("device"),
      firstSequence: verdict.int("firstSequence"),
      lastSequence: verdict.int("lastSequence"),
      kind,
      severity: verdict.int("severity"),
      model: verdict.hex("model"),
      leavesRoot: verdict.hex("leavesRoot"),
      signers: read.int("signers"),
      transaction: event.transaction,
      block: event.block,
    };
    pen.write("verdicts").set(fact.digest, fact);
    const { digest, severity, round } = fact;
    changeDevice(pen, fact.device, (device) => ({ ...device, verdict: { digest, kind, severity, round } }));
  },
  "VerdictOracle.RoundCleared": (pen, read) => {
    pen.write("cleared").set(`${read.hex("stream")} ${read.int("round")}`, read.hex("root"));
  },
};

function changeDevice(pen: Pen, id: Hex, change: (device: DeviceFact) => DeviceFact): void {
  const devices = pen.write("devices");
  const device = devices.get(id);
  if (device !== undefined) devices.set(id, change(device));
}

function changeAssignment(pen: Pen, id: Hex, change: (assignment: AssignmentFact) => AssignmentFact): void {
  const assignments = pen.write("assignments");
  const assignment = assignments.get(id);
  if (assignment !== undefined) assignments.set(id, change(assignment));
}

const someone = (address: Hex): Hex | null => (/^0x0{40}$/.test(address) ? null : address);

function changeStream(pen: Pen, id: Hex, change: (stream: StreamFact) => StreamFact): void {
  const streams = pen.write("streams");
  const stream = streams.get(id);
  if (stream !== undefined) streams.set(id, change(stream));
}

function append(index: Map<Hex, Ids>, owner: Hex, id: Hex): void {
  const items = index.get(owner)?.items ?? [];
  items.push(id);
  index.set(owner, { items, size: items.length });
}
