import { randomBytes } from "node:crypto";
import pino, { type Logger } from "pino";
import { TwinwardError } from "../../protocol/errors.ts";
import { anchorsOf } from "../../protocol/line.ts";
import { requireLeaves } from "../anchor/meet-chain.ts";
import { watchAnchors } from "../anchor/watch-anchors.ts";
import { followChain } from "../chain/follow.ts";
import type { BrokerPlace, Config, Overrides } from "../config/config.ts";
import { createGateway } from "../gateway/gateway.ts";
import { followBroker } from "../gateway/mqtt-broker.ts";
import { Committer } from "../store/committer.ts";
import { openDatabase } from "../store/database.ts";
import { layoutOf } from "./data-directory.ts";
import { Ending, FOUNDATION_WITHIN_MS } from "./ending.ts";
import { promisesOf, requireGatewayKey } from "./gateway-signer.ts";
import { createLog } from "./log.ts";
import { brokerTlsOf } from "./mqtt-door.ts";
import { openChain, readConsortiumFile } from "./open-directory.ts";
import { openKeys } from "./open-keys.ts";
import { lineOfWritten, writtenStream } from "./open-line.ts";
import { readSettings } from "./settings.ts";

/** A gateway that takes readings. */
export interface RunningGateway {
  readonly mqtt: string;
  /** The name by which the broker knows it. */
  readonly clientId: string;
  close(): Promise<void>;
}

/**
 * Another gateway of the stream that a server with the same data directory, database and broker anchors. It takes readings from
 * the broker, places them, makes them durable and acks them with the group's key; it opens no port, anchors nothing, and keeps
 * nothing of its own, so it can be killed at any moment. Throws UNUSABLE_SETTING, DATA_UNUSABLE, and what its parts throw.
 */
export async function startGateway(environment: NodeJS.ProcessEnv, words: Overrides = {}): Promise<RunningGateway> {
  const config = readSettings(environment, words);
  const { databaseUrl, broker } = config;
  if (databaseUrl === undefined || broker === undefined)
    throw new TwinwardError("UNUSABLE_SETTING", {
      detail:
        "\n  DATABASE_URL and MQTT_URL   What gateways share is a database and a broker.\n    → the server's own lines",
    });
  const log = createLog(config.logLevel, pino.destination({ fd: 2, sync: true }));
  const ending = new Ending(log);
  try {
    return await open(config, { databaseUrl, broker }, log, ending);
  } catch (error) {
    await ending.close();
    throw error;
  }
}

async function open(
  config: Config,
  { databaseUrl, broker }: { readonly databaseUrl: string; readonly broker: BrokerPlace },
  log: Logger,
  ending: Ending,
): Promise<RunningGateway> {
  const now = Date.now;
  const report = (error: unknown): void => log.error({ error }, "a part failed; it goes on");
  const tls = await brokerTlsOf(config, now());
  const data = layoutOf(config.data);
  const consortium = readConsortiumFile(data);
  if (consortium === undefined)
    throw new TwinwardError("DATA_UNUSABLE", {
      detail: `${data.root} holds no Twinward data: start its server first.`,
    });
  const rpcUrl = config.rpcUrl ?? consortium.rpc;
  if (rpcUrl === undefined)
    throw new TwinwardError("CHAIN_UNAVAILABLE", { detail: "consortium.json names no JSON-RPC: set RPC_URL." });

  const chainAt = await ending.opened("chain", openChain(data, { rpcUrl, rpcPort: 0 }), FOUNDATION_WITHIN_MS);
  const database = await ending.opened("database", openDatabase({ url: databaseUrl }), FOUNDATION_WITHIN_MS);
  const opening = openKeys(data, database, config.keysMirror);
  const keys = await ending.opened("key store", opening, FOUNDATION_WITHIN_MS);
  // From the beginning, in memory: what is stored of the chain is written by the server.
  const chain = await ending.opened(
    "chain view",
    followChain({ provider: chainAt.provider, consortium, onTrouble: report }),
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
  const conflict = (error: TwinwardError): void => {
    report(error);
    committer.halt(error);
  };
  const watch = watchAnchors({ database, chain, stream, line, conflict, report });
  ending.onClose("watch", () => watch.close());
  const parts = { database, committer, keys, chain, stream, line, now, report, shared: true };
  const gateway = createGateway(parts);
  ending.onClose("gateway", () => gateway.close());
  const clientId = `twinward-${randomBytes(8).toString("hex")}`;
  const door = followBroker({ gateway, url: broker.url, tls, stream, clientId, report });
  ending.onClose("mqtt", () => door.close());
  return { mqtt: door.url, clientId, close: () => ending.close() };
}
