import { expect } from "chai";
import fc from "fast-check";
import mqtt, { type IClientOptions, type MqttClient } from "mqtt";
import { readFileSync } from "node:fs";
import type { PostedReading } from "../../apps/sdk/answers.ts";
import { createRandom } from "../../ml/random.ts";
import { toHex, utf8, ZERO_32, type Hex } from "../../protocol/bytes.ts";
import { ERRORS, type ErrorCode } from "../../protocol/errors.ts";
import { newPrivateKey } from "../../protocol/es256.ts";
import { isRefusal, type Refusal } from "../../protocol/refusal.ts";
import { auditPasses, readAnchors } from "../helpers/audit-journey.ts";
import { malleated, promiseOf, REFUSED } from "../helpers/bad-readings.ts";
import { BedsideDevice, registerBedside, topicOf, wordOf } from "../helpers/bedside-device.ts";
import { newClinician } from "../helpers/clinician.ts";
import { Journey, until, type Server } from "../helpers/journey.ts";
import { sendBytes, sendRequest } from "../helpers/raw-http.ts";

const SEED = 6;
const random = createRandom("hostile");

describe("journey: hostile input at the doors", () => {
  const journey = new Journey();
  const data = journey.path("data");
  let server: Server;
  let chain: { chainId: number; registry: Hex };
  let pulse: BedsideDevice;
  let devices: BedsideDevice[];
  /** Readings that must all be there in the end. */
  const good = new Map<Hex, number>();
  const clients: MqttClient[] = [];

  before(async () => {
    server = await journey.up(data);
    const { chainId, contracts } = await server.client.consortium();
    chain = { chainId, registry: contracts.DeviceRegistry };
    devices = await registerBedside(server, 8);
    pulse = devices[0] as BedsideDevice;
  });
  afterEach(async () => {
    for (const client of clients.splice(0)) await client.endAsync(true);
    // Whatever came before: the next good reading is taken.
    if (server.running()) await takesGood(pulse);
  });
  after(() => journey.close());

  const device = (n: number): BedsideDevice => devices[n] as BedsideDevice;

  async function post(...readings: string[]): Promise<readonly PostedReading[]> {
    return server.client.postReadings(readings);
  }

  async function takesGood(from: BedsideDevice): Promise<PostedReading> {
    const [answer] = await post(await from.next());
    expect(wordOf(answer)).to.equal(`ack ${from.sequence}`);
    good.set(from.id, from.sequence);
    return answer as PostedReading;
  }

  function expectRefusal(answer: PostedReading | undefined, code: ErrorCode, known?: BedsideDevice): void {
    expect(wordOf(answer)).to.equal(code);
    const refusal = answer as Refusal;
    const { status, message, remedy } = ERRORS[code];
    expect(refusal).to.include({
      type: `urn:twinward:error:${code}`,
      format: "refusal@1",
      status,
      title: message,
      remedy,
    });
    if (known) expect(refusal).to.include({ expected: known.sequence + 1, prev: known.prev });
  }

  /** A device at the broker, hearing what it is told. */
  async function join(
    by: BedsideDevice,
    options: IClientOptions = {},
  ): Promise<{ client: MqttClient; heard: PostedReading[] }> {
    const client = mqtt.connect(server.mqtt, {
      username: by.id,
      password: await by.token(chain),
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
    const heard: PostedReading[] = [];
    client.on("message", (topic, payload) => {
      expect(topic).to.equal(topicOf(by, "acks"));
      heard.push(JSON.parse(payload.toString()) as PostedReading);
    });
    await client.subscribeAsync(topicOf(by, "acks"), { qos: 1 });
    return { client, heard };
  }

  const heardAll = async (heard: readonly unknown[], count: number): Promise<void> =>
    void (await until(
      `${count} answers came`,
      async () => heard.length >= count || undefined,
      20_000,
      () => heard,
    ));

  describe("readings over HTTP", () => {
    before(() => takesGood(device(1)));
    for (const [code, what, make] of REFUSED) {
      it(`${code} for ${what}`, async () => {
        const [answer] = await post(await make(device(1), device(2)));
        expectRefusal(answer, code);
        expect((await server.client.devices()).devices.find(({ id }) => id === device(1).id)?.sequence).to.equal(1);
      });
    }

    it("DEVICE_UNKNOWN for a device that nobody registered", async () => {
      const stranger = new BedsideDevice(
        toHex(random.bytes(32)),
        newPrivateKey((size) => random.bytes(size)),
      );
      expectRefusal((await post(await stranger.next()))[0], "DEVICE_UNKNOWN");
    });

    it("answers each of a request by itself, and takes the good ones among them", async () => {
      const mixed = [await device(1).next()];
      for (const [, , make] of REFUSED) mixed.push(await make(device(1), device(2)));
      mixed.push(await device(1).next());
      const answers = await post(...mixed);
      expect(answers.map(wordOf)).to.deep.equal(["ack 2", ...REFUSED.map(([code]) => code), "ack 3"]);
      expectRefusal(answers.at(-2), "SEQUENCE_CONFLICT", device(1));
      good.set(device(1).id, 3);
    });

    it("the same bytes again, and the same signed words under their other signature, get the same ack", async () => {
      const text = await device(2).next();
      const [first] = await post(text);
      expect(wordOf(first)).to.equal("ack 1");
      await takesGood(device(2));
      const again = await post(text, malleated(text), text);
      for (const answer of again) expect(promiseOf(answer)).to.deep.equal(promiseOf(first));
      expect(malleated(text)).not.to.equal(text);
      expect(again[0]).to.include({ expected: 3, prev: device(2).prev });
    });

    it("holds readings that came too early, and takes them in their order", async () => {
      const readings = [];
      for (let n = 0; n < 5; n++) readings.push(await device(3).next());
      const [one, two, three, four, five] = readings as [string, string, string, string, string];
      expect((await post(five, three, two)).map(wordOf)).to.deep.equal(["held", "held", "held"]);
      expect((await post(three))[0]).to.deep.equal({ held: true, expected: 1 });
      expect((await post(one)).map(wordOf)).to.deep.equal(["ack 1"]);
      expect((await post(five, two, three)).map(wordOf)).to.deep.equal(["held", "ack 2", "ack 3"]);
      expect((await post(four, five)).map(wordOf)).to.deep.equal(["ack 4", "ack 5"]);
      good.set(device(3).id, 5);
    });

    it("SEQUENCE_EXPECTED for more early readings than are held", async () => {
      const early = device(4);
      await early.next();
      const readings = [];
      for (let n = 0; n < 66; n++) readings.push(await early.next());
      const words = (await post(...readings)).map(wordOf);
      expect(words.slice(0, 64)).to.deep.equal(Array(64).fill("held"));
      expect(words.slice(64)).to.deep.equal(["SEQUENCE_EXPECTED", "SEQUENCE_EXPECTED"]);
    });

    it("SEQUENCE_IN_GAP for what was declared lost", async () => {
      const lossy = device(5);
      await takesGood(lossy);
      const lost = await lossy.build();
      await post(await lossy.next({ gap: 3, prev: lossy.prev }));
      expect(lossy.sequence).to.equal(5);
      expectRefusal((await post(lost))[0], "SEQUENCE_IN_GAP", lossy);
      await takesGood(lossy);
    });

    it("takes a reading from the future, and flags its clock", async () => {
      const ahead = device(6);
      const day = 86_400_000;
      const to = Date.now() + day;
      const [answer] = await post(await ahead.next({ per: [to - 1_000, to], iat: Math.floor(to / 1_000) }));
      expect(wordOf(answer)).to.equal("ack 1");
      await takesGood(ahead);
      const { client, twin } = await newClinician(journey, { server, data, device: ahead.id });
      const { readings } = await client.history(twin);
      expect(readings.map(({ flags }) => flags)).to.deep.equal([["clock"], []]);
    });
  });

  describe("readings over MQTT", () => {
    it("get the same codes, and the same bytes the same ack over both doors", async () => {
      const own = device(7);
      const { client, heard } = await join(own);
      const first = await own.next();
      await client.publishAsync(topicOf(own), first, { qos: 1 });
      await heardAll(heard, 1);
      expect(wordOf(heard[0])).to.equal("ack 1");
      // A packet of that size ends the connection; it has a test of its own.
      const wrong = REFUSED.filter(([code]) => code !== "READING_TOO_LARGE");
      for (const [, , make] of wrong) await client.publishAsync(topicOf(own), await make(own, device(2)), { qos: 1 });
      await heardAll(heard, 1 + wrong.length);
      expect(heard.slice(1).map(wordOf)).to.deep.equal(wrong.map(([code]) => code));
      await client.publishAsync(topicOf(own), first, { qos: 1 });
      await heardAll(heard, 2 + wrong.length);
      expect(promiseOf(heard.at(-1))).to.deep.equal(promiseOf(heard[0]));
      expect(promiseOf((await post(first))[0])).to.deep.equal(promiseOf(heard[0]));
      good.set(own.id, 1);
    });

    it("tell the device of what was held: taken, or HOLD_EXPIRED when the one before never came", async () => {
      const own = device(7);
      const { client, heard } = await join(own);
      const [second, third] = [await own.next(), await own.next()];
      await client.publishAsync(topicOf(own), third, { qos: 1 });
      await client.publishAsync(topicOf(own), second, { qos: 1 });
      await heardAll(heard, 3);
      expect(heard.map(wordOf).sort()).to.deep.equal(["ack 2", "ack 3", "held"]);
      const lost = await own.build({ sequence: 5, prev: toHex(random.bytes(32)) });
      await client.publishAsync(topicOf(own), lost, { qos: 1 });
      await heardAll(heard, 5);
      expect(heard.slice(3).map(wordOf)).to.deep.equal(["held", "HOLD_EXPIRED"]);
      expectRefusal(heard.at(-1), "HOLD_EXPIRED", own);
      await takesGood(own);
    });

    it("TOPIC_NOT_YOURS for other devices' topics and readings", async () => {
      const [own, other] = [device(7), device(1)];
      const { client, heard } = await join(own);
      const theirs = await join(other);
      await client.publishAsync(topicOf(other), await other.build(), { qos: 1 });
      await client.publishAsync(topicOf(own), await other.build(), { qos: 1 });
      await client.publishAsync(topicOf(other, "acks"), "{}", { qos: 1 });
      await client.publishAsync(topicOf(own, "acks"), "{}", { qos: 1 });
      await client.publishAsync("$SYS/broker", "{}", { qos: 1 });
      await heardAll(heard, 5);
      expect(heard.map(wordOf)).to.deep.equal(Array(5).fill("TOPIC_NOT_YOURS"));
      for (const topic of [topicOf(other, "acks"), topicOf(other), "#", "twinward/v1/devices/+/acks", "$SYS/#"]) {
        const refused = await client.subscribeAsync(topic, { qos: 1 }).then(
          ([granted]) => granted?.qos === 128,
          () => true,
        );
        expect(refused, topic).to.equal(true);
      }
      expect(theirs.heard).to.deep.equal([]);
    });

    it("READING_TOO_LARGE for a packet of any size, and the connection ends", async () => {
      const own = device(7);
      const { client, heard } = await join(own);
      const closed = new Promise<void>((resolve) => client.once("close", () => resolve()));
      client.publish(topicOf(own), "A".repeat(300_000), { qos: 1 });
      await closed;
      expect(heard.map(wordOf)).to.deep.equal(["READING_TOO_LARGE"]);
    });

    it("lets nobody in without a device's own fresh token for this consortium", async () => {
      const [own, other] = [device(7), device(1)];
      const elsewhere: typeof chain = { ...chain, registry: `0x${"11".repeat(20)}` };
      const tries: [string, string | undefined, string | undefined][] = [
        ["another device's token", own.id, await other.token(chain)],
        ["another consortium's token", own.id, await own.token(elsewhere)],
        ["an old token", own.id, await own.token(chain, Date.now() - 400_000)],
        ["a token of the future", own.id, await own.token(chain, Date.now() + 400_000)],
        ["an unknown device", toHex(random.bytes(32)), await own.token(chain)],
        ["a torn token", own.id, (await own.token(chain)).slice(0, -1)],
        ["a password of 100 kB", own.id, "A".repeat(60_000)],
        ["nothing", undefined, undefined],
      ];
      for (const [what, username, password] of tries) {
        const let_in = await join(own, { username, password } as IClientOptions).then(
          () => true,
          () => false,
        );
        expect(let_in, what).to.equal(false);
      }
    });
  });

  describe("whatever else comes over the wire", () => {
    const JSON_TYPE = { "Content-Type": "application/json" };
    const posts = ["/v1/readings", "/v1/readings/check", "/v1/documents", "/v1/session/login", "/v1/verdicts/findings"];
    const gets = ["/v1/devices", "/v1/anchors", "/v1/consortium", "/v1/twins", "/v1/verdicts", "/v1/verdicts/findings", "/v1/decisions/explain", "/v1/session/nonce", "/healthz", "/", `/v1/twins/${ZERO_32}/history`, `/v1/receipts/${ZERO_32}`, `/v1/documents/${ZERO_32}`]; // prettier-ignore
    const anyPath = fc.constantFrom(...posts, ...gets);

    /** Runs a fuzz with good readings sent beside it. */
    async function fuzz<T>(
      arbitrary: fc.Arbitrary<T>,
      numRuns: number,
      check: (value: T) => Promise<void>,
    ): Promise<void> {
      let run = 0;
      await fc.assert(
        fc.asyncProperty(arbitrary, async (value) => {
          if (run++ % 20 === 0) await takesGood(pulse);
          await check(value);
        }),
        { seed: SEED, numRuns, endOnFailure: true },
      );
    }
    const noFault = ({ status, text }: { status: number | undefined; text: string }): void => {
      if (status !== undefined) expect(status, text.slice(0, 2_000)).to.be.within(200, 499);
    };

    it("arbitrary bytes as a body", () =>
      fuzz(fc.tuple(fc.constantFrom(...posts), fc.uint8Array({ maxLength: 3_000 })), 80, async ([path, body]) => {
        const answer = await sendRequest(server.http, { method: "POST", path, headers: JSON_TYPE, body });
        expect(answer.status).to.be.within(400, 499);
        expect(answer.text).to.match(/"code":"(JSON_|MALFORMED_|UNUSABLE_|FINDING_)/);
      }));

    it("good readings with something changed", () => {
      const change = fc.record({
        at: fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }),
        cut: fc.nat(40),
        put: fc.oneof(
          fc.string({ maxLength: 40 }),
          fc.constantFrom("~", ".", "=", "A", "\0", "é", "\ud83d\ude00", "~~~~"),
        ),
      });
      return fuzz(change, 200, async ({ at, cut, put }) => {
        const text = await pulse.build();
        const place = Math.floor(at * text.length);
        const changed = text.slice(0, place) + put + text.slice(place + cut);
        if (changed === text) return;
        const [answer] = await post(changed);
        if (!isRefusal(answer)) throw new Error(`${wordOf(answer)} for ${changed}`);
        expect(answer.status, `${answer.code} for ${changed}`).to.be.within(400, 499);
      });
    });

    it("JSON of any shape: deep, huge, with odd names", () => {
      const nested = fc
        .tuple(fc.nat(20_000), fc.constantFrom("[", '{"readings":'))
        .map(([depth, open]) => open.repeat(depth));
      const huge = fc.constantFrom("1e999", "-1e999", "9".repeat(5_000), `0.${"1".repeat(5_000)}`, "1e-99999");
      const body = fc.oneof(
        fc.json({ maxDepth: 6 }),
        nested,
        huge.map((number) => `{"readings":[${number}]}`),
        huge,
        fc.json().map((value) => `{"readings":${value}}`),
        fc.json().map((value) => `{"reading":${value}}`),
        fc.json().map((value) => `{"format":"device-model@1","segments":${value}}`),
        fc.json().map((value) => `{"message":${value},"signature":${value}}`),
        fc.constantFrom('{"__proto__":{"readings":["a"]}}', '{"constructor":1}', '{"readings":["\\ud800"]}'),
      );
      return fuzz(fc.tuple(fc.constantFrom(...posts), body), 160, async ([path, text]) =>
        noFault(await sendRequest(server.http, { method: "POST", path, headers: JSON_TYPE, body: utf8(text) })),
      );
    });

    it("any method, content type and header at any path", () => {
      const method = fc.constantFrom(
        "GET",
        "HEAD",
        "POST",
        "PUT",
        "PATCH",
        "DELETE",
        "OPTIONS",
        "TRACE",
        "CONNECT",
        "PROPFIND",
        "get",
        "Ω",
      );
      const type = fc.constantFrom(
        "application/json",
        "text/plain",
        "multipart/form-data; boundary=x",
        "application/json; charset=utf-16",
        "application/xml",
        "",
        "\u0001",
      );
      const header = fc.constantFrom<Record<string, string>>(
        {},
        { Authorization: "Bearer x.y.z" },
        { Authorization: `Bearer ${"A".repeat(5_000)}` },
        { Authorization: "Basic YTpi" },
        { "Content-Encoding": "gzip" },
        { "Transfer-Encoding": "chunked" },
        { "Content-Length": "-1" },
        { "Content-Length": "99999999999" },
        { Expect: "100-continue" },
        { Upgrade: "websocket", Connection: "Upgrade" },
        { Range: "bytes=0-1,5-" },
        { "If-Modified-Since": "yesterday" },
        { Host: "elsewhere.example" },
      ); // prettier-ignore
      return fuzz(fc.tuple(method, anyPath, type, header), 160, async ([verb, path, kind, more]) =>
        noFault(
          await sendRequest(server.http, {
            method: verb,
            path,
            headers: { "Content-Type": kind, ...more },
            body: utf8("{}"),
          }),
        ),
      );
    });

    it("any path and query, and never a file of the server", () => {
      const up = fc.constantFrom(
        "/..",
        "/%2e%2e",
        "/..%2f",
        "/%2e%2e%5c",
        "/....//",
        "//",
        "/.",
        "/%00",
        "/%ff",
        "/%",
        "/v1",
        "/assets",
        "/~",
        "/\\..",
      );
      const tail = fc.constantFrom(
        "",
        "/keys/steward.key",
        "/etc/passwd",
        "/package.json",
        "/.git/config",
        "/consortium.json",
      );
      const path = fc.tuple(fc.array(up, { maxLength: 8 }), tail).map(([steps, end]) => `/${steps.join("")}${end}`);
      const query = fc.oneof(
        fc.webQueryParameters(),
        fc.constantFrom("limit=1e9", "limit=-1", "limit=1&limit=2", "before=NaN", "limit[]=1", "limit=%", "__proto__=1", "stream=0x", "a=".repeat(3_000)),
      ); // prettier-ignore
      return fuzz(fc.tuple(fc.oneof(path, anyPath), query), 160, async ([where, what]) => {
        const answer = await sendRequest(server.http, { path: `${where}?${what}` });
        noFault(answer);
        expect(answer.text).not.to.match(/"private"|root:x:|devDependencies|repositoryformatversion/);
      });
    });

    it("headers and bodies of any size", async () => {
      const giant = await sendRequest(server.http, {
        path: "/v1/devices",
        headers: { "X-Much": "A".repeat(1_000_000) },
      });
      expect([431, undefined]).to.include(giant.status);
      const many = Object.fromEntries(Array.from({ length: 5_000 }, (_, n) => [`X-${n}`, "1"]));
      expect([200, 431, undefined]).to.include(
        (await sendRequest(server.http, { path: "/v1/devices", headers: many })).status,
      );
      for (const path of posts) {
        const answer = await sendRequest(server.http, {
          method: "POST",
          path,
          headers: JSON_TYPE,
          body: Buffer.alloc(9_000_000, "["),
        });
        expect([413, undefined], path).to.include(answer.status);
      }
    });

    it("bytes that are no protocol at all, at every door", async () => {
      const bytes = fc.oneof(
        fc.uint8Array({ maxLength: 600 }),
        fc.string({ maxLength: 300 }).map((text) => utf8(`${text}\r\n\r\n`)),
        fc.uint8Array({ maxLength: 300 }).map((body) => Buffer.concat([Buffer.from([0x10, body.length % 128]), body])),
        fc.constant(Buffer.from([0x10, 0xff, 0xff, 0xff, 0x7f])),
      );
      await fuzz(bytes, 60, async (sent) => {
        for (const door of [server.http, server.mqtt, server.rpc]) noFault(await sendBytes(door, sent));
      });
    });

    it("JSON-RPC that would bend the chain", async () => {
      const ask = async (method: string, params: unknown[] = []): Promise<{ error?: object; result?: unknown }> =>
        (await (
          await fetch(server.rpc, {
            method: "POST",
            headers: { "content-type": "application/json" },
            body: JSON.stringify({ jsonrpc: "2.0", id: 1, method, params }),
          })
        ).json()) as { error?: object };
      for (const method of ["anvil_setBalance", "anvil_impersonateAccount", "evm_mine", "evm_revert", "evm_setNextBlockTimestamp", "hardhat_reset", "eth_sendTransaction", "eth_sign", "debug_traceTransaction", "anvil_dumpState"])
        expect(await ask(method, [toHex(random.bytes(20)), "0xff"]), method).to.have.property("error"); // prettier-ignore
      expect((await ask("eth_accounts")).result).to.deep.equal([]);
      expect(await ask("eth_sendRawTransaction", ["0x00"])).to.have.property("error");
    });
  });

  describe("in the end", () => {
    it("has lost nothing, anchors everything, has nothing to complain of, and passes the audit", async () => {
      expect(server.running()).to.equal(true);
      await until(
        "all good readings are anchored",
        async () => {
          const { devices: listed } = await server.client.devices();
          const anchored = new Map(listed.map(({ id, anchoredSequence }) => [id, anchoredSequence]));
          return [...good].every(([id, sequence]) => (anchored.get(id) ?? 0) >= sequence) || undefined;
        },
        20_000,
      );
      expect(pulse.sequence).to.be.greaterThan(60);
      await readAnchors(server.client);
      await auditPasses(journey, data);
      const { code, err } = await server.stop();
      expect(err.split("\n").filter((line) => line !== "")).to.deep.equal([]);
      expect(code).to.equal(0);
      expect(readFileSync(`${data}/consortium.json`, "utf8")).to.contain("consortium@1");
    });
  });
});
