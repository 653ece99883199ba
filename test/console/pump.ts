import type { DeviceModel } from "../../protocol/device-model.ts";

/** A pump: no detector here is fitted to it, so that no verdict comes in between. */
export const PUMP: DeviceModel = {
  format: "device-model@1",
  name: "pump@1",
  segments: [
    { name: "flow", bit: 0, unit: "mL/h", type: "number", min: 0, max: 500 },
    { name: "pressure", bit: 1, unit: "kPa", type: "number", min: 0, max: 200 },
    { name: "temp", bit: 2, unit: "Cel", type: "number", min: 0, max: 60 },
  ],
  commands: [],
  security: ["flow"],
};
