import { expect } from "chai";
import { createServer, get, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import express, { type Response } from "express";
import type { StreamEvent } from "../../../apps/sdk/index.ts";
import type { Hex } from "../../../protocol/bytes.ts";
import { modelHash } from "../../../protocol/device-model.ts";
import { TwinwardError } from "../../../protocol/errors.ts";
import { manifestHash, type Manifest } from "../../../protocol/manifest.ts";
import { parsePresentation } from "../../../protocol/reading.ts";
import type { DecisionRecord } from "../../../protocol/record.ts";
import { purposesMask } from "../../../protocol/words.ts";
import { sendStream } from "../../../server/api/event-stream.ts";
import { sendExport } from "../../../server/api/export-lines.ts";
import { problems } from "../../../server/api/problems.ts";
import type { Log } from "../../../server/api/rooms.ts";
import type { Exports } from "../../../server/twin/exports.ts";
import type { StreamPart } from "../../../server/twin/streams.ts";
import { codeOf, MODEL, openFrontDoor, WrittenDevice, type FrontDoor } from "./front-door.ts";
import { named } from "./written-chain.ts";

const START = 1_790_000_000;
const HEART = 0b1n;
const GIVEN = { from: START - 10, until: START + 1000, segments: HEART, purposes: purposesMask(["care"]) };
const TREND: Manifest = {
  ...{ format: "manifest@1", name: "trend", model: modelHash(MODEL), segments: ["heart"], delay: 0, commands: [] },
  resolution: { interval: 5, show: ["mean", "count"] },
};

describe("a live stream through the SDK", () => {
  let door: FrontDoor;
  let device: WrittenDevice;
  let twin: Hex;
  let grant: Hex;

  beforeEach(async () => {
    door = await openFrontDoor(START);
    device = new WrittenDevice(door, named("steward", 20));
    twin = device.createTwin("care", 0b11n);
    grant = device.grant(twin, door.reader.address, GIVEN);
  });
  afterEach(() => door.close());

  const send = async (count: number, skip = 0): Promise<void> => {
    const texts: string[] = [];
    for (let n = 0; n < count; n++) texts.push(await device.read(n === 0 ? skip : 0));
    await door.reader.client.postReadings(texts);
  };
  const decisions = async (): Promise<DecisionRecord[]> =>
    (await door.reader.client.decisions(twin)).decisions
      .map(({ record }) => record)
      .filter(({ purpose }) => purpose === "care")
      .toReversed();

  it("shows what is there from where it is asked, then what comes, as the history shows it", async () => {
    await send(2);
    const stream = follow(door, twin, { fromSequence: 1 });
    const lease = await stream.next("lease");
    expect(lease.lease).to.include({ format: "stream@1", twin, device: device.id, purpose: "care", seconds: 60 });
    // Its decision was a leaf before the first byte: with the lease, and not closed yet.
    const [decision, ...more] = await decisions();
    expect(decision).to.deep.include({ permit: true, lease: 60 });
    expect(more).to.deep.equal([]);
    const first = [await stream.next("reading"), await stream.next("reading")];
    await stream.next("live");
    await send(2, 3);
    const later = [await stream.next("reading"), await stream.next("reading")];
    const shown = [...first, ...later].map(({ reading }) => reading);
    const { readings } = await door.reader.client.history(twin);
    expect(shown).to.deep.equal(readings);
    expect(shown.map(({ sequence }) => sequence)).to.deep.equal([1, 2, 6, 7]);
    expect(shown[2]?.gap).to.deep.equal({ from: 3, to: 5 });
    for (const { reading } of shown)
      expect(parsePresentation(reading).disclosures.map(({ segment }) => segment)).to.deep.equal(["heart"]);
    await stream.end();
    const closing = await until(async () => (await decisions()).find(({ closes }) => closes));
    expect(closing.closes).to.deep.equal({ decision: lease.lease.decision.leaf, sequences: [1, 7] });
    expect(closing).to.deep.include({ reader: door.reader.address, permit: true, because: decision?.because });
  });

  it("begins with the present, and goes on after the last event that was got", async () => {
    await send(3);
    const present = follow(door, twin);
    await present.next("live");
    await send(1);
    expect((await present.next("reading")).reading.sequence).to.equal(4);
    await present.end();
    await send(2);
    const resumed = follow(door, twin, { after: 4 });
    expect((await resumed.next("reading")).reading.sequence).to.equal(5);
    expect((await resumed.next("reading")).reading.sequence).to.equal(6);
    await resumed.end();
    expect(await status(door, twin, { "last-event-id": "-1" })).to.equal(400);
  });

  it("ends within a second where the opening of the glass that it rests on is ended, which its leaves name", async () => {
    const emergency = device.createTwin("emergency", 0b11n);
    const opening = device.open(emergency, door.reader.address, START + 3_600);
    const stream = follow(door, emergency);
    await stream.next("live");
    await send(1);
    await stream.next("reading");
    door.chain.emit("BreakGlass", "BreakGlassEnded", [opening, named("steward", 20)]);
    const began = performance.now();
    expect(await codeOf(stream.next("reading"))).to.equal("BREAK_GLASS_ENDED");
    expect(performance.now() - began).to.be.lessThan(1000);
    const told = (await door.reader.client.decisions(emergency)).decisions.map(({ record }) => record).toReversed();
    const shown = told.filter(({ purpose }) => purpose === "emergency");
    expect(shown.map(({ because, closes }) => [because.opening, closes?.sequences])).to.deep.equal([
      [opening, undefined],
      [opening, [1, 1]],
      [opening, undefined],
    ]);
  });

  for (const { title, happen, code } of [
    { title: "its grant is revoked", happen: "revoke", code: "GRANT_REVOKED" },
    { title: "its assignment ends", happen: "end", code: "TWIN_ENDED" },
    { title: "its grant expires", happen: "expire", code: "GRANT_EXPIRED" },
    { title: "all grants of the twin are ended", happen: "epoch", code: "EPOCH_RAISED" },
  ] as const) {
    it(`ends within a second with ${code} where ${title}, and what comes then is not shown`, async () => {
      const stream = follow(door, twin);
      await stream.next("live");
      await send(1);
      await stream.next("reading");
      if (happen === "revoke") door.chain.emit("GrantRegistry", "Revoked", [grant, door.reader.address]);
      if (happen === "end") door.chain.emit("TwinRegistry", "AssignmentEnded", [device.assignment, device.id, 2]);
      if (happen === "expire") door.clock.ms = 1000 * GIVEN.until;
      if (happen === "epoch") door.chain.emit("TwinRegistry", "EpochRaised", [twin, 1]);
      const began = performance.now();
      await send(1);
      expect(await codeOf(stream.next("reading"))).to.equal(code);
      expect(performance.now() - began).to.be.lessThan(1000);
      const told = await decisions();
      expect(told.map(({ reason, closes }) => [reason, closes?.sequences])).to.deep.equal([
        ["Permitted", undefined],
        ["Permitted", [1, 1]],
        [code.toLowerCase().replace(/(?:^|_)([a-z])/g, (_, letter: string) => letter.toUpperCase()), undefined],
      ]);
    });
  }

  it("says that the chain cannot be seen, shows nothing meanwhile, and goes on when it can", async () => {
    const stream = follow(door, twin);
    await stream.next("live");
    door.chain.silent = true;
    const { error } = await stream.next("broken");
    expect(error.code).to.equal("CHAIN_UNAVAILABLE");
    await send(1);
    door.chain.silent = false;
    expect((await stream.next("reading")).reading.sequence).to.equal(1);
    await stream.end();
  });

  it("labels what comes from a quarantined device, by a new decision", async () => {
    const stream = follow(door, twin);
    expect((await stream.next("lease")).lease.distrusted).to.equal(null);
    await stream.next("live");
    device.setState(2, 4, named("verdict"));
    expect((await stream.next("lease")).lease.distrusted).to.deep.equal({ verdict: named("verdict") });
    await send(1);
    expect((await stream.next("reading")).reading.flags).to.deep.equal(["distrusted"]);
    await stream.end();
  });

  it("shows a derived twin's releases as their intervals become complete, and no reading", async () => {
    await door.reader.client.postDocument(TREND);
    const trend = device.createTwin("trend", HEART, { manifest: manifestHash(TREND) });
    device.grant(trend, door.reader.address, GIVEN);
    await send(6);
    door.clock.ms += 60_000;
    const stream = follow(door, trend);
    expect((await stream.next("lease")).lease.transform).to.deep.equal({ resolution: TREND.resolution });
    await stream.next("live");
    await send(9);
    door.clock.ms += 60_000;
    await send(1);
    const shown = [await stream.next("release"), await stream.next("release")].map(({ release }) => release);
    const { releases = [] } = await door.reader.client.history(trend);
    const first = releases.findIndex(({ leaf }) => leaf === shown[0]?.leaf);
    expect(first).to.be.greaterThan(0);
    expect(shown).to.deep.equal(releases.slice(first, first + 2));
    await stream.end();
  });

  it("closes a lease by the lowest and the highest release, in whatever order they were drawn", async () => {
    await door.reader.client.postDocument(TREND);
    const trend = device.createTwin("trend", HEART, { manifest: manifestHash(TREND) });
    device.grant(trend, door.reader.address, GIVEN);
    await send(16);
    door.clock.ms += 60_000;
    // The newest interval is drawn first, so what lies before it has higher sequences.
    await door.reader.client.state(trend);
    const stream = follow(door, trend, { fromSequence: 1 });
    const shown = [await stream.next("release"), await stream.next("release"), await stream.next("release")];
    expect(shown.map(({ release }) => release.sequence)).to.deep.equal([2, 3, 1]);
    await stream.end();
    const closes = await until(async () =>
      (await door.reader.client.decisions(trend)).decisions.map(({ record }) => record.closes).find(Boolean),
    );
    expect(closes.sequences).to.deep.equal([1, 3]);
  });

  it("refuses a reader's ninth stream, and tells a stranger what a history would", async () => {
    const streams = Array.from({ length: 8 }, () => follow(door, twin));
    for (const stream of streams) await stream.next("live");
    expect(await codeOf(follow(door, twin).next("lease"))).to.equal("STREAMS_TOO_MANY");
    expect(await codeOf(collect(door.oracle.client.stream(twin, { purpose: "care" })))).to.equal("NOT_FOUND");
    expect(await codeOf(door.oracle.client.history(twin, { purpose: "care" }))).to.equal("NOT_FOUND");
    await streams[0]?.end();
    await until(async () => (await status(door, twin, {}, "HEAD")) === 200 || undefined);
    for (const stream of streams) await stream.end();
  });

  it("waits for room where others have taken its place while its connection was broken", async () => {
    const stream = follow(door, twin);
    await stream.next("live");
    door.chain.silent = true;
    await stream.next("broken");
    door.chain.silent = false;
    const others = Array.from({ length: 8 }, () => follow(door, twin));
    for (const other of others) await other.next("live");
    expect((await stream.next("broken")).error.code).to.equal("STREAMS_TOO_MANY");
    for (const other of others) await other.end();
    await stream.next("lease");
    await stream.end();
  });

  it("is closed by the server when that ends, and says so", async () => {
    const stream = follow(door, twin);
    await stream.next("live");
    await Promise.all([
      door.streams.close(),
      stream.next("broken").then(({ error }) => expect(error.code).to.equal("SERVER_ENDING")),
    ]);
    await stream.end();
    expect((await decisions()).at(-1)?.closes?.sequences).to.equal(null);
  });
});

describe("a live stream's leases", () => {
  it("are decided anew when their time is over, each closed by what was sent", async () => {
    const door = await openFrontDoor(START, { leaseSeconds: 1 });
    const device = new WrittenDevice(door, named("steward", 20));
    const twin = device.createTwin("care", HEART);
    device.grant(twin, door.reader.address, GIVEN);
    const stream = follow(door, twin);
    const leaves: Hex[] = [];
    for (let n = 1; n <= 2; n++) {
      leaves.push((await stream.next("lease")).lease.decision.leaf);
      await door.reader.client.postReadings([await device.read()]);
      expect((await stream.next("reading")).reading.sequence).to.equal(n);
    }
    await stream.end();
    const told = await until(async () => {
      const { decisions } = await door.reader.client.decisions(twin);
      const closings = decisions.flatMap(({ record }) => record.closes ?? []).toReversed();
      return closings.length >= 2 ? closings : undefined;
    });
    expect(told.slice(0, 2).map(({ decision }) => decision)).to.deep.equal(leaves);
    expect(told.flatMap(({ sequences }) => sequences ?? [])).to.deep.equal([1, 1, 2, 2]);
    await door.close();
  });
});

describe("a reader who leaves before the first part", () => {
  const nothing: Exports = { end: () => Promise.reject(new TwinwardError("INTERNAL")) };
  const stretch = { reader: named("reader", 20), from: null, until: null };
  for (const [kind, serve] of [
    ["stream", (response, parts, stop, log) => sendStream(response, parts, stop, log)],
    [
      "export",
      (response, parts, stop, log) => sendExport({ response, parts, exports: nothing, stop, log, ...stretch }),
    ],
  ] as [string, (...given: [Response, AsyncGenerator<StreamPart>, AbortController, Log]) => Promise<void>][]) {
    it(`is no error of the server: ${kind}`, async () => {
      const errors: unknown[] = [];
      const log = { info: () => undefined, error: (...words: unknown[]) => void errors.push(words) };
      const asked = Promise.withResolvers<void>();
      const over = Promise.withResolvers<void>();
      async function* parts(signal: AbortSignal): AsyncGenerator<StreamPart> {
        asked.resolve();
        await new Promise((resolve) => signal.addEventListener("abort", resolve));
        signal.throwIfAborted();
        yield { kind: "beat" };
      }
      const app = express()
        .get("/", async (_request, response) => {
          const stop = new AbortController();
          await serve(response, parts(stop.signal), stop, log).finally(() => setImmediate(over.resolve));
        })
        .use(problems(log));
      const server = createServer(app).listen(0, "127.0.0.1");
      await new Promise((resolve) => server.once("listening", resolve));
      const request = get({ port: (server.address() as AddressInfo).port, host: "127.0.0.1" });
      request.on("error", () => undefined);
      await asked.promise;
      request.destroy();
      await over.promise;
      expect(errors).to.deep.equal([]);
      server.close();
    });
  }
});

describe("a reader who takes nothing", () => {
  it("is cut off, and costs no more than what its socket holds", async () => {
    let taken = 0;
    let over = false;
    async function* parts(): AsyncGenerator<{ kind: "beat" }> {
      try {
        for (;;) {
          taken += 1;
          yield await Promise.resolve({ kind: "beat" as const });
        }
      } finally {
        over = true;
      }
    }
    const log = { info: () => undefined, error: () => undefined };
    const app = express().get("/", (_request, response) =>
      sendStream(response, parts(), new AbortController(), log, 300),
    );
    const server = createServer(app).listen(0, "127.0.0.1");
    await new Promise((resolve) => server.once("listening", resolve));
    const answer = await new Promise<IncomingMessage>((resolve) =>
      get({ port: (server.address() as AddressInfo).port, host: "127.0.0.1" }, resolve),
    );
    answer.pause();
    const ended = new Promise((resolve) => answer.once("close", resolve));
    await until(async () => over || undefined);
    const before = taken;
    // 8 bytes a beat: both sockets' buffers hold a few MB, and nothing was taken for longer than they had room.
    expect(before * 8).to.be.lessThan(64 * 1024 * 1024);
    answer.resume();
    answer.on("error", () => undefined);
    await ended;
    expect(taken).to.equal(before);
    server.close();
  });
});

interface Followed {
  /** The next event of a kind; those of others are passed over. */
  next<T extends StreamEvent["type"]>(type: T): Promise<Extract<StreamEvent, { type: T }>>;
  end(): Promise<void>;
}

function follow(door: FrontDoor, twin: Hex, ask: { fromSequence?: number; after?: number } = {}): Followed {
  const stop = new AbortController();
  const stream = door.reader.client.stream(twin, { ...ask, signal: stop.signal });
  return {
    async next(type) {
      for (;;) {
        const taken = await stream.next();
        if (taken.done === true) throw new Error(`ended before ${type}`);
        const { value } = taken;
        if (value.type === type) return value as Extract<StreamEvent, { type: typeof type }>;
      }
    },
    async end() {
      stop.abort();
      await stream.return(undefined);
    },
  };
}

async function collect(stream: AsyncGenerator<StreamEvent>): Promise<StreamEvent[]> {
  const all: StreamEvent[] = [];
  for await (const one of stream) all.push(one);
  return all;
}

async function status(door: FrontDoor, twin: Hex, headers: Record<string, string>, method = "GET"): Promise<number> {
  const { token } = await door.reader.client.login();
  const all = { ...headers, authorization: `Bearer ${token}` };
  return (await fetch(`${door.url}/v1/twins/${twin}/stream`, { method, headers: all })).status;
}

async function until<T>(look: () => Promise<T | undefined>): Promise<T> {
  for (const end = performance.now() + 10_000; performance.now() < end;) {
    const found = await look();
    if (found !== undefined) return found;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new TwinwardError("INTERNAL", { detail: "It did not come." });
}
