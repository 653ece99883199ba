import { expect } from "chai";
import { Wallet } from "ethers";
import { fromHex, ZERO_32, type Hex } from "../../../protocol/bytes.ts";
import { consentDigest, type ConsentRecord, type SaidSubject } from "../../../protocol/consent-record.ts";
import type { TwinwardError } from "../../../protocol/errors.ts";
import { newPrivateKey } from "../../../protocol/es256.ts";
import { LEAF_KINDS, type ContractName } from "../../../protocol/words.ts";
import { recordConsents } from "../../../server/access/consents/record-consents.ts";
import type { Sent } from "../../../server/access/consents/signed.ts";
import type { EventLeaves } from "../../../server/access/record-events.ts";
import type { ChainEvent } from "../../../server/chain/event.ts";
import { databaseEvents } from "../../../server/chain/event-store.ts";
import { interfaces } from "../../../server/chain/interfaces.ts";
import { ChainState } from "../../../server/chain/state.ts";
import type { Block, ChainView } from "../../../server/chain/view.ts";
import type { Tx } from "../../../server/store/database.ts";
import { openWorld, STREAM, type World } from "../../helpers/gateway-world.ts";
import { named, writtenConsortium } from "../api/written-chain.ts";

const NOBODY: Hex = `0x${"00".repeat(20)}`;
const subject = new Wallet(named("subject"));
const by = subject.address.toLowerCase() as Hex;
const [device, assignment, twin] = [named("device"), named("assignment"), named("twin")];
const consortium = writtenConsortium(named("member", 20), newPrivateKey((n) => fromHex(named("key", n))), []); // prettier-ignore
const { contracts } = consortium;

/** A chain that is written by hand: stored as the follower stores it, folded by the real fold. */
class Paper {
  readonly #state = new ChainState(contracts);
  readonly #world: World;
  readonly sent = new Map<Hex, Sent>();
  /** What the view has of what is stored. */
  head: Block = { number: 0, hash: named("block 0"), timestamp: 1_000 };
  #newest = 0;

  constructor(world: World) {
    this.#world = world;
  }

  view = (): ChainView => this.#state.view(this.head);

  /** Stores a block `ahead` of the newest with these events; `fold` has the view follow. */
  async mine(said: readonly (readonly [ContractName, string, unknown[]])[], ahead = 1): Promise<ChainEvent[]> {
    const number = (this.#newest += ahead);
    const block = { number, hash: named(`block ${number}`), timestamp: 1_000 + number };
    const events = said.map(([contract, name, values], logIndex): ChainEvent => {
      const { topics, data } = interfaces[contract].encodeEventLog(name, values);
      const transaction = named(`transaction ${number} ${logIndex}`);
      return {
        ...{ block, logIndex, address: contracts[contract] ?? NOBODY, transaction },
        ...{ topics: topics as Hex[], data: data as Hex },
      };
    });
    await databaseEvents(this.#world.database).append([block], events);
    return events;
  }

  fold(events: readonly ChainEvent[], head = events.at(-1)?.block ?? this.head): void {
    for (const event of events) this.#state.apply(event);
    this.head = head;
  }

  async say(...said: (readonly [ContractName, string, unknown[]])[]): Promise<ChainEvent[]> {
    const events = await this.mine(said);
    this.fold(events);
    return events;
  }
}

describe("what the chain says, as leaves", () => {
  let world: World;
  let paper: Paper;
  let leaves: EventLeaves | undefined;
  let troubles: unknown[];
  let rows: number;

  before(async () => {
    world = await openWorld();
  });
  after(() => world.close());
  beforeEach(async () => {
    await world.empty();
    await world.database.script("truncate chain_event, chain_block");
    [paper, troubles, rows] = [new Paper(world), [], 0];
    await paper.say(
      ["DeviceRegistry", "DeviceRegistered", [device, named("steward", 20), named("model"), STREAM]],
      ["TwinRegistry", "AssignmentBegan", [assignment, device, 0, 1]],
    );
  });
  afterEach(() => leaves?.close());

  const record = (): EventLeaves => {
    const counted = (tx: Tx): Tx => ({
      script: (sql) => tx.script(sql),
      query: async <T>(sql: string, ...rest: Parameters<Tx["query"]> extends [string, ...infer R] ? R : never) => {
        const found = await tx.query<T>(sql, ...rest);
        rows += found.length;
        return found;
      },
    });
    return (leaves = recordConsents({
      ...{ database: world.database, consortium, stream: STREAM, now: () => world.now },
      committer: { submit: (work) => world.committer.submit((tx) => work(counted(tx))) },
      chain: { view: paper.view, onChange: () => () => undefined },
      transaction: async (hash) => paper.sent.get(hash),
      random: (size) => fromHex(named(`salt ${Math.random()}`, size)),
      report: (error) => troubles.push(error),
    }));
  };
  const told = async (): Promise<ConsentRecord[]> => {
    const found = await world.database.query<{ body: string }>(
      "select d.body from leaf l join record d on d.position = l.position where l.kind = $1 order by l.position",
      [LEAF_KINDS.consent],
    );
    return found.map(({ body }) => JSON.parse(body) as ConsentRecord);
  };
  const bound: readonly [ContractName, string, unknown[]] = ["TwinRegistry", "SubjectBound", [assignment, by, NOBODY]];
  const appointed = (n: number): readonly [ContractName, string, unknown[]] =>
    ["TwinRegistry", "GuardianAppointed", [assignment, named(`guardian ${n}`, 20), by]]; // prettier-ignore
  const OTHER: Sent = { to: NOBODY, data: "0x" };

  for (const [how, cut] of [
    ["padded as always", 0],
    ["not padded", 62],
  ] as const)
    // prettier-ignore
    it(`a signature at the end of what was sent, ${how}: what comes after it is recorded as well`, async () => {
      const said: SaidSubject = { assignment, subject: by, guardian: null, deadline: 9_999 };
      const digest = consentDigest(consortium, { type: "Subject", said });
      const signature = subject.signingKey.sign(digest).serialized;
      const args = [assignment, by, NOBODY, said.deadline, signature];
      const data = interfaces.TwinRegistry.encodeFunctionData("bindSubject", args);
      const [event] = await paper.say(bound);
      const sent = { to: contracts.TwinRegistry, data: data.slice(0, data.length - cut) as Hex };
      paper.sent.set(event?.transaction ?? ZERO_32, sent);
      const [after] = await paper.say(appointed(1));
      paper.sent.set(after?.transaction ?? ZERO_32, OTHER);
      await record().settled();
      expect(troubles).to.deep.equal([]);
      const found = await told();
      expect(found.map(({ step }) => step)).to.deep.equal(["bound", "guarded"]);
      expect(found[0]?.message).to.deep.equal(cut > 0 ? null : { type: "Subject", said, digest });
    });

  it("a transaction that the node does not have: waited for some blocks, then recorded without it", async () => {
    await paper.say(bound);
    await record().settled();
    expect(troubles.map((one) => (one as TwinwardError).code)).to.include("CHAIN_UNAVAILABLE");
    expect(await told()).to.deep.equal([]);
    paper.head = { ...paper.head, number: paper.head.number + 12 };
    await leaves?.settled();
    expect((await told()).map(({ step, message }) => [step, message])).to.deep.equal([["bound", null]]);
  });

  it("what the view does not know yet is looked at again", async () => {
    const values = [twin, device, assignment, named("manifest"), 1n, 0n, false];
    const events = await paper.mine([
      ["TwinRegistry", "TwinCreated", values],
      ["GrantRegistry", "ConsentSet", [twin, named("reader", 20), 4, by]],
    ]);
    for (const { transaction } of events) paper.sent.set(transaction, OTHER);
    // Stored, and the view has its block's number without its events: another block was there before it.
    paper.fold([], { number: events[0]?.block.number ?? 0, hash: named("taken back"), timestamp: 1_002 });
    await record().settled();
    expect(await told()).to.deep.equal([]);
    paper.fold(events);
    await leaves?.settled();
    await leaves?.settled();
    expect((await told()).map(({ step }) => step)).to.deep.equal(["agreed"]);
  });

  it("looks for each among the newest of its subject only, and makes none twice after a restart", async () => {
    for (let n = 0; n < 60; n++) {
      const events = await paper.mine([appointed(n)], 10);
      for (const { transaction } of events) paper.sent.set(transaction, OTHER);
      paper.fold(events);
    }
    await record().settled();
    expect(await told()).to.have.length(60);
    expect(rows, "rows that were read in commits").to.be.lessThan(60 * 17);
    await leaves?.close();
    await record().settled();
    expect(troubles).to.deep.equal([]);
    expect(new Set((await told()).map(({ block }) => block.hash)).size).to.equal((await told()).length);
  });
});
