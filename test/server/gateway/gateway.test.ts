import { expect } from "chai";
import { TwinwardError } from "../../../protocol/errors.ts";
import fc from "fast-check";
import { isRefusal } from "../../../protocol/refusal.ts";
import { verifyAck, type Ack } from "../../../protocol/ack.ts";
import { fromHex, ZERO_32, type Hex } from "../../../protocol/bytes.ts";
import { FLAGS } from "../../../protocol/words.ts";
import { es256Signer } from "../../../protocol/es256.ts";
import { parseReading, readingLeaf, buildReading } from "../../../protocol/reading.ts";
import { openAside, openReading } from "../../../server/keys/sealed-reading.ts";
import { readHeads, readReadings } from "../../../server/store/read-readings.ts";
import { createGateway } from "../../../server/gateway/gateway.ts";
import { factOf, MODEL, NOON, openWorld, STREAM, TestDevice, wordOf, type World } from "../../helpers/gateway-world.ts";

describe("gateway: accept", () => {
  let world: World;
  before(async () => {
    world = await openWorld({ restarts: true });
  });
  beforeEach(async () => {
    world.now = NOON + 60_000;
    world.chain.facts.clear();
    await world.empty();
  });
  after(() => world.close());

  const send = async (...texts: string[]): Promise<string[]> => (await world.gateway.accept(texts)).map(wordOf);
  const count = async (table: string): Promise<number> =>
    (await world.database.query<{ n: number }>(`select count(*) as n from ${table}`))[0]?.n ?? -1;

  it("acks what it stored, with a promise that verifies", async () => {
    const devices = [world.device(), world.device(), world.device()];
    const texts = [];
    for (let round = 0; round < 3; round++) for (const device of devices) texts.push(await device.next());
    const answers = await world.gateway.accept(texts);
    for (const [i, answer] of answers.entries()) {
      const parsed = parseReading(texts[i] ?? "");
      expect(wordOf(answer)).to.equal("ack");
      const ack = answer as Ack;
      expect(verifyAck(ack, world.gatewayKey, readingLeaf(parsed))).to.equal(true);
      expect([ack.device, ack.sequence, ack.expected]).to.deep.equal([parsed.device, parsed.sequence, 4]);
      const [row] = await readReadings(world.database, {
        device: parsed.device,
        fromSequence: parsed.sequence,
        limit: 1,
      });
      expect(row?.signingInput).to.equal(parsed.signingInput);
      expect(row?.content).to.equal(parsed.content);
      expect(row?.scope).to.equal(parsed.device);
      if (row)
        expect(openReading(world.keys, { ...row, device: parsed.device }, row).disclosures).to.deep.equal(
          parsed.disclosures.map(({ encoded }) => encoded),
        );
    }
  });

  it("gives the same bytes the same ack, also after a restart and in one request", async () => {
    const device = world.device();
    const [first, second] = [await device.next(), await device.next()];
    const [ack, twice] = (await world.gateway.accept([first, first, second])) as Ack[];
    expect({ ...twice, time: 0 }).to.deep.equal({ ...ack, time: 0 });
    await world.restart();
    world.now += 5_000;
    const [again] = (await world.gateway.accept([first])) as Ack[];
    expect({ ...again, time: 0 }).to.deep.equal({ ...ack, time: 0 });
    expect(again?.expected).to.equal(3);
    expect(await count("leaf")).to.equal(2);
  });

  it("puts each refusal under its code and says where to go on", async () => {
    const device = world.device();
    const stranger = new TestDevice();
    const retired = world.device({ state: "retired" });
    const marked = world.device();
    const marks = [{ fromSequence: 1, suspectedSince: 0, reason: ZERO_32 }];
    world.chain.facts.set(
      marked.id,
      factOf(marked, { keys: [{ number: 1, ...marked.key, from: 1, until: null, marks }] }),
    );
    const unmodelled = world.device({ modelHash: `0x${"77".repeat(32)}` });
    const good = await device.next();
    expect(await send(good)).to.deep.equal(["ack"]);

    const next = await device.build({});
    const forged = await buildForged(device, stranger);
    const unknownDisclosure = next.replace(
      /~[^~]+~$/,
      `~${Buffer.from('["aaaaaaaaaaaaaaaaaaaaaa","x",{}]').toString("base64url")}~`,
    );
    const cases: [string, string][] = [
      ["READING_MALFORMED", ""],
      ["READING_MALFORMED", "no reading"],
      ["READING_MALFORMED", next.slice(0, -1)],
      ["READING_NOT_CANONICAL", `=${next}`],
      ["READING_TOO_LARGE", "x".repeat(70_000)],
      ["READING_TOO_LARGE", next + "x".repeat(70_000)],
      ["DEVICE_UNKNOWN", await stranger.next()],
      ["DEVICE_RETIRED", await retired.next()],
      ["KEY_NOT_VALID", await marked.next()],
      ["KEY_NOT_VALID", await device.build({ kid: 2 })],
      ["MODEL_UNKNOWN", await unmodelled.next()],
      ["MODEL_UNEXPECTED", await device.build({ model: "monitor@2" })],
      ["DISCLOSURE_MISSING", next.replace(/~[^~]+~$/, "~")],
      ["DISCLOSURE_UNKNOWN", unknownDisclosure],
      ["SIGNATURE_INVALID", forged],
      ["SEQUENCE_CONFLICT", await device.build({ sequence: 1, prev: ZERO_32 })],
      ["PREV_MISMATCH", await device.build({ sequence: 2, prev: ZERO_32 })],
    ];
    const answers = await world.gateway.accept(cases.map(([, text]) => text));
    expect(answers.map(wordOf)).to.deep.equal(cases.map(([code]) => code));
    for (const i of [9, 11, 12, 14, 15, 16]) {
      expect(answers[i], `answer ${i}`).to.include({ format: "refusal@1", expected: 2, prev: device.prev });
    }
    expect(answers[6]).to.not.have.property("expected");
    expect(await count("leaf")).to.equal(1);
    expect(await send(await device.next())).to.deep.equal(["ack"]);
  });

  it("takes implausible readings with flags", async () => {
    const device = world.device();
    const future = NOON + 365 * 86_400_000;
    const far = { per: [future, future + 1_000] as const, iat: future / 1000 };
    const wild = { segments: MODEL.segments.map(({ name, unit }) => ({ name, unit, t: [0], v: [9_999] })) };
    const empty = {
      per: [5, 1] as const,
      iat: 0,
      segments: MODEL.segments.map(({ name, unit }) => ({ name, unit, t: [], v: [] })),
    };
    expect(await send(await device.next(far), await device.next(wild), await device.next(empty))).to.deep.equal([
      "ack",
      "ack",
      "ack",
    ]);
    const rows = await readReadings(world.database, { device: device.id });
    const flags = rows.map((row) => openReading(world.keys, { ...row, device: device.id }, row).flags);
    expect((flags[0] ?? 0) & FLAGS.clock).to.equal(FLAGS.clock);
    expect((flags[1] ?? 0) & FLAGS.outOfRange).to.equal(FLAGS.outOfRange);
    expect((flags[2] ?? 0) & (FLAGS.clock | FLAGS.late)).to.equal(FLAGS.clock | FLAGS.late);
    expect(rows.map(({ month }) => month)).to.deep.equal(["2027-11", "2026-11", "2020-01"]);
  });

  it("keeps signed contradictions as evidence, each once, not without end", async () => {
    const device = world.device();
    await world.gateway.accept([await device.next(), await device.next({ gap: 2 })]);
    const conflict = await device.build({ sequence: 1, prev: ZERO_32 });
    const inGap = await device.build({ sequence: 2 });
    const mismatch = await device.build({ sequence: 5, prev: ZERO_32 });
    const codes = ["SEQUENCE_CONFLICT", "SEQUENCE_IN_GAP", "PREV_MISMATCH"];
    expect(await send(conflict, inGap, mismatch)).to.deep.equal(codes);
    expect(await send(conflict, inGap, mismatch)).to.deep.equal(codes);
    const rows = await world.database.query<
      Record<string, never> & { number: number; code: string; received_at: number }
    >("select * from evidence order by number");
    expect(rows.map(({ code }) => code)).to.deep.equal(codes);
    const kept = rows.map((row) => {
      const { device: id, sequence, content, scope, month, nonce, sealed } = row as unknown as Record<string, never>;
      const hex = (bytes: Uint8Array): Hex => `0x${Buffer.from(bytes).toString("hex")}`;
      const place = {
        device: hex(id ?? new Uint8Array()),
        sequence: sequence ?? 0,
        content: hex(content ?? new Uint8Array()),
      };
      const aside = {
        ...place,
        scope: hex(scope ?? new Uint8Array()),
        month: month ?? "",
        receivedAt: row.received_at,
      };
      const sealedRow = { nonce: nonce ?? new Uint8Array(), sealed: sealed ?? new Uint8Array() };
      return openAside(world.keys, { ...aside, evidence: { number: row.number, code: row.code } }, sealedRow);
    });
    expect(kept).to.deep.equal([conflict, inGap, mismatch]);
    const flood = await Promise.all(Array.from({ length: 80 }, () => device.build({ sequence: 1, prev: ZERO_32 })));
    expect(new Set(await send(...flood))).to.deep.equal(new Set(["SEQUENCE_CONFLICT"]));
    expect(await count("evidence")).to.equal(64);
  });

  it("refuses all of a request, and no reading, while the database cannot be asked for a model", async () => {
    const { database, committer, chain, keys } = world;
    let isAway = true;
    const away: typeof database = {
      ...database,
      query: async (sql, parameters) => {
        if (isAway) throw new TwinwardError("DATABASE_UNAVAILABLE");
        return database.query(sql, parameters);
      },
    };
    const gateway = createGateway({ database: away, committer, keys, chain, stream: STREAM, now: () => world.now });
    const texts = [await world.device().next(), "no reading"];
    const refused = (await gateway.accept(texts).catch((error: unknown) => error)) as TwinwardError;
    expect(refused).to.have.property("code", "DATABASE_UNAVAILABLE");
    expect(await count("leaf")).to.equal(0);
    isAway = false;
    expect((await gateway.accept(texts)).map(wordOf)[0]).to.equal("ack");
    await gateway.close();
  });

  it("places requests in the order in which they came, also while a data key is made", async () => {
    const { database, committer, chain } = world;
    let made = (): void => undefined;
    const making = new Promise<void>((resolve) => (made = resolve));
    const keys = {
      ...world.keys,
      ensure: async (scope: Hex, month: string) => {
        if (month === "2026-11") await making;
        return world.keys.ensure(scope, month);
      },
    };
    const gateway = createGateway({ database, committer, keys, chain, stream: STREAM, now: () => world.now });
    const device = world.device();
    const december = Date.UTC(2026, 11, 2);
    const before = gateway.accept([await device.next()]);
    const after = gateway.accept([await device.next({ per: [december, december + 1_000] })]);
    // The second is verified and its key made; whatever is placed before a third device's reading is on disk with it.
    for (const deadline = Date.now() + 10_000; !world.keys.has(device.id, "2026-12") && Date.now() < deadline;)
      await new Promise((resolve) => setTimeout(resolve, 5));
    expect(await send(await world.device().next())).to.deep.equal(["ack"]);
    made();
    expect([...(await before), ...(await after)].map(wordOf)).to.deep.equal(["ack", "ack"]);
    await gateway.close();
  });

  it("seals under the assignment that the sequence belongs to", async () => {
    const device = world.device();
    const assignment: Hex = `0x${"ab".repeat(32)}`;
    world.chain.assignments.set(device.id, [{ id: assignment, from: 2, end: 3 }]);
    await world.gateway.accept([await device.next(), await device.next(), await device.next()]);
    const rows = await readReadings(world.database, { device: device.id });
    expect(rows.map(({ scope }) => scope)).to.deep.equal([device.id, assignment, device.id]);
  });

  it("takes a device that lost its counter, or its place", async () => {
    const device = world.device();
    await world.gateway.accept([await device.next(), await device.next()]);
    expect(await send(await device.next({ sequence: 9, gap: 8, prev: ZERO_32 }))).to.deep.equal(["ack"]);
    expect(await send(await device.next())).to.deep.equal(["ack"]);
    expect((await readHeads(world.database, [device.id])).get(device.id)).to.deep.equal({
      sequence: 10,
      content: device.prev,
    });
  });

  it("checks a reading without storing anything", async () => {
    const device = world.device();
    const good = await device.next();
    const report = await world.gateway.check(good);
    expect(report).to.include({ outcome: "passed", code: null, expected: 1, sequence: 1 });
    expect(report.checks.map(({ result }) => result)).to.deep.equal(Array(7).fill("passed"));
    expect(await world.gateway.check("rubbish")).to.include({
      outcome: "failed",
      code: "READING_MALFORMED",
      device: null,
    });
    /** Results in the checks' order: passed, failed, or - for one that was not made. */
    const results = async (text: string): Promise<string> => {
      const { code, checks } = await world.gateway.check(text);
      return `${code} ${checks.map(({ result }) => (result === "not checked" ? "-" : result[0])).join("")}`;
    };
    expect(await results(new TestDevice().signIn())).to.equal("READING_MALFORMED f------");
    expect(await results(await new TestDevice().next())).to.equal("DEVICE_UNKNOWN pf-----");
    expect(await results(await device.build({ sequence: 1, prev: ZERO_32, kid: 2 }))).to.equal("KEY_NOT_VALID ppfp-pp");
    const stranger = world.device({ modelHash: ZERO_32 });
    expect(await results(await stranger.next())).to.equal("MODEL_UNKNOWN pppfpp-");
    const other = await device.build({ sequence: 1, prev: ZERO_32, model: "monitor@2" });
    expect(await results(other)).to.equal("MODEL_UNEXPECTED pppfpp-");
    const forger = Object.assign(new TestDevice(), { id: device.id });
    expect(await results(await forger.next())).to.equal("SIGNATURE_INVALID ppppfpp");
    expect(await results("A".repeat(70_000))).to.equal("READING_TOO_LARGE f------");
    const far = await world.gateway.check(await device.build({ sequence: 7 }));
    expect(far).to.include({ outcome: "failed", code: "SEQUENCE_EXPECTED" });
    for (const table of ["leaf", "held", "evidence"]) expect(await count(table)).to.equal(0);
  });

  it("ends with the same chain whatever the order and duplication", async () => {
    const order = fc.shuffledSubarray([...Array(8).keys(), ...Array(8).keys()], { minLength: 16 });
    await fc.assert(
      fc.asyncProperty(order, fc.integer({ min: 1, max: 6 }), async (sent, width) => {
        const device = world.device();
        const texts: string[] = [];
        for (let i = 0; i < 8; i++) texts.push(await device.next(i % 3 === 2 ? { gap: 2 } : {}));
        const requests = [];
        for (let i = 0; i < sent.length; i += width) requests.push(sent.slice(i, i + width).map((n) => texts[n] ?? ""));
        const answers = (await Promise.all(requests.map((each) => world.gateway.accept(each)))).flat();
        for (const answer of answers) expect(wordOf(answer)).to.match(/^(ack|held)/);
        const rows = await readReadings(world.database, { device: device.id });
        expect(rows.map(({ content }) => content)).to.deep.equal(texts.map((text) => parseReading(text).content));
      }),
      { seed: 3, numRuns: 25 },
    );
  });

  it("answers the same however readings are brought together into requests", async () => {
    /** A device's chain of readings, and beside it readings that contradict it in one way or another. */
    const plan = fc.record({
      gaps: fc.array(fc.nat(2), { minLength: 2, maxLength: 5 }),
      strays: fc.array(fc.tuple(fc.integer({ min: 1, max: 9 }), fc.nat(8), fc.integer({ min: -1, max: 4 })), {
        maxLength: 4,
      }),
      keys: fc.array(fc.nat(99), { minLength: 9, maxLength: 9 }),
      widths: fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 4 }),
    });
    type Plan = typeof plan extends fc.Arbitrary<infer T> ? T : never;
    /** What becomes of a new device's readings, sent so many at a time. */
    const play = async ({ gaps, strays, keys }: Plan, widths: readonly number[]): Promise<unknown> => {
      const device = world.device();
      const texts: string[] = [];
      for (const gap of gaps) texts.push(await device.next({ gap }));
      const contents = texts.map((text) => parseReading(text).content);
      for (const [sequence, lost, at] of strays) {
        const gap = Math.min(lost, sequence - 1);
        texts.push(await device.build({ sequence, gap, prev: contents[at] ?? ZERO_32 }));
      }
      const order = [...texts.keys()].sort((a, b) => (keys[a] ?? 0) + a * 20 - (keys[b] ?? 0) - b * 20);
      const told: string[] = [];
      const stop = world.gateway.onAnswer((_, answer) => told.push(wordOf(answer)));
      const answers: string[] = [];
      for (let at = 0, i = 0; at < order.length; i++) {
        const width = widths[i % widths.length] ?? 1;
        answers.push(...(await send(...order.slice(at, at + width).map((n) => texts[n] ?? ""))));
        at += width;
      }
      stop();
      const rows = await readReadings(world.database, { device: device.id });
      const stored = rows.map(({ content }) => texts.findIndex((text) => parseReading(text).content === content));
      return { answers: answers.map((answer) => answer.replace(/ \d+$/, "")), told, stored };
    };
    const late: Plan = { gaps: [0, 0], strays: [[3, 1, 0]], keys: Array<number>(9).fill(0), widths: [1, 2] };
    await fc.assert(
      fc.asyncProperty(plan, async (each) => {
        expect(await play(each, each.widths)).to.deep.equal(await play(each, [1]));
      }),
      { seed: 7, numRuns: 40, examples: [[late]] },
    );
  });

  it("survives anything, answers everything, and stores nothing of it", async () => {
    const device = world.device();
    const good = await device.next();
    await world.gateway.accept([good]);
    const mutated = fc
      .tuple(fc.nat(good.length - 1), fc.constantFrom("", "~", ".", "A", "\0", "é", "==", "{}"), fc.nat(4))
      .map(([at, insert, cut]) => good.slice(0, at) + insert + good.slice(at + cut));
    const hostile = fc.oneof(
      fc.string({ unit: "binary" }),
      mutated,
      mutated,
      fc.string().map((text) => `${text}.${text}.${text}~`),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(hostile, { minLength: 1, maxLength: 20 }), async (texts) => {
        const answers = await world.gateway.accept(texts);
        expect(answers).to.have.length(texts.length);
        for (const [i, answer] of answers.entries()) {
          // Only what is the good reading, byte for byte in its signed part, may be acked: again, with its old ack.
          const same = texts[i]?.split("~")[0]?.split(".").slice(0, 2).join(".") === parseReading(good).signingInput;
          if (!same) expect(isRefusal(answer), texts[i]).to.equal(true);
          expect(wordOf(answer)).to.not.equal("INTERNAL");
        }
      }),
      { seed: 4, numRuns: 150 },
    );
    expect(await count("leaf")).to.equal(1);
    expect(await send(await device.next())).to.deep.equal(["ack"]);
  });

  it("says OVERLOADED for a whole request and promises nothing", async () => {
    const small = await openWorld({ gateway: { maxWaiting: { readings: 2 } } });
    const device = small.device();
    const texts = [await device.next(), await device.next(), await device.next()];
    const error: unknown = await small.gateway.accept(texts).catch((cause: unknown) => cause);
    expect(error).to.have.property("code", "OVERLOADED");
    expect(await small.database.query("select * from leaf")).to.deep.equal([]);
    expect((await small.gateway.accept(texts.slice(0, 2))).map(wordOf)).to.deep.equal(["ack", "ack"]);
    await small.close();
  });

  it("promises nothing while the stream is suspended, and takes the same bytes when it goes on", async () => {
    const stopped = await openWorld();
    const device = stopped.device();
    const texts = [await device.next(), await device.next()];
    for (const [standing, code] of [
      ["suspended", "STREAM_SUSPENDED"],
      ["fenced", "STREAM_FENCED"],
    ] as const) {
      stopped.chain.standing = standing;
      const error: unknown = await stopped.gateway.accept(texts).catch((cause: unknown) => cause);
      expect(error).to.have.property("code", code);
    }
    expect(await stopped.database.query("select * from leaf")).to.deep.equal([]);
    stopped.chain.standing = "open";
    expect((await stopped.gateway.accept(texts)).map(wordOf)).to.deep.equal(["ack", "ack"]);
    await stopped.close();
  });

  it("says OVERLOADED when more waits for the database than is bearable, counted in readings and in characters", async () => {
    const device = new TestDevice();
    const texts = [];
    for (let i = 0; i < 6; i++) texts.push(await device.next());
    const characters = texts.slice(0, 4).reduce((sum, text) => sum + text.length, 0);
    for (const maxWaiting of [{ readings: 4 }, { characters }]) {
      const small = await openWorld({ gateway: { maxWaiting } });
      small.chain.facts.set(device.id, factOf(device));
      let release = (): void => undefined;
      const held = new Promise<void>((resolve) => (release = resolve));
      await small.gateway.accept([]);
      const blocking = small.database.transaction(() => held);
      const waiting = texts.slice(0, 4).map((text) => small.gateway.accept([text]));
      for (const ask of [small.gateway.accept(texts.slice(4, 5)), small.gateway.check(texts[5] ?? "")]) {
        expect(await ask.catch((cause: unknown) => cause)).to.have.property("code", "OVERLOADED");
      }
      release();
      await blocking;
      expect((await Promise.all(waiting)).flat().map(wordOf)).to.deep.equal(Array(4).fill("ack"));
      expect((await small.gateway.accept(texts.slice(4))).map(wordOf)).to.deep.equal(["ack", "ack"]);
      await small.close();
    }
  });

  it("acks nothing that the database did not take", async () => {
    const device = world.device();
    const text = await device.next();
    await world.database.script("alter table reading add constraint broken check (sequence < 0)");
    const error: unknown = await world.gateway.accept([text]).catch((cause: unknown) => cause);
    expect(error).to.be.instanceOf(Error);
    await world.database.script("alter table reading drop constraint broken");
    expect(await send(text)).to.deep.equal(["ack"]);
    expect(await count("leaf")).to.equal(1);
    expect(await world.database.query("select octet_length(hash) as n from leaf")).to.deep.equal([
      { n: fromHex(device.prev).length },
    ]);
  });
});

/** A reading in `device`'s name, signed by another. */
function buildForged(device: TestDevice, other: TestDevice): Promise<string> {
  const segments = MODEL.segments.map(({ name, unit }) => ({ name, unit, t: [], v: [] }));
  const parts = { device: device.id, kid: 1, sequence: 2, per: [NOON, NOON + 1] as const, iat: NOON / 1000, segments };
  return buildReading(
    { ...parts, model: MODEL.name, prev: device.prev, salt: () => Buffer.alloc(16, 1) },
    es256Signer(other.privateKey),
  );
}
