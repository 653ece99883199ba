// Readings with values that nothing else has go through every door; then everything that was logged and measured is searched.
import { expect } from "chai";
import { connectAsync, type MqttClient } from "mqtt";
import { Wallet } from "ethers";
import { createAccountKey, readAccountKey } from "../../apps/cli/key-file.ts";
import { giveGrant } from "../../apps/cli/commands/grant.ts";
import { createTwin } from "../../apps/cli/commands/twin.ts";
import { connect } from "../../apps/sdk/client.ts";
import { toHex } from "../../protocol/bytes.ts";
import type { ReadingParts } from "../../protocol/reading.ts";
import { REFUSED } from "../helpers/bad-readings.ts";
import { BedsideDevice, MODEL, registerBedside, topicOf, wordOf } from "../helpers/bedside-device.ts";
import { Journey, until, type Server } from "../helpers/journey.ts";

/** A device whose every value, and whose every disclosure, is remembered and is like no other. */
class MarkedDevice extends BedsideDevice {
  readonly marks = new Set<string>();
  #made = 0;

  override async build(over: Partial<ReadingParts> = {}, key = this.key): Promise<string> {
    const segments = MODEL.segments.map(({ name, unit }, bit) => {
      // Some are out of every range: those are flagged, and remarks are made of them.
      const value = (bit % 3 === 0 ? 90_000 : 40) + (++this.#made * 1_0007 + 3_333_331) / 1e7;
      this.marks.add(String(value));
      return { name, unit, t: [0], v: [value] };
    });
    const text = await super.build({ segments, ...over }, key);
    for (const disclosure of text.split("~").slice(1)) if (disclosure.length > 20) this.marks.add(disclosure);
    return text;
  }
}

describe("journey: what is logged and measured has no value of a reading", () => {
  const journey = new Journey();
  let server: Server & { metrics?: string };
  let device: MarkedDevice;
  let other: MarkedDevice;
  let client: MqttClient | undefined;

  before(async () => {
    server = await journey.up(journey.path("data"), { LOG_LEVEL: "trace", METRICS_PORT: "0" });
    const [first, second] = await registerBedside(server, 2);
    device = new MarkedDevice(first?.id ?? "0x", first?.key ?? new Uint8Array());
    other = new MarkedDevice(second?.id ?? "0x", second?.key ?? new Uint8Array());
  });
  after(async () => {
    await client?.endAsync(true);
    await journey.close();
  });

  const scrape = async (): Promise<string> => (await fetch(server.metrics ?? "")).text();
  const marks = (): string[] => [...device.marks, ...other.marks];
  const post = (body: string): Promise<Response> =>
    fetch(new URL("/v1/readings", server.http), {
      method: "POST",
      headers: { "content-type": "application/json" },
      body,
    });

  it("takes readings over HTTP, good, held and bad", async () => {
    const { client: api } = server;
    const good = await api.postReadings([await device.next(), await device.next(), await device.next()]);
    expect(good.map(wordOf)).to.deep.equal(["ack 1", "ack 2", "ack 3"]);
    expect((await api.postReadings([await device.build({ sequence: 9 })])).map(wordOf)).to.deep.equal(["held"]);
    for (const [code, , make] of REFUSED) {
      const [answer] = await api.postReadings([await make(device, other)]);
      expect(wordOf(answer)).to.equal(code);
    }
    await fetch(new URL("/v1/readings/check", server.http), {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ reading: await device.build() }),
    });
    // What is no request at all, with a value where a parser would quote it.
    const text = await device.build();
    const [mark = ""] = [...device.marks].slice(-20);
    for (const body of [mark, `{"readings":[${mark}]}`, `{"readings":["${text}"`, `{"readings":"${text}","${mark}":1}`])
      expect((await post(body)).status).to.equal(400);
    await fetch(new URL(`/v1/devices?${mark}`, server.http));
  });

  it("takes readings over MQTT, good and bad", async () => {
    const { chainId, contracts } = await server.client.consortium();
    const password = await other.token({ chainId, registry: contracts.DeviceRegistry });
    client = await connectAsync(server.mqtt, { protocolVersion: 4, username: other.id, password });
    const heard: string[] = [];
    client.on("message", (_, payload) => heard.push(payload.toString()));
    await client.subscribeAsync(topicOf(other, "acks"), { qos: 1 });
    await client.publishAsync(topicOf(other), await other.next(), { qos: 1 });
    await client.publishAsync(topicOf(other), (await other.build()).slice(0, -30), { qos: 1 });
    await client.publishAsync(topicOf(device), await other.build(), { qos: 1 });
    await until("three answers came", async () => heard.length >= 3 || undefined);
  });

  it("gives readings out to a reader and to the oracles", async () => {
    const keyFile = journey.path("clinician.key");
    const reader = createAccountKey(keyFile);
    const stewardKey = `${server.data}/keys/steward.key`;
    const at = { url: server.http, stewardKey };
    const twin = await createTwin({ ...at, device: device.id, segments: ["heart", "temp"], name: "bedside" });
    await giveGrant({ ...at, twin, reader, purposes: ["care"], until: Date.now() + 3_600_000 });
    const clinician = connect({ url: server.http, signer: new Wallet(toHex(readAccountKey(keyFile))) });
    const page = await until("the grant is seen", () => clinician.history(twin).catch(() => undefined));
    // The values are really there, and go out to whom they were granted.
    expect(marks().some((mark) => JSON.stringify(page).includes(mark))).to.equal(true);
    await clinician.history(twin, { purpose: "research" }).catch(() => undefined);
    await until(
      "an oracle runs",
      async () => (/twinward_oracles_running [1-9]/.test(await scrape()) ? true : undefined),
      60_000,
    );
    await server.client.postReadings([await device.next(), await device.next()]);
    await until("all is anchored", async () => {
      const { devices } = await server.client.devices();
      return devices.every(({ sequence, anchoredSequence }) => anchoredSequence >= sequence) || undefined;
    });
    await until("an oracle told of itself", async () => journey.said.includes('"event":') || undefined, 60_000);
  });

  it("counts all of it", async () => {
    const text = await scrape();
    for (const line of [
      /^twinward_readings_total\{door="http",answer="acked",code=""\} [5-9]/m,
      /^twinward_readings_total\{door="http",answer="held",code=""\} 1$/m,
      /^twinward_readings_total\{door="http",answer="refused",code="SIGNATURE_INVALID"\} 3$/m,
      /^twinward_readings_total\{door="mqtt",answer="acked",code=""\} 1$/m,
      /^twinward_readings_total\{door="mqtt",answer="refused",code="READING_MALFORMED"\} 1$/m,
      /^twinward_decisions_total\{decision="permit",code=""\} [1-9]/m,
      /^twinward_decisions_total\{decision="deny",code="PURPOSE_NOT_GRANTED"\} 1$/m,
      /^twinward_http_answers_total\{method="POST",route="\/v1\/readings",status="400"\} 4$/m,
      /^twinward_ready\{part="chain"\} 1$/m,
      /^twinward_ready\{part="disk"\} 1$/m,
      /^twinward_accept_seconds_count\{door="mqtt"\} [1-9]/m,
      /^twinward_metrics_unread 0$/m,
    ])
      expect(text).to.match(line);
    expect(await (await fetch(new URL("/readyz", server.http))).json()).to.deep.equal({
      ready: true,
      parts: { chain: "ok", database: "ok", anchor: "ok", keys: "ok", disk: "ok" },
    });
    expect((await fetch(new URL("/v1/devices", server.metrics))).status).to.equal(404);
  });

  it("says none of the values, and nothing from which they could be had", async () => {
    const metrics = await scrape();
    const { code } = await server.stop();
    expect(code).to.equal(0);
    const lines = journey.said.split("\n").filter((line) => line.startsWith('{"level"'));
    expect(lines.length).to.be.greaterThan(20);
    expect(marks().length).to.be.greaterThan(100);
    for (const mark of marks()) {
      expect(metrics.includes(mark), `${mark} in the metrics`).to.equal(false);
      expect(journey.said.includes(mark), `${mark} in the log`).to.equal(false);
      // Part of it would do.
      if (/^\d/.test(mark)) expect(journey.said.includes(mark.slice(0, 7)), `${mark} cut, in the log`).to.equal(false);
      else expect(journey.said.includes(mark.slice(10, 34)), `${mark} cut, in the log`).to.equal(false);
    }
    // Nor is any device, reader or twin a label.
    expect(metrics).not.to.match(/0x[0-9a-f]{8}/);
  });
});
