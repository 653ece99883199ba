import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Wallet } from "ethers";
import pino, { type Logger } from "pino";
import { toHex, type Hex } from "../../protocol/bytes.ts";
import type { ErrorCode } from "../../protocol/errors.ts";
import { createAccess } from "../access/authorize.ts";
import { recordConsents } from "../access/consents/record-consents.ts";
import { recordSteps } from "../access/steps/record-steps.ts";
import { createRefusals } from "../access/refusals.ts";
import { createSessions } from "../access/session.ts";
import { createApi } from "../api/app.ts";
import { sharedChecks } from "../api/ready-parts.ts";
import { walletAsker } from "../chain/ask-wallet.ts";
import { Outbox } from "../chain/outbox.ts";
import { readSent } from "../chain/read-sent.ts";
import { testP256 } from "../chain/self-test.ts";
import type { Config, Overrides } from "../config/config.ts";
import { createGateway } from "../gateway/gateway.ts";
import { createFindings } from "../response/findings.ts";
import { Committer } from "../store/committer.ts";
import { openDatabase } from "../store/database.ts";
import { lockDirectory } from "../store/lock.ts";
import { claimStream } from "../store/stream-row.ts";
import { answerControl } from "./answer-control.ts";
import { openControl } from "./control.ts";
import { makeDirectory } from "./data-directory.ts";
import { Ending, FOUNDATION_WITHIN_MS } from "./ending.ts";
import { createErasure } from "./erase/erasure.ts";
import { startRetention } from "./erase/retain.ts";
import { startResealer } from "./reseal/resealer.ts";
import { foundConsortium } from "./found-consortium.ts";
import { openFrontDoors, tlsOf } from "./front-doors.ts";
import { at, promisesOf } from "./gateway-signer.ts";
import { keepConsortium } from "./keep-consortium.ts";
import { createLog } from "./log.ts";
import { openMetrics, type MetricsDoor } from "./metrics/door.ts";
import { measureAccess, measureApi, measureGateway, reporter } from "./metrics/measure-rooms.ts";
import { measureServer, measureState } from "./metrics/measure-state.ts";
import { Meters } from "./metrics/meters.ts";
import { brokerTlsOf, openMqttPlace } from "./mqtt-door.ts";
import { claimedLetters, openAnchor } from "./open-anchor.ts";
import { openAsking } from "./open-asking.ts";
import { openChain } from "./open-directory.ts";
import { openKeys } from "./open-keys.ts";
import { openLine, writtenStream } from "./open-line.ts";
import { startOracles, type Oracles } from "./oracles.ts";
import { openStreams, openTwins } from "./open-twins.ts";
import { placeDatabase } from "./place-database.ts";
import { readyChecks } from "./ready.ts";
import { loadServerKeys, ORACLES } from "./server-keys.ts";
import { readSettings } from "./settings.ts";
import { asTakenPort } from "./taken-port.ts";
import { watchDisk } from "./watch-disk.ts";

const CONSOLE = fileURLToPath(new URL("../../dist/console", import.meta.url));

/** A detector's model in a file, known by its hash. */
export interface ModelFile {
  readonly file: string;
  readonly hash: string;
}

/** A server that answers. */
export interface Running {
  readonly data: string;
  readonly urls: { readonly http: string; readonly mqtt: string; readonly rpc: string; readonly metrics?: string };
  /** The API for processes of this machine: plain text on loopback, also where `urls.http` speaks TLS. */
  readonly inside: string;
  /** Resolves when a part that nothing works without has ended by itself, with the reason. */
  readonly ended: Promise<Error>;
  /** Starts the oracles, each a process of its own, which judge by this model. Until then every device is unwatched. */
  watch(model: ModelFile): void;
  /** Process ids of the oracles, in bit order. */
  oracles(): (number | undefined)[];
  close(): Promise<void>;
}

/**
 * Starts everything on one machine, in the order in which things rest on one another, and ends it in the opposite one.
 * Starting again after a kill is the same code: each part finds what it left and goes on.
 */
export async function startServer(environment: NodeJS.ProcessEnv, options: Overrides = {}): Promise<Running> {
  const config = readSettings(environment, options);
  const log = createLog(config.logLevel, pino.destination({ fd: 2, sync: true }));
  const ending = new Ending(log);
  try {
    return await open(config, log, ending);
  } catch (error) {
    await ending.close();
    throw asTakenPort(error, config.ports);
  }
}

async function open(config: Config, log: Logger, ending: Ending): Promise<Running> {
  const now = Date.now;
  const random = (size: number): Uint8Array => randomBytes(size);
  const meters = new Meters();
  const report = reporter(meters, log);

  // Certificates are looked at before anything is opened: what cannot be shown to anybody need not start.
  const tls = { doors: await tlsOf(config, now()), broker: await brokerTlsOf(config, now()) };

  // What everything rests on: the directory, its keys, the chain, the database.
  const data = makeDirectory(config.data);
  const lock = await lockDirectory(data.root, "up");
  ending.lastly(() => lock.release());
  const disk = await ending.opened("disk", watchDisk(data.root));
  const serverKeys = await loadServerKeys(data, {
    development: config.rpcUrl === undefined,
    production: config.production,
  });
  const place = placeDatabase(data, config.databaseUrl);
  const [chainAt, database] = await all(
    ending.opened("chain", openChain(data, { rpcUrl: config.rpcUrl, rpcPort: config.ports.rpc }), FOUNDATION_WITHIN_MS),
    ending.opened("database", openDatabase(place), FOUNDATION_WITHIN_MS),
  );
  const keysAt = openKeys(data, database, config.keysMirror);
  const keys = await ending.opened("key store", keysAt, FOUNDATION_WITHIN_MS);

  // The port is taken first, because the consortium names the endpoint.
  const http = await ending.opened("http", openFrontDoors(config, tls.doors), FOUNDATION_WITHIN_MS);
  ending.onStop(() => http.stop());
  const { url } = http;
  for (const origin of http.origins) chainAt.embedded?.admit(origin);
  const consortium = await foundConsortium(data, chainAt, serverKeys, url);
  const { chainId, contracts } = consortium;
  // Before anything is written: another stream's database is refused, and a second server on ours.
  const written = await writtenStream(database, consortium);
  let claim = await claimStream(database, written);
  ending.onClose("claim", () => claim.release());
  const checks = await testP256(chainAt.provider);
  log.info({ checks }, "who checks P-256 signatures on this chain");

  const signer = new Wallet(toHex(serverKeys.sender));
  const { priceCeiling } = config;
  const outbox = new Outbox({ database, provider: chainAt.provider, signer, priceCeiling, onTrouble: report });
  await outbox.recover();
  ending.onClose("outbox", () => outbox.close());
  const promiseAt = promisesOf({ ...config, data, consortium, now });
  const succeed = config.successor;
  // The embedded chain makes blocks when it likes; another one that makes none for long is not to be believed.
  const maxAge = config.rpcUrl === undefined ? 0 : config.rpcBlockAgeSeconds;
  const opening = { database, chainAt, consortium, outbox, claim, written, succeed, promiseAt, maxAge, report, log };
  const opened = await openLine(opening);
  claim = opened.claim;
  const { chain, line } = opened;
  const { stream } = line;
  ending.onClose("chain view", () => chain.close());
  const promise = promiseAt(chain);
  const members = keepConsortium({ data, chain, consortium, report });
  ending.onClose("consortium", () => members.close());

  // The rooms.
  const chainTime = (): number => chain.view().head.timestamp;
  const anchorLog = contracts.AnchorLog;
  const committer = new Committer({ ...promise, database, chainId, anchorLog, stream, line, chainTime });
  ending.onClose("committer", () => committer.close());
  const resealer = startResealer({ database, keys, chain, stream, report });
  ending.onClose("resealer", () => resealer.close());
  const reseal = (device: Hex): Promise<void> => resealer.settle(device);
  const erasure = createErasure({
    database,
    committer,
    keys,
    chain,
    stream,
    reseal,
    intent: data.erasing,
    now,
    random,
  });
  // Before anybody is served: what was begun is destroyed now, and recorded.
  await erasure.finish();
  const letters = claimedLetters(outbox, claim);
  const { sealIntervalMs } = config;
  const openStream = (): Promise<unknown> => opened.reopen();
  const anchoring = { database, outbox: letters, chain, stream, line, openStream, sealIntervalMs };
  const anchor = openAnchor({ ...anchoring, committer, report });
  ending.onClose("anchor", () => anchor.close());
  const gateway = measureGateway(
    meters,
    createGateway({
      database,
      committer,
      keys,
      chain,
      stream,
      line,
      now,
      report,
      requireRoom: () => disk.requireRoom(),
      shared: database.kind === "server",
    }),
  );
  ending.onClose("gateway", () => gateway.close());
  const requireRoom = (): void => disk.requireRoom();
  const twins = openTwins(
    { database, keys, consortium, stream, line, committer, reseal, now, random },
    chain,
    requireRoom,
  );
  const { documents } = twins;
  const refusals = createRefusals({ committer, stream, now, random });
  ending.onClose("refusals", () => refusals.close());
  const sessions = createSessions({
    secret: serverKeys.session,
    chainId,
    domains: () => http.domains,
    now,
    random,
    takesSignature: walletAsker(chain),
  });
  const access = measureAccess(
    meters,
    createAccess({ committer, chain, stream, model: (hash) => documents.model(hash), now, random }),
  );
  const consents = recordConsents({
    ...{ database, committer, chain, consortium, stream, now, random, report },
    transaction: async (hash) => readSent(chainAt.provider, hash),
  });
  ending.onClose("consents", () => consents.close());
  const steps = recordSteps({ database, committer, chain, consortium, stream, now, random, report });
  ending.onClose("steps", () => steps.close());
  const streams = openStreams({ database }, twins, access, report);
  // Before anything that they rest on, and before the doors are closed: each says to its reader that it ends, and records it.
  ending.onStop(() => void streams.close());
  ending.onClose("streams", () => streams.close());
  const asking = openAsking(
    {
      ...{ database, committer, chain, documents, stream, outbox: letters, now, random, report },
      domain: { chainId, contract: contracts.GrantRegistry },
      signer: (message) => promise.signer(message, at(now())),
      privateWebhooks: config.privateWebhooks,
      requireRoom,
    },
    ending,
  );
  const refused = (code: ErrorCode): void => refusals.count(code);
  const mqttRooms = { gateway, chain, stream, now, refused, report };
  const mqtt = await ending.opened("mqtt", openMqttPlace(config, tls, mqttRooms));
  const ready = sharedChecks({
    ...readyChecks({ database, keys, chain, anchor, line, disk, now }),
    ...mqtt.checks,
  });
  const api = createApi({
    gateway: { accept: (texts) => gateway.accept(texts), check: (text) => gateway.check(text) },
    chain,
    consortium,
    consortiumNow: () => members.now(),
    sessions,
    access,
    refusals,
    ...twins,
    openFleet: config.openFleet,
    streams,
    ...asking,
    findings: createFindings({ database, keys, chain }),
    ready,
    answered: measureApi(meters),
    ...(existsSync(CONSOLE) ? { console: CONSOLE } : {}),
    log,
    now,
  });
  const settled = (): Promise<void> => resealer.settleAll().catch(report);
  const audited = { database, consortium, provider: chainAt.provider, keys, chain, anchor, settled };
  const answers = answerControl({ ...audited, erasure, now });
  const retained = { database, erasure, view: () => chain.view(), model: (hash: Hex) => documents.model(hash) };
  const retention = startRetention({ ...retained, now, report });
  ending.onClose("retention", () => retention.close());
  const control = await openControl(data.control, answers);
  ending.onClose("control", () => control.close());
  let oracles: Oracles | undefined;
  let metrics: MetricsDoor | undefined;
  if (config.ports.metrics !== undefined) {
    const running = (): readonly (number | undefined)[] => oracles?.pids() ?? [];
    const stop = measureState(meters, { database, chain, line, root: data.root, ready, now });
    measureServer(meters, { anchor, outbox, oracles: running });
    ending.onClose("measures", async () => stop());
    metrics = await ending.opened("metrics", openMetrics(meters, config.host, config.ports.metrics, tls.doors));
  }
  http.answer(api);

  return {
    data: data.root,
    urls: {
      http: url,
      mqtt: mqtt.url,
      rpc: chainAt.shown,
      ...(metrics ? { metrics: metrics.url } : {}),
    },
    inside: http.inside,
    ended: endOf(chainAt.embedded?.ended, database.ended),
    watch: (model) => {
      if (oracles !== undefined || ending.hasBegun) return;
      oracles = startOracles({ data, count: ORACLES, url: http.inside, rpc: chainAt.urls, model, log });
      ending.onClose("oracles", () => oracles?.close() ?? Promise.resolve());
    },
    oracles: () => oracles?.pids() ?? [],
    close: () => ending.close(),
  };
}

/** Both, or the first failure, but not before both are over: what was opened meanwhile must be known to be closed. */
async function all<A, B>(first: Promise<A>, second: Promise<B>): Promise<[A, B]> {
  await Promise.allSettled([first, second]);
  return Promise.all([first, second]);
}

/** Embedded chain and database fail closed; without them nothing can be decided, so the whole server ends and says why. */
async function endOf(...parts: readonly (Promise<Error | undefined> | undefined)[]): Promise<Error> {
  const ended = parts.map(async (part) => (await part) ?? new Promise<Error>(() => undefined));
  return Promise.race(ended);
}
