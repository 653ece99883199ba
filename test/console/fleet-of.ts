import { parseReading, sha256, toHex, utf8 } from "../../protocol/index.ts";
import type { TestWorld } from "../protocol/world.ts";

/** GET /v1/devices for the world's own device, all of whose readings are anchored, and three others in other states. */
export function fleetOf(world: TestWorld): { at: number; devices: Record<string, unknown>[] } {
  const at = Date.now();
  const last = parseReading(world.readings.at(-1) ?? "");
  const other = (name: string): string => toHex(sha256(utf8(name)));
  return {
    at,
    devices: [
      {
        id: last.device,
        model: last.model,
        state: "active",
        sequence: last.sequence,
        acceptedAt: at - 3_000,
        anchoredSequence: last.sequence,
        twins: 2,
        unwatched: false,
      },
      {
        id: other("quarantined"),
        model: "monitor@1",
        state: "quarantined",
        sequence: 11_397,
        acceptedAt: at - 1_500,
        until: at - 7_200_000,
        sealedSequence: 11_397,
        anchoredSequence: 11_390,
        twins: 2,
        unwatched: false,
      },
      {
        id: other("silent"),
        model: "pump@2",
        state: "suspect",
        sequence: 40,
        acceptedAt: at - 900_000,
        anchoredSequence: 39,
        twins: 1,
        unwatched: true,
      },
      {
        id: other("new"),
        model: null,
        state: "registered",
        sequence: 0,
        acceptedAt: null,
        anchoredSequence: 0,
        twins: 0,
        unwatched: true,
      },
    ],
  };
}
