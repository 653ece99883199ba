import type { Hex } from "../../protocol/bytes.ts";
import { modelHash, type DeviceModel } from "../../protocol/device-model.ts";
import { manifestHash, type Manifest } from "../../protocol/manifest.ts";
import type { Client } from "../sdk/client.ts";
import { seenByServer } from "./seen-by-server.ts";
import { actAs } from "./server.ts";
import type { Registered } from "./steward.ts";

/** The cut that oracles read: what the device model demands for security, raw. */
export const securityManifest = (model: DeviceModel): Manifest => ({
  format: "manifest@1",
  name: "security",
  model: modelHash(model),
  segments: model.security,
  resolution: "raw",
  delay: 0,
  commands: [],
});

export interface NewDevice {
  readonly key: Uint8Array;
  readonly model: DeviceModel;
}

/**
 * Registers devices: their models and security manifests become known to the server, then the steward registers their keys,
 * begins their first assignments and makes their security twins. Returns when the server accepts their readings.
 */
export async function registerDevices(
  client: Client,
  stewardKey: string,
  devices: readonly NewDevice[],
): Promise<Registered[]> {
  const registrations = devices.map((device) => ({ ...device, security: securityManifest(device.model) }));
  const documents = new Map<Hex, DeviceModel | Manifest>(
    registrations.flatMap(({ model, security }) => [
      [modelHash(model), model] as const,
      [manifestHash(security), security] as const,
    ]),
  );
  for (const document of documents.values()) await client.postDocument(document);
  const registered = await actAs(client, stewardKey, async (steward) => steward.register(registrations));
  await seenByServer("the registration", async () => {
    const { devices } = await client.devices();
    const active = new Set(devices.filter(({ state }) => state !== "registered").map(({ id }) => id));
    return registered.every(({ device }) => active.has(device));
  });
  return registered;
}

export async function registerDevice(client: Client, stewardKey: string, device: NewDevice): Promise<Registered> {
  const [registered] = await registerDevices(client, stewardKey, [device]);
  return registered as Registered;
}
