import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Provider } from "ethers";
import { fromHex, toHex, ZERO_32, type Hex } from "../../protocol/bytes.ts";
import { modelHash, type DeviceModel } from "../../protocol/device-model.ts";
import { es256Signer, newPrivateKey, publicKeyOf, signEs256, type PublicKey } from "../../protocol/es256.ts";
import { deviceId } from "../../protocol/ids.ts";
import { canonical } from "../../protocol/json.ts";
import { buildReading, parseReading } from "../../protocol/reading.ts";
import { isHeld, isRefusal } from "../../protocol/refusal.ts";
import { systemClock } from "../../server/chain/clock.ts";
import type { Chain, ChainView, DeviceFact } from "../../server/chain/view.ts";
import { createGateway, type Answer, type Gateway, type GatewayParts } from "../../server/gateway/gateway.ts";
import { openKeyStore, type KeyStore } from "../../server/keys/key-store.ts";
import { Committer, type CommitterParts } from "../../server/store/committer.ts";
import { openDatabase, type Database, type DatabasePlace } from "../../server/store/database.ts";
import { lendDatabase } from "./lent-database.ts";

const address = (byte: number): Hex => `0x${byte.toString(16).padStart(2, "0").repeat(20)}`;
const id = (byte: number): Hex => `0x${byte.toString(16).padStart(2, "0").repeat(32)}`;

export const CHAIN_ID = 31337;
export const REGISTRY = address(0xd1);
export const ANCHOR_LOG = address(0xa1);
export const STREAM = id(0x57);
/** A time inside the test devices' month, ms. */
export const NOON = Date.UTC(2026, 10, 21, 12);

const NAMES = ["heart-rate", "respiration", "spo2", "systolic", "diastolic", "temperature", "st-segment", "pulse-rate"];
export const MODEL: DeviceModel = {
  format: "device-model@1",
  name: "monitor@1",
  segments: NAMES.map((name, bit) => ({ name, bit, unit: "1", type: "number", min: 0, max: 300 })),
  commands: [],
  security: NAMES.slice(0, 2),
};

/** A signing device that keeps its own chain of readings. */
export class TestDevice {
  readonly privateKey = newPrivateKey(randomBytes);
  readonly key: PublicKey = publicKeyOf(this.privateKey);
  readonly id: Hex = deviceId(CHAIN_ID, REGISTRY, this.key);
  sequence = 0;
  prev: Hex = ZERO_32;

  /** The next reading; `over` changes parts of it before it is signed. */
  async next(over: Partial<Parameters<typeof buildReading>[0]> = {}, samples = 2): Promise<string> {
    const text = await this.build({ sequence: this.sequence + 1 + (over.gap ?? 0), prev: this.prev, ...over }, samples);
    const parsed = parseReading(text);
    this.sequence = parsed.sequence;
    this.prev = parsed.content;
    return text;
  }

  /** A reading that doesn't move the device on. */
  build(over: Partial<Parameters<typeof buildReading>[0]>, samples = 2): Promise<string> {
    const sequence = over.sequence ?? this.sequence + 1;
    const from = NOON + sequence * 1_000;
    const t = Array.from({ length: samples }, (_, i) => i * 10);
    const segments = MODEL.segments.map(({ name, unit, bit }) => ({
      name,
      unit,
      t,
      v: t.map((ms) => 60 + bit + ms / 100),
    }));
    const parts = {
      device: this.id,
      kid: 1,
      sequence,
      per: [from, from + 1_000] as const,
      iat: Math.floor(from / 1000) + 1,
    };
    const rest = { model: MODEL.name, prev: this.prev, segments, salt: () => randomBytes(16) };
    return buildReading({ ...parts, ...rest, ...over }, es256Signer(this.privateKey));
  }

  /** A password for MQTT. */
  signIn(over: Record<string, unknown> = {}, header: Record<string, unknown> = {}): string {
    const iat = Math.floor(Date.now() / 1000);
    const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString("base64url");
    const claims = { aud: `${CHAIN_ID}:${REGISTRY}`, iat, exp: iat + 300, ...over };
    const input = `${part({ alg: "ES256", kid: "1", ...header })}.${part(claims)}`;
    return `${input}.${Buffer.from(signEs256(this.privateKey, Buffer.from(input))).toString("base64url")}`;
  }
}

/** A device as the chain knows it. */
export function factOf(device: TestDevice, over: Partial<DeviceFact> = {}): DeviceFact {
  const keys = [{ number: 1, ...device.key, from: 1, until: null, marks: [] }];
  const steward = address(0x5e);
  return { id: device.id, steward, state: "active", modelHash: modelHash(MODEL), homeStream: STREAM, keys, ...over };
}

/** What the gateway reads of the chain, changed by the test at will. */
export class TestChain implements Pick<Chain, "view" | "consortium"> {
  readonly facts = new Map<Hex, DeviceFact>();
  readonly assignments = new Map<Hex, { id: Hex; from: number; end: number | null }[]>();
  readonly consortium = {
    format: "consortium@1",
    name: "test",
    chainId: CHAIN_ID,
    genesis: id(0x01),
    contracts: {
      MemberRegistry: address(0x11),
      DeviceRegistry: REGISTRY,
      AnchorLog: ANCHOR_LOG,
      TwinRegistry: address(0x12),
      GrantRegistry: address(0x13),
      VerdictOracle: address(0x14),
    },
    members: [],
  } as const;
  readonly provider = undefined as unknown as Provider;
  /** Of the gateway's stream. */
  standing: "open" | "suspended" | "fenced" = "open";

  view(): ChainView {
    const device = (wanted: Hex): DeviceFact | undefined => this.facts.get(wanted);
    return {
      device,
      devices: () => [...this.facts.values()],
      stream: (id: Hex) => ({ id, group: address(0x15), n: 0, standing: this.standing }),
      keyAt: (wanted: Hex, sequence: number) =>
        device(wanted)?.keys.find(({ from, until }) => from <= sequence && (until === null || sequence <= until)),
      assignmentAt: (wanted: Hex, sequence: number) => {
        const found = this.assignments.get(wanted) ?? [];
        const n = found.findIndex(({ from, end }) => from <= sequence && (end === null || sequence < end));
        const assignment = found[n];
        return assignment && { ...assignment, device: wanted, n };
      },
      assignmentsOf: (wanted: Hex) =>
        (this.assignments.get(wanted) ?? []).map((assignment, n) => ({ ...assignment, device: wanted, n })),
    } as unknown as ChainView;
  }
}

export interface World {
  readonly directory: string;
  readonly chain: TestChain;
  readonly gatewayKey: PublicKey;
  database: Database;
  keys: KeyStore;
  committer: Committer;
  gateway: Gateway;
  now: number;
  device(over?: Partial<DeviceFact>): TestDevice;
  /** Empties every table but the documents: cheaper than another database. */
  empty(): Promise<void>;
  /** Closes and opens everything anew over the same directory. */
  restart(): Promise<void>;
  close(): Promise<void>;
}

/** A real store, key store, committer and gateway in a directory of their own. */
export async function openWorld(
  options: {
    gateway?: Partial<GatewayParts>;
    committer?: Partial<CommitterParts>;
    directory?: string;
    /** Where the database is, when not in the directory. */
    database?: DatabasePlace;
    /** It is lent where nobody opens it again: without `directory`, `database` and this. */
    restarts?: true;
  } = {},
): Promise<World> {
  const directory = options.directory ?? (await mkdtemp(join(tmpdir(), "twinward-test-")));
  const privateKey = fromHex(`0x${"11".repeat(32)}`);
  const chain = new TestChain();
  const isLent = !options.directory && !options.database && !options.restarts;
  const open = async (): Promise<void> => {
    world.database = isLent
      ? await lendDatabase()
      : await openDatabase(options.database ?? { directory: join(directory, "database") });
    world.keys = await openKeyStore(join(directory, "keys", "data-keys.json"));
    world.committer = new Committer({
      database: world.database,
      chainId: CHAIN_ID,
      anchorLog: ANCHOR_LOG,
      stream: STREAM,
      signer: es256Signer(privateKey),
      now: () => world.now,
      anchorWithinSeconds: 60,
      ...options.committer,
    });
    const { database, keys, committer } = world;
    const clocks = { now: () => world.now, clock: { ...systemClock, now: () => world.now } };
    const parts = { database, keys, committer, chain, stream: STREAM, ...clocks, pool: { threads: 1 } };
    world.gateway = createGateway({ ...parts, ...options.gateway });
    await database.query("insert into document (hash, kind, body) values ($1,$2,$3) on conflict do nothing", [
      fromHex(modelHash(MODEL)),
      "device-model",
      canonical(MODEL),
    ]);
  };
  const shut = async (): Promise<void> => {
    await world.gateway.close();
    await world.committer.close();
    await world.keys.close();
    await world.database.close();
  };
  const world = {
    directory,
    chain,
    gatewayKey: publicKeyOf(privateKey),
    now: NOON + 60_000,
    device(over: Partial<DeviceFact> = {}) {
      const device = new TestDevice();
      chain.facts.set(device.id, factOf(device, over));
      return device;
    },
    empty: () =>
      world.database.script(
        "truncate stream, leaf, device_head, reading, record, ack, broken_ack, batch, held, evidence, finding, released_value, release, sealed_scope",
      ),
    restart: async () => {
      if (isLent) throw new Error("openWorld({ restarts: true })");
      await shut();
      await open();
    },
    close: async () => {
      await shut();
      await rm(directory, { recursive: true, force: true });
    },
  } as unknown as World;
  await open();
  return world;
}

export const hexOf = (bytes: Uint8Array): Hex => toHex(bytes);

/** What an answer is, in a word. */
export function wordOf(answer: Answer | undefined): string {
  if (answer === undefined) return "nothing";
  if (isHeld(answer)) return `held ${answer.expected}`;
  return isRefusal(answer) ? answer.code : "ack";
}
