// One schedule: a ward, a gateway, the real anchor loop, outbox and follower, and a chain, with everything that may go wrong
// chosen by the seed. The same seed gives the same schedule.
import { createRandom, type Random } from "../../../ml/random.ts";
import { toHex, type Hex } from "../../../protocol/bytes.ts";
import { createAnchor, type Anchor } from "../../../server/anchor/anchor-loop.ts";
import { recomputeRoot } from "../../../server/anchor/recompute-root.ts";
import { followChain } from "../../../server/chain/follow.ts";
import { openStream } from "../../../server/chain/open-stream.ts";
import { Outbox } from "../../../server/chain/outbox.ts";
import type { ChainView } from "../../../server/chain/view.ts";
import type { Ordered } from "../../../server/gateway/order.ts";
import type { StoredLeaf } from "../../../server/store/read-leaves.ts";
import { DatabaseFailed, MemoryTables } from "./memory-database.ts";
import {
  ANCHOR_LOG,
  CHAIN_ID,
  consortiumOf,
  GROUP,
  signer,
  SimulatedChain,
  STREAM,
  parseRaw,
} from "./simulated-chain.ts";
import { connectNode, FAIR, type Weather } from "./simulated-node.ts";
import { makeDevice, openGateway, sendReadings, type LeafStore, type SimulatedDevice } from "./simulated-ward.ts";
import { ProcessClock, VirtualClock } from "./virtual-clock.ts";

const CHAOS_MS = 12_000;
const CALM_MS = 600_000;

export interface Told {
  readonly leaves: number;
  readonly anchors: number;
  readonly kills: number;
  readonly reorganisations: number;
  readonly virtualMs: number;
}

export async function simulate(seed: string): Promise<Told> {
  const world = new SimulatedWorld(seed);
  return world.run();
}

class SimulatedWorld {
  readonly #random: Random;
  readonly #clock = new VirtualClock();
  readonly #chain = new SimulatedChain();
  readonly #store = new MemoryTables();
  readonly #devices: SimulatedDevice[];
  /** Some chains make a block for every interval, some only for a transaction. */
  readonly #isQuiet: boolean;
  #weather: Weather = FAIR;
  #process: ProcessClock | undefined;
  #anchor: Anchor | undefined;
  #deliver: ReturnType<typeof openGateway> | undefined;
  #lie: Error | undefined;
  #kills = 0;
  #reorganisations = 0;

  constructor(seed: string) {
    const random = createRandom(`simulation ${seed}`);
    this.#random = random;
    this.#isQuiet = random.integer(3) === 0;
    this.#devices = Array.from({ length: 1 + random.integer(3) }, (_, n) =>
      makeDevice(n, 2 + random.integer(8), random),
    );
  }

  async run(): Promise<Told> {
    const clock = this.#clock;
    this.#mineOn();
    this.#keepUp();
    for (const device of this.#devices) {
      const deliver = async (reading: Ordered): Promise<void> => {
        if (this.#deliver === undefined) return;
        // Whoever waits for a server that dies waits no longer than this.
        await Promise.race([this.#deliver(device, reading), clock.pause(2_000)]);
      };
      void sendReadings(device, deliver, clock, this.#random).catch((error: unknown) => this.#fail(error));
    }
    this.#planMischief();
    await clock.run(CHAOS_MS, () => this.#lie !== undefined);
    this.#calm();
    await clock.run(CHAOS_MS + CALM_MS, () => this.#lie !== undefined || this.#isSettled());
    if (this.#lie !== undefined) throw this.#lie;
    this.#hold();
    return {
      leaves: this.#leaves.length,
      anchors: this.#chain.head.after.size,
      kills: this.#kills,
      reorganisations: this.#reorganisations,
      virtualMs: clock.now(),
    };
  }

  get #leaves(): readonly StoredLeaf[] {
    return this.#store.tables.leaf;
  }

  #fail(error: unknown): void {
    this.#lie ??= error instanceof Error ? error : new Error(String(error));
  }

  #mineOn(): void {
    const next = (): void => {
      if (!this.#isQuiet || this.#chain.pendingNonce > this.#chain.head.after.nonce)
        this.#chain.mine(Math.floor(this.#clock.now() / 1_000));
      this.#clock.after(200 + this.#random.integer(300), next);
    };
    next();
  }

  /** Somebody starts the server whenever it is not up. */
  #keepUp(): void {
    const look = (): void => {
      if (this.#process === undefined) {
        const process = new ProcessClock(this.#clock);
        this.#process = process;
        this.#start(process).catch((error: unknown) => {
          // A start that fails ends the process; whatever failed may be back later.
          void error;
          if (this.#process === process) this.#kill();
        });
      }
      this.#clock.after(400, look);
    };
    look();
  }

  /** As server/main/start.ts does it. */
  async #start(clock: ProcessClock): Promise<void> {
    const database = this.#store.connect(clock, this.#random);
    const provider = connectNode(this.#chain, () => this.#weather, clock, this.#random);
    const consortium = consortiumOf(this.#chain);
    const outbox = new Outbox({ database, provider, signer, clock });
    await outbox.recover();
    const opening = { provider, outbox, chainId: CHAIN_ID, anchorLog: ANCHOR_LOG, group: GROUP };
    await openStream(opening);
    const now = (): number => clock.now();
    const chain = await followChain({ provider, consortium, database, clock, now });
    let seen = chain.view();
    this.#see(undefined, seen);
    chain.onChange((view) => {
      this.#see(seen, view);
      seen = view;
    });
    const anchor = createAnchor({
      database,
      outbox,
      chain,
      stream: STREAM,
      openStream: () => openStream(opening),
      sealIntervalMs: 150,
      clock,
    });
    this.#anchor = anchor;
    const tables = this.#store;
    const store: LeafStore = {
      all: () => tables.tables.leaf,
      append: async (make) => {
        await clock.pause(this.#random.integer(3));
        if (this.#random.uniform() < tables.failing) throw new DatabaseFailed("the disk is full");
        const leaf = make(tables.tables.leaf.length);
        tables.tables.leaf = [...tables.tables.leaf, leaf];
        await clock.pause(this.#random.integer(3));
        return leaf;
      },
    };
    const gateway = openGateway(store);
    this.#deliver = (device, reading) =>
      gateway(device, reading).catch((error: unknown) => {
        if (!(error instanceof DatabaseFailed)) this.#fail(error);
      });
  }

  #kill(): void {
    if (this.#process !== undefined) this.#process.isDead = true;
    this.#process = this.#anchor = this.#deliver = undefined;
  }

  /** A view is one state that the chain was in, and gives up nothing that was seen unless the chain contradicts it. */
  #see(before: ChainView | undefined, view: ChainView): void {
    const block = this.#chain.ever.get(view.head.hash);
    if (block?.after.size !== view.streamSize(STREAM))
      return this.#fail(new Error(`the view at block ${view.head.number} is of no block`));
    if (before === undefined) return;
    const seen = new Map<number, Hex>();
    for (let at = this.#chain.ever.get(before.head.hash); at; at = this.#chain.ever.get(at.parent))
      seen.set(at.number, at.hash);
    const { number, hash } = view.head;
    const isContradicted = [...this.#chain.ever.values()].some(
      (other) => other.number > number && other.number <= before.head.number && seen.get(other.number) !== other.hash,
    );
    if (number < before.head.number && seen.get(number) === hash && !isContradicted)
      this.#fail(new Error(`the view went back from block ${before.head.number} to ${number}`));
  }

  #planMischief(): void {
    const random = this.#random;
    const acts = this.#acts();
    for (let n = 2 + random.integer(5); n > 0; n--) {
      const act = acts[random.integer(acts.length)];
      if (act !== undefined) this.#clock.after(500 + random.integer(CHAOS_MS - 1_000), act);
    }
  }

  #acts(): (() => void)[] {
    const [random, chain] = [this.#random, this.#chain];
    const spell = (change: Partial<Weather>): void => {
      this.#weather = { ...this.#weather, ...change };
      const back = Object.fromEntries(Object.keys(change).map((name) => [name, 0]));
      this.#clock.after(200 + random.integer(4_000), () => void (this.#weather = { ...this.#weather, ...back }));
    };
    const takeBack = (depth: number, isReplaced: boolean): void => {
      const before = chain.head.number;
      const gone = chain.forget(depth);
      // What was in the blocks comes back into the pool, or is lost.
      if (isReplaced && random.integer(2) === 0)
        for (const one of gone) if (one.nonce >= chain.head.after.nonce) chain.pool.push(one);
      this.#reorganisations += 1;
      if (!isReplaced) return;
      const least = random.integer(2) === 0 ? before : chain.head.number + 1;
      while (chain.head.number < least) chain.mine(Math.floor(this.#clock.now() / 1_000));
    };
    return [
      () => takeBack(1 + random.integer(20), true),
      () => takeBack(1 + random.integer(3), true),
      () => takeBack(1 + random.integer(4), false),
      () => spell({ behind: 1 + random.integer(6) }),
      () => spell({ breaks: 0.3 }),
      () => spell({ hangs: 0.2 }),
      () => spell({ refuses: 0.4 }),
      () => spell({ receiptsLost: 1 }),
      () => spell({ receiptsLie: 0.5 }),
      () => spell({ swallows: 0.7 }),
      () => void (chain.price += BigInt(random.integer(1_000))),
      () => void (chain.pool = []),
      () => {
        // The same key elsewhere takes the next nonce.
        const nonce = chain.head.after.nonce;
        const [to, data] = [GROUP, "0x"];
        const letter = { chainId: CHAIN_ID, nonce, to, data, gasLimit: 21_000n, gasPrice: chain.price * 2n + 1n };
        void signer.signTransaction({ ...letter, type: 0 }).then((raw) => {
          chain.pool = [...chain.pool.filter((one) => one.nonce !== nonce), parseRaw(raw as Hex)];
        });
      },
      () => this.#killNow(),
      () => this.#killNow(),
      () => {
        this.#store.failing = 0.3;
        this.#clock.after(500 + random.integer(2_000), () => void (this.#store.failing = 0));
      },
    ];
  }

  #killNow(): void {
    this.#kills += 1;
    this.#kill();
  }

  #calm(): void {
    this.#weather = FAIR;
    this.#store.failing = 0;
  }

  #isSettled(): boolean {
    const { after } = this.#chain.head;
    return (
      this.#devices.every(({ readings, acks }) => readings.every(({ sequence }) => acks.has(sequence))) &&
      after.leaves === this.#leaves.length &&
      this.#store.tables.batch.length === after.size &&
      this.#store.tables.batch.every((row) => this.#isPlaced(row)) &&
      this.#store.tables.outbox.length === 0 &&
      this.#anchor?.health().trouble === undefined &&
      this.#anchor?.health().anchored === after.size
    );
  }

  /** Whether a batch is stored with the block that the chain, as it is, has it in. */
  #isPlaced({ number, block_hash: hash }: Record<string, unknown>): boolean {
    const { blocks } = this.#chain;
    const at = blocks.findIndex(({ after }) => after.size > Number(number));
    return at >= 0 && hash instanceof Uint8Array && blocks[at]?.hash === toHex(hash);
  }

  /** What must be true in the end. */
  #hold(): void {
    const problems: string[] = [];
    const must = (holds: boolean, what: string): void => {
      if (!holds) problems.push(what);
    };
    const { trouble, state } = this.#anchor?.health() ?? {};
    const left = this.#store.tables.outbox.map(({ purpose, nonce }) => `${String(purpose)} (${String(nonce)})`);
    must(this.#isSettled(), `it settles (${trouble?.message ?? "no trouble"}, outbox: ${left.join(", ")})`);
    must(state === "running", "the loop runs");
    const leaves = this.#leaves;
    for (const device of this.#devices) {
      for (const [sequence, position] of device.acks) {
        const reading = device.readings.find((one) => one.sequence === sequence);
        const leaf = leaves[position];
        must(leaf?.subject === device.id && leaf.sequence === sequence, `ack of ${sequence}: its place`);
        must(leaf?.content === reading?.content, `ack of ${sequence}: its content`);
      }
      const own = leaves.filter(({ subject }) => subject === device.id).map(({ sequence }) => sequence);
      must(new Set(own).size === own.length, "no sequence twice");
      must(
        own.every((sequence, i) => i === 0 || sequence > (own[i - 1] ?? 0)),
        "sequences rise",
      );
    }
    let next = 0;
    const rows = this.#store.tables.batch.toSorted((a, b) => Number(a.number) - Number(b.number));
    for (const row of rows) {
      const [number, count] = [Number(row.number), Number(row.count)];
      const batch = leaves.slice(next, next + count);
      const roots = [...(this.#chain.roots.get(number) ?? [])];
      must(this.#isPlaced(row), `batch ${number} is in the block that is stored with it`);
      must(Number(row.first_leaf) === next, `batch ${number} follows`);
      must(roots.length === 1 && roots[0] === recomputeRoot(batch, next), `batch ${number} ever had one root`);
      next += count;
    }
    must(next === leaves.length, "every leaf is in a batch");
    if (problems.length > 0) throw new Error(problems.join("; "));
  }
}
