import { expect } from "chai";
import type { IClientOptions, MqttClient } from "mqtt";
import { generateKeyPairSync, X509Certificate } from "node:crypto";
import { existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { createDeviceFile, deviceKey, nameDevice, readDeviceFile } from "../../apps/cli/device-file.ts";
import { registerDevice } from "../../apps/cli/register-device.ts";
import type { PostedReading } from "../../apps/sdk/answers.ts";
import type { Hex } from "../../protocol/bytes.ts";
import { deviceId } from "../../protocol/ids.ts";
import { auditPasses } from "../helpers/audit-journey.ts";
import { BedsideDevice, MODEL, topicOf, wordOf } from "../helpers/bedside-device.ts";
import { TestAuthority } from "../helpers/certificates.ts";
import { enterBroker } from "../helpers/enter-broker.ts";
import { Journey, until, type Server } from "../helpers/journey.ts";
import { startBridgedMosquitto, type MosquittoBroker } from "../helpers/mosquitto-broker.ts";

type Shown = Pick<IClientOptions, "ca" | "cert" | "key" | "username">;

/** What MQTT 5 answers to whoever may not publish there. */
const NOT_AUTHORIZED = 0x87;

describe("journey: another broker, by TLS and certificates", () => {
  const journey = new Journey();
  const data = journey.path("data");
  let mosquitto: MosquittoBroker | undefined;
  let url: string;
  let server: Server;
  let one: BedsideDevice;
  let other: BedsideDevice;
  const clients: MqttClient[] = [];
  const shown = new Map<BedsideDevice, Shown>();

  before(async function () {
    const started = await startBridgedMosquitto(journey, data);
    if (!started) return this.skip();
    const { settings } = started;
    mosquitto = started.mosquitto;
    url = settings.MQTT_URL ?? "";
    server = await journey.up(data, settings);
    [one, other] = [await join("one"), await join("other")];
  });
  afterEach(async () => {
    for (const client of clients.splice(0)) await client.endAsync(true);
  });
  after(async () => {
    await journey.close();
    await mosquitto?.stop();
  });

  /** Registers a device and gives it a certificate, both as its steward would. */
  async function join(name: string): Promise<BedsideDevice> {
    const file = journey.path(`${name}.json`);
    const made = createDeviceFile(file, MODEL);
    const identity = { key: deviceKey(made), model: MODEL };
    nameDevice(file, made, (await registerDevice(server.client, `${data}/keys/steward.key`, identity)).device);
    const words = ["device", "bridge", file, "--data", data, "--out", journey.path("bridged")];
    const { device = "", certificate = "", key = "" } = await journey.ask<Record<string, string>>(words);
    expect(device).to.equal(readDeviceFile(file).device);
    expect(statSync(key).mode & 0o777).to.equal(0o600);
    const bedside = new BedsideDevice(device as Hex, deviceKey(made));
    shown.set(bedside, { ca: authority(), cert: readFileSync(certificate), key: readFileSync(key) });
    return bedside;
  }

  const authority = (): Buffer => readFileSync(journey.path("broker", "ca.pem"));

  async function connect(pem: Shown): Promise<MqttClient> {
    const client = await enterBroker(url, { protocolVersion: 5, ...pem });
    clients.push(client);
    return client;
  }

  async function enter(device: BedsideDevice): Promise<{ client: MqttClient; heard: string[]; topics: string[] }> {
    const client = await connect(shown.get(device) ?? {});
    const heard: string[] = [];
    const topics: string[] = [];
    client.on("message", (topic, payload) => {
      topics.push(topic);
      heard.push(wordOf(JSON.parse(payload.toString()) as PostedReading));
    });
    await client.subscribeAsync(topicOf(device, "acks"), { qos: 1 });
    return { client, heard, topics };
  }

  const heads = async (): Promise<Record<string, number>> => {
    const { devices } = await server.client.devices();
    return Object.fromEntries(devices.map(({ id, sequence }) => [id, sequence]));
  };

  it("carries readings to the gateway, and acks to the device's own topic", async () => {
    expect(server.mqtt).to.equal(url);
    const { client, heard, topics } = await enter(one);
    for (let n = 0; n < 3; n++) await client.publishAsync(topicOf(one), await one.next(), { qos: 1 });
    await client.publishAsync(topicOf(one), "rubbish", { qos: 1 });
    // Another's reading on one's own topic: the broker passes it on, the gateway does not take it.
    await client.publishAsync(topicOf(one), await other.build(), { qos: 1 });
    await until(
      "all is answered",
      async () => heard.length >= 5 || undefined,
      20_000,
      () => heard,
    );
    // What is refused needs no commit, and so is told first.
    expect(heard).to.have.members(["ack 1", "ack 2", "ack 3", "READING_MALFORMED", "TOPIC_NOT_YOURS"]);
    expect(heard.filter((word) => word.startsWith("ack"))).to.deep.equal(["ack 1", "ack 2", "ack 3"]);
    expect(new Set(topics)).to.deep.equal(new Set([topicOf(one, "acks")]));
  });

  it("lets no device's credentials write another's topics", async () => {
    const { client } = await enter(other);
    const { heard } = await enter(one);
    const reading = await one.build();
    for (const topic of [topicOf(one), topicOf(one, "results"), topicOf(one, "acks"), topicOf(one, "commands"), "x"]) {
      const error: unknown = await client.publishAsync(topic, reading, { qos: 1 }).catch((cause: unknown) => cause);
      expect(error, topic).to.be.instanceOf(Error).with.property("code", NOT_AUTHORIZED);
    }
    const mine = await client.publishAsync(topicOf(other, "acks"), "{}", { qos: 1 }).then(
      () => 0,
      (cause: { code: number }) => cause.code,
    );
    expect(mine, "its own acks").to.equal(NOT_AUTHORIZED);
    expect((await heads())[one.id]).to.equal(3);
    expect(heard).to.deep.equal([]);
  });

  it("delivers nothing of another device, whatever is subscribed to", async () => {
    const { client, topics } = await enter(other);
    const filters = ["#", "+/#", "twinward/#", "twinward/v1/devices/+/+", topicOf(one), topicOf(one, "acks"), "$SYS/#"];
    for (const filter of [...filters, `$share/x/${topicOf({ id: "+" as "0x" })}`])
      await client.subscribeAsync(filter, { qos: 1 }).catch(() => undefined);
    const { client: theirs, heard } = await enter(one);
    await theirs.publishAsync(topicOf(one), await one.next(), { qos: 1 });
    await until("the other one is acked", async () => heard.length > 0 || undefined);
    // Its own comes after: whatever of the other would have been delivered came before it.
    await client.publishAsync(topicOf(other), await other.next(), { qos: 1 });
    await until("its own ack is heard", async () => topics.length > 0 || undefined);
    expect(new Set(topics)).to.deep.equal(new Set([topicOf(other, "acks")]));
  });

  it("lets nobody in without a certificate of its authority, whatever name is given", async () => {
    const strange = await TestAuthority.open(journey.directory, "strange");
    const forged = await strange.issue("forged", { subject: one.id, use: "client", names: [] });
    const served = {
      cert: readFileSync(journey.path("broker", "server.pem")),
      key: readFileSync(journey.path("broker", "server.key.pem")),
    };
    for (const [what, pem] of [
      ["none", {}],
      ["another authority's", { cert: readFileSync(forged.cert), key: readFileSync(forged.key) }],
      ["a server's", served],
    ] as const) {
      const error: unknown = await connect({ ca: authority(), ...pem }).catch((cause: unknown) => cause);
      expect(error, what).to.be.instanceOf(Error);
    }
    // A user name in the packet changes nothing: the certificate names the device.
    const client = await connect({ ...shown.get(other), username: one.id });
    const error: unknown = await client.publishAsync(topicOf(one), "x", { qos: 1 }).catch((cause: unknown) => cause);
    expect(error).to.be.instanceOf(Error).with.property("code", NOT_AUTHORIZED);
  });

  it("is found again after it was away, and /readyz says so meanwhile", async () => {
    const ready = async (): Promise<string> => {
      const response = await fetch(`${server.http}/readyz`);
      return ((await response.json()) as { parts: { mqtt: string } }).parts.mqtt;
    };
    expect(await ready()).to.equal("ok");
    await mosquitto?.stop();
    await until("it is missed", async () => (await ready()) === "BROKER_UNREACHABLE" || undefined);
    await mosquitto?.start();
    await until("it is found", async () => (await ready()) === "ok" || undefined);
    const { client, heard } = await enter(one);
    await client.publishAsync(topicOf(one), await one.next(), { qos: 1 });
    await until("the reading is acked", async () => heard.length > 0 || undefined);
    expect(heard).to.deep.equal([`ack ${one.sequence}`]);
    await auditPasses(journey, data);
  });

  it("certifies a key that never leaves its device, in the name that follows from it", async () => {
    const { publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
    const { x = "", y = "" } = publicKey.export({ format: "jwk" });
    writeFileSync(journey.path("element.pem"), publicKey.export({ type: "spki", format: "pem" }));
    const words = ["device", "bridge", journey.path("element.pem"), "--data", data, "--out", journey.path("bridged")];
    const made = await journey.ask<Record<string, string>>([...words, "--days", "7"]);
    const { chainId, contracts } = await server.client.consortium();
    const hex = (text: string): `0x${string}` => `0x${Buffer.from(text, "base64url").toString("hex")}`;
    const id = deviceId(chainId, contracts.DeviceRegistry, { x: hex(x), y: hex(y) });
    expect(made).to.deep.equal({ device: id, certificate: journey.path("bridged", `${id}.pem`) });
    const certificate = new X509Certificate(readFileSync(made.certificate ?? ""));
    expect(certificate.subject).to.equal(`CN=${id}`);
    expect(certificate.subjectAltName).to.equal(`URI:urn:twinward:device:${id}`);
    expect(certificate.publicKey.equals(publicKey)).to.equal(true);
    expect(certificate.verify(new X509Certificate(authority()).publicKey)).to.equal(true);
    expect(Math.round((Date.parse(certificate.validTo) - Date.now()) / 86_400_000)).to.equal(7);
    expect(existsSync(journey.path("bridged", `${id}.key.pem`))).to.equal(false);
    const strange = generateKeyPairSync("ed25519").publicKey.export({ type: "spki", format: "pem" });
    writeFileSync(journey.path("element.pem"), strange);
    const ran = await journey.run(words);
    expect([ran.code, ran.out]).to.deep.equal([2, ""]);
    expect(ran.err).to.match(/^UNUSABLE_INPUT.*is no P-256 key/);
  });
});
