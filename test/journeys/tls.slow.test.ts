import { expect } from "chai";
import { chmodSync, readFileSync } from "node:fs";
import { request } from "node:https";
import { get } from "node:http";
import mqtt from "mqtt";
import { createDeviceFile, deviceKey, readDeviceFile } from "../../apps/cli/device-file.ts";
import { createAccountKey } from "../../apps/cli/key-file.ts";
import type { PostedReading } from "../../apps/sdk/answers.ts";
import { BedsideDevice, MODEL, topicOf, wordOf } from "../helpers/bedside-device.ts";
import { TestAuthority, type CertificateFiles } from "../helpers/certificates.ts";
import { freePorts, Journey, until, type Ran, type Server } from "../helpers/journey.ts";

describe("journey: TLS on every door", () => {
  const journey = new Journey();
  const data = journey.path("data");
  let authority: TestAuthority;
  let files: CertificateFiles;
  let server: Server;
  let metrics: number;
  let trusting: Record<string, string>;

  before(async () => {
    authority = await TestAuthority.open(journey.directory);
    files = await authority.issue("server");
    const [http, mqttPort, rpc, metricsPort] = (await freePorts(4)) as [number, number, number, number];
    metrics = metricsPort;
    server = await journey.up(data, {
      HOST: "0.0.0.0",
      PUBLIC_URL: `https://localhost:${http}`,
      TLS_CERT: files.cert,
      TLS_KEY: files.key,
      PORT: String(http),
      MQTT_PORT: String(mqttPort),
      RPC_PORT: String(rpc),
      METRICS_PORT: String(metrics),
    });
    trusting = { NODE_EXTRA_CA_CERTS: authority.ca };
  });
  after(() => journey.close());

  /** GET by HTTPS, believing the test's authority. */
  function ask(url: string, ca = readFileSync(authority.ca)): Promise<{ status: number; body: string }> {
    return new Promise((resolve, reject) => {
      const asked = request(url, { ca, agent: false }, (response) => {
        let body = "";
        response.setEncoding("utf8").on("data", (text: string) => (body += text));
        response.on("end", () => resolve({ status: response.statusCode ?? 0, body }));
      });
      asked.on("error", reject);
      asked.end();
    });
  }

  it("answers by HTTPS under its name, on every address, and in plain text to nobody", async () => {
    expect(server.http).to.match(/^https:\/\/localhost:\d+$/);
    expect(server.mqtt).to.match(/^mqtts:\/\/localhost:\d+$/);
    expect((await ask(`${server.http}/healthz`)).status).to.equal(200);
    expect((await ask(`${server.http.replace("localhost", "127.0.0.1")}/readyz`)).status).to.equal(200);
    expect((await ask(`https://localhost:${metrics}/metrics`)).body).to.contain("twinward_ready");
    for (const port of [new URL(server.http).port, new URL(server.mqtt).port, String(metrics)]) {
      const answer = await new Promise((resolve) => {
        get({ host: "127.0.0.1", port, path: "/healthz", agent: false }, (response) => resolve(response.statusCode)).on(
          "error",
          () => resolve("ended"),
        );
      });
      expect(answer, port).to.equal("ended");
    }
    const stranger: unknown = await ask(`${server.http}/healthz`, readFileSync(files.cert)).catch(
      (error: unknown) => error,
    );
    expect(stranger).to.be.instanceOf(Error);
  });

  it("serves the command line that knows its authority, and tells the others why not", async () => {
    const at = ["--url", server.http];
    const ran = await journey.run(["device", "list", ...at]);
    expect(ran.code).to.equal(1);
    expect(ran.err).to.match(/^SERVER_UNREACHABLE.*certificate.*NODE_EXTRA_CA_CERTS/s);
    createDeviceFile(journey.path("bed.json"), MODEL);
    await journey.ask(["device", "register", journey.path("bed.json"), "--data", data, ...at], trusting);
    const reader = createAccountKey(journey.path("reader.key"));
    const device = readDeviceFile(journey.path("bed.json")).device ?? "";
    const steward = ["--data", data, ...at];
    const twin = (
      await journey.run(
        ["twin", "new", "--device", device, "--segments", "heart", "--name", "bed", ...steward],
        trusting,
      )
    ).out.trim();
    const words = ["--twin", twin, "--reader", reader, "--purposes", "care", "--until", "+1h", ...steward];
    expect((await journey.run(["grant", "give", ...words], trusting)).code).to.equal(0);
    // A reader signs in under the server's public name.
    const read = await journey.run(["twin", "read", twin, "--key", journey.path("reader.key"), ...at], trusting);
    expect([read.code, read.err]).to.deep.equal([0, ""]);
  });

  it("takes readings by MQTT over TLS", async () => {
    const known = readDeviceFile(journey.path("bed.json"));
    const device = new BedsideDevice(known.device ?? "0x", deviceKey(known));
    const { chainId, contracts } = JSON.parse((await ask(`${server.http}/v1/consortium`)).body) as {
      chainId: number;
      contracts: { DeviceRegistry: `0x${string}` };
    };
    const client = await mqtt.connectAsync(server.mqtt, {
      ca: readFileSync(authority.ca),
      protocolVersion: 4,
      username: device.id,
      password: await device.token({ chainId, registry: contracts.DeviceRegistry }),
      reconnectPeriod: 0,
    });
    try {
      const heard: string[] = [];
      client.on("message", (_topic, payload) => heard.push(wordOf(JSON.parse(payload.toString()) as PostedReading)));
      await client.subscribeAsync(topicOf(device, "acks"), { qos: 1 });
      await client.publishAsync(topicOf(device), await device.next(), { qos: 1 });
      await until("the reading is acked", async () => heard.length > 0 || undefined);
      expect(heard).to.deep.equal(["ack 1"]);
    } finally {
      await client.endAsync(true);
    }
    const error: unknown = await mqtt
      .connectAsync(server.mqtt, { reconnectPeriod: 0, connectTimeout: 5_000 }, false)
      .catch((cause: unknown) => cause);
    expect(error).to.be.instanceOf(Error);
  });

  it("refuses to start in plain text beyond loopback, or with a key that others may read", async () => {
    const fails = async (environment: Record<string, string>, says: RegExp): Promise<Ran> => {
      const ran = await journey.run(["up", "--data", journey.path("other"), "--port", "0"], environment);
      expect(ran.err).to.match(says);
      expect(ran.code).to.not.equal(0);
      return ran;
    };
    const open = await authority.issue("open");
    chmodSync(open.key, 0o644);
    await fails(
      { HOST: "0.0.0.0" },
      /^UNUSABLE_SETTING[\s\S]*HOST=0\.0\.0\.0[\s\S]*→ TLS_CERT=…, TLS_KEY=… and PUBLIC_URL=https:/,
    );
    await fails({ MQTT_URL: "mqtt://broker.example" }, /^UNUSABLE_SETTING[\s\S]*→ MQTT_URL=mqtts:/);
    await fails({ TLS_CERT: open.cert, TLS_KEY: open.key }, /^KEY_FILE_MODE.*TLS_KEY=.* has mode 0644/);
  });
});
