import { dataTime } from "./age.ts";
import { anchoringOf } from "./anchoring.ts";
import { needsWatch, STATES, type FleetDevice } from "./read-devices.ts";

export type Column = "device" | "model" | "state" | "sequence" | "age" | "anchoring" | "twins";

export interface Order {
  column: Column;
  descending: boolean;
}

const ANCHORING = ["none", "accepted", "sealed", "anchored"];

/** The devices in the order asked for; ties fall back to the id, so that rows never jump between two polls. */
export function orderDevices(devices: readonly FleetDevice[], order: Order): FleetDevice[] {
  const sign = order.descending ? -1 : 1;
  return devices.toSorted((a, b) => sign * compare(order.column, a, b) || (a.id < b.id ? -1 : 1));
}

function compare(column: Column, a: FleetDevice, b: FleetDevice): number {
  switch (column) {
    case "device":
      return a.id < b.id ? -1 : 1;
    case "model":
      return (a.model ?? "").localeCompare(b.model ?? "");
    case "state":
      return STATES.indexOf(a.state) - STATES.indexOf(b.state);
    case "sequence":
      return a.sequence - b.sequence;
    case "age":
      // Never heard of is older than everything.
      return (dataTime(b) ?? -1) - (dataTime(a) ?? -1);
    case "anchoring":
      return ANCHORING.indexOf(anchoringOf(a)) - ANCHORING.indexOf(anchoringOf(b));
    case "twins":
      return (a.twins ?? 0) - (b.twins ?? 0);
  }
}

/** The devices whose id, model or state contains the text; `unwatched` counts as a state. */
export function filterDevices(devices: readonly FleetDevice[], text: string): FleetDevice[] {
  const wanted = text.trim().toLowerCase();
  if (wanted === "") return [...devices];
  return devices.filter((device) =>
    [device.id, device.model ?? "", device.state, needsWatch(device) ? "unwatched" : ""].some((part) =>
      part.toLowerCase().includes(wanted),
    ),
  );
}
