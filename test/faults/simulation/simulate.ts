// One schedule: a ward, the product's gateway, committer, anchor loop, outbox and follower, and a chain, with everything that
// may go wrong chosen by the seed. The same seed gives the same schedule.
import { createRandom, type Random } from "../../../ml/random.ts";
import { toHex, fromHex, type Hex } from "../../../protocol/bytes.ts";
import { TwinwardError } from "../../../protocol/errors.ts";
import { es256Signer } from "../../../protocol/es256.ts";
import { canonical } from "../../../protocol/json.ts";
import { createAnchor, type Anchor, type AnchorParts } from "../../../server/anchor/anchor-loop.ts";
import { recomputeRoot } from "../../../server/anchor/recompute-root.ts";
import { followChain } from "../../../server/chain/follow.ts";
import { openStream } from "../../../server/chain/open-stream.ts";
import { Outbox, type OutboxParts } from "../../../server/chain/outbox.ts";
import type { ChainView } from "../../../server/chain/view.ts";
import { createGateway, type Gateway, type GatewayParts } from "../../../server/gateway/gateway.ts";
import { openReading } from "../../../server/keys/sealed-reading.ts";
import { Committer, type CommitterParts } from "../../../server/store/committer.ts";
import type { StoredLeaf } from "../../../server/store/read-leaves.ts";
import { verifyInLine } from "./inline-verifier.ts";
import { MemoryTables } from "./memory-database.ts";
import type { Row } from "./memory-statements.ts";
import {
  ANCHOR_LOG,
  CHAIN_ID,
  consortiumOf,
  GROUP,
  MODEL,
  MODEL_HASH,
  parseRaw,
  signer,
  SimulatedChain,
  STREAM,
} from "./simulated-chain.ts";
import { keepKeys, type DataKeys } from "./simulated-keys.ts";
import { connectNode, FAIR, type Weather } from "./simulated-node.ts";
import { BEGINNING, GATEWAY_KEY, sendReadings, SimulatedDevice, type Delivery } from "./simulated-ward.ts";
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

/** How the parts are made that a schedule tries; whoever doubts that it would find a mistake hands in a broken one. */
export interface Makers {
  readonly outbox: (parts: OutboxParts) => Outbox;
  readonly committer: (parts: CommitterParts) => Committer;
  readonly gateway: (parts: GatewayParts) => Gateway;
  readonly anchor: (parts: AnchorParts) => Anchor;
}

/** The product's. */
export const PRODUCT: Makers = {
  outbox: (parts) => new Outbox(parts),
  committer: (parts) => new Committer(parts),
  gateway: createGateway,
  anchor: createAnchor,
};

export async function simulate(seed: string, makers = PRODUCT): Promise<Told> {
  const random = createRandom(`simulation ${seed}`);
  const devices: SimulatedDevice[] = [];
  for (let n = random.integer(3); n >= 0; n--) {
    const readings = { count: 2 + random.integer(8), withinMs: CHAOS_MS };
    devices.push(await SimulatedDevice.make(n, readings, random));
  }
  return new SimulatedWorld(random, devices, makers).run();
}

class SimulatedWorld {
  readonly #random: Random;
  readonly #clock = new VirtualClock();
  readonly #chain: SimulatedChain;
  readonly #store = new MemoryTables();
  readonly #keys: DataKeys = new Map();
  readonly #devices: readonly SimulatedDevice[];
  readonly #makers: Makers;
  readonly #holdMs: number;
  /** Some chains make a block for every interval, some only for a transaction. */
  readonly #isQuiet: boolean;
  #weather: Weather = FAIR;
  #process: ProcessClock | undefined;
  #anchor: Anchor | undefined;
  #gateway: Gateway | undefined;
  /** How far the server's wall clock is ahead of the world's, ms. */
  #ahead = 0;
  #lie: Error | undefined;
  #kills = 0;
  #reorganisations = 0;

  constructor(random: Random, devices: readonly SimulatedDevice[], makers: Makers) {
    this.#random = random;
    this.#devices = devices;
    this.#makers = makers;
    this.#chain = new SimulatedChain(BEGINNING / 1_000, devices);
    this.#isQuiet = random.integer(3) === 0;
    this.#holdMs = random.integer(2) === 0 ? 1_000 : 10_000;
    const model = { hash: fromHex(MODEL_HASH, 32), kind: "device-model", body: canonical(MODEL) };
    this.#store.tables.document = [model];
  }

  async run(): Promise<Told> {
    const clock = this.#clock;
    this.#mineOn();
    this.#keepUp();
    for (const device of this.#devices)
      void sendReadings(device, this.#wayOf(device), clock, this.#random).catch((error: unknown) => this.#fail(error));
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

  /** The way of a device's texts to whatever gateway is up, and of the answers back. Some get lost. */
  #wayOf(device: SimulatedDevice): Delivery {
    const [random, clock] = [this.#random, this.#clock];
    return async (readings) => {
      const gateway = this.#gateway;
      if (gateway === undefined || random.uniform() < 0.1) return;
      const isLost = random.uniform() < 0.1;
      const via = random.integer(2) === 0 ? undefined : { device: device.id };
      const asked = gateway.accept(
        readings.map(({ text }) => text),
        via,
      );
      const heard = asked.then(
        (answers) => readings.forEach((reading, i) => device.hear(reading, answers[i], isLost)),
        (error: unknown) => this.#forgive(error),
      );
      // Whoever waits for a server that dies waits no longer than this.
      await Promise.race([heard.catch((error: unknown) => this.#fail(error)), clock.pause(2_000)]);
    };
  }

  get #leaves(): StoredLeaf[] {
    return this.#store.tables.leaf.map(toLeaf);
  }

  /** What the gateway says or reports while its database fails. */
  #forgive(error: unknown): void {
    const isDatabase = error instanceof TwinwardError && ["DISK_FULL", "DATABASE_UNAVAILABLE"].includes(error.code);
    if (!isDatabase) this.#fail(error);
  }

  #fail(error: unknown): void {
    this.#lie ??= error instanceof Error ? error : new Error(String(error));
  }

  #mine(): void {
    this.#chain.mine(Math.floor((BEGINNING + this.#clock.now()) / 1_000));
  }

  #mineOn(): void {
    const next = (): void => {
      if (!this.#isQuiet || this.#chain.pendingNonce > this.#chain.head.after.nonce) this.#mine();
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
    const outbox = this.#makers.outbox({ database, provider, signer, clock });
    await outbox.recover();
    const opening = { provider, outbox, chainId: CHAIN_ID, anchorLog: ANCHOR_LOG, group: GROUP };
    await openStream(opening);
    const now = (): number => BEGINNING + clock.now() + this.#ahead;
    const chain = await followChain({ provider, consortium, database, clock, now });
    let seen = chain.view();
    this.#see(undefined, seen);
    chain.onChange((view) => {
      this.#see(seen, view);
      seen = view;
    });
    const anchor = this.#makers.anchor({
      database,
      outbox,
      chain,
      stream: STREAM,
      openStream: () => openStream(opening),
      sealIntervalMs: 150,
      clock,
    });
    this.#anchor = anchor;
    const keys = keepKeys(this.#keys, clock, this.#random);
    const committer = this.#makers.committer({
      ...{ database, chainId: CHAIN_ID, anchorLog: ANCHOR_LOG, stream: STREAM, now, anchorWithinSeconds: 60 },
      signer: es256Signer(GATEWAY_KEY),
      chainTime: () => chain.view().head.timestamp,
    });
    const gateway = this.#makers.gateway({
      ...{ database, committer, keys, chain, stream: STREAM, now, clock, verifier: verifyInLine },
      holdMs: this.#holdMs,
      maxHeld: 4,
      report: (error) => this.#forgive(error),
    });
    gateway.onAnswer((id, answer) => {
      try {
        this.#devices.find((device) => device.id === id)?.hearAside(answer);
      } catch (error) {
        this.#fail(error);
      }
    });
    this.#gateway = gateway;
  }

  #kill(): void {
    if (this.#process !== undefined) this.#process.isDead = true;
    this.#process = this.#anchor = this.#gateway = undefined;
    this.#breakOff();
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
      while (chain.head.number < least) this.#mine();
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
      () => void (this.#ahead += (random.integer(2) === 0 ? 1 : -1) * 3_600_000),
      () => {
        this.#store.failing = 0.3;
        this.#clock.after(500 + random.integer(2_000), () => this.#mend());
      },
    ];
  }

  #killNow(): void {
    this.#kills += 1;
    this.#kill();
  }

  #calm(): void {
    this.#weather = FAIR;
    this.#mend();
  }

  #mend(): void {
    this.#store.failing = 0;
    this.#breakOff();
  }

  /** What was to be told to the devices may have got lost. */
  #breakOff(): void {
    for (const device of this.#devices) device.isWaiting = false;
  }

  #isSettled(): boolean {
    const { after } = this.#chain.head;
    return (
      this.#devices.every(({ readings, acks }) => readings.every(({ sequence }) => acks.has(sequence))) &&
      this.#devices.every(({ isWaiting }) => !isWaiting) &&
      after.leaves === this.#store.tables.leaf.length &&
      this.#store.tables.held.length === 0 &&
      this.#store.tables.batch.length === after.size &&
      this.#store.tables.batch.every((row) => this.#isPlaced(row)) &&
      this.#store.tables.outbox.length === 0 &&
      this.#anchor?.health().trouble === undefined &&
      this.#anchor?.health().anchored === after.size
    );
  }

  /** Whether a batch is stored with the block that the chain, as it is, has it in. */
  #isPlaced({ number, block_hash: hash }: Row): boolean {
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
    const { tables } = this.#store;
    const left = tables.outbox.map(({ purpose, nonce }) => `${String(purpose)} (${String(nonce)})`);
    const untold = this.#devices.filter(({ isWaiting }) => isWaiting).length;
    const held = `held: ${tables.held.length}, not told: ${untold}`;
    const waits = `${trouble?.message ?? "no trouble"}, outbox: ${left.join(", ")}, ${held}`;
    must(this.#isSettled(), `it settles (${waits})`);
    must(state === "running", "the loop runs");
    const leaves = this.#leaves;
    for (const device of this.#devices) this.#holdOf(device, leaves, must);
    let next = 0;
    for (const { first, count, root } of tables.ack.toSorted((a, b) => Number(a.first) - Number(b.first))) {
      must(first === next, `the promise over ${String(first)} follows`);
      const promised = leaves.slice(next, next + Number(count));
      must(toHex(root as Uint8Array) === recomputeRoot(promised, next), `the promise over ${String(first)}: its root`);
      next += Number(count);
    }
    must(next === leaves.length && tables.stream[0]?.size === next, "every leaf was promised once");
    next = 0;
    for (const row of tables.batch.toSorted((a, b) => Number(a.number) - Number(b.number))) {
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

  /** Every ack of a device is kept, nothing else of it was accepted, and what was accepted can be read. */
  #holdOf(device: SimulatedDevice, leaves: readonly StoredLeaf[], must: (holds: boolean, what: string) => void): void {
    for (const [sequence, position] of device.acks) {
      const reading = device.readings.find((one) => one.sequence === sequence);
      const leaf = leaves[position];
      must(leaf?.subject === device.id && leaf.sequence === sequence, `ack of ${sequence}: its place`);
      must(leaf?.content === reading?.content, `ack of ${sequence}: its content`);
    }
    const own = leaves.filter(({ subject }) => subject === device.id);
    must(new Set(own.map(({ sequence }) => sequence)).size === own.length, "no sequence twice");
    must(
      own.every(({ sequence }, i) => i === 0 || sequence > (own[i - 1]?.sequence ?? 0)),
      "sequences rise",
    );
    const keys = keepKeys(this.#keys, this.#clock, this.#random);
    for (const { position, sequence, content } of own) {
      const row = this.#store.tables.reading.find((one) => one.position === position);
      const [scope, month] = [toHex(row?.scope as Uint8Array), String(row?.month)];
      const place = { device: device.id, sequence, content, scope, month };
      const sealed = { nonce: row?.nonce as Uint8Array, sealed: row?.sealed as Uint8Array };
      const { disclosures } = openReading(keys, place, sealed);
      const text = device.readings.find((one) => one.sequence === sequence)?.text ?? "";
      must(text.endsWith(`~${disclosures.join("~")}~`), `reading ${sequence} says what its device said`);
    }
  }
}

function toLeaf({ position, kind, subject, sequence, content, hash }: Row): StoredLeaf {
  const [at, of, n] = [position, kind, sequence].map(Number) as [number, number, number];
  const [device, what, leaf] = [subject, content, hash].map((value) => toHex(value as Uint8Array)) as [Hex, Hex, Hex];
  return { position: at, kind: of, sequence: n, subject: device, content: what, hash: leaf };
}
