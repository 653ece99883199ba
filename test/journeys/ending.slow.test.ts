import { expect } from "chai";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { connectMqtt } from "../../lab/transports/mqtt.ts";
import { es256Signer } from "../../protocol/es256.ts";
import { isHeld, isRefusal } from "../../protocol/refusal.ts";
import { auditPasses } from "../helpers/audit-journey.ts";
import { registerBedside, wordOf, type BedsideDevice } from "../helpers/bedside-device.ts";
import { Journey, until, type Server } from "../helpers/journey.ts";

const AT_ONCE = 64;
const REQUESTS = 40;
const SENDERS = 5;
const WITHIN_MS = 10_000;

describe("journey: a server is told to end while it has more than it can do", function () {
  this.timeout(110_000);
  const journey = new Journey();
  const acks: object[] = [];
  let server: Server;
  let devices: BedsideDevice[];
  let turnedAway = 0;

  before(async () => {
    server = await journey.up(journey.path("data"), { LOG_LEVEL: "info" });
    devices = await registerBedside(server, SENDERS + 1);
  });
  after(() => journey.close());

  /** Sends request after request until the server is gone; a reading whose answer never came is not acked. */
  async function send(batches: readonly (readonly string[])[]): Promise<number> {
    let sent = 0;
    for (const batch of batches) {
      try {
        sent += 1;
        for (const answer of await server.client.postReadings(batch)) {
          if (isRefusal(answer)) turnedAway += 1;
          else if (!isHeld(answer)) acks.push(answer);
        }
      } catch {
        return sent;
      }
    }
    return sent;
  }

  it("ends with status 0 within ten seconds, and leaves no process behind", async () => {
    const senders = devices.slice(0, SENDERS);
    const work: string[][][] = [];
    for (const device of senders) {
      const batches: string[][] = [];
      for (let n = 0; n < REQUESTS; n++) {
        const batch: string[] = [];
        for (let i = 0; i < AT_ONCE; i++) batch.push(await device.next());
        batches.push(batch);
      }
      work.push(batches);
    }
    const bedside = devices[SENDERS] as BedsideDevice;
    const { chainId, contracts } = await server.client.consortium();
    const transport = await connectMqtt({
      url: server.mqtt,
      device: bedside.id,
      kid: 1,
      sign: es256Signer(bedside.key),
      chainId,
      registry: contracts.DeviceRegistry,
      now: Date.now,
    });
    const over = new AbortController();
    const overMqtt = (async () => {
      while (!over.signal.aborted) {
        const answer = await transport.send(await bedside.next()).catch(() => undefined);
        if (answer === undefined) return;
        if (!isRefusal(answer) && !isHeld(answer)) acks.push(answer);
      }
    })();
    // All at once, two requests of each device under way: the gateway has more than it can do from the first moment.
    const sending = Promise.all(work.map((batches) => send(batches)));
    await until("a thousand are acked", async () => acks.length >= 1_000 || undefined, 60_000);

    const told = performance.now();
    const ended = await server.stop("SIGTERM");
    const ms = performance.now() - told;
    const sent = await sending;
    over.abort();
    await transport.close();
    await overMqtt;
    console.log(`      ended in ${Math.round(ms)} ms with ${acks.length} acks given, ${turnedAway} turned away`);
    expect(ended).to.include({ code: 0, signal: null });
    expect(ms).to.be.lessThan(WITHIN_MS);
    expect(Math.max(...sent), "it was told while requests were waiting").to.be.lessThan(REQUESTS);
    expect(journey.said).not.to.contain("passed over");
    await journey.nothingRuns();
  });

  it("has everything that it acked, each where it was promised", async () => {
    const file = journey.path("acks.jsonl");
    writeFileSync(file, acks.map((ack) => `${JSON.stringify(ack)}\n`).join(""));
    const checked = await auditPasses(journey, journey.path("data"), file);
    expect(checked.get("acks of devices")).to.equal(acks.length);
    expect(checked.get("readings")).to.be.at.least(acks.length);
  });

  it("goes on where it was: each device sends again what it has no ack for", async () => {
    server = await journey.up(journey.path("data"));
    for (const device of devices.slice(0, 2)) {
      const { devices: known } = await server.client.devices();
      const sequence = known.find(({ id }) => id === device.id)?.sequence ?? 0;
      expect(sequence).to.be.greaterThan(0);
      expect(wordOf((await server.client.postReadings([await device.build({ sequence: sequence + 2 })]))[0])).to.match(
        /held|PREV_MISMATCH/,
      );
    }
    await server.stop();
  });

  it("ends within the same time when it is told to while it starts, and the next start goes on", async () => {
    const again = journey.path("again");
    const going = journey.start(["up", "--data", again, "--port", "0", "--json"]);
    await until("it began", async () => existsSync(join(again, "chain")) || undefined);
    const told = performance.now();
    going.kill("SIGTERM");
    const { code } = await going.ended;
    expect(performance.now() - told).to.be.lessThan(WITHIN_MS);
    // 1 where the machine was too slow to finish the start in time: then it was cut off.
    expect(code).to.be.oneOf([0, 1]);
    expect((await (await journey.up(again)).stop("SIGTERM")).code).to.equal(0);
  });
});
