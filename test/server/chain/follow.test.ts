import { expect } from "chai";
import { spawn, type ChildProcess } from "node:child_process";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { AbiCoder, keccak256, type JsonRpcProvider } from "ethers";
import { fromHex, toHex, type Hex } from "../../../protocol/bytes.ts";
import type { Consortium } from "../../../protocol/consortium.ts";
import { TwinwardError } from "../../../protocol/errors.ts";
import { publicKeyOf, signEs256 } from "../../../protocol/es256.ts";
import { deviceId, grantId, keyProofMessage, streamId, twinId, assignmentId } from "../../../protocol/ids.ts";
import { signCompact, verdictDigest } from "../../../protocol/verdict.ts";
import { consortiumNow } from "../../../server/chain/consortium-now.ts";
import { deployConsortium } from "../../../server/chain/deploy.ts";
import type { ChainEvent } from "../../../server/chain/event.ts";
import { databaseEvents } from "../../../server/chain/event-store.ts";
import { followChain, type FollowPlan } from "../../../server/chain/follow.ts";
import { interfaces } from "../../../server/chain/interfaces.ts";
import { connectChain } from "../../../server/chain/rpc.ts";
import { ChainState } from "../../../server/chain/state.ts";
import type { Chain, ChainView } from "../../../server/chain/view.ts";
import type { Database } from "../../../server/store/database.ts";
import { eventually } from "./ask.ts";
import { decided, addressOf, answering, gatewayOf, planFor, transact, wallet } from "./world.ts";
import { lendDatabase } from "../../helpers/lent-database.ts";

const bytes32 = (n: number): Hex => `0x${n.toString(16).padStart(64, "0")}`;
const steward = wallet(20);
const reader = addressOf(wallet(21));
const deviceKey = (n: number): Uint8Array => new Uint8Array(32).fill(n);

/** A node without our door: its history can be taken back. */
describe("following the chain", () => {
  let node: ChildProcess;
  let provider: JsonRpcProvider;
  let consortium: Consortium;
  let database: Database;
  let stream: Hex;
  const open: Chain[] = [];

  const follow = async (
    options: { memory?: boolean } & Partial<
      Pick<FollowPlan, "provider" | "database" | "now" | "clock" | "pollMs" | "onTrouble" | "maxBlockAgeSeconds">
    > = {},
  ): Promise<Chain> => {
    const { memory = false, ...rest } = options;
    const chain = await followChain({ provider, consortium, pollMs: 30, ...(memory ? {} : { database }), ...rest });
    open.push(chain);
    return chain;
  };
  const send = (...call: Parameters<typeof transact> extends [unknown, unknown, ...infer Rest] ? Rest : never) =>
    transact(provider, consortium, ...call);
  const anchor = (n: number, root: number): Promise<Hex> =>
    send(gatewayOf(0), "AnchorLog", "anchor", [stream, n, bytes32(root), 2]);
  const code = (work: Promise<unknown>): Promise<string> =>
    work.then(
      () => "none",
      (error: unknown) => (error instanceof TwinwardError ? error.code : String(error)),
    );

  before(async () => {
    const manifest = createRequire(import.meta.url).resolve("@foundry-rs/anvil-linux-amd64/package.json");
    const words = [
      "--port",
      "0",
      "--hardfork",
      "osaka",
      "--gas-price",
      "0",
      "--block-base-fee-per-gas",
      "0",
      "--disable-min-priority-fee",
    ];
    node = spawn(process.env.ANVIL ?? join(dirname(manifest), "bin", "anvil"), words, {
      stdio: ["ignore", "pipe", "ignore"],
    });
    let said = "";
    node.stdout?.on("data", (chunk: Buffer) => void (said += chunk.toString()));
    const [, port] = await eventually(() => /Listening on 127\.0\.0\.1:(\d+)/.exec(said) ?? undefined);
    provider = await connectChain(`http://127.0.0.1:${port}`);
    [consortium, database] = await Promise.all([deployConsortium(planFor(provider)), lendDatabase()]);
    stream = streamId(consortium.chainId, consortium.contracts.AnchorLog, addressOf(gatewayOf(0)), 0);
    await send(gatewayOf(0), "AnchorLog", "openStream", [addressOf(gatewayOf(0))]);
  });
  beforeEach(async () => {
    await database.script("truncate chain_block, chain_event");
  });
  afterEach(async () => {
    await Promise.all(open.splice(0).map((chain) => chain.close()));
  });
  after(async () => {
    provider.destroy();
    node.kill("SIGKILL");
    await database.close();
  });

  it("knows members, oracles, gateways and streams from the events alone", async () => {
    for (const memory of [false, true]) {
      const view = (await follow({ memory })).view();
      expect(view.members().map(({ name }) => name)).to.deep.equal(["A"]);
      expect(view.oracles).to.deep.equal([11, 12, 13, 14].map((n) => addressOf(wallet(n))));
      const encoded = AbiCoder.defaultAbiCoder().encode(["address[]"], [view.oracles]);
      expect(view.oracleSet).to.equal(keccak256(encoded));
      expect(view.isOracle(addressOf(wallet(11)))).to.equal(true);
      expect(view.isOracle(reader)).to.equal(false);
      expect(view.gateway(addressOf(gatewayOf(3)))?.senders).to.deep.equal([addressOf(gatewayOf(3))]);
      expect(view.streams()).to.deep.equal([{ id: stream, group: addressOf(gatewayOf(0)), n: 0, standing: "open" }]);
    }
  });

  it("tells the life of a device: keys, assignments, twins, grants, verdict, retirement", async () => {
    const chain = await follow();
    const { chainId, contracts } = consortium;
    const [one, two] = [publicKeyOf(deviceKey(1)), publicKeyOf(deviceKey(2))];
    const device = deviceId(chainId, contracts.DeviceRegistry, one);
    const proof = (key: number, number: number): [Hex, Hex] => {
      const message = keyProofMessage(chainId, contracts.DeviceRegistry, device, number, addressOf(steward));
      const signature = toHex(signEs256(deviceKey(key), message)).slice(2);
      return [`0x${signature.slice(0, 64)}`, `0x${signature.slice(64)}`];
    };
    const until = (predicate: (view: ChainView) => boolean): Promise<ChainView> => chain.waitFor(predicate, 10_000);

    await send(steward, "DeviceRegistry", "register", [bytes32(5), stream, one.x, one.y, ...proof(1, 1)]);
    const registered = await until((view) => view.device(device) !== undefined);
    expect(registered.device(device)).to.deep.equal({
      id: device,
      steward: addressOf(steward),
      modelHash: bytes32(5),
      homeStream: stream,
      state: "registered",
      keys: [{ number: 1, ...one, from: registered.device(device)?.keys[0]?.from, until: null, marks: [] }],
    });

    await send(steward, "TwinRegistry", "createSecurityTwin", [device, bytes32(6), 3]);
    const active = await until((view) => view.device(device)?.state === "active");
    const security = twinId(chainId, contracts.TwinRegistry, device, bytes32(6), 0);
    expect(active.securityTwin(device)).to.include({ id: security, assignment: null, security: true, segments: 3n });
    // A view that was taken stays as it was.
    expect(registered.device(device)?.state).to.equal("registered");
    expect(registered.securityTwin(device)).to.equal(undefined);

    await send(steward, "DeviceRegistry", "rotateKey", [device, 10, two.x, two.y, ...proof(2, 2)]);
    await send(steward, "DeviceRegistry", "markKey", [device, 1, 7, 1_700_000_000, bytes32(9)]);
    const marked = await until((view) => (view.device(device)?.keys[0]?.marks.length ?? 0) > 0);
    expect(marked.keyAt(device, 9)).to.deep.include({ number: 1, until: 9 });
    expect(marked.keyAt(device, 10)).to.deep.include({ number: 2, from: 10, until: null });
    expect(marked.keyAt(device, 0)).to.equal(undefined);
    expect(marked.device(device)?.keys[0]?.marks).to.deep.equal([
      { fromSequence: 7, suspectedSince: 1_700_000_000, reason: bytes32(9) },
    ]);

    await send(steward, "TwinRegistry", "beginAssignment", [device, 3]);
    const assignment = assignmentId(chainId, contracts.TwinRegistry, device, 0);
    await send(steward, "TwinRegistry", "createTwin", [assignment, bytes32(8), 2, 1]);
    const twin = twinId(chainId, contracts.TwinRegistry, assignment, bytes32(8), 0);
    const now = Math.floor(Date.now() / 1000);
    const given = [twin, reader, now, now + 3600, 2, 1, 1];
    await send(steward, "GrantRegistry", "grant", [device, given, 0]);
    const grant = grantId({ twin, reader, grantor: addressOf(steward), parent: bytes32(0), nonce: 0 });
    const granted = await until((view) => view.grant(grant) !== undefined);
    expect(granted.openAssignment(device)).to.deep.equal({
      ...{ id: assignment, device, n: 0, from: 3, end: null },
      ...{ beganAt: granted.openAssignment(device)?.beganAt, endedAt: null, subject: null, guardian: null },
    });
    expect(granted.twinsOf(device).map(({ id }) => id)).to.deep.equal([security, twin]);
    expect(granted.grantsOf(twin)).to.deep.equal([granted.grant(grant)]);
    const [from, until_] = [now, now + 3600];
    expect(granted.grant(grant)).to.deep.equal({
      ...{ id: grant, twin, reader, grantor: addressOf(steward), parent: null, nonce: 0n },
      ...{ from, until: until_, segments: 2n, purposes: 1, depth: 1, epoch: 0, revoked: false, revokedAt: null },
      continuity: false,
    });

    const source = [addressOf(steward), bytes32(0), 0];
    await send(steward, "GrantRegistry", "setContinuity", [twin, reader, true, source]);
    await until((view) => view.grant(grant)?.continuity === true);

    await send(steward, "GrantRegistry", "revoke", [twin, reader, source]);
    await send(steward, "TwinRegistry", "raiseEpoch", [twin]);
    await send(steward, "TwinRegistry", "endAssignment", [assignment, 8]);
    const ended = await until((view) => view.twin(twin)?.ended === true);
    expect(ended.grant(grant)?.revoked).to.equal(true);
    expect(ended.twin(twin)?.epoch).to.equal(1);
    expect(ended.grant(grant)?.revokedAt).to.be.closeTo(now, 60);
    expect(ended.assignmentAt(device, 7)?.id).to.equal(assignment);
    expect(ended.assignmentAt(device, 8)).to.equal(undefined);
    expect(ended.assignmentAt(device, 2)).to.equal(undefined);
    expect(ended.securityTwin(device)?.ended).to.equal(false);

    await anchor(0, 1);
    const verdict = {
      oracleSet: ended.oracleSet,
      stream,
      round: 0,
      firstBatch: 0,
      lastBatch: 0,
      device,
      firstSequence: 1,
      lastSequence: 2,
      kind: 2,
      severity: 3,
      model: bytes32(4),
      leavesRoot: bytes32(3),
    };
    const digest = verdictDigest({ chainId, contract: contracts.VerdictOracle }, verdict);
    const signatures = [11, 12].map((n) => {
      const compact = signCompact(digest, fromHex(wallet(n).privateKey)).slice(2);
      return [`0x${compact.slice(0, 64)}`, `0x${compact.slice(64)}`];
    });
    await send(wallet(12), "VerdictOracle", "transmit", [verdict, 3, signatures]);
    const judged = await until((view) => view.verdict(digest) !== undefined);
    expect(judged.device(device)).to.deep.include({
      state: "quarantined",
      verdict: { digest, kind: "quarantine", severity: 3, round: 0 },
    });
    expect(judged.verdicts()).to.have.length(1);
    expect(judged.verdict(digest)).to.deep.include({ ...verdict, kind: "quarantine", digest, signers: 3 });

    await send(steward, "DeviceRegistry", "retire", [device]);
    await until((view) => view.device(device)?.state === "retired");
    await chain.close();

    // The fold is pure: these recorded events, one by one with a view after each, or all at once, say the same.
    const { blocks, events } = await databaseEvents(database).load();
    const head = blocks.at(-1)!;
    const folded = (each?: (state: ChainState, event: ChainEvent) => void): ChainView => {
      const state = new ChainState(contracts);
      for (const event of events) {
        state.apply(event);
        each?.(state, event);
      }
      return state.view(head);
    };
    const views: ChainView[] = [];
    const slow = folded((state, event) => void views.push(state.view(event.block)));
    const facts = (view: ChainView): unknown[] => [
      view.devices(),
      view.twinsOf(device),
      view.assignmentsOf(device),
      view.grantsOf(twin),
      view.verdicts(),
      view.anchors(stream),
      view.streams(),
      view.members(),
      view.oracles,
    ];
    expect(facts(slow)).to.deep.equal(facts(folded()));
    expect(facts(slow)).to.deep.equal(facts(chain.view()));
    const states = views.flatMap((view) => view.device(device)?.state ?? []);
    expect([...new Set(states)]).to.deep.equal(["registered", "active", "quarantined", "retired"]);
    // A restart reads the stored events and comes to the same.
    expect(facts((await follow()).view())).to.deep.equal(facts(slow));
    expect(new ChainState(contracts).apply({ ...events[0]!, address: reader })).to.equal(false);
  });

  it("takes a change of members back with the block that it was in", async () => {
    const chain = await follow();
    const before = chain.view();
    const mark = (await provider.send("evm_snapshot", [])) as string;
    const { x, y } = publicKeyOf(deviceKey(9));
    const calls = [
      ["addMember", [["B", "http://b.example", addressOf(wallet(3)), x, y]]],
      ["replaceOracles", [[[1, addressOf(wallet(15))]], 0]],
      ["changeGatewayKey", [addressOf(gatewayOf(3)), x, y, 3_000_000_000]],
    ] as const;
    await send(wallet(2), "MemberRegistry", "carryOut", await decided(consortium, 0, calls));
    const changed = await chain.waitFor(({ memberChanges }) => memberChanges === 1, 10_000);
    expect(changed.members().map(({ name }) => name)).to.deep.equal(["A", "B"]);
    expect(changed.oracles).to.deep.equal([addressOf(wallet(15))]);

    await provider.send("evm_revert", [mark]);
    await provider.send("evm_increaseTime", [7]);
    await provider.send("evm_mine", []);
    const after = await chain.waitFor(({ memberChanges }) => memberChanges === 0, 10_000);
    expect(after.members()).to.deep.equal(before.members());
    expect(after.oracles).to.deep.equal(before.oracles);
    expect(after.groups()).to.deep.equal(before.groups());
    expect(consortiumNow(consortium, after)).to.deep.equal(consortium);
  });

  it("takes back what a reorganisation takes back, while following and after a restart", async () => {
    const chain = await follow();
    const size = chain.view().streamSize(stream);
    const mark = (await provider.send("evm_snapshot", [])) as string;
    await anchor(size, 100);
    await anchor(size + 1, 101);
    await chain.waitFor((view) => view.streamSize(stream) === size + 2, 10_000);
    const before = chain.view();

    await provider.send("evm_revert", [mark]);
    await provider.send("evm_increaseTime", [7]);
    const again = (await provider.send("evm_snapshot", [])) as string;
    await anchor(size, 200);
    const after = await chain.waitFor((view) => view.anchors(stream)[size]?.root === bytes32(200), 10_000);
    expect(after.streamSize(stream)).to.equal(size + 1);
    expect(after.anchors(stream)[size]?.block.hash).to.equal(after.head.hash);
    expect(
      before
        .anchors(stream)
        .map(({ root }) => root)
        .slice(size),
    ).to.deep.equal([bytes32(100), bytes32(101)]);
    await chain.close();

    // While nobody followed: back, and further than where we were.
    await provider.send("evm_revert", [again]);
    await anchor(size, 300);
    await anchor(size + 1, 301);
    await anchor(size + 2, 302);
    const next = await follow();
    const fresh = await follow({ memory: true });
    expect(
      next
        .view()
        .anchors(stream)
        .slice(size)
        .map(({ root }) => root),
    ).to.deep.equal([300, 301, 302].map(bytes32));
    expect(next.view().anchors(stream)).to.deep.equal(fresh.view().anchors(stream));
    const dangling = await database.query(
      "select * from chain_event e where not exists (select from chain_block b where b.number = e.block)",
    );
    expect(dangling).to.deep.equal([]);
  });

  it("ends with an event that it cannot fold: it is not passed over, and nothing is permitted any more", async () => {
    // A node that says what our contracts never would: a number above 2^53 - 1, and behind it in the block a true event.
    const anchored = interfaces.AnchorLog.getEvent("Anchored")!.topicHash;
    let isLying = true;
    let root = bytes32(0);
    const lying = answering(provider, (method, answer) => {
      if (!isLying || method !== "eth_getLogs") return answer;
      return (answer as { topics: Hex[]; data: Hex }[]).map((log) =>
        log.topics[0] === anchored && log.data.startsWith(root)
          ? { ...log, data: `${root}${bytes32(2 ** 60).slice(2)}${log.data.slice(-64)}` }
          : log,
      );
    });
    for (const memory of [true, false]) {
      isLying = true;
      root = bytes32(memory ? 666 : 667);
      const troubles: TwinwardError[] = [];
      const seen: ChainView[] = [];
      const chain = await follow({ memory, provider: lying, onTrouble: (error) => void troubles.push(error) });
      chain.onChange((view) => void seen.push(view));
      const good = chain.view();
      const size = good.streamSize(stream);
      const never = code(chain.waitFor(() => false, 60_000));
      await provider.send("evm_setAutomine", [false]);
      const sent = Promise.all([
        anchor(size, Number(root)),
        transact(provider, consortium, gatewayOf(1), "AnchorLog", "openStream", [addressOf(gatewayOf(1))]),
      ]);
      await eventually(
        async () => Number(await provider.send("eth_getBlockTransactionCountByNumber", ["pending"])) === 2 || undefined,
      );
      await provider.send("anvil_mine", ["0x1"]);
      await provider.send("evm_setAutomine", [true]);
      const [bad] = await sent;
      const block = Number(await provider.send("eth_blockNumber", []));

      await eventually(() => (troubles.length > 0 ? true : undefined));
      expect(troubles[0]?.code).to.equal("CHAIN_UNAVAILABLE");
      expect(troubles[0]?.facts).to.include({ block, transaction: bad });
      expect(await never).to.equal("CHAIN_UNAVAILABLE");
      await provider.send("anvil_mine", ["0x3"]);
      // However young the last good view is, whoever asks for one is told no; and the node need not be asked for it.
      for (const age of [undefined, 0, 3_600]) expect(await code(chain.fresh(age))).to.equal("CHAIN_UNAVAILABLE");
      expect(await code(Promise.resolve().then(() => chain.view()))).to.equal("CHAIN_UNAVAILABLE");
      expect(await code(chain.waitFor(() => true, 1_000))).to.equal("CHAIN_UNAVAILABLE");
      isLying = false;
      expect(await code(chain.fresh(0)), "for good").to.equal("CHAIN_UNAVAILABLE");
      isLying = true;
      expect(troubles, "said once").to.have.length(1);
      expect(seen, "no view without the event").to.deep.equal([]);
      expect(good.streamSize(stream), "the last good view is as it was").to.equal(size);
      await chain.close();

      // A restart comes to the same place and says so; only when the event can be read is anything behind it read.
      expect(await code(follow({ memory, provider: lying }))).to.equal("CHAIN_UNAVAILABLE");
      isLying = false;
      const again = (await follow({ memory, provider: lying })).view();
      expect(again.anchors(stream)[size]?.root).to.equal(root);
      expect(again.streams().filter(({ group }) => group === addressOf(gatewayOf(1)))).to.have.length(memory ? 1 : 2);
    }
  });

  it("counts nothing twice when the database fails between folding and storing", async () => {
    let failures = 0;
    const failing: Database = {
      ...database,
      query: database.query.bind(database),
      transaction: (work) => {
        if (failures-- > 0) throw new Error("the disk is full");
        return database.transaction(work);
      },
    };
    const chain = await follow({ database: failing, pollMs: 3_600_000 });
    const size = chain.view().streamSize(stream);
    failures = 2;
    await anchor(size, 700);
    for (let i = 0; i < 2; i++) expect(await code(chain.fresh(0))).to.equal("CHAIN_UNAVAILABLE");
    expect(chain.view().streamSize(stream)).to.equal(size);
    expect(
      (await chain.fresh(0))
        .anchors(stream)
        .slice(size)
        .map(({ root }) => root),
    ).to.deep.equal([bytes32(700)]);
    expect((await follow()).view().anchors(stream)).to.deep.equal(chain.view().anchors(stream));
  });

  it("tells every listener, also when another one fails, and also when blocks are taken back", async () => {
    const troubles: TwinwardError[] = [];
    const chain = await follow({ onTrouble: (error) => void troubles.push(error) });
    const heads: number[] = [];
    chain.onChange(() => {
      throw new Error("a listener's own fault");
    });
    chain.onChange((view) => void heads.push(view.head.number));
    const head = chain.view().head.number;
    const mark = (await provider.send("evm_snapshot", [])) as string;
    await anchor(chain.view().streamSize(stream), 800);
    await eventually(() => heads.at(-1) === head + 1 || undefined);
    expect(troubles[0]?.code).to.equal("INTERNAL");
    await provider.send("evm_revert", [mark]);
    // Fewer blocks are no evidence; another one in their place is.
    await eventually(() => troubles.some((error) => error.code === "CHAIN_BEHIND") || undefined);
    expect(await code(chain.fresh(0))).to.equal("CHAIN_BEHIND");
    const seen = chain.view();
    expect(seen.head.number).to.equal(head + 1);
    await provider.send("evm_increaseTime", [7]);
    await provider.send("anvil_mine", ["0x1"]);
    await eventually(() => heads.length === 2 || undefined);
    expect(chain.view().head)
      .to.include({ number: head + 1 })
      .and.not.deep.equal(seen.head);
    expect(chain.view().streamSize(stream)).to.equal(seen.streamSize(stream) - 1);
  });

  it("remembers blocks with events and the last 128, however many there are", async () => {
    await provider.send("anvil_mine", ["0x12c"]);
    const chain = await follow();
    await provider.send("anvil_mine", ["0xc8"]);
    const head = Number(await provider.send("eth_blockNumber", []));
    await chain.waitFor((view) => view.head.number === head, 10_000);
    const [row] = await database.query<{ quiet: number }>(
      "select count(*) as quiet from chain_block where not exists (select from chain_event where block = number)",
    );
    expect(row?.quiet).to.be.within(100, 130);
    expect((await follow({ memory: true })).view().head).to.deep.equal(chain.view().head);
  });

  it("asks the node when the head is old, and says so when it cannot", async () => {
    const chain = await follow({ pollMs: 3_600_000 });
    const before = chain.view().head.number;
    await provider.send("anvil_mine", ["0x1"]);
    expect(chain.view().head.number).to.equal(before);
    const views = await Promise.all(Array.from({ length: 20 }, () => chain.fresh(0)));
    for (const view of views) expect(view.head.number).to.equal(before + 1);
    const timestamp = chain.view().head.timestamp;
    const young = await follow({ memory: true, pollMs: 3_600_000, now: () => timestamp * 1000 + 1_999 });
    await provider.send("anvil_mine", ["0x1"]);
    expect((await young.fresh()).head.number).to.equal(before + 1);
    await eventually(async () => (await code(young.waitFor(() => false, 10))) === "CHAIN_WAIT_EXPIRED" || undefined);
  });

  it("permits nothing on a node that stands still, however it answers, and goes on when it makes blocks again", async () => {
    await provider.send("anvil_mine", ["0x1"]);
    const { timestamp } = (await follow({ memory: true })).view().head;
    let now = (timestamp + 60) * 1_000;
    const chain = await follow({ memory: true, pollMs: 50, now: () => now, maxBlockAgeSeconds: 60 });
    expect((await chain.fresh()).head.timestamp).to.equal(timestamp);
    now += 1;
    const refused = (await chain.fresh().catch((error: unknown) => error)) as TwinwardError;
    expect([refused.code, refused.facts.detail]).to.deep.equal([
      "CHAIN_STALE",
      `Block ${chain.view().head.number} is 60 s old.`,
    ]);
    expect(await code(chain.fresh(3_600))).to.equal("CHAIN_STALE");
    // What is so is told to whoever anchors; a chain that may be quiet is taken at its word.
    expect((await chain.fresh(0)).head.timestamp).to.equal(timestamp);
    const quiet = await follow({ memory: true, now: () => now + 86_400_000 });
    expect((await quiet.fresh()).head.timestamp).to.equal(timestamp);
    await provider.send("evm_setNextBlockTimestamp", [timestamp + 50]);
    await provider.send("anvil_mine", ["0x1"]);
    expect((await chain.fresh()).head.timestamp).to.equal(timestamp + 50);
  });

  it("refuses a chain that is not the consortium's, or not the one that was stored", async () => {
    const other = { ...consortium, genesis: bytes32(1) };
    expect(await code(followChain({ provider, consortium: other }))).to.equal("CHAIN_DIFFERS");
    await follow();
    await Promise.all(open.splice(0).map((chain) => chain.close()));
    await database.query("update chain_block set hash = $1", [fromHex(bytes32(77))]);
    expect(await code(follow())).to.equal("CHAIN_DIFFERS");
  });

  it("is not available when the node is gone", async () => {
    const chain = await follow({ memory: true });
    const gone = new Promise((resolve) => node.once("exit", resolve));
    node.kill("SIGKILL");
    await gone;
    expect(await code(chain.fresh(0))).to.equal("CHAIN_UNAVAILABLE");
  });
});
