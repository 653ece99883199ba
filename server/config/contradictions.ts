import type { Config, Overrides } from "./config.ts";
import { lineOf, type WrongSetting } from "./refuse.ts";

const LOOPBACK = new Set(["127.0.0.1", "::1", "[::1]", "localhost"]);

/** Settings that can each be used and that cannot hold together, or that would promise what cannot be kept. */
export function contradictions(config: Config, source: NodeJS.ProcessEnv, overrides: Overrides): WrongSetting[] {
  return [
    ...plainText(config),
    ...openDatabase(config),
    ...sharedPorts(config, overrides),
    ...unheardPort(config, source),
    ...brokenPromise(config),
  ];
}

function plainText({ host }: Config): WrongSetting[] {
  if (LOOPBACK.has(host)) return [];
  return [
    {
      line: lineOf("HOST", host),
      problem: "This server speaks plain text and listens on loopback only. End TLS in front of it.",
      change: "unset HOST",
    },
  ];
}

/** The driver uses TLS only when it is told to; over a network, whoever starts us says which it shall be. */
function openDatabase({ databaseUrl }: Config): WrongSetting[] {
  if (databaseUrl === undefined) return [];
  const { hostname, searchParams } = new URL(databaseUrl);
  const host = searchParams.get("host") ?? hostname;
  const local = host === "" || host.startsWith("/") || LOOPBACK.has(host);
  if (local || searchParams.has("sslmode") || searchParams.has("ssl")) return [];
  return [
    {
      line: lineOf("DATABASE_URL", databaseUrl),
      problem: `It names ${host} and no sslmode: its password and what is stored would travel in the open.`,
      change: "DATABASE_URL=…?sslmode=verify-full, or ?sslmode=disable where nobody else is on that network",
    },
  ];
}

function sharedPorts({ ports, rpcUrl }: Config, overrides: Overrides): WrongSetting[] {
  const named: (readonly [string, number])[] = [
    [overrides.port === undefined ? `PORT=${ports.http}` : `--port ${ports.http}`, ports.http],
    [`MQTT_PORT=${ports.mqtt}`, ports.mqtt],
    ...(rpcUrl === undefined ? [[`RPC_PORT=${ports.rpc}`, ports.rpc] as const] : []),
    ...(ports.metrics === undefined ? [] : [[`METRICS_PORT=${ports.metrics}`, ports.metrics] as const]),
  ];
  return named.flatMap(([line, port], index) => {
    const earlier = named.slice(0, index).find(([, other]) => other === port);
    if (port === 0 || earlier === undefined) return [];
    const word = line.split(/[= ]/)[0] ?? "";
    return [{ line, problem: `${earlier[0]} has that port already.`, change: `${word}=0 takes a free one` }];
  });
}

function unheardPort({ rpcUrl }: Config, source: NodeJS.ProcessEnv): WrongSetting[] {
  if (rpcUrl === undefined || source.RPC_PORT === undefined) return [];
  return [
    {
      line: lineOf("RPC_PORT", source.RPC_PORT),
      problem: "With RPC_URL there is no embedded chain, and so no door of it.",
      change: "unset RPC_PORT, or unset RPC_URL",
    },
  ];
}

function brokenPromise({ sealIntervalMs, anchorWithinSeconds }: Config): WrongSetting[] {
  if (anchorWithinSeconds * 1000 >= 2 * sealIntervalMs) return [];
  const needed = Math.ceil((2 * sealIntervalMs) / 1000);
  return [
    {
      line: `ANCHOR_WITHIN_SECONDS=${anchorWithinSeconds}`,
      problem: `With SEAL_INTERVAL_MS=${sealIntervalMs} acks would promise an anchor sooner than it is made.`,
      change: `ANCHOR_WITHIN_SECONDS=${needed} or more, or a shorter SEAL_INTERVAL_MS`,
    },
  ];
}
