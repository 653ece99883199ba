import type { Config, Overrides } from "./config.ts";
import { lineOf, type WrongSetting } from "./refuse.ts";
import type { SettingName } from "./settings.ts";

const LOOPBACK = new Set(["127.0.0.1", "::1", "[::1]", "localhost"]);
/** Every address of this machine, so the name of none. */
const ANY_ADDRESS = new Set(["0.0.0.0", "::", "[::]"]);

/** Settings that can each be used and that cannot hold together, or that would promise what cannot be kept. */
export function contradictions(config: Config, source: NodeJS.ProcessEnv, overrides: Overrides): WrongSetting[] {
  return [
    ...plainText(config),
    ...plainName(config),
    ...halfPairs(source),
    ...plainBroker(config),
    ...unheardBroker(config, source),
    ...plainNode(config),
    ...openDatabase(config, source),
    ...sharedPorts(config, overrides),
    ...unheardPort(config, source),
    ...mirrorWithin(config),
    ...brokenPromise(config),
  ];
}

function plainText({ host, tls, publicUrl }: Config): WrongSetting[] {
  if (tls === undefined && !LOOPBACK.has(host))
    return [
      {
        line: lineOf("HOST", host),
        problem: "Without TLS_CERT and TLS_KEY this server speaks plain text, and that on loopback only.",
        change: "TLS_CERT=… and TLS_KEY=… beside it, or unset HOST",
      },
    ];
  if (ANY_ADDRESS.has(host) && publicUrl === undefined)
    return [
      {
        line: lineOf("HOST", host),
        problem: "That is every address of this machine and the name of none: nobody could be told where it is.",
        change: "PUBLIC_URL=https://… beside it, the name that the certificate is for",
      },
    ];
  return [];
}

/** `http` in what others are told makes them speak plain text, whatever we speak. */
function plainName({ publicUrl, tls }: Config): WrongSetting[] {
  if (publicUrl === undefined) return [];
  const { protocol, hostname } = new URL(publicUrl);
  if (protocol === "https:" || (LOOPBACK.has(hostname) && tls === undefined)) return [];
  return [
    {
      line: lineOf("PUBLIC_URL", publicUrl),
      problem:
        tls === undefined ? "Plain text is for loopback only." : "With TLS_CERT this server speaks no plain text.",
      change: `PUBLIC_URL=${publicUrl.replace(/^http:/, "https:")}`,
    },
  ];
}

/** Settings that mean nothing one without the other. */
function halfPairs(source: NodeJS.ProcessEnv): WrongSetting[] {
  const needs: (readonly [SettingName, SettingName])[] = [
    ["TLS_CERT", "TLS_KEY"],
    ["TLS_KEY", "TLS_CERT"],
    ["TLS_CLIENT_CA", "TLS_CERT"],
    ["MQTT_CERT", "MQTT_KEY"],
    ["MQTT_KEY", "MQTT_CERT"],
    ["MQTT_CERT", "MQTT_URL"],
    ["MQTT_CA", "MQTT_URL"],
  ];
  return needs.flatMap(([name, other]) => {
    const value = source[name];
    if (value === undefined || source[other] !== undefined) return [];
    const problem = `It means nothing without ${other}.`;
    return [{ line: lineOf(name, value), problem, change: `${other}=… beside it, or unset ${name}` }];
  });
}

/** Readings are signed, but a password is not, and what a device measures would be read by whoever is on that network. */
function plainBroker({ broker }: Config): WrongSetting[] {
  if (broker === undefined) return [];
  const { protocol, hostname } = new URL(broker.url);
  const line = lineOf("MQTT_URL", broker.url);
  if (protocol === "mqtt:" && !LOOPBACK.has(hostname))
    return [{ line, problem: "Plain text is for loopback only.", change: `MQTT_URL=mqtts://${hostname}:8883` }];
  if (protocol === "mqtt:" && (broker.cert ?? broker.ca) !== undefined)
    return [
      {
        line,
        problem: "Plain text shows no certificate.",
        change: "MQTT_URL=mqtts://…, or unset MQTT_CERT, MQTT_KEY and MQTT_CA",
      },
    ];
  return [];
}

function unheardBroker({ broker }: Config, source: NodeJS.ProcessEnv): WrongSetting[] {
  if (broker === undefined) return [];
  return (["MQTT_PORT", "TLS_CLIENT_CA"] as const).flatMap((name) => {
    const value = source[name];
    if (value === undefined) return [];
    const problem = "With MQTT_URL there is no embedded broker that it could be about.";
    return [{ line: lineOf(name, value), problem, change: `unset ${name}, or unset MQTT_URL` }];
  });
}

/** What a node says decides every grant: on the way anybody could say it in the node's place. */
function plainNode({ rpcUrl, rpcPlainText }: Config): WrongSetting[] {
  if (rpcUrl === undefined || rpcPlainText) return [];
  const plain = rpcUrl.split(",").map((url) => new URL(url.trim()));
  const [first] = plain.filter(({ protocol, hostname }) => protocol === "http:" && !LOOPBACK.has(hostname));
  if (first === undefined) return [];
  return [
    {
      line: lineOf("RPC_URL", rpcUrl),
      problem: `It names ${first.hostname} by plain text: whoever is on the way can change what the chain says.`,
      change: "RPC_URL=https://…, or RPC_PLAIN_TEXT=allow beside it where nobody else is on that network",
    },
  ];
}

/** The driver uses TLS only when it is told to; over a network, whoever starts us says which it shall be. */
function openDatabase({ databaseUrl }: Config, source: NodeJS.ProcessEnv): WrongSetting[] {
  if (databaseUrl === undefined) return [];
  const { hostname, searchParams } = new URL(databaseUrl);
  // As the driver reads it: of several the last counts, an empty one says nothing, and PGHOST stands in for a host.
  const last = (name: string): string | undefined => searchParams.getAll(name).at(-1);
  const host = (last("host") ?? hostname) || (source.PGHOST ?? "");
  const local = host === "" || host.startsWith("/") || LOOPBACK.has(host);
  if (local || last("sslmode") || last("ssl")) return [];
  return [
    {
      line: lineOf("DATABASE_URL", databaseUrl),
      problem: `It names ${host} and no sslmode: its password and what is stored would travel in the open.`,
      change: "DATABASE_URL=…?sslmode=verify-full, or ?sslmode=disable where nobody else is on that network",
    },
  ];
}

function sharedPorts({ ports, rpcUrl, broker }: Config, overrides: Overrides): WrongSetting[] {
  const named: (readonly [string, number])[] = [
    [overrides.port === undefined ? `PORT=${ports.http}` : `--port ${ports.http}`, ports.http],
    ...(broker === undefined ? [[`MQTT_PORT=${ports.mqtt}`, ports.mqtt] as const] : []),
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

function mirrorWithin({ data, keysMirror }: Config): WrongSetting[] {
  if (keysMirror === undefined || !`${keysMirror}/`.startsWith(`${data}/`)) return [];
  return [
    {
      line: lineOf("KEYS_MIRROR", keysMirror),
      problem: "It lies in the data directory: what takes the one takes the other.",
      change: "KEYS_MIRROR=… on another disk",
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
