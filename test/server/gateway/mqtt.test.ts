import { expect } from "chai";
import fc from "fast-check";
import mqtt, { type MqttClient } from "mqtt";
import { randomBytes } from "node:crypto";
import { connect as connectSocket } from "node:net";
import type { Ack } from "../../../protocol/ack.ts";
import { ZERO_32 } from "../../../protocol/bytes.ts";
import { isRefusal } from "../../../protocol/refusal.ts";
import { createRefusals, type Refusals } from "../../../server/access/refusals.ts";
import type { Answer } from "../../../server/gateway/gateway.ts";
import { openMqtt, type MqttDoor } from "../../../server/gateway/mqtt.ts";
import { openWorld, STREAM, type TestDevice, type World } from "../../helpers/gateway-world.ts";

const topicOf = (device: { id: string }, leaf = "readings"): string => `twinward/v1/devices/${device.id}/${leaf}`;

describe("gateway: MQTT", () => {
  let world: World;
  let door: MqttDoor;
  const clients: MqttClient[] = [];
  const reported: unknown[] = [];
  let refusals: Refusals;

  before(async () => {
    world = await openWorld();
    const now = Date.now;
    refusals = createRefusals({
      committer: world.committer,
      stream: STREAM,
      now,
      random: randomBytes,
      every: 3_600_000,
    });
    door = await openMqtt({
      gateway: world.gateway,
      chain: world.chain,
      host: "127.0.0.1",
      port: 0,
      now,
      refused: (code) => refusals.count(code),
      report: (error) => reported.push(error),
    });
  });
  afterEach(async () => {
    for (const client of clients.splice(0)) await client.endAsync(true);
    expect(reported).to.deep.equal([]);
  });
  after(async () => {
    await door.close();
    await refusals.close();
    await world.close();
  });

  async function connect(username: string, password: string, options: mqtt.IClientOptions = {}): Promise<MqttClient> {
    const client = mqtt.connect({
      host: door.host,
      port: door.port,
      username,
      password,
      reconnectPeriod: 0,
      ...options,
    });
    clients.push(client);
    client.on("error", () => undefined);
    await new Promise<void>((resolve, reject) => {
      client.once("connect", () => resolve());
      client.once("error", reject);
      client.once("close", () => reject(new Error("closed")));
    });
    return client;
  }

  /** A device at the broker that collects what it is told. */
  async function join(
    device: TestDevice,
    options: mqtt.IClientOptions = {},
  ): Promise<{ client: MqttClient; heard: Answer[] }> {
    const client = await connect(device.id, device.signIn(), options);
    const heard: Answer[] = [];
    client.on("message", (topic, payload) => {
      expect(topic).to.equal(topicOf(device, "acks"));
      heard.push(JSON.parse(payload.toString()) as Answer);
    });
    await client.subscribeAsync(topicOf(device, "acks"), { qos: 1 });
    return { client, heard };
  }

  async function until(condition: () => boolean): Promise<void> {
    for (const deadline = Date.now() + 10_000; !condition();) {
      if (Date.now() > deadline) throw new Error("it did not come");
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }
  const words = (heard: readonly Answer[]): string[] =>
    heard.map((answer) => (isRefusal(answer) ? answer.code : "held" in answer ? "held" : `ack ${answer.sequence}`));

  it("acks readings on the device's own topic, those released later too", async () => {
    const device = world.device();
    const { client, heard } = await join(device);
    const [first, second, third] = [await device.next(), await device.next(), await device.next()];
    await client.publishAsync(topicOf(device), third, { qos: 1 });
    await client.publishAsync(topicOf(device), first, { qos: 1 });
    await client.publishAsync(topicOf(device), second, { qos: 0 });
    await client.publishAsync(topicOf(device), first, { qos: 1, retain: true });
    await until(() => heard.length === 5);
    expect(words(heard)).to.have.members(["held", "ack 1", "ack 2", "ack 3", "ack 1"]);
    const acks = heard.filter((answer): answer is Ack => "format" in answer && answer.format === "ack@1");
    const [one, again] = acks.filter(({ sequence }) => sequence === 1);
    expect({ ...again, time: 0, expected: 0, prev: "" }).to.deep.equal({ ...one, time: 0, expected: 0, prev: "" });
    // Nothing is retained: who comes later hears nothing.
    const late = await join(device);
    await late.client.unsubscribeAsync(topicOf(device, "acks"));
    expect(late.heard).to.deep.equal([]);
  });

  it("tells of a held reading that was let go, by its sequence", async () => {
    const device = world.device();
    const { client, heard } = await join(device);
    await device.next();
    await client.publishAsync(topicOf(device), await device.next(), { qos: 1 });
    await until(() => heard.length === 1);
    world.now += 60_000;
    await until(() => heard.length === 2);
    expect(words(heard)).to.deep.equal(["held", "HOLD_EXPIRED"]);
    expect(heard[1]).to.include({ device: device.id, sequence: 2, expected: 1, prev: ZERO_32 });
  });

  it("tells refusals on the acks topic", async () => {
    const device = world.device();
    const other = world.device();
    const { client, heard } = await join(device);
    await client.publishAsync(topicOf(device), "rubbish", { qos: 1 });
    await client.publishAsync(topicOf(device), await other.next(), { qos: 1 });
    await client.publishAsync(topicOf(other), await other.build({}), { qos: 1 });
    await client.publishAsync(topicOf(device, "acks"), "{}", { qos: 1 });
    await client.publishAsync("somewhere/else", "x", { qos: 1 });
    await client.publishAsync(topicOf(device, "results"), "x", { qos: 1 });
    await client.publishAsync(topicOf(device), await device.next(), { qos: 1 });
    await until(() => heard.length === 6);
    const yours = Array<string>(4).fill("TOPIC_NOT_YOURS");
    expect(words(heard)).to.deep.equal(["READING_MALFORMED", ...yours, "ack 1"]);
    expect(
      await world.database.query("select 1 from reading where device = $1", [Buffer.from(other.id.slice(2), "hex")]),
    ).to.deep.equal([]);
  });

  it("refuses every subscription but the own acks and commands", async () => {
    const device = world.device();
    const other = world.device();
    const { client, heard } = await join(device);
    await refusals.flush();
    await world.database.query("delete from record");
    const topics = [
      "#",
      "+/#",
      "twinward/v1/devices/+/acks",
      "$SYS/#",
      topicOf(device),
      topicOf(other, "acks"),
      topicOf(other, "commands"),
    ];
    for (const topic of topics) {
      const error: unknown = await client.subscribeAsync(topic, { qos: 1 }).catch((cause: unknown) => cause);
      expect(error, topic).to.be.instanceOf(Error);
    }
    await until(() => heard.length === topics.length);
    expect(new Set(words(heard))).to.deep.equal(new Set(["TOPIC_NOT_YOURS"]));
    // And it is recorded: a leaf says how often it was tried.
    await refusals.flush();
    const [recorded] = await world.database.query<{ body: string }>("select body from record");
    expect(JSON.parse(recorded?.body ?? "{}")).to.deep.include({
      format: "refusals@1",
      counts: { TOPIC_NOT_YOURS: topics.length },
    });
    await client.subscribeAsync(topicOf(device, "commands"), { qos: 1 });
    const { client: theirs } = await join(other);
    await theirs.publishAsync(topicOf(other), await other.next(), { qos: 1 });
    expect(words(heard).filter((word) => word.startsWith("ack"))).to.deep.equal([]);
  });

  it("lets nobody in without a fresh token of its own key", async () => {
    const device = world.device();
    const other = world.device();
    const retired = world.device({ state: "retired" });
    const now = Math.floor(Date.now() / 1000);
    const bad: [string, string, string][] = [
      ["no such device", `0x${"00".repeat(32)}`, device.signIn()],
      ["another's token", other.id, device.signIn()],
      ["a retired device", retired.id, retired.signIn()],
      ["expired", device.id, device.signIn({ iat: now - 300, exp: now - 1 })],
      ["too long a life", device.id, device.signIn({ iat: now, exp: now + 301 })],
      ["from the future", device.id, device.signIn({ iat: now + 200, exp: now + 300 })],
      ["another chain", device.id, device.signIn({ aud: "1:0x00" })],
      ["an unknown member", device.id, device.signIn({ sub: "x" })],
      ["another key", device.id, device.signIn({}, { kid: "2" })],
      ["no algorithm", device.id, device.signIn({}, { alg: "none" })],
      ["no signature", device.id, device.signIn().replace(/[^.]*$/, "")],
      ["rubbish", device.id, "a.b.c"],
      ["nothing", device.id, ""],
    ];
    for (const [name, username, password] of bad) {
      const error: unknown = await connect(username, password).catch((cause: unknown) => cause);
      expect(error, name).to.be.instanceOf(Error).with.property("code", 4);
    }
    const will = { topic: topicOf(device, "acks"), payload: Buffer.from("x"), qos: 1 as const, retain: true };
    expect(await connect(device.id, device.signIn(), { will }).catch(() => "refused")).to.equal("refused");
    await join(device, { clean: false, clientId: "kept" });
  });

  it("lets nobody push another device out by its client id, nor itself be locked out", async () => {
    const device = world.device();
    const other = world.device();
    const first = await join(device, { clientId: "same" });
    await join(other, { clientId: "same" });
    await first.client.publishAsync(topicOf(device), await device.next(), { qos: 1 });
    await until(() => first.heard.length === 1);
    for (let i = 0; i < 4; i++) await join(device);
    await until(() => !first.client.connected);
  });

  it("ends QoS 2 and giant packets with their code, before they are in memory", async () => {
    for (const [payload, qos, code] of [
      ["x", 2, "MALFORMED_REQUEST"],
      ["x".repeat(300_000), 1, "READING_TOO_LARGE"],
    ] as const) {
      const device = world.device();
      const { client, heard } = await join(device);
      client.publish(topicOf(device), payload, { qos }, () => undefined);
      await until(() => heard.length === 1 && !client.connected);
      expect(words(heard)).to.deep.equal([code]);
    }
  });

  it("outlives whatever bytes it is sent", async () => {
    const device = world.device();
    const hello = Buffer.from([0x10, 12, 0, 4, 0x4d, 0x51, 0x54, 0x54, 4, 2, 0, 60, 0, 0]);
    const badConnects = [
      Buffer.from([0x10, 0xff, 0xff, 0xff, 0xff, 0xff]),
      Buffer.from([0x10, 0xff, 0xff, 0xff, 0x7f]),
      Buffer.from([0x30, 5, 0, 3, 0x61, 0x2f, 0x62]),
      Buffer.concat([hello, hello]),
      Buffer.from([0x10, 14, 0, 4, 0x4d, 0x51, 0x54, 0x54, 5, 2, 0, 60, 0, 0, 0, 0]),
    ];
    const prefixed = fc
      .tuple(fc.constantFrom(...badConnects, hello), fc.uint8Array({ maxLength: 200 }))
      .map(([head, rest]) => Buffer.concat([head, rest]));
    await fc.assert(
      fc.asyncProperty(fc.oneof(prefixed, fc.uint8Array({ minLength: 1, maxLength: 400 })), async (bytes) => {
        const socket = connectSocket(door.port, door.host);
        socket.on("error", () => undefined);
        await new Promise((resolve) => socket.once("connect", resolve));
        await new Promise((resolve) => socket.write(Buffer.from(bytes), resolve));
        const ended = new Promise((resolve) => socket.once("close", resolve));
        socket.end();
        socket.resume();
        await ended;
      }),
      { seed: 5, numRuns: 60 },
    );
    const { client, heard } = await join(device);
    const good = await device.next();
    await fc.assert(
      fc.asyncProperty(fc.nat(good.length - 1), fc.constantFrom("A", "~", ".", ""), async (at, insert) => {
        await client.publishAsync(topicOf(device), good.slice(0, at) + insert + good.slice(at + 1), { qos: 1 });
      }),
      { seed: 6, numRuns: 60 },
    );
    await client.publishAsync(topicOf(device), good, { qos: 1 });
    await until(() => heard.length === 61);
    expect(words(heard).at(-1)).to.equal("ack 1");
    expect(words(heard)).to.not.include("INTERNAL");
  });
});
