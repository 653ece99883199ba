import { AbiCoder, keccak256 } from "ethers";
import type { Hex } from "../../protocol/bytes.ts";
import { roleNumber } from "../../protocol/roles.ts";
import { roleKey } from "./folds/operators-and-openings.ts";
import type {
  AnchorFact,
  AssignmentFact,
  Block,
  ChainView,
  DeviceFact,
  EmergencyFact,
  GatewayFact,
  GrantFact,
  MemberFact,
  OpeningFact,
  StreamFact,
  TwinFact,
  VerdictFact,
} from "./view.ts";

/**
 * Ids in order. The list only grows and all views share it, each with the size that it had: adding costs the same however
 * many there are, which matters since anybody may add to their own.
 */
export interface Ids {
  readonly items: Hex[];
  readonly size: number;
}

/** Facts by id, and the ids that belong together, e.g. all twins of a device. Values are never changed, only replaced. */
export interface Tables {
  members: Map<number, MemberFact>;
  groups: Map<Hex, GatewayFact>;
  /** By bit. */
  oracles: Map<number, { readonly key: Hex; readonly member: number }>;
  /** What there is one of. */
  counts: Map<"memberChanges", number>;
  devices: Map<Hex, DeviceFact>;
  assignments: Map<Hex, AssignmentFact>;
  assignmentsOf: Map<Hex, Ids>;
  twins: Map<Hex, TwinFact>;
  /** By device. */
  twinsOf: Map<Hex, Ids>;
  /** By assignment. */
  twinsIn: Map<Hex, Ids>;
  grants: Map<Hex, GrantFact>;
  grantsOf: Map<Hex, Ids>;
  /** By twin, then by reader: bitmask of purposes. The inner maps are replaced, never changed. */
  consents: Map<Hex, ReadonlyMap<Hex, { readonly purposes: number; readonly changes: number }>>;
  /** By role and account (folds/operators-and-openings.ts): since when, seconds. */
  roles: Map<string, number>;
  pauses: Map<"grants", boolean>;
  /** By assignment. */
  emergencies: Map<Hex, EmergencyFact>;
  openings: Map<Hex, OpeningFact>;
  /** By twin. */
  openingsOf: Map<Hex, Ids>;
  streams: Map<Hex, StreamFact>;
  verdicts: Map<Hex, VerdictFact>;
  /** By `stream round`. */
  cleared: Map<string, Hex>;
}

/** A view over tables that are not changed any more; of the anchors, which grow on, the first `sizes` belong to it. */
export function toView(
  head: Block,
  tables: Tables,
  anchors: ReadonlyMap<Hex, AnchorFact[]>,
  sizes: ReadonlyMap<Hex, number>,
): ChainView {
  const oracles = [...tables.oracles].toSorted(([a], [b]) => a - b).map(([, { key }]) => key);
  const cuts = new Map<Hex, readonly AnchorFact[]>();
  const all = <V>(ids: Ids | undefined, table: ReadonlyMap<Hex, V>): V[] =>
    ids === undefined ? [] : ids.items.slice(0, ids.size).flatMap((id) => table.get(id) ?? []);
  const assignmentsOf = (device: Hex): AssignmentFact[] => all(tables.assignmentsOf.get(device), tables.assignments);
  const twinsOf = (device: Hex): TwinFact[] => all(tables.twinsOf.get(device), tables.twins);
  return {
    head,
    device: (id) => tables.devices.get(id),
    devices: () => [...tables.devices.values()],
    keyAt: (device, sequence) =>
      tables.devices
        .get(device)
        ?.keys.find((key) => key.from <= sequence && (key.until === null || sequence <= key.until)),
    assignments: () => tables.assignments,
    assignment: (id) => tables.assignments.get(id),
    assignmentsOf,
    openAssignment: (device) => assignmentsOf(device).find((assignment) => assignment.end === null),
    assignmentAt: (device, sequence) =>
      assignmentsOf(device).find(({ from, end }) => from <= sequence && (end === null || sequence < end)),
    twin: (id) => tables.twins.get(id),
    twinsOf,
    securityTwin: (device) => twinsOf(device).find((twin) => twin.security),
    grant: (id) => tables.grants.get(id),
    grantsOf: (twin) => all(tables.grantsOf.get(twin), tables.grants),
    consentOf: (twin, reader) => tables.consents.get(twin)?.get(reader)?.purposes ?? 0,
    consentsOf: (twin) => [...(tables.consents.get(twin) ?? [])].map(([reader, set]) => ({ reader, ...set })),
    grantsPaused: tables.pauses.get("grants") ?? false,
    hasRole: (role, member, account, now) =>
      (tables.roles.get(roleKey(roleNumber(role, member), account)) ?? Infinity) <= now,
    emergencyTwin: (assignment) => tables.emergencies.get(assignment),
    emergencyTwins: () => [...tables.emergencies.values()],
    opening: (id) => tables.openings.get(id),
    openings: () => [...tables.openings.values()],
    openingsOf: (twin) => all(tables.openingsOf.get(twin), tables.openings),
    members: () => [...tables.members.values()].toSorted((a, b) => a.number - b.number),
    memberChanges: tables.counts.get("memberChanges") ?? 0,
    groups: () => [...tables.groups.values()],
    oracles,
    memberOfOracle: (bit) => tables.oracles.get(bit)?.member,
    oracleSet: keccak256(AbiCoder.defaultAbiCoder().encode(["address[]"], [oracles])) as Hex,
    isOracle: (address) => oracles.includes(address),
    gateway: (group) => tables.groups.get(group),
    stream: (id) => tables.streams.get(id),
    streams: () => [...tables.streams.values()],
    anchors: (stream) => {
      const cut = cuts.get(stream) ?? (anchors.get(stream) ?? []).slice(0, sizes.get(stream) ?? 0);
      cuts.set(stream, cut);
      return cut;
    },
    streamSize: (stream) => sizes.get(stream) ?? 0,
    verdicts: () => [...tables.verdicts.values()],
    verdict: (digest) => tables.verdicts.get(digest),
    clearedRoot: (stream, round) => tables.cleared.get(`${stream} ${round}`),
  };
}
