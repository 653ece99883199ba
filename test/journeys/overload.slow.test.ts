// Far more than a server can take, at once: what is answered, what it costs, and what is lost.
import { expect } from "chai";
import { writeFileSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import type { PostedReading } from "../../apps/sdk/answers.ts";
import type { Ack } from "../../protocol/ack.ts";
import { isHeld, isRefusal } from "../../protocol/refusal.ts";
import { postReadings, type Posted } from "../../scripts/bench/parts/post-readings.ts";
import { forgetMost, memoryOf } from "../../scripts/bench/parts/process-use.ts";
import { auditPasses, readAnchors } from "../helpers/audit-journey.ts";
import { plausible, registerBedside, topicOf, wordOf, type BedsideDevice } from "../helpers/bedside-device.ts";
import { describeOnBoth } from "../helpers/databases.ts";
import { enterBroker } from "../helpers/enter-broker.ts";
import { Journey, until, type Server } from "../helpers/journey.ts";

const DEVICES = 30;
/** Connections on which each device sends the same bytes at once, as one that does not wait for its answer. */
const COPIES = 10;
const PER_REQUEST = 64;
const SAMPLES = 10;
const CALM_AT_ONCE = 4;
/** Devices whose bodies are long, readings and spaces after them, and on how many connections each sends its own. */
const LONG_DEVICES = 10;
const LONG_COPIES = 12;
const MQTT_READINGS = 100;
const MIB = 2 ** 20;
/** What may be held at once: bodies, until they are answered (`BodyRoom`), and readings without an answer (`BacklogLimits`). */
const BODIES = 128 * MIB;
const BACKLOG = 32 * MIB;
/**
 * What overload may cost beside a calm run. A body lies there as it came; a reading of the backlog as text, verified, and sealed.
 * And twice as much for what is no longer needed and was not collected yet.
 */
const MOST_MORE = 3 * (BODIES + 3 * BACKLOG);
/** Bytes of a long body: all of them together are more than overload may cost. */
const LONG = 6 * MIB;
const WITHIN_MS = 600_000;
/** Docker waits as long before it calls a server ill. */
const HEALTH_WITHIN_MS = 30_000;

/** A device with its two requests, signed and written down. */
interface Sender {
  readonly device: BedsideDevice;
  readonly calm: Buffer;
  readonly flood: Buffer;
}

describeOnBoth("journey: overload", (databases) => {
  const journey = new Journey();
  const [data, acksFile] = [journey.path("data"), journey.path("acks")];
  /** Every device's, one for each reading. */
  const acks: Ack[] = [];
  const senders: Sender[] = [];
  let environment: Record<string, string> = {};
  let server: Server;
  let overMqtt: BedsideDevice;
  /** Its memory at most while it was calm, bytes. */
  let calm = 0;

  before(async function () {
    this.timeout(WITHIN_MS);
    const place = await databases.place();
    if ("url" in place) environment = { DATABASE_URL: place.url };
    server = await journey.up(data, environment);
    const [last, ...devices] = await registerBedside(server, DEVICES + 1);
    overMqtt = last as BedsideDevice;
    for (const device of devices) senders.push({ device, calm: await bodyOf(device), flood: await bodyOf(device) });
  });
  after(() => journey.close());

  const next = (device: BedsideDevice): Promise<string> => device.next({ segments: plausible(SAMPLES) });

  async function bodyOf(device: BedsideDevice): Promise<Buffer> {
    const readings: string[] = [];
    while (readings.length < PER_REQUEST) readings.push(await next(device));
    return Buffer.from(JSON.stringify({ readings }));
  }

  function acksOf({ status, text }: Posted): Ack[] {
    expect(status).to.equal(200);
    const { results } = JSON.parse(text) as { results: PostedReading[] };
    const first = (results[0] as Ack).sequence;
    expect(results.map(wordOf)).to.deep.equal(Array.from({ length: PER_REQUEST }, (_, n) => `ack ${first + n}`));
    return results as Ack[];
  }

  /** How long the server asks to be left alone, ms: the only other answer that there is. */
  function patienceOf({ status, headers, text }: Posted): number {
    expect([status, headers["content-type"]]).to.deep.equal([503, "application/problem+json; charset=utf-8"]);
    expect(JSON.parse(text)).to.include({ code: "OVERLOADED", status: 503 });
    expect(headers["retry-after"]).to.match(/^[1-9]\d*$/);
    return 1000 * Number(headers["retry-after"]);
  }

  /**
   * Sends each body on so many connections at once, and again when it was refused and the pause that was asked for is over, until
   * `enough` of it. Meanwhile the server must say that it is well: how often it did, and what that took at most, ms.
   */
  async function flood(
    bodies: readonly Buffer[],
    copies: number,
    enough: (n: number, got: readonly Ack[] | undefined) => boolean,
  ): Promise<{ refused: number; takenLater: number; asked: number; slowest: number }> {
    const seen = { refused: 0, takenLater: 0, asked: 0, slowest: 0 };
    const keepSending = async (body: Buffer, n: number): Promise<void> => {
      let refused = 0;
      for (let got: Ack[] | undefined; !enough(n, got);) {
        const posted = await postReadings(server.http, body);
        got = posted.status === 200 ? acksOf(posted) : undefined;
        if (got) {
          if (refused > 0) seen.takenLater++;
          continue;
        }
        const patience = patienceOf(posted);
        refused++;
        seen.refused++;
        await pause(patience);
      }
    };
    let over = false;
    const watchHealth = async (): Promise<void> => {
      while (!over) {
        const from = performance.now();
        const signal = AbortSignal.timeout(HEALTH_WITHIN_MS);
        const answer = await fetch(new URL("/healthz", server.http), { signal });
        expect([answer.status, await answer.json()]).to.deep.equal([200, { healthy: true }]);
        // Before anything is refused the server is only busy.
        if (seen.refused > 0) seen.asked++;
        seen.slowest = Math.max(seen.slowest, performance.now() - from);
        await pause(50);
      }
    };
    const sending = Promise.all(
      bodies.flatMap((body, n) => Array.from({ length: copies }, () => keepSending(body, n))),
    ).finally(() => (over = true));
    await Promise.all([sending, watchHealth()]);
    return seen;
  }

  it("refuses with 503 and Retry-After what is too much, stays well, and acks all of it in the end", async function () {
    this.timeout(WITHIN_MS);
    const left = [...senders];
    const sendCalmly = async (): Promise<void> => {
      for (let one = left.shift(); one; one = left.shift()) {
        acks.push(...acksOf(await postReadings(server.http, one.calm)));
      }
    };
    await Promise.all(Array.from({ length: CALM_AT_ONCE }, sendCalmly));
    calm = memoryOf(server.pid).most;
    forgetMost(server.pid);

    const taken = new Map<Sender, readonly Ack[]>();
    const { refused, takenLater, asked, slowest } = await flood(
      senders.map(({ flood: body }) => body),
      COPIES,
      (n, got) => {
        const sender = senders[n] as Sender;
        const before = taken.get(sender);
        // Whoever sends again gets the place that was promised first.
        if (got && before) expect(got.map(placeOf)).to.deep.equal(before.map(placeOf));
        if (got) taken.set(sender, before ?? got);
        return taken.has(sender);
      },
    );
    for (const count of [refused, takenLater, asked]) expect(count).to.be.greaterThan(0);
    expect(taken.size).to.equal(DEVICES);
    acks.push(...[...taken.values()].flat());
    console.log(`      ${refused} requests refused; healthy ${asked} times, within ${slowest.toFixed(0)} ms`);
  });

  it("keeps its memory bounded, also where bodies alone are more than it may hold", async function () {
    this.timeout(WITHIN_MS);
    const plain = memoryOf(server.pid).most;
    expect(LONG_DEVICES * LONG_COPIES * LONG).to.be.greaterThan(MOST_MORE);
    const bodies = senders
      .slice(0, LONG_DEVICES)
      .map(({ flood: body }) => Buffer.concat([body, Buffer.alloc(LONG - body.length, " ")]));
    const taken = new Set<number>();
    const { refused } = await flood(bodies, LONG_COPIES, (n, got) => (got ? taken.add(n).has(n) : taken.has(n)));
    const { most } = memoryOf(server.pid);
    const [were, became, are] = [calm, plain, most].map((bytes) => (bytes / MIB).toFixed(0));
    console.log(`      ${were} MiB at most when calm, ${became} MiB under overload, ${are} MiB with long bodies`);
    expect(refused).to.be.greaterThan(0);
    expect(most).to.be.lessThan(calm + MOST_MORE);
  });

  it("answers every message of an MQTT device, and acks what it sends again", async function () {
    this.timeout(WITHIN_MS);
    const { chainId, contracts } = await server.client.consortium();
    const password = await overMqtt.token({ chainId, registry: contracts.DeviceRegistry });
    const client = await enterBroker(server.mqtt, { protocolVersion: 4, username: overMqtt.id, password });
    let closed = false;
    client.on("close", () => (closed = true));
    const heard: string[] = [];
    const acked = new Map<number, Ack>();
    client.on("message", (_topic, payload) => {
      const answer = JSON.parse(payload.toString()) as PostedReading;
      heard.push(wordOf(answer));
      if (!isRefusal(answer) && !isHeld(answer)) acked.set(answer.sequence, answer);
    });
    await client.subscribeAsync(topicOf(overMqtt, "acks"), { qos: 1 });
    const readings: string[] = [];
    while (readings.length < MQTT_READINGS) readings.push(await next(overMqtt));
    let sent = 0;
    /** Without waiting for answers; every message is acknowledged to its sender, whatever its answer. */
    const publish = async (texts: readonly string[]): Promise<void> => {
      sent += texts.length;
      await Promise.all(texts.map((text) => client.publishAsync(topicOf(overMqtt), text, { qos: 1 })));
      await until("every message is answered", async () => heard.length >= sent || undefined, WITHIN_MS);
    };
    const unacked = (): string[] => readings.filter((_, n) => !acked.has(n + 1));

    let over = false;
    const flooding = flood(
      senders.map(({ flood: body }) => body),
      COPIES,
      () => over,
    );
    try {
      await publish(readings);
      await until(
        "a message is refused",
        async () => {
          if (heard.includes("OVERLOADED")) return true;
          await publish(readings.slice(0, 1));
          return undefined;
        },
        WITHIN_MS,
      );
    } finally {
      over = true;
    }
    await flooding;
    await until(
      "all that was refused is acked",
      async () => {
        await publish(unacked());
        return acked.size === MQTT_READINGS || undefined;
      },
      60_000,
      () => heard,
    );
    expect(closed).to.equal(false);
    await client.endAsync();
    const others = new Set(heard.filter((word) => !word.startsWith("ack ")));
    console.log(`      ${sent} messages sent for ${MQTT_READINGS} acks; other answers: ${[...others].join(", ")}`);
    // What follows a refused one is held for it, or has to come again with it.
    expect(["OVERLOADED", "held", "SEQUENCE_EXPECTED", "HOLD_EXPIRED"]).to.include.members([...others]);
    acks.push(...acked.values());
  });

  it("has every acked reading, anchored, where its ack says", async function () {
    this.timeout(WITHIN_MS);
    const total = DEVICES * 2 * PER_REQUEST + MQTT_READINGS;
    await until("all is anchored", async () => {
      const { devices } = await server.client.devices();
      const anchored = devices.reduce((sum, { anchoredSequence }) => sum + anchoredSequence, 0);
      return anchored === total || undefined;
    });
    const last = (await readAnchors(server.client)).at(-1);
    const leaves = (last?.firstLeaf ?? 0) + (last?.count ?? 0);
    expect(Math.max(...acks.map(({ first, index }) => first + index))).to.be.lessThan(leaves);
    writeFileSync(acksFile, acks.map((ack) => `${JSON.stringify(ack)}\n`).join(""));
    const counted = await auditPasses(journey, data, acksFile, environment);
    expect(counted.get("acks of devices")).to.equal(total);
    expect(counted.get("readings")).to.equal(total);
  });

  const placeOf = ({ first, index, sequence }: Ack): number[] => [first + index, sequence];
});
