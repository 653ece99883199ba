import { expect } from "chai";
import { giveGrant } from "../../apps/cli/commands/grant.ts";
import { createTwin } from "../../apps/cli/commands/twin.ts";
import { createAccountKey } from "../../apps/cli/key-file.ts";
import { openClient } from "../../apps/cli/server.ts";
import type { HistoryRelease } from "../../apps/sdk/answers.ts";
import type { Client } from "../../apps/sdk/client.ts";
import type { Hex } from "../../protocol/bytes.ts";
import type { ReleaseLine } from "../../protocol/export.ts";
import { valuesOf } from "../../protocol/release.ts";
import { registerBedside, wordOf, type BedsideDevice } from "../helpers/bedside-device.ts";
import { Journey, portsOf, until, type Server } from "../helpers/journey.ts";

const READERS = 5;
const TIMES = 8;
/** Seconds. */
const INTERVAL = 5;
const NOISED = {
  segments: ["heart"],
  resolution: { interval: INTERVAL, show: ["mean"] },
  noise: {
    ...{ epsilon: 0.5, budget: 100, unit: "reading", neighbours: "replace" },
    segments: { heart: { clamp: [40, 140], scale: 1, denominator: INTERVAL } },
  },
};

/** What one release is: its leaf, its time, and the characters that its values are disclosed in. */
const textOf = ({ leaf, from, values }: HistoryRelease): string => `${leaf} ${from} ${values.join()}`;
/** What a person reads of it. */
const meansOf = ({ from, values }: HistoryRelease): string =>
  `${from} ${valuesOf(values).map(({ segment, aggregates }) => `${segment} ${aggregates.mean}`).join()}`; // prettier-ignore

describe("journey: a noised twin, asked again and again, by many, through every door, and after a kill", function () {
  this.timeout(400_000);
  const journey = new Journey();
  const data = journey.path("data");
  const keys = Array.from({ length: READERS }, (_, n) => journey.path(`reader-${n}.key`));
  let server: Server;
  let device: BedsideDevice;
  let twin: Hex;
  /** When the next reading begins, ms. */
  let next = 1_000 * INTERVAL * (Math.floor(Date.now() / (1_000 * INTERVAL)) - 40);
  let ports: Awaited<ReturnType<typeof portsOf>>;

  before(async () => {
    ports = await portsOf();
    server = await journey.up(data, ports);
    device = (await registerBedside(server, 1))[0] ?? expect.fail("no monitor");
    const [url, stewardKey] = [server.http, `${data}/keys/steward.key`];
    twin = await createTwin({ url, device: device.id, name: "study", stewardKey, ...NOISED });
    const until = Date.now() + 3_600_000;
    for (const key of keys)
      await giveGrant({ url, twin, reader: createAccountKey(key), purposes: ["care"], until, stewardKey });
  });
  after(() => journey.close());

  const readers = (): Client[] => keys.map((key) => openClient(server.http, key));

  /** So many intervals pass: a reading a second, and one that begins the interval after them. */
  async function pass(intervals: number): Promise<void> {
    const texts: string[] = [];
    for (const end = next + 1_000 * INTERVAL * intervals; next < end; next += 1_000)
      texts.push(await device.next({ per: [next, next + 1_000], iat: Math.floor(next / 1_000) + 1 }));
    const answers = await server.client.postReadings(texts);
    expect(answers.map(wordOf).filter((word) => !word.startsWith("ack"))).to.deep.equal([]);
  }

  const shown = async (client: Client): Promise<readonly HistoryRelease[]> =>
    (await client.history(twin)).releases ?? [];

  /** The releases of a stream, until so many have come. */
  async function follow(
    client: Client,
    count: number,
    ask: { since: number } | { after: number },
  ): Promise<HistoryRelease[]> {
    const found: HistoryRelease[] = [];
    if (count === 0) return found;
    const stop = new AbortController();
    const late = setTimeout(() => stop.abort(), 60_000);
    try {
      for await (const event of client.stream(twin, { ...ask, signal: stop.signal })) {
        if (event.type !== "release") continue;
        found.push(event.release);
        if (found.length === count) break;
      }
    } finally {
      clearTimeout(late);
      stop.abort();
    }
    return found;
  }

  async function exported(client: Client): Promise<string[]> {
    const text = await new Response(await client.export(twin)).text();
    return text
      .split("\n")
      .filter((line) => line.startsWith("{"))
      .map((line) => JSON.parse(line) as ReleaseLine)
      .filter(({ kind }) => kind === "release")
      .map(({ from, values }) => `${from} ${Object.entries(values).map(([name, { mean }]) => `${name} ${mean}`).join()}`); // prettier-ignore
  }

  /** Everybody asks at every door; all of them must have been told the same. */
  async function everybodyIsToldOnce(): Promise<string[]> {
    const first = await shown(readers()[0] as Client);
    const [texts, means] = [first.map(textOf), first.map(meansOf)];
    const newest = valuesOf(first.at(-1)?.values ?? [])[0]?.aggregates;
    const since = first[0]?.from ?? 0;
    await Promise.all(
      readers().map(async (client) => {
        for (let n = 0; n < TIMES; n++) {
          expect((await shown(client)).map(textOf)).to.deep.equal(texts);
          expect((await client.state(twin)).segments[0]?.aggregates).to.deep.equal(newest);
          expect((await follow(client, texts.length, { since })).map(textOf)).to.deep.equal(texts);
          expect(await exported(client)).to.deep.equal(means);
        }
      }),
    );
    return texts;
  }

  const drawn = async (): Promise<number> =>
    (await openClient(server.http, `${data}/keys/steward.key`).records(twin, "release")).records.length;

  it("tells five readers who ask eight times at each of four doors what it tells one who asks once; so it does after a kill", async () => {
    await pass(4);
    await until(
      "three intervals are over",
      async () => (await shown(readers()[0] as Client)).length === 3 || undefined,
    );
    const before = await everybodyIsToldOnce();
    expect(new Set(before).size).to.equal(3);
    expect(await drawn(), "one draw for each interval").to.equal(3);
    await server.stop("SIGKILL");
    await journey.nothingRuns();
    server = await journey.up(data, ports);
    expect(await everybodyIsToldOnce()).to.deep.equal(before);
    expect(await drawn()).to.equal(3);
  });

  it("goes on after the last release that was got: none is lost and none comes twice, wherever it broke off, and after a kill", async () => {
    await pass(4);
    const [reader] = readers();
    if (!reader) return expect.fail("no reader");
    const all = await until("four more are over", async () => {
      const found = await shown(reader);
      return found.length === 7 ? found : undefined;
    });
    const texts = all.map(textOf);
    for (const cut of [1, 3, 6]) {
      const got = await follow(reader, cut, { since: all[0]?.from ?? 0 });
      const rest = await follow(reader, 7 - cut, { after: got.at(-1)?.from ?? 0 });
      expect([...got, ...rest].map(textOf), `broken off after ${cut}`).to.deep.equal(texts);
    }
    // One stream over a kill: it asks again by itself, by the id of its last event.
    const stop = new AbortController();
    const stream = reader.stream(twin, { since: all[0]?.from ?? 0, signal: stop.signal });
    const got: HistoryRelease[] = [];
    const take = async (count: number): Promise<void> => {
      while (got.length < count) {
        const taken = await stream.next();
        if (taken.done === true) return expect.fail(`the stream ended after ${got.length}`);
        if (taken.value.type === "release") got.push(taken.value.release);
      }
    };
    try {
      await take(5);
      await server.stop("SIGKILL");
      await journey.nothingRuns();
      const going = take(10);
      server = await journey.up(data, ports);
      await pass(3);
      await going;
    } finally {
      stop.abort();
    }
    expect(got.map(textOf)).to.deep.equal((await shown(openClient(server.http, keys[0] ?? ""))).map(textOf));
    expect(got.map(textOf).slice(0, 7)).to.deep.equal(texts);
  });
});
