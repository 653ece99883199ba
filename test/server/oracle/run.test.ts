import { expect } from "chai";
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readFindingBody, type Finding, type SignedFinding } from "../../../protocol/finding.ts";
import { TwinwardError } from "../../../protocol/errors.ts";
import type { Hex } from "../../../protocol/bytes.ts";
import type { Chain } from "../../../server/chain/view.ts";
import type { Door } from "../../../server/oracle/door.ts";
import type { OracleEvent } from "../../../server/oracle/events.ts";
import { judge, type Judge } from "../../../server/oracle/judge.ts";
import { runOracle, type Oracle, type OracleRooms } from "../../../server/oracle/run.ts";
import { createFindings, type Findings } from "../../../server/response/findings.ts";
import { openPca } from "../../../ml/detectors/window-detector.ts";
import { openKeyStore, type KeyStore } from "../../../server/keys/key-store.ts";
import type { Database } from "../../../server/store/database.ts";
import { lyingJudge } from "../../helpers/lying-judge.ts";
import { STREAM, World, type WorldDevice } from "../../helpers/oracle-world.ts";
import { lendDatabase } from "../../helpers/lent-database.ts";

const FALSE_DATA = 40;

describe("oracles together", () => {
  let directory: string;
  let database: Database;
  let keys: KeyStore;
  let findings: Findings;
  let world: World;
  let running: Oracle[];
  let events: (OracleEvent & { bit: number })[];
  let open: boolean;
  let reads: string[];
  let looks: number;

  before(async () => {
    directory = mkdtempSync(join(tmpdir(), "oracles-"));
    database = await lendDatabase();
    keys = await openKeyStore(join(directory, "keys/data-keys.json"));
  });
  after(async () => {
    await keys.close();
    await database.close();
    rmSync(directory, { recursive: true });
  });
  beforeEach(async () => {
    await database.query("delete from finding");
    world = new World();
    findings = createFindings({ database, keys, chain: world.chain as Chain });
    [running, events, open, reads, looks] = [[], [], true, [], 0];
  });
  afterEach(async () => {
    await Promise.all(running.map((oracle) => oracle.stop()));
  });

  const door: Door = {
    lastSequences: async () => {
      looks++;
      if (!open) throw new Error("the door is shut");
      return new Map(world.devices.map((device) => [device.id, device.kept.at(-1)?.ack.sequence ?? 0]));
    },
    readings: async (twin, after) => {
      reads.push(twin);
      const device = world.devices.find((d) => d.twin === twin)!;
      return device.kept.filter(({ ack }) => ack.sequence > after).slice(0, 7);
    },
    post: (finding) => findings.accept(finding),
    findingsOf: (digest) => findings.list({ digest }),
    findingsSince: (since) => findings.list({ since, format: "finding@1" }),
  };

  function start(
    bit: number,
    judged: Judge = judge,
    own: Partial<Door> = {},
    chain: OracleRooms["chain"] = world.chain,
  ): Oracle {
    const oracle = runOracle({
      chain,
      door: { ...door, ...own },
      transmitter: world.transmitter,
      judge: judged,
      detector: openPca(world.model),
      modelHash: world.modelHash,
      key: world.keys[bit]!,
      stateFile: join(directory, `${world.oracles[bit]}-${trial}`, "state.json"),
      now: Date.now,
      random: (size) => randomBytes(size),
      report: (event) => events.push({ ...event, bit }),
    });
    running.push(oracle);
    return oracle;
  }
  let trial = 0;
  beforeEach(() => trial++);

  async function until(condition: () => boolean | Promise<boolean>, what: string, withinMs = 30_000): Promise<void> {
    const deadline = Date.now() + withinMs;
    while (!(await condition())) {
      if (Date.now() > deadline) throw new Error(`not in time: ${what}\n${JSON.stringify(events, null, 1)}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
  const bodies = async (filter = {}) =>
    (await findings.list(filter)).map((f: SignedFinding) => readFindingBody(f.body));
  const about = async (device = world.devices[0]!.id) => (await bodies({ device })) as Finding[];
  const clean = async (ticks: number): Promise<void> => {
    for (let i = 0; i < ticks; i++) await world.tick();
  };
  const attack = async (ticks: number): Promise<void> => {
    for (let i = 0; i < ticks; i++) await world.tick(FALSE_DATA);
  };

  it("reach one verdict about false data, on the device that it is in, and all four agree on its digest", async () => {
    [0, 1, 2, 3].forEach((bit) => start(bit));
    await clean(3);
    await attack(5);
    await until(() => world.verdicts.length > 0, "a verdict");
    const [verdict] = world.verdicts;
    expect(verdict).to.include({
      device: world.devices[0]!.id,
      stream: STREAM,
      round: 0,
      firstBatch: 0,
      firstSequence: 1,
    });
    const digest = verdict!.digest;
    await until(async () => (await about()).filter((f) => f.digest === digest).length === 4, "four findings");
    expect(await about(world.devices[1]!.id)).to.deep.equal([]);
    expect(await bodies({ digest })).to.have.length(4);
  });

  it("give a round's all-clear once, over the devices that stayed clear", async () => {
    [0, 1, 2, 3].forEach((bit) => start(bit));
    await clean(10);
    await until(() => world.cleared.size === 1, "an all-clear");
    await clean(5);
    await attack(5);
    await until(() => world.cleared.size === 2, "the next all-clear");
    const clears = await bodies({ round: 1 });
    const clear = clears.find((body) => body.format === "clear@1");
    expect(clear?.format === "clear@1" && clear.devices.map((d) => d.device)).to.deep.equal([world.devices[1]!.id]);
  });

  it("go on in the successor when members fence the home stream, whose rounds count from 0 again", async () => {
    [0, 1, 2, 3].forEach((bit) => start(bit));
    await clean(12);
    await until(() => world.cleared.size === 1, "an all-clear of the first stream");
    // Accepted and not anchored: it is the successor's, under another promise.
    for (const device of world.devices) world.commit({ device, text: await world.makeReading(device) });
    world.succeed();
    await clean(10);
    const successor = world.stream;
    await until(() => world.cleared.has(`${successor} 0`), "an all-clear of the successor");
    await attack(8);
    await until(() => world.verdicts.length > 0, "a verdict");
    expect(world.verdicts[0]).to.include({ device: world.devices[0]!.id, stream: successor, round: 1, firstBatch: 10 });
    expect(events.filter(({ event }) => event === "refused")).to.deep.equal([]);

    // One that comes later begins where the round at hand does, and one that was away judges what it missed in both streams.
    await running.pop()!.stop();
    world.succeed();
    // More than a round, and it is looked at as a whole: who watched the stream before begins with the first batch all the same.
    await clean(12);
    start(3);
    await until(() => world.cleared.has(`${world.stream} 0`), "an all-clear of the one after it");
    const isLateClear = (one: (typeof events)[number]): boolean =>
      one.event === "cleared" && one.bit === 3 && one.stream === world.stream && one.round === 0;
    await until(() => events.some(isLateClear), "the late one's all-clear");
    await attack(8);
    await until(() => world.verdicts.some(({ stream }) => stream === world.stream), "a verdict there");
    expect(events.filter(({ event }) => event === "refused")).to.deep.equal([]);
    await until(() => events.some(({ bit, event }) => bit === 3 && event === "attested"), "the late one's word");
  });

  it("clear a round of 400 devices", async () => {
    world = new World(4, 400);
    findings = createFindings({ database, keys, chain: world.chain as Chain });
    // One reading each is too little to be judged: here it is called clear.
    const easy: Judge = async (...given) => ({ ...(await judge(...given)), kind: "clear", severity: 0 });
    [0, 1, 2].forEach((bit) => start(bit, easy));
    await clean(1);
    for (let batch = 1; batch < 10; batch++) world.anchor();
    await until(() => world.cleared.size === 1, "an all-clear", 100_000);
    const [clear] = await bodies({ format: "clear@1", limit: 1 });
    expect(clear?.format === "clear@1" && clear.devices).to.have.length(400);
    expect(events.filter((e) => e.event === "unwelcome")).to.deep.equal([]);
  });

  it("leave out of the all-clear who said too little or by a clock that jumps, and say so", async () => {
    world = new World(4, 4);
    findings = createFindings({ database, keys, chain: world.chain as Chain });
    const [steady, rare, jumping, late] = world.devices as [WorldDevice, WorldDevice, WorldDevice, WorldDevice];
    [0, 1, 2, 3].forEach((bit) => start(bit));
    for (let i = 0; i < 10; i++) {
      world.commit({ device: steady, text: await world.makeReading(steady) });
      if (i % 5 === 0) {
        world.commit({ device: rare, text: await world.makeReading(rare) });
        rare.at += 4_000;
      }
      // A whole swing of what the test's bodies do: the values go on as they were, only the clock does not.
      if (i === 5) jumping.at -= Math.round(2 * Math.PI * 40_000);
      world.commit({ device: jumping, text: await world.makeReading(jumping) });
      // It begins in the middle of the round, but says enough of what it covers.
      if (i >= 4) world.commit({ device: late, text: await world.makeReading(late) });
      world.anchor();
    }
    await until(() => world.cleared.size === 1, "an all-clear");
    const clears = (await bodies({ round: 0 })).flatMap((body) => (body.format === "clear@1" ? [body] : []));
    for (const { devices } of clears)
      expect(devices.map((d) => d.device)).to.deep.equal([steady.id, late.id].sort((a, b) => (a < b ? -1 : 1)));
    const told = events.flatMap((e) => (e.event === "unjudged" && e.bit === 0 ? [[e.device, e.round, e.why]] : []));
    expect(told).to.have.deep.members([
      [rare.id, 0, "it said too little"],
      [jumping.id, 0, "its clock went back"],
    ]);
    expect(world.verdicts).to.deep.equal([]);
    expect(clears.flatMap(({ clear }) => clear.root)).to.include(world.cleared.get("0"));
  });

  it("quarantine false data also where the clock goes back at every reading", async () => {
    [0, 1].forEach((bit) => start(bit));
    const device = world.devices[0]!;
    for (let i = 0; i < 8; i++) {
      world.commit({ device, text: await world.makeReading(device, 100) });
      device.at -= 2_000;
      world.anchor();
    }
    await until(() => world.verdicts.some((v) => v.kind === "quarantine"), "a quarantine");
  });

  it("reach the verdict with one of them dead", async () => {
    [0, 2, 3].forEach((bit) => start(bit));
    await clean(3);
    await attack(5);
    await until(() => world.verdicts.length > 0, "a verdict");
    await until(async () => (await about()).length >= 3, "three findings");
  });

  it("reach the verdict against one that signs the opposite; its dissent is kept and listed", async () => {
    [0, 1, 2].forEach((bit) => start(bit));
    start(3, lyingJudge);
    await clean(3);
    await attack(5);
    const liar = world.oracles[3]!;
    await until(() => world.verdicts.some((v) => v.device === world.devices[0]!.id), "a verdict");
    await until(async () => (await about()).some((f) => f.oracle === liar && f.verdict.kind === 2), "the accusation");
    const dissents = async () => (await about(world.devices[1]!.id)).filter((f) => f.verdict.kind === 0);
    await until(async () => (await dissents()).length === 3, "three oppose what one says of a healthy device");
    expect(world.verdicts.every((v) => v.device === world.devices[0]!.id)).to.equal(true);
    expect((await dissents()).map((f) => f.oracle)).to.not.include(liar);
  });

  it("keep a liar's clear beside the verdict that stands", async () => {
    [0, 1, 2].forEach((bit) => start(bit));
    // It never sees anything: for it the false data are clear.
    start(3, async (...given) => ({ ...(await judge(...given)), kind: "clear", severity: 0, explanation: [] }));
    await clean(3);
    await attack(5);
    await until(() => world.verdicts.length > 0, "a verdict");
    await until(
      async () => (await about()).some((f) => f.verdict.kind === 0 && f.oracle === world.oracles[3]),
      "dissent",
    );
    expect(world.verdicts[0]!.kind).to.not.equal("clear");
  });

  it("reach the verdict and the all-clear however much one of them lays down beside it", async () => {
    const liar = world.oracles[3]!;
    const bodyOf = ({ body }: SignedFinding) => readFindingBody(body);
    // A list is only so long: here the liar's findings have filled it.
    const flooded: Partial<Door> = {
      findingsSince: async (since) => (await findings.list({ since })).filter((f) => bodyOf(f).oracle === liar),
    };
    [0, 1, 2].forEach((bit) => start(bit, judge, flooded));
    start(3, lyingJudge);
    await clean(3);
    await attack(7);
    await until(() => world.verdicts.some((v) => v.kind === "quarantine"), "a quarantine");
    await until(() => world.cleared.size === 1, "the all-clear");
  });

  it("ask for a bounded number of digests in a turn, and for each of them in time", async () => {
    world = new World(4, 80);
    findings = createFindings({ database, keys, chain: world.chain as Chain });
    const turns: Hex[][] = [[]];
    const counted: Partial<Door> = {
      findingsSince: async (since) => {
        turns.push([]);
        return findings.list({ since });
      },
      findingsOf: async (digest) => {
        turns.at(-1)!.push(digest);
        return findings.list({ digest });
      },
    };
    // It accuses everybody, and nobody agrees: everything stays open.
    start(0, async (...given) => ({ ...(await judge(...given)), kind: "quarantine", severity: 3 }), counted);
    await clean(1);
    await until(() => new Set(turns.flat()).size === 80, "each asked for", 30_000);
    expect(Math.max(...turns.map((turn) => turn.length))).to.equal(32);
  });

  it("hand in again what the server called unfounded while it was behind", async () => {
    let behind = true;
    const lagging: Partial<Door> = {
      post: async (finding) => {
        if (behind) throw new TwinwardError("FINDING_UNFOUNDED", { detail: "Its last batch is not anchored." });
        await findings.accept(finding);
      },
    };
    [0, 1].forEach((bit) => start(bit, judge, lagging));
    await clean(3);
    await attack(5);
    const told = () => events.filter((e) => e.event === "unwelcome");
    await until(() => new Set(told().map((e) => e.bit)).size === 2, "both refused");
    behind = false;
    await until(() => world.verdicts.some((v) => v.kind === "quarantine"), "a quarantine");
    expect(new Set(told().map((e) => JSON.stringify(e))).size).to.equal(told().length);
  });

  it("do nothing alone", async () => {
    start(1);
    await clean(3);
    await attack(7);
    await until(
      async () => (await bodies({ round: 0 })).some((body) => body.format === "clear@1"),
      "its own all-clear",
    );
    expect((await about()).length).to.be.greaterThan(0);
    expect(world.verdicts).to.deep.equal([]);
    expect(world.cleared.size).to.equal(0);
  });

  it("do nothing by two processes with one key", async () => {
    start(1);
    trial++;
    start(1);
    await clean(3);
    await attack(7);
    await until(() => events.filter((e) => e.event === "cleared").length === 2, "both judged the round");
    await until(async () => (await about()).length > 0, "a finding");
    expect(world.verdicts).to.deep.equal([]);
    expect(new Set((await about()).map((f) => f.oracle)).size).to.equal(1);
  });

  it("go on after a restart with what they signed, byte for byte, and contradict nothing", async () => {
    const first = start(0);
    await clean(3);
    await attack(4);
    await until(async () => (await about()).length > 0, "a finding");
    await first.stop();
    const before = await findings.list({});
    await database.query("delete from finding");
    start(0, judge);
    start(1);
    await attack(3);
    await until(() => world.verdicts.length > 0, "a verdict by both");
    await until(() => events.some((e) => e.event === "cleared" && e.bit === 0), "the round's end");
    const texts = new Map<number, Set<string>>();
    for (const { body } of [...before, ...(await findings.list({ device: world.devices[0]!.id }))]) {
      const finding = readFindingBody(body) as Finding;
      if (finding.oracle !== world.oracles[0]) continue;
      const { severity } = finding.verdict;
      texts.set(severity, (texts.get(severity) ?? new Set()).add(body));
    }
    expect([...texts.values()].every((bodies) => bodies.size === 1)).to.equal(true);
  });

  it("send again after a restart what the server never got", async () => {
    let refuse = true;
    const shut: Partial<Door> = {
      post: async (finding) => {
        if (refuse) throw new Error("no answer");
        await findings.accept(finding);
      },
    };
    const first = start(0, judge, shut);
    await clean(3);
    await attack(5);
    await until(() => events.some((e) => e.event === "waiting"), "a failed delivery");
    await first.stop();
    refuse = false;
    start(0, judge, shut);
    await until(async () => (await about()).length > 0, "the finding");
  });

  it("wait while the server is away, then judge every batch that they missed", async () => {
    [0, 1].forEach((bit) => start(bit));
    await clean(3);
    open = false;
    await attack(5);
    await until(() => events.some((e) => e.event === "waiting"), "waiting");
    open = true;
    await until(() => world.verdicts.length > 0, "a verdict");
  });

  it("end with their view of the chain: after an event that cannot be folded nothing is signed or transmitted", async () => {
    // As server/chain ends it: whatever comes after that event, nobody is told of it, and every question is refused.
    const unfoldable = new TwinwardError("CHAIN_UNAVAILABLE", { detail: "Event 3 of block 7 cannot be read." });
    let ended = false;
    const chain = {
      ...world.chain,
      view: () => {
        if (ended) throw unfoldable;
        return world.view();
      },
    };
    start(0, judge, {}, chain);
    start(1);
    await clean(3);
    await attack(3);
    await until(() => world.verdicts.length > 0, "a verdict by both");
    await until(() => events.some((e) => e.event === "attested" && e.bit === 0), "its finding");
    ended = true;
    await until(() => events.some((e) => e.event === "waiting" && e.bit === 0), "word of it");
    const [said, signed] = [events.filter((e) => e.bit === 0).length, await bodies()];
    const own = (body: { oracle: string }) => body.oracle === world.oracles[0];
    await clean(20);
    await until(() => events.some((e) => e.event === "cleared" && e.bit === 1 && e.round === 1), "the other goes on");
    await until(() => events.filter((e) => e.bit === 0).length > said + 1, "it tries again, and is refused");
    expect(
      events
        .filter((e) => e.bit === 0)
        .slice(said)
        .map((e) => e.event === "waiting" && e.why),
    ).to.satisfy((whys: unknown[]) =>
      whys.every((why) => typeof why === "string" && why.includes("Event 3 of block 7")),
    );
    expect((await bodies()).filter(own).length).to.equal(signed.filter(own).length);
    expect(world.cleared.size).to.equal(0);
  });

  it("read a twin only where there is news", async () => {
    start(0);
    await clean(1);
    await until(() => reads.length === 2, "both twins read");
    // Two batches of other leaves only, as reading makes them: each is looked at, and no twin is read for it.
    for (const turns of [looks + 1, looks + 2]) {
      world.anchor();
      await until(() => looks >= turns, "a look at what is new");
    }
    expect(reads).to.have.length(2);
    await clean(1);
    await until(() => reads.length === 4, "both twins read once more");
  });

  it("refuse readings that do not verify, say so, and judge all others", async () => {
    const forged: Partial<Door> = {
      readings: async (twin, after) => {
        const page = await door.readings(twin, after);
        if (twin !== world.devices[1]!.twin) return page;
        return page.map(({ text, ack }) => ({ text, ack: { ...ack, acceptedAt: ack.acceptedAt + 1 } }));
      },
    };
    [0, 1, 2, 3].forEach((bit) => start(bit, judge, forged));
    await clean(3);
    await attack(7);
    await until(() => world.cleared.size === 1 && world.verdicts.length > 0, "verdict and all-clear");
    const refused = events.find((e) => e.event === "refused");
    expect(refused?.event === "refused" && refused.device).to.equal(world.devices[1]!.id);
    const clear = (await bodies({ round: 0 })).find((body) => body.format === "clear@1");
    expect(clear?.format === "clear@1" && clear.devices).to.deep.equal([]);
  });

  it("begin as newcomers with the round at hand, however long the devices have spoken", async () => {
    await clean(27);
    [0, 1].forEach((bit) => start(bit));
    await attack(1);
    await until(() => reads.length > 0, "a look");
    await attack(4);
    await until(() => world.verdicts.length > 0, "a verdict");
    // Three seconds of the round before are looked back on.
    expect(world.verdicts[0]).to.include({ round: 2, firstSequence: 18 });
  });

  it("agree about what began in the round before: who was there, who was started again, and who begins with this round", async () => {
    const first = start(0);
    await clean(8);
    await attack(3);
    const own = async () => (await about()).find((f) => f.oracle === world.oracles[0] && f.verdict.round === 1);
    await until(async () => (await own()) !== undefined, "a finding at the first batch of the round");
    await first.stop();
    start(0);
    start(1);
    await attack(1);
    await until(() => world.verdicts.some((v) => v.round === 1), "a verdict by both");
    // Of eleven readings, three of round 0 and the one of round 1 were judged first.
    expect((await own())!.verdict).to.include({ firstBatch: 10, lastBatch: 10, firstSequence: 8, lastSequence: 11 });
    const others = (await about()).filter((f) => f.oracle === world.oracles[1] && f.verdict.round === 1);
    expect(others.map((f) => f.digest)).to.include((await own())!.digest);
  });
});
