import { expect } from "chai";
import type { MqttClient } from "mqtt";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openMqtt, type MqttDoor } from "../../../server/gateway/mqtt.ts";
import { TestAuthority, type CertificateFiles } from "../../helpers/certificates.ts";
import { enterBroker } from "../../helpers/enter-broker.ts";
import { openWorld, type TestDevice, type World } from "../../helpers/gateway-world.ts";

describe("gateway: MQTT with certificates of devices", () => {
  const directory = mkdtempSync(join(tmpdir(), "twinward-mqtt-tls-"));
  const clients: MqttClient[] = [];
  let world: World;
  let door: MqttDoor;
  let authority: TestAuthority;
  let device: TestDevice;
  let other: TestDevice;

  before(async () => {
    world = await openWorld();
    [device, other] = [world.device(), world.device()];
    authority = await TestAuthority.open(directory);
    const server = pem(await authority.issue("server"));
    const tls = { ...server, ca: readFileSync(authority.ca, "utf8") };
    door = await openMqtt({
      gateway: world.gateway,
      chain: world.chain,
      host: "127.0.0.1",
      port: 0,
      now: Date.now,
      tls,
    });
  });
  afterEach(async () => {
    for (const client of clients.splice(0)) await client.endAsync(true);
  });
  after(async () => {
    await door.close();
    await world.close();
    rmSync(directory, { recursive: true, force: true });
  });

  const pem = ({ cert, key }: CertificateFiles): { cert: string; key: string } => ({
    cert: readFileSync(cert, "utf8"),
    key: readFileSync(key, "utf8"),
  });

  async function enter(as: TestDevice, shown: { cert?: string; key?: string }): Promise<MqttClient> {
    const ca = readFileSync(authority.ca);
    const names = { username: as.id, password: as.signIn(), protocolVersion: 4 as const };
    const client = await enterBroker(`mqtts://127.0.0.1:${door.port}`, { ca, ...names, ...shown });
    clients.push(client);
    return client;
  }
  const certify = async (of: TestDevice, by = authority): Promise<{ cert: string; key: string }> =>
    pem(await by.issue("device", { subject: of.id, use: "client", names: [] }, of.privateKey));

  it("lets a device in by its own certificate and its own token", async () => {
    const client = await enter(device, await certify(device));
    const heard = new Promise((resolve) =>
      client.once("message", (_topic, payload) => resolve(JSON.parse(payload.toString()))),
    );
    await client.subscribeAsync(`twinward/v1/devices/${device.id}/acks`, { qos: 1 });
    await client.publishAsync(`twinward/v1/devices/${device.id}/readings`, await device.next(), { qos: 1 });
    expect(await heard).to.include({ format: "ack@1", sequence: 1 });
  });

  it("lets nobody in by a token alone, another's certificate, or another authority's", async () => {
    const strange = await TestAuthority.open(directory, "strange");
    for (const [what, shown] of [
      ["none", {}],
      ["another's", await certify(other)],
      ["another authority's", await certify(device, strange)],
    ] as const) {
      const error: unknown = await enter(device, shown).catch((cause: unknown) => cause);
      expect(error, what).to.be.instanceOf(Error);
    }
  });
});
