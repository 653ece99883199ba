import { expect } from "chai";
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { fromHex, toHex, type Hex } from "../../../protocol/bytes.ts";
import { canonical } from "../../../protocol/json.ts";
import type { Chain, ChainView } from "../../../server/chain/view.ts";
import { monthOf, openAside, openReading } from "../../../server/keys/sealed-reading.ts";
import { createErasure, type Erasure } from "../../../server/main/erase/erasure.ts";
import { startResealer } from "../../../server/main/reseal/resealer.ts";
import { resealStep } from "../../../server/main/reseal/reseal-step.ts";
import { openFinding, sealFinding, type FindingRow } from "../../../server/response/sealed-finding.ts";
import { readErasures, erasureOf } from "../../../server/store/read-erasures.ts";
import { readReadings } from "../../../server/store/read-readings.ts";
import { learnScopes, readScopes, scopeAt, type Scopes } from "../../../server/store/sealed-scopes.ts";
import { describeOnBoth } from "../../helpers/databases.ts";
import { NOON, openWorld, STREAM, type TestDevice, wordOf, type World } from "../../helpers/gateway-world.ts";

const [A, B]: Hex[] = [0xaa, 0xbb].map((byte): Hex => `0x${byte.toString(16).repeat(32)}`) as [Hex, Hex];
const MONTH = monthOf(NOON);

describeOnBoth("resealing", (databases) => {
  let world: World;
  let device: TestDevice;
  before(async () => {
    world = await openWorld({ database: await databases.place(), gateway: { shared: databases.kind === "server" } });
  });
  beforeEach(async () => {
    await world.empty();
    world.chain.assignments.clear();
    device = world.device();
    begun({ id: A, from: 1, end: null });
  });
  after(() => world.close());

  const begun = (...assignments: { id: Hex; from: number; end: number | null }[]): void =>
    void world.chain.assignments.set(device.id, assignments);
  const parts = () => {
    const { database, keys, chain } = world;
    return { database, keys, chain, stream: STREAM };
  };
  const step = (): Promise<boolean> => resealStep(parts(), device.id);
  const send = async (count: number): Promise<void> => {
    const texts: string[] = [];
    for (let n = 0; n < count; n++) texts.push(await device.next());
    expect((await world.gateway.accept(texts)).map(wordOf)).to.deep.equal(texts.map(() => "ack"));
  };
  const scopes = async (): Promise<Scopes> => (await readScopes(world.database, [device.id])).get(device.id) ?? [];
  /** Under whose key each reading lies, run by run; each must open, and lie where the table says. */
  const runs = async (): Promise<string[]> => {
    const said = await scopes();
    const rows = await readReadings(world.database, { device: device.id, limit: 2_000 });
    const found: { scope: Hex; from: number; to: number }[] = [];
    for (const row of rows) {
      expect(scopeAt(said, row.sequence), `reading ${row.sequence}`).to.equal(row.scope);
      openReading(world.keys, { device: device.id, ...row }, row);
      const last = found.at(-1);
      if (last?.scope === row.scope) last.to = row.sequence;
      else found.push({ scope: row.scope, from: row.sequence, to: row.sequence });
    }
    return found.map(({ scope, from, to }) => `${nameOf(scope)} ${from}-${to}`);
  };
  const nameOf = (scope: Hex): string => ({ [A]: "A", [B]: "B" })[scope] ?? "device";
  const erasureWith = (view: () => ChainView, reseal: (device: Hex) => Promise<void>): Erasure => {
    const chain: Pick<Chain, "view" | "fresh"> = { view, fresh: async () => view() };
    const intent = join(world.directory, "keys/erasing.json");
    const { database, committer, keys } = world;
    const random = (size: number): Uint8Array => randomBytes(size);
    return createErasure({ ...{ database, committer, keys, chain, stream: STREAM, reseal, intent }, now: () => world.now, random }); // prettier-ignore
  };
  const seen = (): ChainView => ({
    ...world.chain.view(),
    assignment: (id: Hex) => ({ id, device: device.id }) as ReturnType<ChainView["assignment"]>,
    twinsOf: () => [],
  });
  const settle = async (): Promise<void> => {
    while (await step());
  };

  it("moves what lies beyond a named boundary, a bounded number at a time, and there and back again", async () => {
    await send(300);
    expect(await step()).to.equal(false);
    begun({ id: A, from: 1, end: 11 }, { id: B, from: 11, end: null });
    expect(await runs()).to.deep.equal(["A 1-300"]);
    expect(await step()).to.equal(true);
    expect(await runs()).to.deep.equal(["A 1-10", "B 11-138", "A 139-300"]);
    // What comes now lies where the rest of its stretch does, and goes with it.
    await send(5);
    expect(await runs()).to.deep.equal(["A 1-10", "B 11-138", "A 139-305"]);
    await settle();
    expect(await runs()).to.deep.equal(["A 1-10", "B 11-305"]);
    await send(1);
    expect(await runs()).to.deep.equal(["A 1-10", "B 11-306"]);
    expect(await step()).to.equal(false);
    // A reorganisation names another sequence, and then none.
    begun({ id: A, from: 1, end: 21 });
    await settle();
    expect(await runs()).to.deep.equal(["A 1-20", "device 21-306"]);
    begun({ id: A, from: 1, end: null });
    await settle();
    expect(await runs()).to.deep.equal(["A 1-306"]);
    const stored = await scopes();
    await world.database.transaction(learnScopes);
    expect(await scopes()).to.deep.equal(stored);
  });

  it("takes held readings, evidence and findings along", async () => {
    await send(20);
    const conflict = await device.build({ sequence: 15 });
    const early = await device.build({ sequence: 25 });
    expect((await world.gateway.accept([conflict, early])).map(wordOf)).to.deep.equal(["SEQUENCE_CONFLICT", "held 21"]);
    const placed = { digest: toHex(randomBytes(32)), oracle: toHex(randomBytes(20)), scope: A, month: MONTH };
    const verdict = { device: device.id, firstSequence: 5, lastSequence: 15 };
    const body = canonical({ verdict, score: 1, explanation: [], salt: "0x00" });
    const { open, nonce, sealed } = sealFinding(world.keys, placed, body);
    await world.database.query(
      "insert into finding (digest, oracle, body, signature, scope, month, nonce, sealed) values ($1,$2,$3,$4,$5,$6,$7,$8)",
      [fromHex(placed.digest), fromHex(placed.oracle), open, randomBytes(128), fromHex(A), MONTH, nonce, sealed],
    );
    begun({ id: A, from: 1, end: 11 }, { id: B, from: 11, end: null });
    await settle();
    const [finding] = await world.database.query<FindingRow>("select * from finding");
    expect([
      toHex(finding?.scope ?? new Uint8Array()),
      openFinding(world.keys, finding as FindingRow).body,
    ]).to.deep.equal([B, body]);
    for (const table of ["held", "evidence"] as const) {
      const [row] = await world.database.query<Record<string, never>>(`select * from ${table}`);
      const { number, code, sequence, content, scope, month, received_at: receivedAt, ...rest } = row ?? {};
      expect(toHex(scope ?? new Uint8Array()), table).to.equal(B);
      const evidence = table === "evidence" ? { evidence: { number: number ?? -1, code: code ?? "" } } : {};
      const where = { device: device.id, sequence: sequence ?? 0, content: toHex(content ?? new Uint8Array()) };
      const place = { ...where, scope: B, month: month ?? "", receivedAt: receivedAt ?? 0, ...evidence };
      const text = openAside(world.keys, place, rest as unknown as { nonce: Uint8Array; sealed: Uint8Array });
      expect(text).to.equal(table === "held" ? early : conflict);
    }
  });

  it("erases an assignment's readings, and neither another's nor what is another's by then", async () => {
    await send(20);
    begun({ id: A, from: 1, end: 11 }, { id: B, from: 11, end: null });
    // Nobody has moved anything yet; and while the erasure is about to destroy, the chain names another boundary.
    let asked = 0;
    const view = (): ChainView => {
      if (++asked > 1) begun({ id: A, from: 1, end: 9 }, { id: B, from: 9, end: null });
      return seen();
    };
    await erasureWith(view, settle).erase({ scope: A, months: [MONTH] });
    expect(asked).to.be.greaterThan(2);
    const rows = await readReadings(world.database, { device: device.id });
    const opens = rows.filter((row) => {
      try {
        return openReading(world.keys, { device: device.id, ...row }, row).disclosures.length > 0;
      } catch {
        return false;
      }
    });
    expect(opens.map(({ sequence }) => sequence)).to.deep.equal(rows.map((row) => row.sequence).filter((n) => n >= 9));
    // What is erased stays where it was, whatever the chain says later, and nothing waits for it.
    begun({ id: B, from: 1, end: null });
    await settle();
    const later = await readReadings(world.database, { device: device.id });
    expect(later.map(({ scope }) => nameOf(scope)).join("")).to.equal("A".repeat(8) + "B".repeat(12));
    expect(await step()).to.equal(false);
    const erasures = await readErasures(world.database, device.id);
    const isErased = later.map((row) => erasureOf(erasures, row) !== undefined);
    expect(isErased).to.deep.equal(later.map(({ sequence }) => sequence < 9));
  });

  it("counts an erasure that came before as none of what was sealed again after it", async () => {
    const states = async (): Promise<string> => {
      const rows = await readReadings(world.database, { device: device.id });
      const erasures = await readErasures(world.database, device.id);
      return rows
        .map((row) => {
          if (erasureOf(erasures, row) !== undefined) return "x";
          return openReading(world.keys, { device: device.id, ...row }, row) && nameOf(row.scope);
        })
        .join("");
    };
    await send(20);
    begun({ id: A, from: 1, end: 21 });
    await send(5);
    await settle();
    const erase = (): Promise<unknown> => erasureWith(seen, settle).erase({ scope: device.id, months: [MONTH] });
    await erase();
    expect(await states()).to.equal("A".repeat(20) + "x".repeat(5));
    // Of this scope a month was erased already, before these came to it.
    begun({ id: A, from: 1, end: 11 });
    await settle();
    expect(await states()).to.equal(`${"A".repeat(10)}${"device".repeat(10)}${"x".repeat(5)}`);
    await erase();
    expect(await states()).to.equal("A".repeat(10) + "x".repeat(15));
  });

  it("is of one mind with gateways and itself, all at once", async () => {
    await send(150);
    begun({ id: A, from: 1, end: 11 }, { id: B, from: 11, end: 400 });
    const reports: unknown[] = [];
    const listeners = new Set<(view: ChainView) => void>();
    const { chain } = world;
    const view = (): ChainView => ({ ...chain.view(), assignments: () => new Map() });
    const followed = {
      view,
      onChange: (listener: (view: ChainView) => void) => (
        listeners.add(listener),
        () => void listeners.delete(listener)
      ),
    };
    const resealers = [1, 2].map(() => startResealer({ ...parts(), chain: followed, report: (error) => reports.push(error) })); // prettier-ignore
    const sending = (async () => {
      for (let n = 0; n < 8; n++) await send(40);
    })();
    await Promise.all([sending, ...resealers.map((resealer) => resealer.settle(device.id))]);
    begun({ id: A, from: 1, end: 31 }, { id: B, from: 101, end: null });
    // As when a block has come that says so.
    for (const listener of listeners) listener(view());
    await Promise.all(resealers.map((resealer) => resealer.settleAll()));
    expect(await runs()).to.deep.equal(["A 1-30", "device 31-100", "B 101-470"]);
    await Promise.all(resealers.map((resealer) => resealer.close()));
    expect(reports).to.deep.equal([]);
  });
});
