import type { Hex } from "../../../protocol/bytes.ts";
import type { KeyTerm } from "../../../protocol/gateway-key.ts";
import type { ReadEvent } from "../event.ts";
import type { DeviceKey, DeviceState, GatewayFact, MemberFact } from "../view.ts";
import { changeDevice, type Folds, type Pen } from "./pen.ts";

const STATES: readonly (DeviceState | undefined)[] = [
  undefined,
  "registered",
  "active",
  "suspect",
  "quarantined",
  "retired",
];

const memberOf = (read: ReadEvent): Omit<MemberFact, "since" | "until"> => ({
  number: read.int("member"),
  name: read.text("name"),
  endpoint: read.text("endpoint"),
  signer: read.hex("signer"),
  commandKey: { x: read.hex("commandX"), y: read.hex("commandY") },
});

const sendersOf = (read: ReadEvent): Hex[] => read.list("senders").map((sender) => sender.toLowerCase() as Hex);

/** Keys none of which goes on from `time`, seconds; one that was still to come then never does, but a group keeps its first. */
const endedAt = (keys: readonly KeyTerm[], time: number): KeyTerm[] =>
  keys
    .filter(({ since }, i) => i === 0 || since < time)
    .map((key) => (key.until === null || key.until > time ? { ...key, until: time } : key));

function changeGroup(pen: Pen, id: Hex, change: (group: GatewayFact) => Partial<GatewayFact>): void {
  const groups = pen.write("groups");
  const group = groups.get(id);
  if (group !== undefined) groups.set(id, { ...group, ...change(group) });
}

export const MEMBERS_AND_DEVICES: Folds = {
  "MemberRegistry.MemberAdded": (pen, read, { block }) => {
    const term = { since: block.timestamp, until: null };
    pen.write("members").set(read.int("member"), { ...memberOf(read), ...term });
  },
  "MemberRegistry.MemberChanged": (pen, read) => {
    const { since, until } = pen.read("members").get(read.int("member")) ?? { since: 0, until: null };
    pen.write("members").set(read.int("member"), { ...memberOf(read), since, until });
  },
  "MemberRegistry.MemberRemoved": (pen, read, { block }) => {
    const member = pen.read("members").get(read.int("member"));
    if (member !== undefined) pen.write("members").set(member.number, { ...member, until: block.timestamp });
  },
  "MemberRegistry.ChangeCarriedOut": (pen, read) =>
    void pen.write("counts").set("memberChanges", read.int("number") + 1),
  "MemberRegistry.GatewayGroupAdded": (pen, read, { block }) => {
    const group = read.hex("group");
    const keys = [{ x: read.hex("x"), y: read.hex("y"), since: block.timestamp, until: null }];
    pen.write("groups").set(group, { group, member: read.int("member"), keys, senders: sendersOf(read) });
  },
  "MemberRegistry.GatewayKeyChanged": (pen, read) => {
    const since = read.int("since");
    const next = { x: read.hex("x"), y: read.hex("y"), since, until: null };
    changeGroup(pen, read.hex("group"), ({ keys }) => ({ keys: [...endedAt(keys, since), next] }));
  },
  "MemberRegistry.SendersChanged": (pen, read) =>
    changeGroup(pen, read.hex("group"), () => ({ senders: sendersOf(read) })),
  "MemberRegistry.GatewayGroupClosed": (pen, read, { block }) =>
    changeGroup(pen, read.hex("group"), ({ keys }) => ({ keys: endedAt(keys, block.timestamp), senders: [] })),
  "MemberRegistry.OracleSetReplaced": (pen) => void pen.write("oracles").clear(),
  "MemberRegistry.OracleAdded": (pen, read) =>
    void pen.write("oracles").set(read.int("bit"), { key: read.hex("key"), member: read.int("member") }),

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
};
