import { expect } from "chai";
import fc from "fast-check";
import { spawn } from "node:child_process";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { toHex } from "../../../protocol/bytes.ts";
import { TwinwardError } from "../../../protocol/errors.ts";
import { leafHash } from "../../../protocol/leaf.ts";
import { isDerived, type Manifest } from "../../../protocol/manifest.ts";
import { buildRecord } from "../../../protocol/record.ts";
import { strayValues, valuesOf } from "../../../protocol/release.ts";
import { merkleRoot } from "../../../protocol/tree.ts";
import { toValue } from "../../../server/store/read-releases.ts";
import { openValue } from "../../../server/keys/sealed-value.ts";
import type { Permit } from "../../../server/access/permit.ts";
import { createPictures } from "../../../server/twin/picture.ts";
import type { History } from "../../../server/twin/scope.ts";
import { resealStep } from "../../../server/main/reseal/reseal-step.ts";
import { describeOnBoth } from "../../helpers/databases.ts";
import { MODEL, NOON, openWorld, STREAM, type TestDevice, type World } from "../../helpers/gateway-world.ts";
import { named } from "../api/written-chain.ts";
import { DerivedWorld, NOISED, PLAIN, RAW } from "./derived-world.ts";

const CHILD = fileURLToPath(new URL("./release-child.ts", import.meta.url));

describeOnBoth("a derived twin", (databases) => {
  let world: World;
  let device: TestDevice;
  let derived: DerivedWorld;
  /** Every text that the device sent: nothing of it may leave. */
  let sent: string[];

  async function send(
    count: number,
    over: (i: number) => Parameters<TestDevice["next"]>[0] = () => ({}),
  ): Promise<void> {
    const texts: string[] = [];
    for (let i = 0; i < count; i++) texts.push(await device.next(over(i)));
    sent.push(...texts);
    for (const answer of await world.gateway.accept(texts)) expect(answer).to.have.property("format", "ack@1");
    world.now = Math.max(world.now, NOON + 1_000 * device.sequence + 60_000);
  }
  const codeOf = async (work: Promise<unknown>): Promise<string> =>
    work.then(
      () => "permitted",
      (error: unknown) => (error instanceof TwinwardError ? error.code : String(error)),
    );
  const count = async (table: string): Promise<number> =>
    (await world.database.query<{ n: number }>(`select count(*) as n from ${table}`))[0]?.n ?? 0;
  const spent = async (): Promise<number> =>
    (await world.database.query<{ n: number | null }>("select sum(epsilon)::bigint as n from released_value"))[0]?.n ??
    0;

  before(async () => {
    world = await openWorld({ database: await databases.place() });
  });
  beforeEach(async () => {
    await world.empty();
    world.now = NOON + 60_000;
    device = world.device();
    sent = [];
    derived = new DerivedWorld(world, device);
    await derived.open();
  });
  after(() => world.close());

  it("tells each interval's aggregates, and from which leaves", async () => {
    await derived.open(PLAIN);
    await send(25);
    const page = await derived.read(derived.permit(PLAIN));
    // Sequence n begins n seconds after noon: 1 … 9, 10 … 19; the third interval is not over.
    expect(
      page.releases?.map(({ from, record: { leaves } }) => [from - NOON, leaves.first, leaves.last]),
    ).to.deep.equal([
      [0, 1, 9],
      [10_000, 10, 19],
    ]);
    expect(page).to.deep.include({ readings: [], next: null, nextSince: null, withheld: null });
    const rows = await world.database.query<{ hash: Uint8Array }>(
      "select hash from leaf where kind = 1 and sequence between 10 and 19 order by sequence",
    );
    const [, release] = page.releases ?? [];
    if (!release) return expect.fail("no release");
    expect(release.record.leaves.root).to.equal(toHex(merkleRoot(rows.map(({ hash }) => hash))));
    expect(strayValues(release.record, release.values)).to.deep.equal([]);
    // Each reading of the test device says 60 and 60.1 of the heart, one more of the breath.
    const heart = { count: 20, max: 60.1, mean: 60.05, min: 60 };
    const shown = valuesOf(release.values);
    expect(shown.map(({ segment, unit }) => [segment, unit])).to.have.deep.members([
      ["heart-rate", "1"],
      ["respiration", "1"],
    ]);
    const told = shown.find(({ segment }) => segment === "heart-rate")?.aggregates;
    expect({ ...told, mean: Math.round((told?.mean ?? 0) * 1e6) / 1e6 }).to.deep.equal(heart);
    const { content } = buildRecord(release.record);
    expect(toHex(leafHash(5, derived.twinOf(PLAIN), release.sequence, content))).to.equal(release.leaf);
    // One who may see less of it gets less, of the same release.
    const [, narrow] = (await derived.read(derived.permit(PLAIN, { segments: 1n }))).releases ?? [];
    expect(narrow?.leaf).to.equal(release.leaf);
    expect(valuesOf(narrow?.values ?? []).map(({ segment }) => segment)).to.deep.equal(["heart-rate"]);
  });

  it("is complete only when its delay has passed and the device has gone past it", async () => {
    const late: Manifest = { ...PLAIN, name: "late", delay: 3_600 };
    await derived.open(PLAIN, late);
    await send(19);
    const starts = async (manifest: Manifest): Promise<number[]> =>
      ((await derived.read(derived.permit(manifest))).releases ?? []).map(({ from }) => from - NOON);
    // By the clock of the house all of it is over; by the device's readings only the first interval is.
    world.now = NOON + 600_000;
    expect(await starts(PLAIN)).to.deep.equal([0]);
    expect(await starts(late)).to.deep.equal([]);
    await send(1);
    expect(await starts(PLAIN)).to.deep.equal([0, 10_000]);
    world.now = NOON + 10_000 + 3_600_000 - 1;
    expect(await starts(late)).to.deep.equal([]);
    world.now += 1;
    expect(await starts(late)).to.deep.equal([0]);
    // What begins before something that its device named earlier is in no interval: a release never changes.
    const before = (await derived.read(derived.permit(PLAIN))).releases;
    await send(1, () => ({ per: [NOON + 5_000, NOON + 6_000] }));
    expect((await derived.read(derived.permit(PLAIN))).releases).to.deep.equal(before);
  });

  it("draws once: 50 readers who ask 1000 times, across a restart, get the same bytes, and it is paid once", async () => {
    await derived.open(NOISED);
    await send(41);
    const answers = new Set<string>();
    const askAll = async (): Promise<void> => {
      const readers = Array.from({ length: 50 }, (_, i) =>
        derived.permit(NOISED, { reader: named(`reader ${i}`, 20) }),
      );
      for (let round = 0; round < 10; round++)
        for (const { releases } of await Promise.all(readers.map((reader) => derived.read(reader))))
          answers.add(JSON.stringify(releases?.map(({ record, values, leaf }) => [record, values, leaf])));
    };
    await askAll();
    await world.restart();
    await derived.open();
    await askAll();
    expect(answers.size).to.equal(1);
    expect(JSON.parse([...answers][0] ?? "[]")).to.have.length(4);
    expect(await spent()).to.equal(4 * 500);
    expect([await count("released_value"), await count("release")]).to.deep.equal([4, 4]);
  });

  it("shows one value for the same question through every twin of the assignment", async () => {
    const second: Manifest = { ...NOISED, name: "second" };
    await derived.open(NOISED, second);
    await send(21);
    const [one, two] = await Promise.all([NOISED, second].map((manifest) => derived.read(derived.permit(manifest))));
    expect(one?.releases?.flatMap(({ values }) => values)).to.deep.equal(
      two?.releases?.flatMap(({ values }) => values),
    );
    expect(one?.releases?.[0]?.leaf).not.to.equal(two?.releases?.[0]?.leaf);
    expect(await spent()).to.equal(2 * 500);
  });

  it("refuses to draw beyond the smallest budget that a twin of the assignment names", async () => {
    const noise = NOISED.noise;
    if (!noise) return expect.fail("no noise");
    const rich: Manifest = { ...NOISED, name: "rich", noise: { ...noise, budget: 1_000 } };
    const poor: Manifest = { ...NOISED, name: "poor", noise: { ...noise, budget: 1 } };
    const other: Manifest = { ...rich, name: "other", resolution: { interval: 5, show: ["mean"] } };
    await derived.open(rich, poor, other);
    await send(41);
    const page = await derived.read(derived.permit(rich));
    expect(page.releases).to.have.length(2);
    expect(page.withheld).to.deep.equal({ code: "BUDGET_SPENT", from: NOON + 20_000 });
    // Another grid asks another question, and has nothing to pay with.
    expect(await codeOf(derived.read(derived.permit(other)))).to.equal("BUDGET_SPENT");
    expect(await codeOf(derived.read(derived.permit(rich, { from: NOON + 20_000 })))).to.equal("BUDGET_SPENT");
    // What was told stays told.
    expect((await derived.read(derived.permit(poor, { until: NOON + 20_000 }))).releases).to.have.length(2);
    expect(await spent()).to.equal(1_000);
  });

  it("shows nothing beyond where a step goes on, although it was released already", async () => {
    await derived.open(PLAIN);
    await send(45);
    const permit = derived.permit(PLAIN);
    if (!isDerived(PLAIN)) return expect.fail("not derived");
    await derived.reader.newest(permit);
    const shown: number[][] = [];
    let since: number | null = 0;
    while (since !== null) {
      const page = await derived.few.load(permit, PLAIN, MODEL, { limit: 10, receipts: false, since });
      shown.push(page.releases.map(({ record }) => record.from - NOON));
      since = page.nextSince;
    }
    expect(shown).to.deep.equal([[0], [10_000], [20_000, 30_000]]);
  });

  it("goes on by few bytes at once where readings are large, and leaves none out", async () => {
    await derived.open(RAW);
    const t = Array.from({ length: Math.floor(3_200 / MODEL.segments.length) }, (_, i) => i);
    const segments = MODEL.segments.map(({ name, unit }) => ({ name, unit, t, v: t.map((ms) => 60 + ms / 1000) }));
    await send(40, () => ({ segments }));
    const sequences: number[][] = [];
    for (let after = 0, more = true; more;) {
      const step = await derived.reader.next(derived.permit(RAW), after, { limit: 200, receipts: false });
      const { readings } = step.twin.toJSON();
      expect(readings.reduce((sum, { reading }) => sum + reading.length, 0)).to.be.lessThan(1.5 * 1024 * 1024);
      sequences.push(readings.map(({ sequence }) => sequence));
      ({ after, more } = step);
    }
    expect(sequences.length).to.be.greaterThan(1);
    expect(sequences.flat()).to.deep.equal(Array.from({ length: 40 }, (_, i) => i + 1));
  });

  it("holds few samples for a picture of a raw one, and says where the next goes on", async () => {
    await derived.open(RAW);
    await send(450);
    const parts = { access: { holds: () => Promise.resolve(true) }, reader: derived.reader };
    // Two samples in each of two segments of a reading, and 200 readings in a step.
    const draw = createPictures({ ...parts, documents: { manifest: () => Promise.resolve(RAW) }, mostSamples: 801 });
    const permit = derived.permit(RAW);
    const first = await draw(() => Promise.resolve(permit), {});
    expect([first.stretches.at(-1)?.leaves.last, first.next]).to.deep.equal([400, 401]);
    const rest = await draw(() => Promise.resolve(permit), { fromSequence: 401 });
    expect([rest.stretches.at(-1)?.leaves.last, rest.next]).to.deep.equal([450, null]);
  });

  it("keeps what it showed when it is killed: what was told is what is told, and was paid", async () => {
    const directory = await mkdtemp(join(tmpdir(), "twinward-release-"));
    const place = await databases.place();
    const told = new Map<number, string>();
    let killed: World | undefined;
    try {
      const child = spawn(process.execPath, [CHILD, directory, ...("url" in place ? [place.url] : [])], {
        stdio: ["ignore", "pipe", "inherit"],
      });
      const gone = new Promise((resolve) => child.once("exit", resolve));
      let out = "";
      child.stdout.on("data", (chunk: Buffer) => {
        out += chunk.toString();
        if (out.split("\n").length > 16) child.kill("SIGKILL");
      });
      await gone;
      for (const line of out.split("\n").slice(1, -1)) {
        const [from, values] = JSON.parse(line) as [number, string[]];
        const known = told.get(from);
        expect(known ?? values.join(), "told twice, and differently").to.equal(values.join());
        told.set(from, values.join());
      }
      expect(told.size).to.be.greaterThan(3);

      killed = await openWorld({ directory, ...("url" in place ? { database: place } : {}) });
      const { database, keys } = killed;
      const rows = (await database.query<Parameters<typeof toValue>[0]>("select * from released_value")).map(toValue);
      const kept = new Map(rows.map((row) => [row.from, openValue(keys, row, row)]));
      for (const [from, value] of told) expect(kept.get(from)).to.equal(value);
      // Each with its leaf, and none without: a transaction is on disk whole or not at all.
      const [found] = await database.query<{ leaves: number; releases: number }>(
        "select (select count(*) from leaf where kind = 5) as leaves, (select count(*) from release) as releases",
      );
      expect(found).to.deep.equal({ leaves: rows.length, releases: rows.length });
      expect(rows.every(({ epsilon }) => epsilon === 500)).to.equal(true);
    } finally {
      await killed?.close();
    }
  });

  it("lets no raw value out, and no sequence outside the assignment, whatever is asked", async () => {
    await derived.open(NOISED, PLAIN);
    // Sequences 1 … 14 were another's, and 36 … are the next one's.
    await send(50);
    const inside = { first: 15, end: 36 };
    const secrets = sent.flatMap((text) => text.split("~").filter(Boolean)).flatMap((part) => part.split("."));
    const bound = fc.option(fc.integer({ min: -5, max: 60 }).map((seconds) => NOON + seconds * 1_000));
    const ask = fc.record({
      manifest: fc.constantFrom(NOISED, PLAIN),
      segments: fc.bigInt({ min: 0n, max: 255n }),
      from: bound,
      until: bound,
      limit: fc.integer({ min: 1, max: 6 }),
      receipts: fc.boolean(),
    });
    const sequences = fc.option(fc.integer({ min: 1, max: 50 }), { nil: undefined });
    await fc.assert(
      fc.asyncProperty(ask, sequences, sequences, async (asked, fromSequence, toBatch) => {
        const { manifest, segments, from, until, limit, receipts } = asked;
        const allowed = derived.permit(manifest, { ...inside, from, until });
        const permitted: Permit = derived.permit(manifest, {
          ...{ ...inside, from, until },
          segments: allowed.terms.segments & segments,
        });
        const raw = {
          ...(fromSequence === undefined ? {} : { fromSequence }),
          ...(toBatch === undefined ? {} : { toBatch }),
        };
        const reading = derived.read(permitted, { limit, receipts, ...raw });
        if (fromSequence !== undefined || toBatch !== undefined) {
          expect(await codeOf(reading)).to.equal("MALFORMED_REQUEST");
          return;
        }
        const page: History = await reading;
        expect(page.readings).to.deep.equal([]);
        expect(page.releases?.length).to.be.at.most(limit);
        const text = JSON.stringify(page);
        for (const secret of secrets) expect(text.includes(secret), secret).to.equal(false);
        for (const { record, values } of page.releases ?? []) {
          expect(record.leaves.first).to.be.at.least(inside.first);
          expect(record.leaves.last).to.be.below(inside.end);
          if (from !== null) expect(record.from).to.be.at.least(from);
          if (until !== null) expect(record.from).to.be.below(until);
          for (const { segment } of valuesOf(values)) expect(page.segments).to.include(segment);
        }
      }),
      { seed: 20261121, numRuns: 80 },
    );
    expect(await spent()).to.be.above(0);
  });

  it("pages by time without losing or doubling an interval", async () => {
    await derived.open(PLAIN);
    await send(61);
    const starts: number[] = [];
    let since: number | null = NOON;
    for (let pages = 0; since !== null && pages < 10; pages++) {
      const page: History = await derived.read(derived.permit(PLAIN, { from: since }), { limit: 2 });
      starts.push(...(page.releases ?? []).map(({ from }) => (from - NOON) / 10_000));
      since = page.nextSince ?? null;
    }
    expect(starts).to.deep.equal([0, 1, 2, 3, 4, 5]);
  });

  it("goes with the readings that are erased: their intervals are told of, and nothing of them", async () => {
    const second: Manifest = { ...NOISED, name: "second" };
    await derived.open(NOISED, second);
    await send(31);
    const before = (await derived.read(derived.permit(NOISED, { until: NOON + 20_000 }))).releases ?? [];
    expect(before.map(({ values }) => values.length)).to.deep.equal([1, 1]);
    await world.keys.destroy([{ scope: derived.assignment, month: "2026-11" }]);
    // What was released keeps its place and its proof; what was not is not any more, through no twin.
    const { releases: after = [] } = await derived.read(derived.permit(NOISED));
    expect(after.map(({ leaf, values, erased }) => [leaf, values, erased])).to.deep.equal(
      before.map(({ leaf }) => [leaf, [], true]),
    );
    expect((await derived.read(derived.permit(second))).releases).to.deep.equal([]);
    expect(await spent()).to.equal(2 * 500);
  });

  it("leaves a reading across a change of assignments to the security twin", async () => {
    await derived.open(PLAIN, RAW);
    await send(21);
    const changes = [NOON / 1000 + 12];
    const { releases = [] } = await derived.read(derived.permit(PLAIN, { changes }));
    expect(releases.map(({ record }) => record.leaves.count)).to.deep.equal([9, 9]);
    const sequences = async (allowed: Permit): Promise<number[]> =>
      (await derived.read(allowed)).readings.map(({ sequence }) => sequence);
    const all = Array.from({ length: 21 }, (_, i) => i + 1);
    expect(await sequences(derived.permit(RAW, { changes }))).to.deep.equal(all.filter((n) => n !== 12));
    expect(await sequences(derived.permit(RAW, { changes, security: true, purpose: "security" }))).to.deep.equal(all);
  });

  it("shows nothing that lies under another assignment's key still, and waits while it is sealed again", async () => {
    await derived.open(PLAIN, RAW);
    await send(25);
    const next = named("the next assignment");
    const allowed = (manifest: Manifest): Permit => {
      const { twin } = derived.permit(manifest).terms;
      return derived.permit(manifest, { twin: { ...twin, assignment: next } });
    };
    for (const manifest of [PLAIN, RAW])
      expect(await codeOf(derived.read(allowed(manifest)))).to.equal("NOT_RESEALED_YET");
    derived.reseal = () => Promise.reject(new Error("the database is away"));
    await derived.open();
    for (const manifest of [PLAIN, RAW])
      expect(await codeOf(derived.read(allowed(manifest)))).to.equal("NOT_RESEALED_YET");
    expect(await count("released_value")).to.equal(0);

    world.chain.assignments.set(device.id, [{ id: next, from: 1, end: null }]);
    derived.reseal = async (id) => {
      while (await resealStep({ ...world, stream: STREAM }, id));
    };
    await derived.open();
    expect((await derived.read(allowed(RAW))).readings).to.have.length(25);
    expect((await derived.read(allowed(PLAIN))).releases).to.have.length(2);
    // Whoever was permitted before by what the chain said is shown nothing of it any more.
    expect(await codeOf(derived.read(derived.permit(RAW)))).to.equal("NOT_RESEALED_YET");
  });

  it("shows nothing raw before its delay, and nothing at all without its manifest", async () => {
    const late: Manifest = { ...RAW, name: "late", delay: 60 };
    await derived.open(late);
    await send(10);
    world.now = NOON + 66_500;
    const { readings } = await derived.read(derived.permit(late));
    // Sequence 5 ended six seconds after noon.
    expect(readings.map(({ sequence }) => sequence)).to.deep.equal([1, 2, 3, 4, 5]);
    await world.database.script("delete from document where kind = 'manifest'");
    await derived.open();
    expect(await codeOf(derived.read(derived.permit(late)))).to.equal("MANIFEST_UNKNOWN");
  });
});
