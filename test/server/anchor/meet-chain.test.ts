import { expect } from "chai";
import { fromHex, type Hex } from "../../../protocol/bytes.ts";
import { TwinwardError } from "../../../protocol/errors.ts";
import { sha256Hex } from "../../../protocol/hash.ts";
import { leafHash } from "../../../protocol/leaf.ts";
import { meetChain, requireLeaves } from "../../../server/anchor/meet-chain.ts";
import { recomputeRoot } from "../../../server/anchor/recompute-root.ts";
import { watchAnchors } from "../../../server/anchor/watch-anchors.ts";
import type { AnchorFact, ChainView } from "../../../server/chain/view.ts";
import type { Database } from "../../../server/store/database.ts";
import { readLeaves } from "../../../server/store/read-leaves.ts";
import { lendDatabase } from "../../helpers/lent-database.ts";

const SUBJECT: Hex = `0x${"ab".repeat(32)}`;
const outcome = (asked: Promise<unknown>): Promise<unknown> =>
  asked.then(
    () => "met",
    (error: unknown) => (error instanceof TwinwardError ? error : Promise.reject(error as Error)),
  );

describe("anchor: a database that meets its chain again", () => {
  let database: Database;
  /** Batches of four leaves, as the chain has them. */
  let anchors: AnchorFact[];

  before(async () => {
    database = await lendDatabase();
    for (let n = 0; n < 12; n++) {
      const content = sha256Hex(`record ${n}`);
      const hash = leafHash(2, SUBJECT, n + 1, content);
      await database.query("insert into leaf values ($1, 2, $2, $3, $4, $5)", [
        n,
        fromHex(SUBJECT),
        n + 1,
        fromHex(content),
        hash,
      ]);
    }
    anchors = await Promise.all(
      [0, 1, 2].map(async (number) => ({
        number,
        firstLeaf: 4 * number,
        count: 4,
        root: recomputeRoot(await readLeaves(database, 4 * number, 4), 4 * number),
        transaction: SUBJECT,
        block: { number: 10 + number, hash: SUBJECT, timestamp: 1 },
      })),
    );
  });
  beforeEach(() => database.script("truncate batch"));
  after(async () => {
    await database.close();
  });
  const batches = (): Promise<{ number: number }[]> =>
    database.query("select number, first_leaf, count, transaction from batch order by number");

  it("has nothing to do where the chain knows no more", async () => {
    await meetChain(database, []);
    await requireLeaves(database, anchors);
    expect(await batches()).to.deep.equal([]);
  });

  it("writes down again what was anchored of leaves that are all here, and only that", async () => {
    await meetChain(database, anchors.slice(0, 1));
    await meetChain(database, anchors);
    expect(await batches()).to.deep.equal(
      [0, 1, 2].map((number) => ({ number, first_leaf: 4 * number, count: 4, transaction: null })),
    );
  });

  it("refuses where leaves are missing, and says which batches and leaves", async () => {
    const more = [...anchors, { ...(anchors[2] as AnchorFact), number: 3, firstLeaf: 12, count: 5 }];
    await meetChain(database, anchors.slice(0, 2));
    const error = (await outcome(meetChain(database, more))) as TwinwardError;
    expect(error.code).to.equal("STREAM_BEHIND");
    expect(error.facts).to.deep.include({ batches: { first: 2, last: 3 }, leaves: { first: 12, last: 16 } });
    expect(error.facts.detail).to.match(/ends with leaf 11.*batches 2…3.*leaves 12…16/);
    expect((await batches()).length).to.equal(2);
    const gateways = (await outcome(requireLeaves(database, more))) as TwinwardError;
    expect(gateways.facts).to.deep.include({ batches: { first: 3, last: 3 }, leaves: { first: 12, last: 16 } });
  });

  it("is held against each new anchor by a gateway that anchors none, which stops at one that no batch was written for", async () => {
    await meetChain(database, anchors);
    let seen = anchors.slice(0, 2);
    let changed = (): void => undefined;
    const chain = {
      view: () => ({ anchors: () => seen }) as unknown as ChainView,
      onChange: (listener: (view: ChainView) => void) => {
        changed = () => listener(chain.view());
        return () => undefined;
      },
    };
    const conflicts: unknown[] = [];
    const watch = watchAnchors({
      database,
      chain,
      stream: SUBJECT,
      conflict: ({ code, facts }) => void conflicts.push([code, facts.batch, facts.stored]),
      report: (error) => void conflicts.push(error),
    });
    const told = async (now: AnchorFact[]): Promise<unknown[]> => {
      seen = now;
      changed();
      await new Promise((resolve) => setTimeout(resolve, 100));
      return conflicts;
    };
    const [first, second, third] = anchors as [AnchorFact, AnchorFact, AnchorFact];
    expect(await told([first, second])).to.deep.equal([]);
    expect(await told([first])).to.deep.equal([]);
    expect(await told(anchors)).to.deep.equal([]);
    expect(await told([...anchors, { ...third, number: 3 }])).to.deep.equal([["ANCHOR_CONFLICT", 3, null]]);
    await told([{ ...first, root: SUBJECT }]);
    expect(conflicts).to.have.length(1);
    await watch.close();
  });

  it("refuses where the leaves here are others than those that were anchored", async () => {
    const [first] = anchors as [AnchorFact];
    const other = (await outcome(meetChain(database, [{ ...first, root: SUBJECT }]))) as TwinwardError;
    expect([other.code, other.facts.batch, other.facts.anchored]).to.deep.equal(["ANCHOR_CONFLICT", 0, SUBJECT]);
    expect(await batches()).to.deep.equal([]);
  });
});
