import { expect } from "chai";
import { readdir, readFile } from "node:fs/promises";
import type { Ack } from "../../../protocol/ack.ts";
import { fromHex, ZERO_32, type Hex } from "../../../protocol/bytes.ts";
import type { Answer } from "../../../server/gateway/gateway.ts";
import type { Committer } from "../../../server/store/committer.ts";
import { createGateway } from "../../../server/gateway/gateway.ts";
import { canonical } from "../../../protocol/json.ts";
import { modelHash } from "../../../protocol/device-model.ts";
import {
  factOf,
  MODEL,
  NOON,
  openWorld,
  STREAM,
  type TestDevice,
  wordOf,
  type World,
} from "../../helpers/gateway-world.ts";

describe("gateway: readings that come early", () => {
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

  /** Resolves with what the device is told of `count` readings that nobody waits for. */
  const hear = async (device: TestDevice, count: number): Promise<string[]> => {
    const told: string[] = [];
    const stop = world.gateway.onAnswer((id, answer) => {
      if (id === device.id) told.push(wordOf(answer));
    });
    for (const deadline = Date.now() + 10_000; told.length < count && Date.now() < deadline;)
      await new Promise((resolve) => setTimeout(resolve, 20));
    stop();
    return told;
  };

  it("holds what comes early and releases it in order, also after a restart", async () => {
    const device = world.device();
    const texts = [];
    for (let i = 0; i < 5; i++) texts.push(await device.next());
    const [first = "", ...later] = texts;
    expect(await send(...later.reverse())).to.deep.equal(Array(4).fill("held 1"));
    expect(await send(later[0] ?? "")).to.deep.equal(["held 1"]);
    expect(await count("held")).to.equal(4);
    await world.restart();
    const told: string[] = [];
    world.gateway.onAnswer((id, answer) =>
      told.push(`${id === device.id} ${wordOf(answer)} ${(answer as Ack).sequence}`),
    );
    expect(await send(first)).to.deep.equal(["ack"]);
    expect(told).to.deep.equal([2, 3, 4, 5].map((n) => `true ack ${n}`));
    expect(await count("held")).to.equal(0);
    expect(await send(...later)).to.deep.equal(Array(4).fill("ack"));
    expect(await count("leaf")).to.equal(5);
  });

  it("holds 64 readings of a device at most, and each for ten seconds", async () => {
    const device = world.device();
    await device.next();
    const texts = [];
    for (let i = 0; i < 65; i++) texts.push(await device.next());
    const answers = await send(...texts);
    expect(answers.slice(0, 64)).to.deep.equal(Array(64).fill("held 1"));
    expect(answers[64]).to.equal("SEQUENCE_EXPECTED");
    const told: Answer[] = [];
    const stop = world.gateway.onAnswer((_, answer) => told.push(answer));
    world.now += 10_000;
    for (const deadline = Date.now() + 10_000; told.length < 64 && Date.now() < deadline;)
      await new Promise((resolve) => setTimeout(resolve, 20));
    stop();
    expect(told.map(wordOf)).to.deep.equal(Array(64).fill("HOLD_EXPIRED"));
    expect(told[0]).to.include({ expected: 1, prev: ZERO_32 });
    expect(await count("held")).to.equal(0);
  });

  it("lets go of what a restart left held, though nobody sends", async () => {
    const device = world.device();
    const [first, second] = [await device.next(), await device.next()];
    expect(await send(second)).to.deep.equal(["held 1"]);
    await world.restart();
    world.now += 60_000;
    expect(await hear(device, 1)).to.deep.equal(["HOLD_EXPIRED"]);
    expect(await count("held")).to.equal(0);
    expect(await send(first, second)).to.deep.equal(["ack", "ack"]);
  });

  it("says that a reading waits only where it does: one that comes again as it is let go does not", async () => {
    const device = world.device();
    await device.next();
    const second = await device.next();
    expect(await send(second)).to.deep.equal(["held 1"]);
    world.now += 10_000;
    const [again] = await send(second);
    // Whoever looks by the clock may have been first; then it is held anew.
    expect([again, await count("held")]).to.deep.equal(again === "held 1" ? ["held 1", 1] : ["HOLD_EXPIRED", 0]);
  });

  it("lets go of what is held when its device model has left the memory", async () => {
    const device = world.device();
    await device.next();
    expect(await send(await device.next())).to.deep.equal(["held 1"]);
    const texts: string[] = [];
    const rows: [Hex, string][] = [];
    for (let max = 1; max <= 257; max++) {
      const model = { ...MODEL, segments: MODEL.segments.map((segment) => ({ ...segment, max: 300 + max })) };
      rows.push([modelHash(model), canonical(model)]);
      texts.push(await world.device({ modelHash: modelHash(model) }).next());
    }
    await world.database.query(
      "insert into document (hash, kind, body) select h, 'device-model', b from unnest($1::bytea[], $2::text[]) as d (h, b)",
      [rows.map(([hash]) => fromHex(hash)), rows.map(([, body]) => body)],
    );
    expect(new Set(await send(...texts))).to.deep.equal(new Set(["ack"]));
    world.now += 10_000;
    expect(await hear(device, 1)).to.deep.equal(["HOLD_EXPIRED"]);
    expect(await count("held")).to.equal(0);
  });

  it("releases what a restart left held only while its key still stands", async () => {
    const device = world.device();
    const [first, second] = [await device.next(), await device.next()];
    expect(await send(second)).to.deep.equal(["held 1"]);
    await world.restart();
    const marks = [{ fromSequence: 2, suspectedSince: 0, reason: ZERO_32 }];
    const keys = [{ number: 1, ...device.key, from: 1, until: null, marks }];
    world.chain.facts.set(device.id, factOf(device, { keys }));
    const told = hear(device, 1);
    expect(await send(first)).to.deep.equal(["ack"]);
    expect(await told).to.deep.equal(["HOLD_EXPIRED"]);
    expect(await count("leaf")).to.equal(1);
  });

  it("tells a device nothing more of a held reading that it was acked for meanwhile, by another gateway", async () => {
    const { database, committer, chain, keys } = world;
    const device = world.device();
    const [first, second, third, fourth] = [
      await device.next(),
      await device.next(),
      await device.next(),
      await device.next(),
    ];
    let before = async (): Promise<unknown> => undefined;
    // What the other gateway holds just before this one's turn, this one has not opened: it cannot release it.
    const late: Pick<Committer, "submit"> = {
      submit: async (work) => {
        const now = before;
        before = async () => undefined;
        await now();
        return committer.submit(work);
      },
    };
    const parts = { database, keys, chain, stream: STREAM, now: () => world.now, shared: true };
    const gateway = createGateway({ ...parts, committer: late as Committer });
    const heard: string[] = [];
    for (const each of [gateway, world.gateway]) each.onAnswer((_, answer) => heard.push(wordOf(answer)));
    before = () => send(second);
    expect((await gateway.accept([first, second])).map(wordOf)).to.deep.equal(["ack", "ack"]);
    expect(await count("held")).to.equal(0);
    // Held there, and gone past here: what waited is dropped without a word.
    before = () => send(fourth);
    expect((await gateway.accept([third])).map(wordOf)).to.deep.equal(["ack"]);
    expect(await count("held")).to.equal(1);
    await database.query("update device_head set sequence = 4 where device = $1", [fromHex(device.id)]);
    world.now += 60_000;
    for (const deadline = Date.now() + 10_000; (await count("held")) > 0 && Date.now() < deadline;)
      await new Promise((resolve) => setTimeout(resolve, 20));
    expect(await count("held")).to.equal(0);
    await gateway.close();
    expect(heard).to.deep.equal([]);
  });

  it("opens and verifies what is held only when something can be released, and never on this thread", async () => {
    const { database, committer, chain } = world;
    let opened = 0;
    const open: World["keys"]["open"] = (...place) => {
      opened++;
      return world.keys.open(...place);
    };
    const keys = { ...world.keys, open };
    const gateway = createGateway({ database, committer, keys, chain, stream: STREAM, now: () => world.now });
    const device = world.device();
    const texts: string[] = [];
    for (let i = 0; i < 5; i++) texts.push(await device.next());
    const [first = "", second = "", third = "", fourth = "", fifth = ""] = texts;
    expect((await gateway.accept([first])).map(wordOf)).to.deep.equal(["ack"]);
    expect((await gateway.accept([fifth, fourth, third])).map(wordOf)).to.deep.equal(["held 2", "held 2", "held 2"]);
    expect((await gateway.accept([first, third, fifth])).map(wordOf)).to.deep.equal(["ack", "held 2", "held 2"]);
    expect(opened).to.equal(0);
    expect((await gateway.accept([second])).map(wordOf)).to.deep.equal(["ack"]);
    expect(opened).to.equal(3);
    expect(await count("leaf")).to.equal(5);
    expect(await count("held")).to.equal(0);
    await gateway.close();

    const room = new URL("../../../server/gateway/", import.meta.url);
    const threads = ["verify-reading.ts", "inspect-reading.ts", "verify-worker.ts"];
    for (const file of (await readdir(room)).filter((name) => name.endsWith(".ts") && !threads.includes(name))) {
      const source = await readFile(new URL(file, room), "utf8");
      expect(source, file).not.to.match(/\b(parseReading|verifyReading|verifyReadingSignature|inspectReading)\b/);
    }
  });
});
