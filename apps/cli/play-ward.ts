// A process of its own: eight simulated bedside monitors, registered by the steward at the first start, that sign and
// send a reading a second over MQTT, as real ones would, or over HTTP. Words: URL, where to send, DATA.
import { randomBytes } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { readDeviceModel } from "../../protocol/device-model.ts";
import { es256Signer } from "../../protocol/es256.ts";
import { parseStrict } from "../../protocol/json.ts";
import type { Monitor } from "../../lab/monitor.ts";
import { connectHttp } from "../../lab/transports/http.ts";
import { connectMqtt } from "../../lab/transports/mqtt.ts";
import type { Transport } from "../../lab/transport.ts";
import { createWard, runWard, type MonitorIdentity } from "../../lab/ward.ts";
import { createTwin } from "./commands/twin.ts";
import { createDeviceFile, deviceKey, nameDevice, readDeviceFile, type DeviceFile } from "./device-file.ts";
import { nameEmergencyTwin } from "./glass.ts";
import { registerDevices } from "./register-device.ts";
import { openClient } from "./server.ts";

const MONITORS = 8;
const MODEL = fileURLToPath(new URL("../../lab/models/monitor.json", import.meta.url));

const [url, door, data] = process.argv.slice(2);
if (url === undefined || door === undefined || data === undefined) throw new Error("usage: play-ward URL DOOR DATA");
const stewardKey = join(data, "keys/steward.key");
const client = openClient(url, stewardKey);

const model = readDeviceModel(parseStrict(readFileSync(MODEL, "utf8")));
const files = Array.from({ length: MONITORS }, (_, bed) => join(data, `ward/monitor-${bed}.json`));
const known = new Map<string, DeviceFile>(
  files.map((file) => [file, existsSync(file) ? readDeviceFile(file) : createDeviceFile(file, model)]),
);
const unnamed = [...known].filter(([, device]) => device.device === undefined);
if (unnamed.length > 0) {
  const registered = await registerDevices(
    client,
    stewardKey,
    unnamed.map(([, device]) => ({ key: deviceKey(device), model: device.model })),
  );
  for (const [index, [file, device]] of unnamed.entries()) {
    const id = registered[index]?.device;
    if (id !== undefined) known.set(file, nameDevice(file, device, id));
  }
}

const monitors: MonitorIdentity[] = [...known.values()].flatMap((file) =>
  file.device === undefined ? [] : [{ device: file.device, kid: file.number, key: deviceKey(file) }],
);
const { chainId, contracts, members } = await client.consortium();
const gatewayKey = members[0]?.gateways[0];
const ward = createWard({
  monitors,
  seed: "demo",
  start: Date.now(),
  salt: () => randomBytes(16),
  directory: join(data, "ward/journals"),
  ...(gatewayKey === undefined ? {} : { gatewayKey }),
});
const transports = new Map<Monitor, Transport>();
for (const [index, monitor] of ward.monitors.entries()) {
  const identity = monitors[index] as MonitorIdentity;
  const { device, kid, key } = identity;
  transports.set(
    monitor,
    door.startsWith("http:")
      ? connectHttp(door)
      : await connectMqtt({
          url: door,
          device,
          kid,
          sign: es256Signer(key),
          chainId,
          registry: contracts.DeviceRegistry,
          now: () => Date.now(),
        }),
  );
}

const over = new AbortController();
for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => over.abort());
process.once("disconnect", () => over.abort()); // whoever started us is gone
prepareEmergency(url).catch((error: unknown) => {
  if (!over.signal.aborted)
    console.error(`no emergency twin: ${error instanceof Error ? error.message : String(error)}`);
});
await runWard(ward, (monitor) => transports.get(monitor) as Transport, {
  signal: over.signal,
  failed: (monitor, error) =>
    console.error(`${monitor.device}: ${error instanceof Error ? error.message : String(error)}`),
});
await Promise.all([...transports.values()].map((transport) => transport.close()));
if (process.connected) process.disconnect(); // the channel alone would keep us

/** Once: the first bed has a twin that can be opened in an emergency, so that the console has something to break the glass of. */
async function prepareEmergency(url: string): Promise<void> {
  const [first] = monitors;
  if (!first || (await openClient(url, stewardKey).openings()).emergencies.length > 0) return;
  const segments = model.segments.map(({ name }) => name);
  const twin = await createTwin({ url, device: first.device, segments, name: "emergency", stewardKey });
  await nameEmergencyTwin({ url, key: stewardKey }, twin, 0);
}
