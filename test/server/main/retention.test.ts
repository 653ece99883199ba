import { expect } from "chai";
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import type { Chain, ChainView } from "../../../server/chain/view.ts";
import { createErasure, type Erasure } from "../../../server/main/erase/erasure.ts";
import { isOver, retain } from "../../../server/main/erase/retain.ts";
import { readErasures } from "../../../server/store/read-erasures.ts";
import { NOON, openWorld, STREAM, wordOf, type TestDevice, type World } from "../../helpers/gateway-world.ts";

const DAY_MS = 86_400_000;

describe("retention", () => {
  let world: World;
  let device: TestDevice;
  let erasure: Erasure;
  before(async () => {
    world = await openWorld();
    device = world.device();
    const { database, committer, keys } = world;
    const view = (): ChainView => ({
      ...world.chain.view(),
      assignment: () => undefined,
      assignmentsOf: () => [],
      twinsOf: () => [],
    });
    const chain: Pick<Chain, "view" | "fresh"> = { view, fresh: async () => view() };
    const intent = join(world.directory, "keys/erasing.json");
    const now = (): number => world.now;
    const random = (size: number): Uint8Array => randomBytes(size);
    erasure = createErasure({
      database,
      committer,
      keys,
      chain,
      stream: STREAM,
      reseal: async () => undefined,
      intent,
      now,
      random,
    });
  });
  after(() => world.close());

  const send = async (from: number): Promise<void> => {
    const text = await device.next({ per: [from, from + 1_000], iat: Math.floor(from / 1_000) });
    expect((await world.gateway.accept([text])).map(wordOf)).to.deep.equal(["ack"]);
  };
  const look = (retentionDays: number | undefined): Promise<void> => {
    const { database } = world;
    const days = retentionDays === undefined ? {} : { retentionDays };
    const report = (error: unknown): never => {
      throw error as Error;
    };
    const view = (): ChainView => world.chain.view();
    return retain({ database, erasure, view, model: async () => days, now: () => world.now, report });
  };
  const months = (): string[] => [...world.keys.months(device.id)].sort();

  it("counts from the end of the month, or from when the last of it came in", () => {
    const end = Date.UTC(2026, 10, 1);
    for (const [acceptedAt, days, now, over] of [
      [end - DAY_MS, 30, end + 30 * DAY_MS, true],
      [end - DAY_MS, 30, end + 30 * DAY_MS - 1, false],
      [end + 5 * DAY_MS, 30, end + 30 * DAY_MS, false],
      [end + 5 * DAY_MS, 30, end + 35 * DAY_MS, true],
    ] as const)
      expect(isOver("2026-10", acceptedAt, days, now)).to.equal(over);
  });

  it("erases each month when its time has come, and not what came late or has a model that keeps it", async () => {
    await send(Date.UTC(2026, 9, 30));
    await send(NOON);
    // A clock that begins in 1970, and one that had been put forward; both came in today.
    await send(0);
    const all = ["2020-01", "2026-10", "2026-11"];
    await look(20);
    expect(months()).to.deep.equal(all);
    world.now = NOON + 31 * DAY_MS;
    await look(undefined);
    await look(32);
    expect(months()).to.deep.equal(all);
    await look(30);
    // What came in thirty-one days ago is over; November has ended twenty-one days ago.
    expect(months()).to.deep.equal(["2026-11"]);
    const found = await readErasures(world.database);
    expect(found.map(({ record }) => [record.device, record.scope, record.months, record.cause])).to.deep.equal([
      [device.id, device.id, ["2020-01", "2026-10"], "retention"],
    ]);
    await look(30);
    expect(await readErasures(world.database)).to.have.length(1);
    await send(Date.UTC(2026, 9, 31));
    await look(30);
    expect(months(), "it came in just now").to.deep.equal(["2026-10", "2026-11"]);
  });
});
