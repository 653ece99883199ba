import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { contradictions } from "./contradictions.ts";
import { LOOPBACK } from "./loopback.ts";
import { SettingsRefused, unknownSettings, wrongValue, type WrongSetting } from "./refuse.ts";
import { SETTINGS, type SettingName, type Settings } from "./settings.ts";

/** What a server is told once, at its start. */
export interface Config {
  /** The directory that holds everything of this server; absolute. */
  readonly data: string;
  /** Where HTTP, MQTT and metrics listen: loopback, or with `tls` any address of this machine. */
  readonly host: string;
  /** What others reach this server by, where that is not `host` and the port. */
  readonly publicUrl: string | undefined;
  /** TLS on every port that is not the embedded chain's; without it plain text. */
  readonly tls: TlsFiles | undefined;
  /** TCP ports; 0 takes a free one. */
  readonly ports: {
    readonly http: number;
    readonly mqtt: number;
    readonly rpc: number;
    /** undefined: no metrics are kept. */
    readonly metrics: number | undefined;
  };
  /** An MQTT broker instead of the embedded one, with what we show it and what we know it by. */
  readonly broker: BrokerPlace | undefined;
  /** JSON-RPC of an existing chain's nodes, separated by commas; without it the embedded chain is started. */
  readonly rpcUrl: string | undefined;
  /** Of nodes on other machines plain text is taken. */
  readonly rpcPlainText: boolean;
  /** How old their newest block may be; 0: as old as it likes. */
  readonly rpcBlockAgeSeconds: number;
  /** Wei for a unit of gas at most. */
  readonly priceCeiling: bigint;
  /** A PostgreSQL server; without it PGlite in `data`. */
  readonly databaseUrl: string | undefined;
  /** A directory on another disk that holds the data keys too; absolute. */
  readonly keysMirror: string | undefined;
  readonly sealIntervalMs: number;
  /** What an ack promises: anchored within so many seconds. */
  readonly anchorWithinSeconds: number;
  /** Whoever reaches the API is told of every device. */
  readonly openFleet: boolean;
  /** Answers may be posted to addresses that the internet does not reach. */
  readonly privateWebhooks: boolean;
  readonly logLevel: string;
  /** Go on in the successor of a stream that members have fenced. */
  readonly successor: boolean;
  /** In production, keys that were made for development are refused. */
  readonly production: boolean;
}

/** PEM files. */
export interface TlsFiles {
  readonly cert: string;
  readonly key: string;
  /** Who must have issued a device's certificate; without it a device's token is enough. */
  readonly clientCa: string | undefined;
}

export interface BrokerPlace {
  readonly url: string;
  /** PEM files: our certificate and its key, both or none; who must have issued the broker's, where the system does not know. */
  readonly cert: string | undefined;
  readonly key: string | undefined;
  readonly ca: string | undefined;
}

/** The command line's words; absent ones are taken from the environment. */
export interface Overrides {
  readonly data?: string;
  readonly port?: number;
  /** Go on in the successor of a stream that members have fenced. */
  readonly successor?: boolean;
}

/**
 * Reads the settings: words of the command line before the environment, the environment before defaults. Throws
 * SettingsRefused, which names every line that is unknown, that cannot be used, or that is contradicted.
 */
export function readConfig(
  source: NodeJS.ProcessEnv,
  overrides: Overrides = {},
  contradicted: typeof contradictions = contradictions,
): Config {
  const { wrong, set } = readSettings(source);
  wrong.push(...unknownSettings(source), ...wrongWords(overrides));
  if (wrong.length > 0 || set === undefined) throw new SettingsRefused(wrong);
  const config = configOf(set, source, overrides);
  const contradicting = contradicted(config, source, overrides);
  if (contradicting.length > 0) throw new SettingsRefused(contradicting);
  return config;
}

function readSettings(source: NodeJS.ProcessEnv): { wrong: WrongSetting[]; set: Settings | undefined } {
  const read = SETTINGS.safeParse(source);
  if (read.success) return { wrong: [], set: read.data };
  const names = new Set(read.error.issues.map((issue) => issue.path[0] as SettingName));
  return { wrong: [...names].map((name) => wrongValue(name, source[name] ?? "")), set: undefined };
}

function wrongWords({ data, port }: Overrides): WrongSetting[] {
  const wrong: WrongSetting[] = [];
  if (data === "") wrong.push({ line: "--data", problem: "It takes a directory.", change: "--data .twinward" });
  if (port !== undefined && !(Number.isInteger(port) && port >= 0 && port <= 65_535))
    wrong.push({ line: `--port ${port}`, problem: "It takes a TCP port; 0 takes a free one.", change: "--port 8080" });
  return wrong;
}

function configOf(set: Settings, source: NodeJS.ProcessEnv, overrides: Overrides): Config {
  const free = overrides.port === 0;
  return {
    data: absolute(overrides.data ?? set.TWINWARD_DATA),
    host: set.HOST,
    publicUrl: set.PUBLIC_URL?.replace(/\/$/, ""),
    tls:
      set.TLS_CERT === undefined || set.TLS_KEY === undefined
        ? undefined
        : { cert: set.TLS_CERT, key: set.TLS_KEY, clientCa: set.TLS_CLIENT_CA },
    broker:
      set.MQTT_URL === undefined
        ? undefined
        : { url: set.MQTT_URL, cert: set.MQTT_CERT, key: set.MQTT_KEY, ca: set.MQTT_CA },
    ports: {
      http: overrides.port ?? set.PORT,
      mqtt: free && source.MQTT_PORT === undefined ? 0 : set.MQTT_PORT,
      rpc: free && source.RPC_PORT === undefined ? 0 : set.RPC_PORT,
      metrics: set.METRICS_PORT,
    },
    rpcUrl: set.RPC_URL,
    rpcPlainText: set.RPC_PLAIN_TEXT === "allow",
    rpcBlockAgeSeconds: set.RPC_BLOCK_AGE_SECONDS,
    priceCeiling: BigInt(set.RPC_PRICE_CEILING_GWEI) * 1_000_000_000n,
    databaseUrl: set.DATABASE_URL,
    keysMirror: set.KEYS_MIRROR === undefined ? undefined : absolute(set.KEYS_MIRROR),
    sealIntervalMs: set.SEAL_INTERVAL_MS,
    anchorWithinSeconds: set.ANCHOR_WITHIN_SECONDS,
    openFleet: set.FLEET === undefined ? isForThisMachine(set) : set.FLEET === "open",
    privateWebhooks: set.WEBHOOK_PRIVATE === "allow",
    logLevel: set.LOG_LEVEL,
    successor: overrides.successor ?? false,
    production: set.NODE_ENV === "production",
  };
}

/** Whether neither where it listens nor what it is called leads here from another machine. */
const isForThisMachine = ({ HOST, PUBLIC_URL }: Settings): boolean =>
  LOOPBACK.has(HOST) && (PUBLIC_URL === undefined || LOOPBACK.has(new URL(PUBLIC_URL).hostname));

function absolute(path: string): string {
  if (path === "~" || path.startsWith("~/")) return join(homedir(), path.slice(1));
  return resolve(path);
}
