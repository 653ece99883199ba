import type { FleetDevice } from "./read-devices.ts";

export type Anchoring = "none" | "accepted" | "sealed" | "anchored";

/** How far a device's last reading has come on the integrity road: accepted → sealed → anchored. */
export function anchoringOf(device: FleetDevice): Anchoring {
  if (device.sequence === 0) return "none";
  if (device.anchoredSequence >= device.sequence) return "anchored";
  if (device.sealedSequence !== null && device.sealedSequence >= device.sequence) return "sealed";
  return "accepted";
}
