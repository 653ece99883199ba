import { homedir } from "node:os";
import { isAbsolute, join, resolve } from "node:path";
import { z } from "zod";

const port = z.coerce.number().int().min(0).max(65535);

/** Every setting of the environment, with its unit and default. Words on the command line come before these. */
const environment = z.object({
  TWINWARD_DATA: z.string().min(1).default(".twinward"),
  HOST: z.string().min(1).default("127.0.0.1"),
  PORT: port.default(8080),
  MQTT_PORT: port.default(1883),
  RPC_PORT: port.default(8545),
  RPC_URL: z.url({ protocol: /^https?$/ }).optional(),
  DATABASE_URL: z.url({ protocol: /^postgres(ql)?$/ }).optional(),
  SEAL_INTERVAL_MS: z.coerce.number().int().min(50).max(60_000).default(1000),
  ANCHOR_WITHIN_SECONDS: z.coerce.number().int().min(5).max(86_400).default(60),
  LOG_LEVEL: z.enum(["trace", "debug", "info", "warn", "error", "silent"]).default("info"),
  NODE_ENV: z.string().default("development"),
});

/** What a server is told once, at its start. */
export interface Config {
  /** The directory that holds everything of this server; absolute. */
  readonly data: string;
  /** Loopback unless TLS ends in front of us: Twinward speaks plain text here. */
  readonly host: string;
  /** TCP ports; 0 takes a free one. */
  readonly ports: { readonly http: number; readonly mqtt: number; readonly rpc: number };
  /** An existing chain's JSON-RPC; without it the embedded chain is started. */
  readonly rpcUrl: string | undefined;
  /** A PostgreSQL server; without it PGlite in `data`. */
  readonly databaseUrl: string | undefined;
  readonly sealIntervalMs: number;
  /** What an ack promises: anchored within so many seconds. */
  readonly anchorWithinSeconds: number;
  readonly logLevel: string;
  /** In production, keys that were made for development are refused. */
  readonly production: boolean;
}

/** The command line's words; absent ones are taken from the environment. */
export interface Overrides {
  readonly data?: string;
  readonly port?: number;
}

/** Reads the settings. Throws one Error that names every wrong setting and what it may be. */
export function readConfig(source: NodeJS.ProcessEnv, overrides: Overrides = {}): Config {
  const read = environment.safeParse(source);
  if (!read.success) {
    const wrong = read.error.issues.map((issue) => `${issue.path.join(".")}: ${issue.message}`);
    throw new Error(`The environment has settings that cannot be used:\n  ${wrong.join("\n  ")}`);
  }
  const set = read.data;
  const loopback = ["127.0.0.1", "::1", "localhost"].includes(set.HOST);
  if (!loopback) {
    throw new Error(
      `HOST=${set.HOST}: this server speaks plain text and listens on loopback only. Remove HOST and end TLS in front of it.`,
    );
  }
  const http = overrides.port ?? set.PORT;
  const free = overrides.port === 0;
  return {
    data: absolute(overrides.data ?? set.TWINWARD_DATA),
    host: set.HOST,
    ports: {
      http,
      mqtt: free && source.MQTT_PORT === undefined ? 0 : set.MQTT_PORT,
      rpc: free && source.RPC_PORT === undefined ? 0 : set.RPC_PORT,
    },
    rpcUrl: set.RPC_URL,
    databaseUrl: set.DATABASE_URL,
    sealIntervalMs: set.SEAL_INTERVAL_MS,
    anchorWithinSeconds: set.ANCHOR_WITHIN_SECONDS,
    logLevel: set.LOG_LEVEL,
    production: set.NODE_ENV === "production",
  };
}

function absolute(path: string): string {
  if (path === "~" || path.startsWith("~/")) return join(homedir(), path.slice(1));
  return isAbsolute(path) ? path : resolve(path);
}
