import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { randomBytes } from "node:crypto";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import express from "express";
import { Wallet, ZeroAddress } from "ethers";
import { connect, type Client, type SignIn } from "../../../apps/sdk/index.ts";
import { fromHex, ZERO_32, type Hex } from "../../../protocol/bytes.ts";
import { modelHash, type DeviceModel } from "../../../protocol/device-model.ts";
import { manifestHash, type Manifest } from "../../../protocol/manifest.ts";
import { TwinwardError, type ErrorCode } from "../../../protocol/errors.ts";
import { newPrivateKey, publicKeyOf, signEs256 } from "../../../protocol/es256.ts";
import { deviceId, streamId } from "../../../protocol/ids.ts";
import { buildReading, parseReading } from "../../../protocol/reading.ts";
import { termsWord } from "../../../protocol/terms.ts";
import { Tree } from "../../../protocol/tree.ts";
import { createAccess } from "../../../server/access/authorize.ts";
import { createRequests } from "../../../server/access/asking/requests.ts";
import { createRelays } from "../../../server/access/relay.ts";
import { createRefusals } from "../../../server/access/refusals.ts";
import { createSessions } from "../../../server/access/session.ts";
import { createApi, routesOf } from "../../../server/api/app.ts";
import type { BacklogLimits } from "../../../server/gateway/backlog.ts";
import { createGateway } from "../../../server/gateway/gateway.ts";
import { openKeyStore } from "../../../server/keys/key-store.ts";
import { measureAccess } from "../../../server/main/metrics/measure-rooms.ts";
import { Meters } from "../../../server/main/metrics/meters.ts";
import { createFindings } from "../../../server/response/findings.ts";
import { Committer } from "../../../server/store/committer.ts";
import { openDatabase, type DatabasePlace } from "../../../server/store/database.ts";
import { exclusively } from "../../../server/store/exclusively.ts";
import { readLeafHashes } from "../../../server/store/read-leaves.ts";
import { createOffers } from "../../../server/twin/catalogue.ts";
import { createDocuments } from "../../../server/twin/documents.ts";
import { createExports } from "../../../server/twin/exports.ts";
import { createFleet } from "../../../server/twin/fleet.ts";
import { resealStep } from "../../../server/main/reseal/reseal-step.ts";
import { createReader } from "../../../server/twin/history.ts";
import { createHeads } from "../../../server/twin/heads.ts";
import { createProofs } from "../../../server/twin/proofs.ts";
import { createReceipts } from "../../../server/twin/receipts.ts";
import { createRecords } from "../../../server/twin/records.ts";
import { createStreams } from "../../../server/twin/streams.ts";
import { holdToOpenApi } from "../../helpers/hold-to-openapi.ts";
import { consortiumNow } from "../../../server/chain/consortium-now.ts";
import { mountedOf } from "./mounted.ts";
import { named, WrittenChain, writtenConsortium } from "./written-chain.ts";
import { lendDatabase } from "../../helpers/lent-database.ts";

const range = { type: "number", min: 0, max: 300 } as const;
export const MODEL: DeviceModel = {
  format: "device-model@1",
  name: "monitor@1",
  segments: [
    { name: "heart", bit: 0, unit: "/min", ...range },
    { name: "resp", bit: 1, unit: "/min", ...range },
    { name: "spo2", bit: 2, unit: "%", ...range },
    { name: "temp", bit: 3, unit: "Cel", ...range },
  ],
  commands: [],
  security: ["heart", "resp", "spo2", "temp"],
};

/** Shows everything, as it is. */
export const MANIFEST: Manifest = {
  format: "manifest@1",
  name: "whole",
  model: modelHash(MODEL),
  segments: MODEL.segments.map(({ name }) => name),
  resolution: "raw",
  delay: 0,
  commands: [],
};

export type FrontDoor = Awaited<ReturnType<typeof openFrontDoor>>;

/**
 * Every room behind the front door, the real ones, on a database of its own; only the chain is written by hand. `salt` is for devices
 * and records, for a test that takes it away. `beside` is another door, on a server: then this one is of the same stream, as another
 * process opens it; the two have the chain in common, the clock, the database and the files of keys.
 */
export async function openFrontDoor(
  timestamp: number,
  {
    salt = randomBytes,
    leaseSeconds = 60,
    maxWaiting = {},
    openFleet = true,
    place,
    beside,
  }: {
    salt?: (size: number) => Uint8Array;
    leaseSeconds?: number;
    maxWaiting?: BacklogLimits;
    openFleet?: boolean;
    place?: DatabasePlace;
    beside?: { readonly world: World };
  } = {},
) {
  const world = beside?.world ?? (await newWorld(timestamp, place));
  const { directory, clock, member, reader, oracle, gatewayKey, consortium, chain, stream } = world;
  const now = (): number => clock.ms;
  const database = await (world.place ? openDatabase(world.place) : lendDatabase());
  const alone = exclusively(database, "data keys");
  const keys = await alone(() => openKeyStore(join(directory, "keys", "data-keys.json"), { exclusively: alone }));
  const signer = (message: Uint8Array): Uint8Array => signEs256(gatewayKey, message);
  const anchorLog = consortium.contracts.AnchorLog;
  const committer = new Committer({
    database,
    chainId: consortium.chainId,
    anchorLog,
    stream,
    signer,
    now,
    anchorWithinSeconds: 60,
  });
  const gateway = createGateway({ database, committer, keys, chain, stream, now, maxWaiting, pool: { threads: 1 } });
  const documents = createDocuments(database, chain);
  const reseal = async (device: Hex): Promise<void> => {
    while (await resealStep({ database, keys, chain, stream }, device));
  };
  const rooms = { database, keys, consortium, stream, committer, reseal, now, random: randomBytes };
  const proofs = createProofs(rooms);
  const twinReader = createReader(rooms, proofs, documents);
  const refusals = createRefusals({ committer, stream, now, random: salt });
  const offers = createOffers(documents, chain);
  const requests = createRequests({
    ...{ database, committer, chain, stream, now, random: salt },
    domain: { chainId: consortium.chainId, contract: consortium.contracts.GrantRegistry },
    offers: (manifest) => offers.segmentsOf(manifest),
    takesSignature: async () => false,
    privateWebhooks: false,
    answered: () => undefined,
    report: (error) => void logged.push(String(error)),
  });
  // There is no node behind the chain that tests write: whatever would be sent finds it away.
  const away = (): Promise<never> => Promise.reject(new TwinwardError("CHAIN_UNAVAILABLE"));
  const registry = consortium.contracts.GrantRegistry;
  const relays = createRelays({
    chain: chain.asChain(),
    outbox: { send: away, settle: away, sender: registry },
    registry,
    now,
  });
  let port = 0;
  // Sessions live in real time, so that tests may move the clock of grants as they like.
  const sessions = createSessions({
    secret: randomBytes(32),
    chainId: consortium.chainId,
    domains: () => [`127.0.0.1:${port}`],
    now: Date.now,
    random: randomBytes,
    takesSignature: async () => false,
  });
  const logged: string[] = [];
  const decides = createAccess({ committer, chain, stream, model: documents.model, now, random: salt });
  const access = measureAccess(new Meters(), decides);
  const report = (error: unknown): void => void logged.push(String(error));
  const streams = createStreams({ access, reader: twinReader, heads: createHeads(database), report, leaseSeconds });
  const write = (facts: object, words: string): void => void logged.push(`${words} ${JSON.stringify(facts)}`);
  const api = {
    gateway,
    chain,
    consortium,
    consortiumNow: () => consortiumNow(consortium, chain.view()),
    sessions,
    access,
    refusals,
    streams,
    reader: twinReader,
    receipts: createReceipts(rooms, proofs, twinReader, documents),
    documents,
    records: createRecords(database),
    exports: createExports(rooms),
    fleet: createFleet(rooms, documents),
    openFleet,
    offers,
    requests,
    relays,
    findings: createFindings({ database, keys, chain: chain.asChain() }),
    ready: { chain: chain.fresh },
    log: { info: write, error: write },
    now,
  };
  const broken: string[] = [];
  const front = createApi(api);
  const app = express()
    .use(holdToOpenApi(routesOf(api), broken))
    .use(front);
  const server = app.listen(0, "127.0.0.1");
  await once(server, "listening");
  port = (server.address() as AddressInfo).port;
  const url = `http://127.0.0.1:${port}`;
  const clientOf = (wallet?: SignIn): Client => connect(wallet ? { url, signer: wallet } : { url });
  await documents.keep(MODEL);
  await documents.keep(MANIFEST);

  return {
    world,
    url,
    clock,
    salt,
    chain,
    consortium,
    database,
    keys,
    stream,
    logged,
    refusals,
    requests,
    documents,
    streams,
    committer,
    member,
    reader: { wallet: reader, address: addressOf(reader), client: clientOf(reader) },
    oracle: { wallet: oracle, address: addressOf(oracle), client: clientOf(oracle) },
    clientOf,
    mounted: () => mountedOf(front),
    /** Seals and anchors what is not anchored yet. */
    async anchor(): Promise<void> {
      const before = chain.view().anchors(stream);
      const last = before.at(-1);
      const firstLeaf = last ? last.firstLeaf + last.count : 0;
      const leaves = await readLeafHashes(database, firstLeaf, 1_000_000);
      const count = leaves.length / 32;
      if (count === 0) return;
      const root = new Tree(leaves).root();
      await database.query("insert into batch (number, first_leaf, count, root) values ($1, $2, $3, $4)", [
        before.length,
        firstLeaf,
        count,
        root,
      ]);
      chain.mine();
      chain.emit("AnchorLog", "Anchored", [stream, before.length, root, count, firstLeaf]);
    },
    async close(): Promise<void> {
      await streams.close();
      server.closeAllConnections();
      server.close();
      await requests.close();
      await refusals.close();
      await gateway.close();
      await committer.close();
      await database.close();
      await keys.close();
      if (!beside) await rm(directory, { recursive: true, force: true });
      expect(broken, "answers that /openapi.json does not describe").to.deep.equal([]);
    },
  };
}

type World = Awaited<ReturnType<typeof newWorld>>;

/** What every door of a stream has in common. */
async function newWorld(timestamp: number, place: DatabasePlace | undefined) {
  const directory = await mkdtemp(join(tmpdir(), "twinward-door-"));
  const member = Wallet.createRandom();
  const reader = Wallet.createRandom();
  const oracle = Wallet.createRandom();
  const gatewayKey = newPrivateKey(randomBytes);
  const consortium = writtenConsortium(addressOf(member), gatewayKey, [addressOf(oracle)]);
  const chain = new WrittenChain(consortium, timestamp);
  const group = named("group", 20);
  const stream = streamId(consortium.chainId, consortium.contracts.AnchorLog, group, 0);
  chain.emit("AnchorLog", "StreamOpened", [stream, group, 0]);
  return {
    ...{ directory, member, reader, oracle, gatewayKey, consortium, chain, stream },
    clock: { ms: timestamp * 1000 },
    place,
  };
}

export const addressOf = (wallet: { readonly address: string }): Hex => wallet.address.toLowerCase() as Hex;

interface TwinOptions {
  readonly security?: boolean;
  readonly commands?: bigint;
  /** Hash of its manifest. */
  readonly manifest?: Hex;
}

interface GivenTerms {
  from: number;
  until: number;
  segments: bigint;
  purposes: number;
}

/** A registered, active device on the written chain, which signs readings of one second each. */
export class WrittenDevice {
  readonly id: Hex;
  readonly assignment: Hex;
  readonly #key = newPrivateKey(randomBytes);
  readonly #door: FrontDoor;
  #sequence = 0;
  #prev: Hex = ZERO_32;

  constructor(door: FrontDoor, steward: Hex) {
    const { chain, consortium, stream } = door;
    const key = publicKeyOf(this.#key);
    this.#door = door;
    this.id = deviceId(consortium.chainId, consortium.contracts.DeviceRegistry, key);
    this.assignment = named(`assignment of ${this.id}`);
    chain.emit("DeviceRegistry", "DeviceRegistered", [this.id, steward, modelHash(MODEL), stream]);
    chain.emit("DeviceRegistry", "KeyAdded", [this.id, 1, 1, key.x, key.y]);
    this.setState(1, 2);
    chain.emit("TwinRegistry", "AssignmentBegan", [this.assignment, this.id, 0, 1]);
  }

  /** Numbers of DEVICE_STATES. */
  setState(from: number, to: number, cause: Hex = ZERO_32): void {
    this.#door.chain.emit("DeviceRegistry", "DeviceStateChanged", [this.id, from, to, cause]);
  }

  /** A verdict of the chain on this device; `kind` 1 suspect, 2 quarantine, 3 readmission. */
  reachVerdict(digest: Hex, kind: number, round = 1): void {
    const { chain, stream } = this.#door;
    const judged = [10 * round, 10 * round + 9, this.id, 1, 1, kind, 1, ZERO_32, ZERO_32];
    const verdict = [ZERO_32, stream, round, ...judged];
    chain.emit("VerdictOracle", "VerdictReached", [digest, this.id, round, verdict, 1]);
  }

  createTwin(name: string, segments: bigint, options: TwinOptions = {}): Hex {
    const { security = false, commands = 0n, manifest = manifestHash(MANIFEST) } = options;
    const twin = named(`twin ${name} of ${this.id}`);
    const assignment = security ? ZERO_32 : this.assignment;
    const values = [twin, this.id, assignment, manifest, segments, commands, security];
    this.#door.chain.emit("TwinRegistry", "TwinCreated", values);
    return twin;
  }

  grant(twin: Hex, reader: Hex, given: GivenTerms, parent?: Hex): Hex {
    const grant = named(`grant ${Math.random()}`);
    const { from, until, segments, purposes } = given;
    const terms = termsWord({ from, until, segments, purposes, depth: 0, epoch: 0 });
    this.#door.chain.emit("GrantRegistry", "Granted", [grant, twin, reader, named("grantor", 20), 0, terms]);
    if (parent) this.#door.chain.emit("GrantRegistry", "Delegated", [grant, parent]);
    return grant;
  }

  /** Somebody breaks the glass, an hour before `until` (seconds). */
  open(twin: Hex, opener: Hex, until: number, second: Hex = ZeroAddress as Hex): Hex {
    const opening = named(`opening ${Math.random()}`);
    const said = [opening, twin, opener, 0, until, until + 255_600, named("reason"), second, named(`case ${opening}`)];
    this.#door.chain.emit("BreakGlass", "BreakGlassOpened", said);
    return opening;
  }

  /** The next reading; `skip` sequences before it are declared lost, and each segment, by its number, has two samples. */
  async read(skip = 0, values = (i: number): readonly number[] => [60 + i, 61 + i]): Promise<string> {
    this.#sequence += 1 + skip;
    const from = this.#door.clock.ms + 1000 * this.#sequence;
    const text = await buildReading(
      {
        device: this.id,
        kid: 1,
        sequence: this.#sequence,
        ...(skip > 0 ? { gap: skip } : {}),
        per: [from, from + 1000],
        iat: Math.floor(from / 1000) + 1,
        model: MODEL.name,
        prev: this.#prev,
        segments: MODEL.segments.map(({ name, unit }, i) => ({ name, unit, t: [0, 500], v: [...values(i)] })),
        salt: () => this.#door.salt(16),
      },
      (message) => signEs256(this.#key, message),
    );
    this.#prev = parseReading(text).content;
    return text;
  }

  get key(): { x: Hex; y: Hex } {
    return publicKeyOf(this.#key);
  }
}

export const bytes32 = (hex: Hex): Uint8Array => fromHex(hex, 32);

/** The code with which something is refused; fails where it is permitted. */
export async function codeOf(work: Promise<unknown>): Promise<ErrorCode> {
  const error = await work.then(
    () => expect.fail("it was permitted"),
    (thrown: unknown) => thrown,
  );
  expect(error).to.be.instanceOf(TwinwardError);
  return (error as TwinwardError).code;
}

export async function countDecisions({ database }: Pick<FrontDoor, "database">): Promise<number> {
  return (await database.query<{ n: number }>("select count(*) as n from leaf where kind = 2"))[0]?.n ?? 0;
}
