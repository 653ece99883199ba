import { randomBytes } from "node:crypto";
import pino, { type Logger } from "pino";
import { TwinwardError } from "../../protocol/errors.ts";
import { anchorsOf } from "../../protocol/line.ts";
import { createHealth } from "../api/app.ts";
import { sharedChecks } from "../api/ready-parts.ts";
import type { AnchorHealth } from "../anchor/anchor-loop.ts";
import { requireLeaves } from "../anchor/meet-chain.ts";
import { watchAnchors } from "../anchor/watch-anchors.ts";
import { followChain } from "../chain/follow.ts";
import type { Overrides } from "../config/config.ts";
import type { GatewayConfig } from "../config/gateway.ts";
import { createGateway } from "../gateway/gateway.ts";
import { followBroker } from "../gateway/mqtt-broker.ts";
import { Committer } from "../store/committer.ts";
import { openDatabase } from "../store/database.ts";
import { layoutOf } from "./data-directory.ts";
import { Ending, FOUNDATION_WITHIN_MS } from "./ending.ts";
import { tlsOf } from "./front-doors.ts";
import { promisesOf, requireGatewayKey } from "./gateway-signer.ts";
import { openHttp } from "./http-door.ts";
import { createLog } from "./log.ts";
import { openMetrics } from "./metrics/door.ts";
import { measureApi, measureGateway, reporter } from "./metrics/measure-rooms.ts";
import { measureState } from "./metrics/measure-state.ts";
import { Meters } from "./metrics/meters.ts";
import { brokerCheck, brokerTlsOf } from "./mqtt-door.ts";
import { openChain, readConsortiumFile } from "./open-directory.ts";
import { openKeys } from "./open-keys.ts";
import { lineOfWritten, writtenStream } from "./open-line.ts";
import { readyChecks } from "./ready.ts";
import { readGatewaySettings } from "./settings.ts";
import { asTakenPort } from "./taken-port.ts";
import { watchDisk } from "./watch-disk.ts";

/** A gateway that takes readings. */
export interface RunningGateway {
  readonly mqtt: string;
  /** The name by which the broker knows it. */
  readonly clientId: string;
  /** Where /healthz and /readyz are, and /metrics; undefined where no door is open. */
  readonly http: string | undefined;
  readonly metrics: string | undefined;
  close(): Promise<void>;
}

/**
 * Another gateway of the stream that a server with the same data directory, database and broker anchors. It takes readings from
 * the broker, places them, makes them durable and acks them with the group's key; it serves nobody but who asks whether it is
 * well, anchors nothing, and keeps nothing of its own, so it can be killed at any moment. Throws UNUSABLE_SETTING, DATA_UNUSABLE,
 * and what its parts throw.
 */
export async function startGateway(environment: NodeJS.ProcessEnv, words: Overrides = {}): Promise<RunningGateway> {
  const config = readGatewaySettings(environment, words);
  const log = createLog(config.logLevel, pino.destination({ fd: 2, sync: true }));
  const ending = new Ending(log);
  try {
    return await open(config, log, ending);
  } catch (error) {
    await ending.close();
    throw asTakenPort(error, config.ports);
  }
}

async function open(config: GatewayConfig, log: Logger, ending: Ending): Promise<RunningGateway> {
  const now = Date.now;
  const { databaseUrl, broker, doors } = config;
  const meters = new Meters();
  const report = reporter(meters, log);
  const tls = { doors: await tlsOf(config, now()), broker: await brokerTlsOf(config, now()) };
  const data = layoutOf(config.data);
  const consortium = readConsortiumFile(data);
  if (consortium === undefined)
    throw new TwinwardError("DATA_UNUSABLE", {
      detail: `${data.root} holds no Twinward data: start its server first.`,
    });
  const rpcUrl = config.rpcUrl ?? consortium.rpc;
  if (rpcUrl === undefined)
    throw new TwinwardError("CHAIN_UNAVAILABLE", { detail: "consortium.json names no JSON-RPC: set RPC_URL." });

  const disk = await ending.opened("disk", watchDisk(data.root));
  const chainAt = await ending.opened("chain", openChain(data, { rpcUrl, rpcPort: 0 }), FOUNDATION_WITHIN_MS);
  const database = await ending.opened("database", openDatabase({ url: databaseUrl }), FOUNDATION_WITHIN_MS);
  const opening = openKeys(data, database, config.keysMirror);
  const keys = await ending.opened("key store", opening, FOUNDATION_WITHIN_MS);
  const http =
    doors.health === undefined
      ? undefined
      : await ending.opened("http", openHttp(config.host, doors.health, tls.doors), FOUNDATION_WITHIN_MS);
  if (http) ending.onStop(() => http.stop());
  const maxAge = config.rpcUrl === undefined ? 0 : config.rpcBlockAgeSeconds;
  // From the beginning, in memory: what is stored of the chain is written by the server.
  const chain = await ending.opened(
    "chain view",
    followChain({
      provider: chainAt.provider,
      consortium,
      ...(maxAge > 0 && { maxBlockAgeSeconds: maxAge }),
      onTrouble: report,
    }),
  );
  const promised = promisesOf({ ...config, data, consortium, now })(chain);
  await requireGatewayKey(promised.signer, now());
  // Of the stream that it finds, it is a gateway until it ends: when the server goes on in a successor, it is started again.
  const line = lineOfWritten(chain.view(), consortium, await writtenStream(database, consortium));
  const { stream } = line;
  await requireLeaves(database, anchorsOf(line, chain.view()));
  const { chainId, contracts } = consortium;
  const { AnchorLog: anchorLog } = contracts;
  const chainTime = (): number => chain.view().head.timestamp;
  const promise = { ...promised, chainTime };
  const committer = new Committer({ database, chainId, anchorLog, stream, line, ...promise });
  ending.onClose("committer", () => committer.close());
  let trouble: TwinwardError | undefined;
  const conflict = (error: TwinwardError): void => {
    trouble ??= error;
    report(error);
    committer.halt(error);
  };
  const watch = watchAnchors({ database, chain, stream, line, conflict, report });
  ending.onClose("watch", () => watch.close());
  const requireRoom = (): void => disk.requireRoom();
  const parts = { database, committer, keys, chain, stream, line, now, report, requireRoom, shared: true };
  const gateway = measureGateway(meters, createGateway(parts));
  ending.onClose("gateway", () => gateway.close());
  const clientId = `twinward-${randomBytes(8).toString("hex")}`;
  const door = followBroker({ gateway, url: broker.url, tls: tls.broker, stream, clientId, report });
  ending.onClose("mqtt", () => door.close());

  // The server's own checks: that it anchors what is acked here is seen by the chain.
  const health = (): Pick<AnchorHealth, "state" | "trouble"> =>
    trouble === undefined ? { state: "running" } : { state: "stopped", trouble };
  const checks = readyChecks({ database, keys, chain, anchor: { health }, line, disk, now });
  const ready = sharedChecks({ ...checks, ...brokerCheck(door) });
  http?.answer(createHealth({ ready, log, answered: measureApi(meters) }));
  const metrics =
    doors.metrics === undefined
      ? undefined
      : await ending.opened("metrics", openMetrics(meters, config.host, doors.metrics, tls.doors));
  if (metrics) {
    const stop = measureState(meters, { database, chain, line, root: data.root, ready, now });
    ending.onClose("measures", async () => stop());
  }
  return { mqtt: door.url, clientId, http: http?.url, metrics: metrics?.url, close: () => ending.close() };
}
