import { expect } from "chai";
import type { MqttClient } from "mqtt";
import { isDeepStrictEqual } from "node:util";
import { appendFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { registerDevices } from "../../apps/cli/register-device.ts";
import type { PostedReading } from "../../apps/sdk/answers.ts";
import { newPrivateKey, publicKeyOf } from "../../protocol/es256.ts";
import { isHeld, isRefusal } from "../../protocol/refusal.ts";
import { openDeviceAuthority } from "../../server/main/device-authority.ts";
import { auditPasses } from "../helpers/audit-journey.ts";
import { BedsideDevice, MODEL, topicOf, wordOf } from "../helpers/bedside-device.ts";
import { keyPem } from "../helpers/certificates.ts";
import { describeOnPostgres } from "../helpers/databases.ts";
import { enterBroker } from "../helpers/enter-broker.ts";
import { Journey, portsOf, until, type Going, type Server } from "../helpers/journey.ts";
import { startBridgedMosquitto, type MosquittoBroker } from "../helpers/mosquitto-broker.ts";
import { randomBytes } from "node:crypto";

const DEVICES = 6;
const READINGS = 120;
/** So many of each device are kept back until the server is up again: it starts under load too. */
const KEPT_BACK = 40;
/** Readings of one device on their way at once: a broker deals them out to all gateways, in whatever order. */
const AT_ONCE = 4;
/** A device that heard nothing of a reading for so long sends the same bytes again, ms. */
const AGAIN_MS = 3_000;
const FULL_DISK = fileURLToPath(new URL("../faults/full-disk.ts", import.meta.url));

describeOnPostgres("journey: several gateways, one stream", (postgres) => {
  const journey = new Journey();
  const data = journey.path("data");
  const acksFile = journey.path("acks");
  const clients: MqttClient[] = [];
  const full = journey.path("full");
  let environment: Record<string, string>;
  let ports: { PORT: string; RPC_PORT: string };
  let mosquitto: MosquittoBroker | undefined;
  let server: Server;

  before(async function () {
    this.timeout(120_000);
    const started = await startBridgedMosquitto(journey, data);
    if (!started) return this.skip();
    const { settings } = started;
    mosquitto = started.mosquitto;
    environment = { ...settings, DATABASE_URL: await postgres().createDatabase() };
    const { PORT, RPC_PORT } = await portsOf();
    ports = { PORT, RPC_PORT };
    server = await journey.up(data, { ...environment, ...ports });
  });
  after(async () => {
    for (const client of clients) await client.endAsync(true);
    await journey.close();
    await mosquitto?.stop();
  });

  interface Told {
    readonly clientId: string;
    readonly http: string;
    readonly metrics: string;
  }

  /** With doors, and a disk that is full when the test says so. */
  async function startGateway(chain: Record<string, string> = {}): Promise<Going & Told> {
    const doors = { PORT: "0", METRICS_PORT: "0" };
    const disk = { NODE_OPTIONS: `--import=${FULL_DISK}`, FULL_DISK: full, DATA_DIRECTORY: data };
    const going = journey.start(["gateway", "--data", data, "--json"], { ...environment, ...doors, ...disk, ...chain });
    const told = await until(
      "the gateway runs",
      async () => {
        if (!going.running()) throw new Error(`it ended: ${JSON.stringify(await going.ended)}`);
        return going.out().includes("\n}") ? (JSON.parse(going.out()) as Told) : undefined;
      },
      60_000,
    );
    return { ...going, ...told };
  }

  async function readyOf({ http }: Told): Promise<{ status: number; parts: Record<string, string> }> {
    const response = await fetch(new URL("/readyz", http));
    const { parts } = (await response.json()) as { parts: Record<string, string> };
    return { status: response.status, parts };
  }
  /** Asks until exactly these parts are not well. */
  const saysOf = (gateway: Told, wanted: Readonly<Record<string, string>>): Promise<true> => {
    const well = { chain: "ok", database: "ok", anchor: "ok", keys: "ok", disk: "ok", mqtt: "ok" };
    const parts = { ...well, ...wanted };
    const status = Object.keys(wanted).length === 0 ? 200 : 503;
    let last: unknown;
    return until(
      `a gateway says ${status}, ${JSON.stringify(wanted)}`,
      async () => {
        last = await readyOf(gateway);
        return isDeepStrictEqual(last, { status, parts }) || undefined;
      },
      60_000,
      () => last,
    );
  };

  /** Readings that the broker gave to this gateway. */
  const given = (clientId: string): number => mosquitto?.said().split(`Sending PUBLISH to ${clientId} `).length ?? 1;

  /** Registered devices with certificates, connected. */
  async function joinAll(): Promise<{ device: BedsideDevice; client: MqttClient }[]> {
    const keys = Array.from({ length: DEVICES }, () => newPrivateKey(randomBytes));
    const identities = keys.map((key) => ({ key, model: MODEL }));
    const registered = await registerDevices(server.client, `${data}/keys/steward.key`, identities);
    const authority = await openDeviceAuthority(data, Date.now);
    return Promise.all(
      registered.map(async ({ device: id }, n) => {
        const key = keys[n] ?? new Uint8Array();
        const cert = await authority.issue({ name: id, key: publicKeyOf(key), days: 1 });
        const shown = { ca: authority.certificate, cert, key: keyPem(key) };
        const client = await enterBroker(environment.MQTT_URL ?? "", { protocolVersion: 5, ...shown });
        clients.push(client);
        return { device: new BedsideDevice(id, key), client };
      }),
    );
  }

  /** Sends readings as a device does: some at once, each until its ack is heard. Resolves with the sequences, as acked. */
  async function play(
    { device, client }: { device: BedsideDevice; client: MqttClient },
    most: () => number,
    acked: () => void,
  ): Promise<number[]> {
    const waiting = new Map<number, { text: string; sentAt: number }>();
    const order: number[] = [];
    const refused: string[] = [];
    client.on("message", (_topic, payload) => {
      const answer = JSON.parse(payload.toString()) as PostedReading;
      if (isRefusal(answer)) {
        // Let go after it was held too long, because a gateway died with the one before it: sent again in its time.
        if (answer.code !== "HOLD_EXPIRED" && answer.code !== "SEQUENCE_EXPECTED") refused.push(wordOf(answer));
        return;
      }
      if (isHeld(answer) || !waiting.delete(answer.sequence)) return;
      order.push(answer.sequence);
      appendFileSync(acksFile, `${payload.toString()}\n`);
      acked();
    });
    await client.subscribeAsync(topicOf(device, "acks"), { qos: 1 });
    const send = (text: string): void => void client.publish(topicOf(device), text, { qos: 1 });
    await until(
      `${device.id} has all its acks`,
      async () => {
        while (waiting.size < AT_ONCE && device.sequence < most()) {
          const text = await device.next();
          waiting.set(device.sequence, { text, sentAt: Date.now() });
          send(text);
        }
        for (const each of waiting.values()) {
          if (Date.now() - each.sentAt < AGAIN_MS) continue;
          each.sentAt = Date.now();
          send(each.text);
        }
        return order.length === READINGS || undefined;
      },
      240_000,
      () => ({ acked: order.length, waiting: [...waiting.keys()], refused }),
    );
    expect(refused).to.deep.equal([]);
    return order;
  }

  it("keep each device's order and lose no ack when one and the server are killed under load", async function () {
    this.timeout(500_000);
    mkdirSync(journey.directory, { recursive: true });
    const [second, third] = [await startGateway(), await startGateway()];
    for (const gateway of [second, third]) await saysOf(gateway, {});
    const devices = await joinAll();
    const back = Promise.withResolvers<void>();
    let isBack = false;
    /** What the server anchors is lost to nobody while it is away: the other gateway takes readings, and says what it misses. */
    const killServer = async (): Promise<void> => {
      server.kill("SIGKILL");
      expect((await server.ended).signal).to.equal("SIGKILL");
      await saysOf(third, { chain: "CHAIN_UNAVAILABLE" });
      server = await journey.up(data, { ...environment, ...ports });
      isBack = true;
    };
    let acks = 0;
    let givenToKilled = 0;
    const played = devices.map((each) =>
      play(
        each,
        () => (isBack ? READINGS : READINGS - KEPT_BACK),
        () => {
          acks += 1;
          if (acks === (DEVICES * READINGS) / 2) back.resolve(killServer());
          if (acks !== (DEVICES * READINGS) / 3) return;
          givenToKilled = given(second.clientId);
          second.kill("SIGKILL");
        },
      ),
    );
    const [orders] = await Promise.all([Promise.all(played), back.promise]);
    expect((await second.ended).signal).to.equal("SIGKILL");
    for (const order of orders) expect([...order].sort((a, b) => a - b)).to.deep.equal(sequences());
    // Every gateway had its share, the one that was killed until then.
    for (const count of [givenToKilled, given(third.clientId)]) expect(count).to.be.greaterThan(20);
    const heads = (await server.client.devices()).devices.map(({ sequence }) => sequence);
    expect(heads).to.deep.equal(devices.map(() => READINGS));

    // In the stream each device's readings lie in their order, and every ack that anybody heard is kept.
    const rows = await postgres().query(
      "select encode(subject, 'hex') as device, array_agg(sequence::int order by position) as sequences from leaf where kind = 1 group by subject",
      environment.DATABASE_URL,
    );
    expect(rows.map(({ sequences: found }) => found)).to.deep.equal(devices.map(() => sequences()));
    const counted = await auditPasses(journey, data, acksFile, environment);
    expect(counted.get("readings")).to.equal(DEVICES * READINGS);
    expect(counted.get("acks of devices")).to.equal(readFileSync(acksFile, "utf8").trim().split("\n").length);

    // Its doors, by the server's own code.
    await saysOf(third, {});
    expect(await (await fetch(new URL("/healthz", third.http))).json()).to.deep.equal({ healthy: true });
    expect((await fetch(new URL("/v1/devices", third.http))).status).to.equal(404);
    const metrics = await (await fetch(third.metrics)).text();
    expect(metrics).to.match(/^twinward_ready\{part="mqtt"\} 1$/m);
    const [, taken] = /^twinward_readings_total\{door="mqtt",answer="acked",code=""\} (\d+)$/m.exec(metrics) ?? [];
    expect(Number(taken)).to.be.greaterThan(20);
    await refusesOnFullDisk(third, devices);
    await mosquitto?.stop();
    await saysOf(third, { mqtt: "BROKER_UNREACHABLE" });
    await mosquitto?.start();
    await saysOf(third, {});

    // The embedded chain makes blocks when there is something to put into one; as another chain it would be too old.
    const doubting = await startGateway({ RPC_URL: server.rpc, RPC_BLOCK_AGE_SECONDS: "1" });
    await saysOf(doubting, { chain: "CHAIN_STALE" });
    doubting.kill("SIGTERM");
    expect((await doubting.ended).code).to.equal(0);

    // What one gateway sealed every other one opens: their data keys are the same.
    third.kill("SIGTERM");
    expect((await third.ended).code).to.equal(0);
    console.log(`      given to the killed one ${givenToKilled}, to the other ${given(third.clientId)}`);
  });

  /** The server's own disk has room: what it is given it takes. */
  async function refusesOnFullDisk(
    gateway: Told,
    [one]: readonly { device: BedsideDevice; client: MqttClient }[],
  ): Promise<void> {
    const { device, client } = one ?? expect.fail("no device");
    const codes = new Set<string>();
    client.on("message", (_topic, payload) => {
      const answer = JSON.parse(payload.toString()) as PostedReading;
      codes.add(isRefusal(answer) ? answer.code : "acked");
    });
    const text = await device.next();
    const says = (code: string): Promise<true> =>
      until(`a reading is answered with ${code}`, async () => {
        client.publish(topicOf(device), text, { qos: 1 });
        return codes.has(code) || undefined;
      });
    writeFileSync(full, JSON.stringify({ free: 1_000_000, fails: "none" }));
    await saysOf(gateway, { disk: "DISK_NEARLY_FULL" });
    await says("DISK_NEARLY_FULL");
    rmSync(full);
    await saysOf(gateway, {});
    await says("acked");
  }

  const sequences = (): number[] => Array.from({ length: READINGS }, (_, n) => n + 1);
});
