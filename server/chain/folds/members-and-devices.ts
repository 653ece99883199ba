import type { Hex } from "../../../protocol/bytes.ts";
import type { DeviceKey, DeviceState } from "../view.ts";
import { changeDevice, type Folds } from "./pen.ts";

const STATES: readonly (DeviceState | undefined)[] = [
  undefined,
  "registered",
  "active",
  "suspect",
  "quarantined",
  "retired",
];

export const MEMBERS_AND_DEVICES: Folds = {
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
};
